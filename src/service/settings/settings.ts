/** From routines, policies and requests of the document to the settings of the library. */
import type { BackupSettings, RestoreSettings } from '../../api/settings.js';
import { findEntity } from '../document/find-entity.js';
import { resolvePolicy, resolveRestorePolicy } from '../document/defaults.js';
import type { BackupPolicy } from '../document/schema/backup-policy.js';
import type { BackupRoutine } from '../document/schema/backup-routine.js';
import type { AerospikeCluster } from '../document/schema/aerospike-cluster.js';
import type { RestorePolicy } from '../document/schema/restore-request.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import { toClusterSettings } from './cluster-settings.js';
import { ServiceError } from '../errors.js';
import { toEncryptSettings } from './encryption-settings.js';
import { optional } from './optional.js';
import { type AgentChoice, SecretResolver } from './secret-resolver.js';
import { selectPartitions } from './select-partitions.js';
import { toStorageSettings } from './storage-settings.js';

export { toClusterSettings, type ClusterSettings } from './cluster-settings.js';
export { toAccessSettings } from './storage-settings.js';

/** The largest file of a backup; the document's 0 is no limit. */
const NO_FILE_LIMIT_MIB = 5 * 1024 * 1024;
/** Below 1 there is one level alone. */
const FASTEST_LEVEL = 1;

/** How a routine backs up: all but the namespace, the directory, the bounds in time and the number of scans. */
export type RoutineSettings = Omit<BackupSettings, 'directory' | 'namespace'>;

/**
 * Of one namespace. Lists of nodes and racks are looked up in the cluster, each time. Throws ServiceError, SecretError
 * for a key that cannot be had, and what connecting throws.
 */
export async function toBackupSettings(
  routine: BackupRoutine,
  namespace: string,
  document: ServiceDocument,
): Promise<RoutineSettings> {
  const cluster = getEntity(document['aerospike-clusters'], routine['source-cluster'], 'cluster');
  const storage = getEntity(document.storage, routine.storage, 'storage');
  const name = routine['backup-policy'] ?? '';
  const policy = name === '' ? undefined : getEntity(document['backup-policies'], name, 'policy');
  const { s3, gcs, azure, fileMode, dirMode } = await toStorageSettings(storage, document);
  const target = await toClusterSettings(cluster, document);
  return {
    ...target,
    ...toSelection(routine),
    ...optional('partitions', await selectPartitions(routine, namespace, target)),
    ...(await toPolicySettings(policy, toAgentChoice(routine), document)),
    ...optional('s3', s3),
    ...optional('gcs', gcs),
    ...optional('azure', azure),
    ...optional('fileMode', fileMode),
    ...optional('dirMode', dirMode),
    removeFiles: false,
  };
}

/** The agent of a routine, which it names. */
export function toAgentChoice(routine: BackupRoutine): AgentChoice {
  return optional('secret-agent-name', routine['secret-agent']);
}

function toSelection(routine: BackupRoutine): Partial<RoutineSettings> {
  return {
    ...optional('sets', routine['set-list']),
    ...optional('bins', routine['bin-list']),
    ...optional('partitions', routine['partition-list']),
    ...optional('filterExp', routine['filter-exp']),
    ...optional('preferRacks', routine['prefer-racks']),
  };
}

async function toPolicySettings(
  policy: BackupPolicy | undefined,
  agent: AgentChoice,
  document: ServiceDocument,
): Promise<Partial<RoutineSettings>> {
  const resolved = resolvePolicy(policy);
  const { compression, 'file-limit': limit } = resolved;
  const encrypt = await toEncryptSettings(resolved.encryption, agent, new SecretResolver(document));
  return {
    ...optional('noRecords', resolved['no-records']),
    ...optional('noIndexes', resolved['no-indexes']),
    ...optional('noUdfs', resolved['no-udfs']),
    ...optional('bandwidthMiB', resolved.bandwidth),
    ...optional('recordsPerSecond', resolved['records-per-second']),
    ...optional('compact', resolved.compact),
    ...optional('encrypt', encrypt),
    socketTimeoutMs: resolved['socket-timeout'],
    totalTimeoutMs: resolved['total-timeout'],
    fileLimitMiB: limit === 0 ? NO_FILE_LIMIT_MIB : limit,
    ...(compression?.mode === 'ZSTD' ? { compress: 'zstd', compressionLevel: toLevel(compression.level ?? 0) } : {}),
  };
}

function toLevel(level: number): number {
  return level < 0 ? FASTEST_LEVEL : level;
}

/** How a backup is restored into a cluster: all but where it is and how its storage is reached. */
export async function toRestoreSettings(
  policy: RestorePolicy | undefined,
  cluster: AerospikeCluster,
  agent: AgentChoice,
  document: ServiceDocument,
): Promise<Omit<RestoreSettings, 'directory' | 'directories'>> {
  const resolved = resolveRestorePolicy(policy);
  const { namespace, compression } = resolved;
  const retry = resolved['retry-policy'];
  const encrypt = await toEncryptSettings(resolved.encryption, agent, new SecretResolver(document));
  const target = await toClusterSettings(cluster, document);
  // Racks are for reading.
  delete target.preferRacks;
  return {
    ...target,
    ...optional('timeoutMs', cluster['conn-timeout']),
    ...(namespace === undefined ? {} : { namespace: { from: namespace.source, to: namespace.destination } }),
    ...optional('sets', resolved['set-list']),
    ...optional('bins', resolved['bin-list']),
    ...optional('noRecords', resolved['no-records']),
    ...optional('noIndexes', resolved['no-indexes']),
    ...optional('noUdfs', resolved['no-udfs']),
    ...optional('unique', resolved.unique),
    ...optional('replace', resolved.replace),
    ...optional('noGeneration', resolved['no-generation']),
    ...optional('bandwidthMiB', resolved.bandwidth),
    ...optional('recordsPerSecond', resolved.tps),
    ...optional('disableBatchWrites', resolved['disable-batch-writes']),
    ...optional('extraTtlS', resolved['extra-ttl']),
    ...optional('encrypt', encrypt),
    parallel: resolved.parallel,
    batchSize: resolved['batch-size'],
    maxAsyncBatches: resolved['max-async-batches'],
    socketTimeoutMs: resolved['socket-timeout'],
    totalTimeoutMs: resolved['total-timeout'],
    maxRetries: retry['max-retries'],
    retryScaleFactorUs: retry['base-timeout'] * 1000,
    ...(compression?.mode === 'ZSTD' ? { compress: 'zstd' } : {}),
  };
}

/** Throws ServiceError SERVICE_NOT_FOUND. */
function getEntity<Entity>(map: Readonly<Record<string, Entity>> | undefined, name: string, what: string): Entity {
  const entity = findEntity(map, name);
  if (entity === undefined) throw new ServiceError('SERVICE_NOT_FOUND', `${what} "${name}" not found`);
  return entity;
}
