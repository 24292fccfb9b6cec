import type { BackupConfig, BackupTarget } from '../engine/backup/config.js';
import type { RemovalConfig } from '../engine/backup/output/removal.js';
import { type BackupValues, findFileOfOtherShard } from './backup-constraints.js';
import { toCodecConfig } from './codec-config.js';
import { engineProperties } from './engine-config.js';
import { OptionError } from './option-error.js';
import type { Shard } from '../core/shard.js';
import { shardPrefix } from '../engine/shard/names.js';
import { resolveShard } from './shard-variables.js';
import type { RunDependencies } from './run-dependencies.js';
import { asbackupOptions } from './schema/backup.js';
import { openStorages } from './storage-config.js';
import { toWebAssembly } from './webassembly.js';
import { toSeeds } from './values/hosts.js';
import { ALL_PARTITIONS, partitionsAfter } from './values/partitions.js';

const CONNECT_TIMEOUT_MS = 10_000;
const INFO_TIMEOUT_MS = 10_000;
const NS_PER_MS = 1_000_000n;
/** Scans at once when --parallel is absent and nodes are named (asbackup.md 5.7). */
const PARALLEL_WITH_NODE_LIST = 16;

/** What the command asks for: a backup or an estimate (no target), or only the removal of an old backup. */
export interface BackupCommand extends BackupConfig {
  removal?: RemovalConfig;
  /** For the log: the host or node list as it was given. */
  hostText: string;
  /** The file of `--machine`, which is appended to. */
  machinePath?: string;
}

/** Opens nothing but the file of the encryption key. Throws CodecError. */
export function toBackupConfig(values: BackupValues, dependencies: RunDependencies): BackupCommand {
  const { security } = dependencies;
  const nodes = values.get('node-list');
  const hosts = nodes ?? values.get('host');
  const racks = values.get('prefer-racks');
  const namespace = values.get('namespace') ?? '';
  const sets = values.get('set') ?? [];
  const after = values.get('after-digest');
  const storages = openStorages(
    {
      local: engineProperties(asbackupOptions, values, 'local'),
      s3: engineProperties(asbackupOptions, values, 's3'),
      gs: engineProperties(asbackupOptions, values, 'gs'),
      azblob: engineProperties(asbackupOptions, values, 'azblob'),
    },
    {
      s3: values.has('s3-allow-system-proxy'),
      gs: values.has('gcp-allow-system-proxy'),
      azblob: values.has('azure-allow-system-proxy'),
    },
    dependencies,
  );
  const target = toTarget(values);
  const { env = process.env } = dependencies;
  const shard = toShard(values, env);
  const given = values.get('output-file-prefix');
  const isDivided = shard !== undefined && target.kind === 'directory';
  // Of a shard that begins anew, only its own files are removed.
  const prefix = isDivided ? shardPrefix(given ?? namespace, shard) : given;
  return {
    ...engineProperties(asbackupOptions, values, 'run'),
    cluster: {
      // The named nodes are asked, not a host that may belong to another cluster (asbackup.md 5.2).
      seeds: toSeeds(hosts, values.get('port'), values.get('tls-name')).slice(0, nodes === undefined ? undefined : 1),
      servicesAlternate: values.has('services-alternate'),
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      infoTimeoutMs: INFO_TIMEOUT_MS,
      ...(racks === undefined ? {} : { preferRacks: racks }),
      ...security,
    },
    hostText: hosts.text,
    namespace,
    // A single empty name has always meant the whole namespace; only among others does it mean "no set".
    sets: sets.length === 1 && sets[0] === '' ? [] : sets,
    bins: values.get('bin-list') ?? [],
    target,
    prefix: prefix ?? namespace,
    ...(prefix === undefined ? {} : { removePrefix: prefix }),
    parallel:
      nodes === undefined || values.has('parallel') || values.has('estimate')
        ? values.get('parallel')
        : PARALLEL_WITH_NODE_LIST,
    ...(shard === undefined ? {} : { shard }),
    ...(nodes === undefined ? {} : { nodeList: nodes.entries.map(({ host, port }) => ({ host, port })) }),
    ...toTimeFilters(values),
    partitions: after === undefined ? (values.get('partition-list') ?? [ALL_PARTITIONS]) : partitionsAfter(after),
    ...toCodecConfig(
      {
        compress: values.get('compress'),
        level: values.get('compression-level'),
        encrypt: values.get('encrypt'),
        keyFile: values.get('encryption-key-file'),
        keyVariable: values.get('encryption-key-env'),
      },
      dependencies,
    ),
    storages,
    ...toWebAssembly(dependencies),
    ...(values.has('manifest') || shard !== undefined
      ? { manifest: { type: isIncremental(values) ? 'incremental' : 'full' } }
      : {}),
    ...(values.has('remove-artifacts')
      ? { removal: { target, storages, ...(prefix === undefined ? {} : { prefix }) } }
      : {}),
  };
}

/** Throws OptionError, also if the output file is that of another shard than the scheduler tells. */
function toShard(values: BackupValues, env: NodeJS.ProcessEnv): Shard | undefined {
  const choice = values.get('shard');
  if (choice === undefined) return undefined;
  const shard = resolveShard(choice, env);
  const problem = findFileOfOtherShard(values, shard);
  if (problem !== undefined) throw new OptionError('OPTION_CONFLICT', problem);
  return shard;
}

function isIncremental(values: BackupValues): boolean {
  return values.get('modified-after') !== undefined;
}

function toTimeFilters(values: BackupValues): Pick<BackupConfig, 'modifiedAfterNs' | 'modifiedBeforeNs'> {
  const after = values.get('modified-after');
  const before = values.get('modified-before');
  return {
    ...(after === undefined ? {} : { modifiedAfterNs: BigInt(after) * NS_PER_MS }),
    ...(before === undefined ? {} : { modifiedBeforeNs: BigInt(before) * NS_PER_MS }),
  };
}

function toTarget(values: BackupValues): BackupTarget {
  if (values.has('estimate')) return { kind: 'none' };
  const directory = values.get('directory');
  if (directory !== undefined) return { kind: 'directory', path: directory };
  const path = values.get('output-file') ?? '-';
  return path === '-' ? { kind: 'stdout' } : { kind: 'file', path };
}
