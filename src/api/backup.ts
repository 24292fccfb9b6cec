import { asbackupTool, toBackupOptions } from '../config/backup-config.js';
import { asbackupOptions } from '../config/schema/backup.js';
import { createProcessLimits } from '../core/run-context.js';
import { createRunId } from '../core/run.js';
import { startBackup } from '../engine/backup/backup.js';
import { backupPresentation } from '../ui/backup-presentation.js';
import { RunReporter } from '../ui/run-reporter.js';
import { ToolError } from '../core/errors.js';
import type { BackupResult } from '../engine/backup/config.js';
import { listeners } from './hooks.js';
import {
  base64,
  checkOne,
  date,
  flag,
  list,
  number,
  path,
  quotedList,
  type Rules,
  text,
  valuesOf,
  toToken,
  toTokens,
} from './settings-to-config.js';
import type { BackupSettings } from './settings.js';
import { accessOf, clusterRules, nestedWords } from './validation.js';

const rules: Rules = {
  ...clusterRules,
  namespace: text('namespace'),
  directory: path('directory'),
  file: path('output-file'),
  sets: quotedList('set'),
  bins: list('bin-list'),
  noBins: flag('no-bins'),
  noRecords: flag('no-records'),
  noIndexes: flag('no-indexes'),
  noUdfs: flag('no-udfs'),
  modifiedAfter: date('modified-after'),
  modifiedBefore: date('modified-before'),
  noTtlOnly: flag('no-ttl-only'),
  filterExp: base64('filter-exp'),
  maxRecords: number('max-records'),
  partitions: text('partition-list'),
  afterDigest: base64('after-digest'),
  nodes: list('node-list'),
  preferRacks: list('prefer-racks'),
  parallel: number('parallel'),
  recordsPerSecond: number('records-per-second'),
  bandwidthMiB: number('nice'),
  compress: text('compress'),
  compressionLevel: number('compression-level'),
  compact: flag('compact'),
  prefix: text('output-file-prefix'),
  fileLimitMiB: number('file-limit'),
  removeFiles: flag('remove-files'),
  stateFile: path('state-file-dst'),
  continueFrom: path('continue'),
  checkpointIntervalS: number('checkpoint-interval'),
  socketTimeoutMs: number('socket-timeout'),
  totalTimeoutMs: number('total-timeout'),
  maxRetries: number('max-retries'),
  sleepBetweenRetriesMs: number('sleep-between-retries'),
};

/**
 * Backs up one namespace. Resolves when everything asked for is written and durable. Rejects with an OptionError for
 * settings that cannot be followed, before anything is touched; with a BackupError if the backup was begun and is not
 * complete; with another ToolError if it could not begin; and with the signal's reason if that was aborted before.
 */
export async function backup(settings: BackupSettings): Promise<BackupResult> {
  const { signal, log, onProgress, stream, auth, tls, encrypt, ...plain } = settings;
  const targets = (['directory', 'file', 'stream'] as const).filter((name) => settings[name] !== undefined);
  checkOne(targets, 'There is nowhere to write to: give directory, file or stream.');
  const words = [...toTokens(plain, rules, asbackupOptions), ...nestedWords({ auth, tls, encrypt }, asbackupOptions)];
  if (stream !== undefined) words.push(toToken(asbackupOptions, 'output-file', 'stream', '-'));
  const values = valuesOf(asbackupTool, words);
  const told = listeners({
    ...(signal === undefined ? {} : { signal }),
    ...(log === undefined ? {} : { log }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  // It may break before anything is written to it, and one that nobody reads from would never take the last byte.
  stream?.on('error', () => undefined);
  const destroy = (): void => {
    stream?.destroy(new ToolError('STOPPED', 'The backup was stopped before it was complete.'));
  };
  told.signal.addEventListener('abort', destroy, { once: true });
  const running = told.around(async () => {
    const access = await accessOf(values, words, settings, told.log);
    const command = toBackupOptions(values, told.log, told.signal, told.display, access);
    try {
      const { hostText: hosts } = command;
      const presentation = backupPresentation('backup');
      const { log, signal, display } = told;
      const reporter = new RunReporter({ presentation, log, frontEnd: 'api', hosts, signal, display });
      const context = { runId: createRunId(), signal, limits: createProcessLimits(), ...reporter.context };
      const config = stream === undefined ? command : { ...command, target: { kind: 'stream', stream } as const };
      const run = startBackup(config, context);
      reporter.observe(run);
      return await reporter.finish(run.result);
    } finally {
      await command.storages.close();
    }
  });
  try {
    return await running;
  } catch (error) {
    stream?.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  } finally {
    told.signal.removeEventListener('abort', destroy);
  }
}
