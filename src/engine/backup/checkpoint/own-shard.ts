/**
 * What a shard finds of itself and of its siblings. A scheduler starts a shard again whenever it likes: one that was
 * interrupted goes on, and one that is complete stays as it is.
 */
import { joinPath } from '../../../storage/paths.js';
import { formatShard } from '../../../core/shard.js';
import type { PartitionFilter } from '../../../core/partition.js';
import { readIfExists } from '../../catalog/backup-document.js';
import { parseShardManifest, parseShardPrefix } from '../../shard/names.js';
import { fingerprintSelection } from '../../shard/partitions.js';
import type { BackupConfig, BackupResult } from '../config.js';
import { TargetError } from '../output/target.js';
import { verifyFiles } from '../output/verify-files.js';
import { createIdentity } from './identity.js';
import { stateFilePath } from './resume.js';
import { checkIdentity, parseState, StateError, type BackupState, type Identity } from './state-file.js';

export type EarlierShard =
  | { kind: 'none' }
  /** `path`: of its state. */
  | { kind: 'interrupted'; path: string }
  | { kind: 'complete'; path: string; state: BackupState };

/**
 * What an earlier run of the same shard has left. Throws StateError if that was of another backup, FilesChangedError
 * if its files are not there any more, and what refuseReplacement throws.
 */
export async function findEarlierShard(config: BackupConfig): Promise<EarlierShard> {
  const { continueFrom, removeFiles } = config;
  if (continueFrom !== undefined) return { kind: 'none' };
  const found = await readShardState(config);
  if (found === undefined) return { kind: 'none' };
  const { path, state } = found;
  if (removeFiles) {
    refuseReplacement(config, state);
    return { kind: 'none' };
  }
  if (state.manifest?.state !== 'COMPLETED') return { kind: 'interrupted', path };
  checkIdentity(path, state.identity, createIdentity(config));
  await verifyFiles([], state, config);
  return { kind: 'complete', path, state };
}

/**
 * To be called under the lock, before files of a shard are removed: another process of the same shard may have
 * completed it since findEarlierShard. Throws what refuseReplacement throws.
 */
export async function checkReplaceable(config: BackupConfig): Promise<void> {
  if (!config.removeFiles) return;
  const found = await readShardState(config);
  if (found !== undefined) refuseReplacement(config, found.state);
}

/** Undefined = the run is of no shard, or of one that was not begun. */
async function readShardState(config: BackupConfig): Promise<{ path: string; state: BackupState } | undefined> {
  const { shard, target, storages } = config;
  if (shard === undefined || !('path' in target)) return undefined;
  const path = await stateFilePath(config);
  const bytes = await readIfExists(await storages.forPath(path), path, 'the manifest');
  return bytes === undefined ? undefined : { path, state: parseState(bytes, path) };
}

/**
 * A shard that begins anew removes what it has left itself. Throws TargetError if the files are those of another shard,
 * or of a complete one: its siblings are of the same backup, and all of them can be removed only together.
 */
function refuseReplacement({ shard, target }: BackupConfig, { manifest }: BackupState): void {
  if (shard === undefined || !('path' in target)) return;
  const { path } = target;
  const options = { ...(target.kind === 'directory' ? { hint: 'remove-all-shards' as const } : {}), details: { path } };
  const other = manifest?.shard;
  if (other !== undefined && (other.index !== shard.index || other.count !== shard.count)) {
    const text = `${path} is of shard ${formatShard(other)}; shard ${formatShard(shard)} does not replace it`;
    throw new TargetError(text, options);
  }
  if (manifest?.state !== 'COMPLETED') return;
  throw new TargetError(`Shard ${formatShard(shard)} in ${path} is complete; it is not replaced alone`, options);
}

/** The result of a shard that was complete before. */
export function toShardResult({ counters, files }: BackupState, { target }: BackupConfig): BackupResult {
  const toPath = (name: string): string =>
    target.kind === 'directory' ? joinPath(target.path, name) : target.kind === 'file' ? target.path : name;
  return { ...counters, textBytes: 0, files: files.map(({ name }) => toPath(name)), durationMs: 0 };
}

/** In what the shards of one backup differ; an increment's lower bound depends on clocks. */
const OWN_KEYS: readonly string[] = ['shard', 'output-file-prefix', 'modified-after'];

/** Of the backup that the shard is a part of. */
export function shardedIdentity(identity: Identity): Identity {
  return Object.fromEntries(Object.entries(identity).filter(([key]) => !OWN_KEYS.includes(key)));
}

/**
 * Before a new shard begins: the shards that are there must be of the same backup. `selected`: the partitions of all
 * shards. Throws StateError.
 */
export async function checkSiblings(config: BackupConfig, selected: readonly PartitionFilter[]): Promise<void> {
  const { shard, target, prefix, storages } = config;
  if (shard === undefined || target.kind !== 'directory') return;
  const storage = await storages.forPath(target.path);
  if (!(await storage.exists('directory', target.path))) return;
  const own = parseShardPrefix(prefix);
  const names = (await storage.list(target.path)).map(({ name }) => name);
  const siblings = names.flatMap((name) => {
    const other = parseShardManifest(name);
    return other === undefined || other.shard.index === shard.index ? [] : [{ name, ...other }];
  });
  // One speaks for all, as each was compared when it began.
  const sibling =
    siblings.find((each) => each.prefix !== own?.prefix || each.shard.count !== shard.count) ?? siblings[0];
  if (sibling === undefined) return;
  const path = joinPath(target.path, sibling.name);
  const bytes = await readIfExists(storage, path, 'the manifest');
  if (bytes === undefined) return;
  const { identity, manifest } = parseState(bytes, path);
  // Of a single file with such a name.
  if (manifest?.shard === undefined || identity.target !== 'directory') return;
  if (manifest.shard.count !== shard.count) {
    const text = `${path} is one of ${manifest.shard.count} shards, this is one of ${shard.count}`;
    throw new StateError('STATE_MISMATCH', text, { hint: 'repeat-options' });
  }
  checkIdentity(path, shardedIdentity(identity), shardedIdentity(createIdentity(config)));
  if (manifest.shard.selection === fingerprintSelection(selected)) return;
  const text = `${path} is a part of other partitions: nodes have gained or lost some since it was begun`;
  throw new StateError('STATE_MISMATCH', text, { hint: 'remove-all-shards', details: { path: target.path } });
}
