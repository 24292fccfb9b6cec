import type { RestoreConfig, RestoreSource } from '../engine/restore/config.js';
import { type Log, logEvent } from '../core/log.js';
import type { ProgressDisplay } from '../ui/progress/display.js';
import { StorageRegistry } from '../storage/registry.js';
import type { Constraint, Tool } from '../cli/args/parse.js';
import type { ConnectionSecurity } from './auth/connection-security.js';
import { exclusive, keyWithoutMode } from './constraints.js';
import { OptionError, quoted } from './option-error.js';
import type { OptionValues } from './option-values.js';
import { asrestoreOptions } from './schema/restore.js';
import type { OptionName } from './schema/option-spec.js';
import { toPipelineOptions } from './codec-config.js';
import { storageSettings } from './storage-config.js';
import { parseDirectories } from './values/directories.js';
import { seedsOf } from './values/hosts.js';
import { parseThrottle } from './values/lists.js';
import { ValueError } from './values/value-error.js';

type Table = typeof asrestoreOptions;
export type RestoreValues = OptionValues<Table>;

const MIB = 1024 * 1024;

/** asrestore.md 2.1, rows 1 to 8. */
const rules: readonly Constraint<Table>[] = [
  {
    row: '1',
    broken: (v) =>
      v.has('directory') || v.has('directory-list') || v.has('input-file')
        ? undefined
        : 'There is nothing to restore: give --directory, --directory-list or --input-file.',
  },
  {
    row: '2',
    broken: (v) =>
      v.has('parent-directory') && !v.has('directory-list') ? '--parent-directory needs --directory-list.' : undefined,
  },
  { row: '3', broken: (v) => exclusive(v, 'directory', 'input-file') },
  {
    row: '4',
    broken: (v) => exclusive(v, 'unique', 'replace') ?? exclusive(v, 'unique', 'no-generation'),
  },
  { row: '5', broken: (v) => exclusive(v, 'directory', 'directory-list') },
  { row: '6', broken: (v) => exclusive(v, 'input-file', 'directory-list') },
  { row: '7', broken: (v) => keyWithoutMode(v) },
  { row: '8', broken: (v) => throttleProblem(v.get('nice')) },
];

export const asrestoreTool: Tool<Table> = {
  name: 'asrestore',
  title: 'Aerospike Restore',
  summary: 'Restore the records, secondary indexes and UDF modules of a backup into an Aerospike cluster.',
  usage: '(-d <dir> | -i <file>) [options]',
  examples: [
    ['Every file of a directory, into the server on this machine:', 'asrestore -d backup'],
    ['Into another server, a compressed backup:', 'asrestore -h 10.0.0.1 -d backup -z zstd'],
    ['Only check that a backup can be read:', 'asrestore --validate -d backup'],
    ['One file into another namespace:', 'asrestore -n test,copy -i users.asb'],
    ['From standard input, only records that are missing:', 'gunzip -c test.asb.gz | asrestore -u -i -'],
  ],
  options: asrestoreOptions,
  rules,
  // Each answers the same question as the others, and the command line's answer counts (fault 40).
  yields: {
    directory: ['directory-list', 'input-file'],
    'directory-list': ['directory', 'input-file'],
    'parent-directory': ['directory', 'input-file'],
    'input-file': ['directory', 'directory-list'],
    unique: ['replace', 'no-generation'],
    replace: ['unique'],
    'no-generation': ['unique'],
    'encryption-key-file': ['encryption-key-env'],
    'encryption-key-env': ['encryption-key-file'],
  } satisfies Partial<Record<OptionName<Table>, readonly OptionName<Table>[]>>,
};

/** What the command asks for: a restore, or only a check of the files; and how it is shown. */
export interface RestoreCommand extends RestoreConfig {
  validate?: true;
  /** The host list as the user gave it. */
  hostText: string;
  log: Log;
  signal: AbortSignal;
  /** The file of `--machine`, which is appended to. */
  machinePath?: string;
  /** Shows the progress in place of the counter lines, except for the last ones. */
  display?: ProgressDisplay;
}

export function toRestoreOptions(
  values: RestoreValues,
  log: Log,
  signal: AbortSignal,
  access: ConnectionSecurity = {},
  display?: ProgressDisplay,
): RestoreCommand {
  const hosts = values.get('host');
  const namespace = values.get('namespace');
  const batchSize = values.get('batch-size');
  const timeoutMs = values.get('timeout');
  const machine = values.get('machine');
  if (values.has('event-loops')) {
    const text = '--event-loops has no effect: writes need no event loops of their own';
    log.verbose(logEvent('option.idle', text, { option: 'event-loops' }));
  }
  return {
    cluster: {
      seeds: seedsOf(hosts, values.get('port'), values.get('tls-name')),
      servicesAlternate: values.has('services-alternate'),
      connectTimeoutMs: timeoutMs,
      infoTimeoutMs: timeoutMs,
      ...access,
    },
    hostText: hosts.text,
    source: sourceOf(values),
    ...(namespace === undefined ? {} : { namespace }),
    sets: values.get('set-list') ?? [],
    bins: values.get('bin-list') ?? [],
    unique: values.has('unique'),
    replace: values.has('replace'),
    noGeneration: values.has('no-generation'),
    noRecords: values.has('no-records'),
    noIndexes: values.has('no-indexes'),
    noUdfs: values.has('no-udfs'),
    indexesLast: values.has('indexes-last'),
    wait: values.has('wait'),
    extraTtlS: values.get('extra-ttl'),
    ignoreRecordError: values.has('ignore-record-error'),
    parallel: values.get('parallel'),
    disableBatchWrites: values.has('disable-batch-writes'),
    ...(batchSize === undefined ? {} : { batchSize }),
    maxAsyncBatches: values.get('max-async-batches'),
    socketTimeoutMs: values.get('socket-timeout'),
    // 0 has never meant "no limit" here.
    totalTimeoutMs: values.get('total-timeout') || timeoutMs,
    maxRetries: values.get('max-retries'),
    retryScaleFactorUs: values.get('retry-scale-factor'),
    ...limitsOf(values.get('nice')),
    storages: storagesOf(values, log, signal),
    ...(machine === undefined ? {} : { machinePath: machine }),
    ...(values.has('validate') ? { validate: true } : {}),
    ...(display === undefined ? {} : { display }),
    ...toPipelineOptions(
      {
        compress: values.get('compress'),
        encrypt: values.get('encrypt'),
        keyFile: values.get('encryption-key-file'),
        keyVariable: values.get('encryption-key-env'),
      },
      log,
    ),
    log,
    signal,
  };
}

function sourceOf(values: RestoreValues): RestoreSource {
  const directory = values.get('directory');
  const list = values.get('directory-list');
  if (list !== undefined) return { kind: 'directories', paths: directoriesOf(list, values.get('parent-directory')) };
  return directory === undefined
    ? (values.get('input-file') ?? { kind: 'stdin' })
    : { kind: 'directory', path: directory };
}

function limitsOf(nice: string | undefined): Pick<RestoreConfig, 'bandwidthBytesPerSecond' | 'recordsPerSecond'> {
  if (nice === undefined) return {};
  const { mibPerSecond, recordsPerSecond } = parseThrottle(nice);
  return { bandwidthBytesPerSecond: mibPerSecond * MIB, recordsPerSecond };
}

/** Read at start-up, after all rules, as the C tool does. */
function directoriesOf(list: string, parent: string | undefined): string[] {
  try {
    return parseDirectories(list, parent);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new OptionError('OPTION_VALUE', `Invalid value ${quoted(list)} for --directory-list: ${error.message}.`);
  }
}

function throttleProblem(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    parseThrottle(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    return `Invalid value ${quoted(text)} for --nice: ${error.message}.`;
  }
}

function storagesOf(values: RestoreValues, log: Log, signal: AbortSignal): StorageRegistry {
  const settings = storageSettings(
    {
      region: values.get('s3-region'),
      profile: values.get('s3-profile'),
      endpoint: values.get('s3-endpoint-override'),
      maxDownloads: values.get('s3-max-async-downloads'),
      connectTimeoutMs: values.get('s3-connect-timeout'),
      logLevel: values.get('s3-log-level'),
      useProxy: values.has('s3-allow-system-proxy'),
    },
    process.env,
  );
  return new StorageRegistry({ settings, log: (level, text) => log[level](text), signal });
}
