import { asrestoreTool, toRestoreOptions } from '../config/restore-config.js';
import type { OptionValues } from '../config/option-values.js';
import { asrestoreOptions } from '../config/schema/restore.js';
import type { OptionToken } from '../cli/args/tokenizer.js';
import { createProcessLimits } from '../core/run-context.js';
import { createRunId } from '../core/run.js';
import type { RestoreResult, RestoreSource } from '../engine/restore/config.js';
import { startRestore } from '../engine/restore/restore.js';
import { restorePresentation } from '../ui/restore-presentation.js';
import { RunReporter } from '../ui/run-reporter.js';
import { listeners } from './hooks.js';
import {
  bad,
  checkOne,
  flag,
  number,
  path,
  quotedList,
  type Rules,
  text,
  valuesOf,
  toToken,
  toTokens,
} from './settings-to-config.js';
import type { BackupSourceSettings, RestoreSettings } from './settings.js';
import { accessOf, clusterRules, nestedWords } from './validation.js';

const rules: Rules = {
  ...clusterRules,
  directory: path('directory'),
  file: path('input-file'),
  namespace: {
    option: 'namespace',
    word: (value, name) => {
      const { from, to } = (typeof value === 'string' ? { from: value, to: value } : value) as Record<string, unknown>;
      if (typeof from !== 'string' || typeof to !== 'string') throw bad(name, 'expected a name, or { from, to }');
      if (`${from}${to}`.includes(',')) throw bad(name, 'a namespace has no comma');
      return `${from},${to}`;
    },
  },
  sets: quotedList('set-list'),
  bins: quotedList('bin-list'),
  unique: flag('unique'),
  replace: flag('replace'),
  noGeneration: flag('no-generation'),
  noRecords: flag('no-records'),
  noIndexes: flag('no-indexes'),
  noUdfs: flag('no-udfs'),
  indexesLast: flag('indexes-last'),
  wait: flag('wait'),
  extraTtlS: number('extra-ttl'),
  ignoreRecordError: flag('ignore-record-error'),
  parallel: number('parallel'),
  disableBatchWrites: flag('disable-batch-writes'),
  batchSize: number('batch-size'),
  maxAsyncBatches: number('max-async-batches'),
  timeoutMs: number('timeout'),
  socketTimeoutMs: number('socket-timeout'),
  totalTimeoutMs: number('total-timeout'),
  maxRetries: number('max-retries'),
  retryScaleFactorUs: number('retry-scale-factor'),
  compress: text('compress'),
};

/** For one of two limits that the command line takes together only. */
const NO_LIMIT = 999_999_999;

/** The plain settings of a restore as checked values; `source` is what `stream` and `directories` make of it. */
export function readRestoreSettings(settings: Omit<RestoreSettings, 'signal' | 'log' | 'onProgress'>): {
  values: OptionValues<typeof asrestoreOptions>;
  words: OptionToken[];
  source: RestoreSource | undefined;
} {
  const { stream, directories, auth, tls, encrypt, bandwidthMiB, recordsPerSecond, ...plain } = settings;
  const words = [...toTokens(plain, rules, asrestoreOptions), ...nestedWords({ auth, tls, encrypt }, asrestoreOptions)];
  if (bandwidthMiB !== undefined || recordsPerSecond !== undefined) {
    const limits = `${bandwidthMiB ?? NO_LIMIT},${recordsPerSecond ?? NO_LIMIT}`;
    words.push(toToken(asrestoreOptions, 'nice', 'bandwidthMiB, recordsPerSecond', limits));
  }
  const source = sourceOf({ ...plain, directories, stream });
  if (stream !== undefined) words.push(toToken(asrestoreOptions, 'input-file', 'stream', '-'));
  if (directories !== undefined) words.push(toToken(asrestoreOptions, 'directory-list', 'directories', directories[0]));
  return { values: valuesOf(asrestoreTool, words), words, source };
}

function sourceOf(settings: { [K in keyof BackupSourceSettings]: BackupSourceSettings[K] | undefined }) {
  const names = (['directory', 'directories', 'file', 'stream'] as const).filter(
    (name) => settings[name] !== undefined,
  );
  checkOne(names, 'There is nothing to read: give directory, directories, file or stream.');
  const { stream, directories } = settings;
  if (directories !== undefined && (!Array.isArray(directories) || directories.length === 0)) {
    throw bad('directories', 'expected a list of paths');
  }
  if (stream !== undefined) return { kind: 'stream', stream } as const;
  return directories === undefined ? undefined : ({ kind: 'directories', paths: directories } as const);
}

/**
 * Restores a backup. Resolves when every record is written, or explained by a counter of the result. Rejects with an
 * OptionError for settings that cannot be followed, before anything is touched; with a RestoreError, which holds the
 * counters, if anything is missing; and with another ToolError if it could not begin.
 */
export async function restore(settings: RestoreSettings): Promise<RestoreResult> {
  const { signal, log, onProgress, ...plain } = settings;
  const { values, words, source } = readRestoreSettings(plain);
  const told = listeners({
    ...(signal === undefined ? {} : { signal }),
    ...(log === undefined ? {} : { log }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  return told.around(async () => {
    const access = await accessOf(values, words, settings, told.log);
    const command = toRestoreOptions(values, told.log, told.signal, access, told.display);
    const reporter = new RunReporter({
      presentation: restorePresentation('restore'),
      log: told.log,
      frontEnd: 'api',
      hosts: command.hostText,
      signal: told.signal,
      display: told.display,
    });
    const limits = createProcessLimits();
    const context = { runId: createRunId(), signal: told.signal, limits, ...reporter.context };
    try {
      const run = startRestore(source === undefined ? command : { ...command, source }, context);
      reporter.observe(run);
      return await reporter.finish(run.result);
    } finally {
      await command.storages.close();
    }
  });
}
