/**
 * The shards of one directory have a lock each, so that they run at the same time; a backup in one piece has that of
 * the directory. Each takes its own lock first and looks for those of the others then: of two that begin together, at
 * least one sees the other.
 */
import { dirname } from 'node:path';
import { joinPath } from '../../../storage/paths.js';
import type { StorageAccess } from '../../../storage/registry.js';
import type { Storage } from '../../../storage/storage.js';
import { isShardLock } from '../../shard/names.js';
import type { BackupConfig } from '../config.js';
import { isLockHeld, LOCK_NAME, LockError } from './lock.js';

type LockedTarget = Pick<BackupConfig, 'target' | 'shard'> & { prefix?: string; storages: StorageAccess };

/** Throws LockError LOCK_HELD if a run works on the directory that does not go together with this one. */
export async function refuseOtherRuns({ target, prefix, shard, storages }: LockedTarget): Promise<void> {
  if (target.kind !== 'directory') return;
  const directory = joinPath(target.path, dirname(prefix ?? ''));
  const storage = await storages.forPath(directory);
  if (shard === undefined) return refuseShardRuns(storage, directory);
  const path = joinPath(directory, LOCK_NAME);
  if (await isLockHeld(storage, path)) throw heldError(path);
}

/** Throws LockError LOCK_HELD if a shard in the directory is being written. */
export async function refuseShardRuns(storage: Storage, directory: string): Promise<void> {
  for (const path of await listShardLocks(storage, directory)) {
    if (await isLockHeld(storage, path)) throw heldError(path);
  }
}

/** Paths of the locks of shards in a directory, also of those that have ended. */
export async function listShardLocks(storage: Storage, directory: string): Promise<string[]> {
  if (!(await storage.exists('directory', directory))) return [];
  const files = await storage.list(directory);
  return files.filter(({ name }) => isShardLock(name)).map(({ name }) => joinPath(directory, name));
}

function heldError(path: string): LockError {
  return new LockError('LOCK_HELD', `The backup is in use by another run (${path}); nothing was changed`, {
    details: { path },
  });
}
