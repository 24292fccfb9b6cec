import type { Log } from '../core/log.js';
import type { BackupConfig, BackupTarget } from '../engine/backup/config.js';
import type { RemovalConfig } from '../engine/backup/output/removal.js';
import type { ProgressDisplay } from '../ui/progress/display.js';
import { StorageRegistry } from '../storage/registry.js';
import type { Constraint, Tool } from '../cli/args/parse.js';
import type { ConnectionSecurity } from './auth/connection-security.js';
import { exclusive, keyWithoutMode } from './constraints.js';
import { joinList } from './option-error.js';
import type { OptionValues } from './option-values.js';
import { asbackupOptions } from './schema/backup.js';
import type { OptionName } from './schema/option-spec.js';
import { toPipelineOptions } from './codec-config.js';
import { storageSettings } from './storage-config.js';
import { ALL_PARTITIONS, partitionsAfter } from './values/partitions.js';
import { seedsOf } from './values/hosts.js';

type Table = typeof asbackupOptions;
export type BackupValues = OptionValues<Table>;

const MIB = 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
const INFO_TIMEOUT_MS = 10_000;
const NS_PER_MS = 1_000_000n;
/** How many scans at once when nothing was said and several nodes may be named (asbackup.md 5.7). */
const PARALLEL_WITH_NODE_LIST = 16;

/** asbackup.md 2.1, rows 6 to 19. The rows before are checked while reading, those after 20 by the run. */
const rules: readonly Constraint<Table>[] = [
  {
    row: '6',
    broken: (v) =>
      v.has('remove-artifacts') || (v.has('namespace') && v.get('namespace') !== '')
        ? undefined
        : 'There is no namespace to back up: give it with --namespace.',
  },
  {
    row: '7',
    broken: (v) =>
      v.has('filter-exp') && (v.get('set')?.length ?? 0) > 1
        ? '--filter-exp works with at most one set; put the sets into the expression.'
        : undefined,
  },
  {
    row: '8',
    broken: (v) => {
      const other = (['modified-after', 'modified-before', 'no-ttl-only'] as const).find((name) => v.has(name));
      return v.has('filter-exp') && other !== undefined
        ? `--filter-exp and --${other} exclude each other; put the condition into the expression.`
        : undefined;
    },
  },
  {
    row: '9',
    broken: (v) =>
      v.get('compression-level') !== 0 && !v.has('compress') ? '--compression-level needs --compress.' : undefined,
  },
  { row: '10', broken: (v) => keyWithoutMode(v) },
  {
    row: '11',
    broken: (v) => (targets(v) > 1 ? 'Only one of --directory, --output-file and --estimate can be given.' : undefined),
  },
  {
    row: '12',
    broken: (v) =>
      targets(v) === 0
        ? 'There is nowhere to write to: give --directory or --output-file, or --estimate for an estimate.'
        : undefined,
  },
  { row: '13', broken: (v) => exclusive(v, 'estimate', 'no-records') },
  { row: '14', broken: (v) => exclusive(v, 'estimate', 'parallel') },
  { row: '15', broken: (v) => exclusive(v, 'partition-list', 'after-digest') },
  {
    row: '16',
    broken: (v) => exclusive(v, 'node-list', 'partition-list') ?? exclusive(v, 'node-list', 'after-digest'),
  },
  {
    row: '17',
    broken: (v) =>
      exclusive(v, 'continue', 'estimate') ??
      exclusive(v, 'continue', 'remove-files') ??
      exclusive(v, 'continue', 'remove-artifacts'),
  },
  { row: '18', broken: (v) => exclusive(v, 'estimate', 'remove-artifacts') },
  {
    row: '19',
    broken: (v) => {
      const size = v.get('s3-min-part-size');
      return size !== undefined && (size < 5 || size > 5120)
        ? `--s3-min-part-size must be from 5 to 5120 MiB, not ${size}.`
        : undefined;
    },
  },
];

export const asbackupTool: Tool<Table> = {
  name: 'asbackup',
  title: 'Aerospike Backup',
  summary: 'Back up the records, secondary indexes and UDF modules of an Aerospike namespace.',
  usage: '-n <name> (-d <dir> | -o <file>) [options]',
  examples: [
    ['A namespace of the server on this machine, into a new directory:', 'asbackup -n test -d backup'],
    ['Of another server, with four workers, compressed:', 'asbackup -h 10.0.0.1 -n test -d backup -w 4 -z zstd'],
    ['Two sets into one file:', 'asbackup -n test -s users,orders -o users.asb'],
    ['To standard output:', 'asbackup -n test -o - | gzip > test.asb.gz'],
    ['A quarter of the partitions:', 'asbackup -n test -X 0-1024 -d backup'],
    ['Finish a backup that was interrupted:', 'asbackup -n test -d backup -c backup/test.asb.state'],
  ],
  options: asbackupOptions,
  rules,
  // Each pair answers one question, and the command line's answer counts (fault 18). What chooses records is only given
  // way to by another choice of partitions; any other combination stays the error that the rules make of it.
  yields: {
    directory: ['output-file', 'estimate'],
    'output-file': ['directory', 'estimate'],
    estimate: ['directory', 'output-file', 'remove-artifacts'],
    parallel: ['estimate'],
    'remove-files': ['continue'],
    'remove-artifacts': ['continue', 'estimate'],
    continue: ['estimate', 'remove-files', 'remove-artifacts'],
    'encryption-key-file': ['encryption-key-env'],
    'encryption-key-env': ['encryption-key-file'],
    'partition-list': ['after-digest', 'node-list'],
    'after-digest': ['partition-list', 'node-list'],
    'node-list': ['partition-list', 'after-digest'],
  } satisfies Partial<Record<OptionName<Table>, readonly OptionName<Table>[]>>,
  notes: estimateNotes,
};

/** What an estimate does not take into account, although it was asked for (asbackup.md 2.2, fault 24). */
function estimateNotes(v: BackupValues): string[] {
  if (!v.has('estimate')) return [];
  const filters = (
    ['filter-exp', 'modified-after', 'modified-before', 'no-ttl-only', 'partition-list', 'after-digest'] as const
  ).filter((name) => v.has(name));
  const notes: string[] = [];
  if (filters.length > 0) {
    const list = joinList(filters.map((name) => `--${name}`));
    notes.push(
      `Warning: ${list} only choose(s) the records that are measured; the estimate still counts all records of the ` +
        'namespace or sets, so a backup with the same options will be smaller.',
    );
  }
  if (v.get('max-records') > 0) {
    notes.push(
      'Warning: --max-records limits the number of records the estimate is made for, not how many are measured; ' +
        'that is --estimate-samples.',
    );
  }
  return notes;
}

/** What the command asks for: a backup or an estimate (no target), or only the removal of an old backup. */
export interface BackupCommand extends BackupConfig {
  removal?: RemovalConfig;
  /** The host or node list as the user gave it. */
  hostText: string;
  /** The `--machine` file. */
  machinePath?: string;
  display?: ProgressDisplay;
  log: Log;
  signal: AbortSignal;
}

export function toBackupOptions(
  values: BackupValues,
  log: Log,
  signal: AbortSignal,
  display?: ProgressDisplay,
  access: ConnectionSecurity = {},
): BackupCommand {
  const nodes = values.get('node-list');
  const hosts = nodes ?? values.get('host');
  const racks = values.get('prefer-racks');
  const namespace = values.get('namespace') ?? '';
  const sets = values.get('set') ?? [];
  const after = values.get('after-digest');
  const machine = values.get('machine');
  const storages = storagesOf(values, log, signal);
  return {
    cluster: {
      // Whoever names nodes wants them asked, not a host that may belong to another cluster (asbackup.md 5.2).
      seeds: seedsOf(hosts, values.get('port'), values.get('tls-name')).slice(0, nodes === undefined ? undefined : 1),
      servicesAlternate: values.has('services-alternate'),
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      infoTimeoutMs: INFO_TIMEOUT_MS,
      ...(racks === undefined ? {} : { preferRacks: racks }),
      ...access,
    },
    hostText: hosts.text,
    namespace,
    // A single empty name has always meant the whole namespace; only among others does it mean "no set".
    sets: sets.length === 1 && sets[0] === '' ? [] : sets,
    bins: values.get('bin-list') ?? [],
    noBins: values.has('no-bins'),
    noRecords: values.has('no-records'),
    noIndexes: values.has('no-indexes'),
    noUdfs: values.has('no-udfs'),
    target: targetOf(values),
    prefix: values.get('output-file-prefix') ?? namespace,
    fileLimitBytes: values.get('file-limit') * MIB,
    removeFiles: values.has('remove-files'),
    compact: values.has('compact'),
    parallel:
      nodes === undefined || values.has('parallel') || values.has('estimate')
        ? values.get('parallel')
        : PARALLEL_WITH_NODE_LIST,
    ...(nodes === undefined ? {} : { nodeList: nodes.entries.map(({ host, port }) => ({ host, port })) }),
    ...filtersOf(values),
    ...limitsOf(values),
    ...resumeOf(values),
    ...toPipelineOptions(
      {
        compress: values.get('compress'),
        level: values.get('compression-level'),
        encrypt: values.get('encrypt'),
        keyFile: values.get('encryption-key-file'),
        keyVariable: values.get('encryption-key-env'),
      },
      log,
    ),
    partitions: after === undefined ? (values.get('partition-list') ?? [ALL_PARTITIONS]) : partitionsAfter(after),
    socketTimeoutMs: values.get('socket-timeout'),
    totalTimeoutMs: values.get('total-timeout'),
    maxRetries: values.get('max-retries'),
    sleepBetweenRetriesMs: values.get('sleep-between-retries'),
    storages,
    ...(machine === undefined ? {} : { machinePath: machine }),
    ...(values.has('remove-artifacts') ? { removal: removalOf(values, storages) } : {}),
    ...(display === undefined ? {} : { display }),
    log,
    signal,
  };
}

function filtersOf(values: BackupValues): Partial<BackupConfig> {
  const expression = values.get('filter-exp');
  const after = values.get('modified-after');
  const before = values.get('modified-before');
  return {
    ...(expression === undefined ? {} : { filterExp: expression }),
    ...(after === undefined ? {} : { modifiedAfterNs: BigInt(after) * NS_PER_MS }),
    ...(before === undefined ? {} : { modifiedBeforeNs: BigInt(before) * NS_PER_MS }),
    ...(values.has('no-ttl-only') ? { noTtlOnly: true } : {}),
  };
}

/** 0 is "no limit" in the options as well, but an option that was not given leaves no trace. */
function limitsOf(values: BackupValues): Partial<BackupConfig> {
  const nice = values.get('nice');
  const rate = values.get('records-per-second');
  const most = values.get('max-records');
  return {
    ...(rate === 0 ? {} : { recordsPerSecond: rate }),
    ...(most === 0 ? {} : { maxRecords: most }),
    ...(nice === undefined ? {} : { bandwidthBytesPerSecond: nice * MIB }),
    ...(values.has('estimate-samples') ? { estimateSamples: values.get('estimate-samples') } : {}),
  };
}

function resumeOf(values: BackupValues): Partial<BackupConfig> {
  const from = values.get('continue');
  const destination = values.get('state-file-dst');
  return {
    ...(from === undefined ? {} : { continueFrom: from }),
    ...(destination === undefined ? {} : { stateFileDst: destination }),
    ...(values.has('checkpoint-interval') ? { checkpointIntervalMs: values.get('checkpoint-interval') * 1000 } : {}),
  };
}

function removalOf(values: BackupValues, storages: StorageRegistry): RemovalConfig {
  const prefix = values.get('output-file-prefix') ?? values.get('namespace');
  return { target: targetOf(values), storages, ...(prefix === undefined ? {} : { prefix }) };
}

function targetOf(values: BackupValues): BackupTarget {
  if (values.has('estimate')) return { kind: 'none' };
  const directory = values.get('directory');
  if (directory !== undefined) return { kind: 'directory', path: directory };
  const path = values.get('output-file') ?? '-';
  return path === '-' ? { kind: 'stdout' } : { kind: 'file', path };
}

function targets(v: BackupValues): number {
  return [v.has('directory'), v.has('output-file'), v.has('estimate')].filter(Boolean).length;
}

function storagesOf(values: BackupValues, log: Log, signal: AbortSignal): StorageRegistry {
  const settings = storageSettings(
    {
      region: values.get('s3-region'),
      profile: values.get('s3-profile'),
      endpoint: values.get('s3-endpoint-override'),
      maxDownloads: values.get('s3-max-async-downloads'),
      connectTimeoutMs: values.get('s3-connect-timeout'),
      logLevel: values.get('s3-log-level'),
      useProxy: values.has('s3-allow-system-proxy'),
      minPartMib: values.get('s3-min-part-size'),
      maxUploads: values.get('s3-max-async-uploads'),
    },
    process.env,
  );
  return new StorageRegistry({ settings, log: (level, text) => log[level](text), signal });
}
