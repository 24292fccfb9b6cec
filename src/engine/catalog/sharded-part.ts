/**
 * The shards of one backup in one directory, as a part like that of a backup in one piece: one manifest, whose files
 * are those of all shards. It is complete when all of them are.
 */
import { errorMessage } from '../../core/errors.js';
import { formatShard } from '../../core/shard.js';
import { joinPath } from '../../storage/paths.js';
import { isBackupFileName, type Storage } from '../../storage/storage.js';
import { isLockHeld } from '../backup/checkpoint/lock.js';
import { shardedIdentity } from '../backup/checkpoint/own-shard.js';
import { PartitionProgress } from '../backup/checkpoint/partition-progress.js';
import { checkIdentity, parseState, type BackupState, type Identity } from '../backup/checkpoint/state-file.js';
import { parseShardManifest, shardLockName, shardPrefix, type ShardName } from '../shard/names.js';
import { readIfExists } from './backup-document.js';
import type { CatalogState, NamespacePart, ShardPart } from './find-backups.js';
import type { ManifestInfo, RunStateName } from './manifest.js';

/** The manifest of one shard. */
interface ReadShard extends ShardName {
  /** Path of the manifest. */
  document: string;
  state: CatalogState;
  manifest: BackupState;
}

/**
 * The sharded backup whose manifests are among `names`, those of the files in the directory; undefined = there is none.
 * Shards that do not belong together, and manifests that cannot be read, make it DAMAGED. Throws StorageError.
 */
export async function readShardedPart(
  path: string,
  storage: Storage,
  names: readonly string[],
): Promise<NamespacePart | undefined> {
  const shards: ReadShard[] = [];
  let damage: string | undefined;
  for (const name of names) {
    const shard = parseShardManifest(name);
    if (shard === undefined) continue;
    try {
      const read = await readShard(path, storage, name, shard);
      if (read !== undefined) shards.push(read);
    } catch (error) {
      damage ??= errorMessage(error);
    }
  }
  shards.sort((a, b) => a.shard.index - b.shard.index);
  const [first] = shards;
  if (first === undefined) {
    if (damage === undefined) return undefined;
    const files = names.filter(isBackupFileName).length;
    return { namespace: '', path, state: 'DAMAGED', reason: damage, bytes: 0, files };
  }
  damage ??= shards.map((shard) => findContradiction(first, shard)).find((text) => text !== undefined);
  return combine(path, shards, first, damage);
}

/** Undefined = it is the manifest of a single file. Throws StateError, StorageError. */
async function readShard(
  path: string,
  storage: Storage,
  name: string,
  shard: ShardName,
): Promise<ReadShard | undefined> {
  const document = joinPath(path, name);
  const bytes = await readIfExists(storage, document, 'the manifest');
  if (bytes === undefined) return undefined;
  const manifest = parseState(bytes, document);
  const info = manifest.manifest;
  if (info?.shard === undefined || manifest.identity.target !== 'directory') return undefined;
  if (info.shard.index !== shard.shard.index || info.shard.count !== shard.shard.count) {
    throw new Error(`${document} is of shard ${formatShard(info.shard)}`);
  }
  const lock = joinPath(path, shardLockName(shardPrefix(shard.prefix, shard.shard)));
  const isEnded = info.state === 'IN_PROGRESS' && !(await isLockHeld(storage, lock));
  // With the name of a directory that the files may be in.
  const prefix = String(manifest.identity['output-file-prefix']).replace(/-\d+of\d+$/, '');
  return { ...shard, prefix, document, state: isEnded ? 'INCOMPLETE' : info.state, manifest };
}

/** Why two shards are not of the same backup, for a message. */
function findContradiction(first: ReadShard, other: ReadShard): string | undefined {
  const [a, b] = [first.manifest.manifest!, other.manifest.manifest!];
  if (first.prefix !== other.prefix || a.shard!.count !== b.shard!.count) {
    return `${first.document} and ${other.document} are shards of two backups`;
  }
  if (a.shard!.selection !== b.shard!.selection) {
    return `${first.document} and ${other.document} are parts of different selections of partitions`;
  }
  if (a.type !== b.type || a.parent !== b.parent) return `${other.document} is of another kind than ${first.document}`;
  try {
    checkIdentity(other.document, shardedIdentity(other.manifest.identity), shardedIdentity(first.manifest.identity));
  } catch (error) {
    return errorMessage(error);
  }
  return undefined;
}

function combine(
  path: string,
  shards: readonly ReadShard[],
  first: ReadShard,
  damage: string | undefined,
): NamespacePart {
  const { count } = first.shard;
  const { state, reason } =
    damage === undefined ? combineStates(shards, count) : ({ state: 'DAMAGED', reason: damage } as const);
  const infos = shards.map(({ manifest }) => manifest.manifest!);
  const started = infos.map((info) => info.started).reduce(earlier);
  // A later shard may have read changes up to its own start.
  const modifiedBefore = infos.map((info) => info.modifiedBefore ?? info.started).reduce(later);
  const finished = state === 'COMPLETED' ? infos.map((info) => info.finished ?? info.started).reduce(later) : undefined;
  const info: ManifestInfo = {
    ...infos[0]!,
    id: infos.map(({ id }) => id).reduce((a, b) => (a < b ? a : b)),
    state: toRunState(state),
    started,
    modifiedBefore,
  };
  delete info.shard;
  delete info.reason;
  delete info.finished;
  if (reason !== undefined) info.reason = reason;
  if (finished !== undefined) info.finished = finished;
  const manifest = mergeStates(
    shards.map((shard) => shard.manifest),
    first.prefix,
    info,
  );
  return {
    namespace: String(manifest.identity.namespace ?? ''),
    path,
    state,
    ...(reason === undefined ? {} : { reason }),
    started,
    ...(finished === undefined ? {} : { finished }),
    modifiedBefore,
    records: manifest.counters.records,
    bytes: manifest.counters.bytes,
    files: manifest.files.length,
    manifest,
    shards: { count, begun: shards.map(toShardPart) },
  };
}

function toShardPart({ shard, document, state, manifest }: ReadShard): ShardPart {
  const { reason, started, finished } = manifest.manifest!;
  return {
    index: shard.index,
    document,
    state,
    ...(reason === undefined ? {} : { reason }),
    started,
    ...(finished === undefined ? {} : { finished }),
    records: manifest.counters.records,
    bytes: manifest.counters.bytes,
    files: manifest.files.length,
  };
}

/** As long as one runs, the backup is in progress; then it is complete or not. */
function combineStates(shards: readonly ReadShard[], count: number): { state: CatalogState; reason?: string } {
  if (shards.some(({ state }) => state === 'IN_PROGRESS')) return { state: 'IN_PROGRESS' };
  const failed = shards.find(({ state }) => state !== 'COMPLETED');
  if (failed !== undefined) {
    const { state, shard, manifest } = failed;
    const why = manifest.manifest?.reason === undefined ? '' : `: ${manifest.manifest.reason}`;
    return { state, reason: `Shard ${formatShard(shard)} is ${state}${why}` };
  }
  const missing = Array.from({ length: count }, (_, i) => i).filter(
    (i) => !shards.some(({ shard }) => shard.index === i),
  );
  if (missing.length === 0) return { state: 'COMPLETED' };
  const some = missing.slice(0, 10).map((index) => formatShard({ index, count }));
  const more = missing.length > some.length ? ` and ${missing.length - some.length} more` : '';
  return { state: 'INCOMPLETE', reason: `Of ${count} shards, ${some.join(', ')}${more} was or were not begun` };
}

function toRunState(state: CatalogState): RunStateName {
  return state === 'COMPLETED' || state === 'IN_PROGRESS' || state === 'CANCELED' ? state : 'FAILED';
}

function mergeStates(states: readonly BackupState[], prefix: string, manifest: ManifestInfo): BackupState {
  const [first] = states as [BackupState];
  const identity: Identity = { ...first.identity, 'output-file-prefix': prefix };
  delete identity.shard;
  const sum = (count: (state: BackupState) => number): number =>
    states.reduce((total, state) => total + count(state), 0);
  return {
    runId: first.runId,
    target: first.target,
    identity,
    cluster: first.cluster,
    filters: states.flatMap(({ filters }) => filters),
    cursors: PartitionProgress.merge(states.map(({ cursors }) => cursors)),
    files: states.flatMap(({ files }) => files),
    counters: {
      records: sum(({ counters }) => counters.records),
      bytes: sum(({ counters }) => counters.bytes),
      sindexes: sum(({ counters }) => counters.sindexes),
      udfs: sum(({ counters }) => counters.udfs),
    },
    manifest,
  };
}

function earlier(a: string, b: string): string {
  return Date.parse(a) <= Date.parse(b) ? a : b;
}

function later(a: string, b: string): string {
  return Date.parse(a) >= Date.parse(b) ? a : b;
}
