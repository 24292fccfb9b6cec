/** Removes a backup and nothing else (asbackup.md 5.8). */
import { dirname } from 'node:path';
import { ToolError } from '../../../core/errors.js';
import type { RunContext } from '../../../core/run-context.js';
import { joinPath } from '../../../storage/paths.js';
import type { StorageAccess } from '../../../storage/registry.js';
import { RunLock } from '../checkpoint/lock.js';
import { targetLockPaths } from '../checkpoint/run-state.js';
import { refuseOtherRuns } from '../checkpoint/shard-locks.js';
import type { BackupTarget } from '../config.js';
import { refuseHeld } from '../../catalog/hold.js';
import { refuseRead } from '../../catalog/reader-mark.js';
import { refuseBase } from '../../catalog/refuse-base.js';
import { manifestPath } from '../../catalog/manifest.js';
import { deleteStates, filesAndUnfinished, isOfBackup, listStates } from './target.js';

export interface RemovalConfig {
  target: BackupTarget;
  /** Only files of this prefix; absent = all backup files of the directory. */
  prefix?: string;
  storages: StorageAccess;
}

/**
 * Deletes the backup at the target, then the directory if nothing is left in it. Throws StorageError if there is no
 * such file or directory, ToolError TARGET_EMPTY if it holds no backup file to delete, LockError if a run works on it.
 */
export async function removeBackup(config: RemovalConfig, context: RunContext): Promise<void> {
  const { target, storages } = config;
  if (!('path' in target)) return;
  const { path } = target;
  const { emit, runId, signal } = context;
  const storage = await storages.forPath(path);
  emit({ type: 'remove.start', kind: target.kind, path });
  const lost = new AbortController();
  const onLost = (error: Error): void => lost.abort(error);
  const exists = await storage.exists(target.kind, path);
  const paths = exists ? await targetLockPaths(config) : [];
  const lock = await RunLock.acquire({ paths, runId, storages, signal, onLost });
  try {
    if (exists) await refuseOtherRuns(config);
    if (exists) {
      await refuseHeld(target, storage);
      await refuseRead(target, storage);
      await refuseBase(target, storages);
    }
    if (target.kind === 'directory') await removeFiles(config, path, context, lock);
    else {
      await storage.deleteFile(path, 'throw');
      await deleteStates(storage, [manifestPath({ kind: 'file', path })], runId);
    }
  } finally {
    await lock.release();
  }
}

async function removeFiles(
  { prefix, storages }: RemovalConfig,
  path: string,
  { emit, runId }: RunContext,
  lock: RunLock,
): Promise<void> {
  const storage = await storages.forPath(path);
  const directory = prefix === undefined ? path : joinPath(path, dirname(prefix));
  const files = await filesAndUnfinished(storage, directory);
  const own = prefix === undefined ? files : files.filter(isOfBackup(prefix));
  await storage.deleteFiles(directory, own);
  const states = await deleteStates(storage, await listStates(storage, path), runId, prefix);
  if (own.length === 0 && states === 0) {
    const named = prefix === undefined ? '' : ` named after the prefix ${prefix}`;
    throw new ToolError('TARGET_EMPTY', `The directory ${path} holds no backup files${named}; nothing was deleted`, {
      details: { path },
    });
  }
  // The lock is a file of the directory.
  await lock.release();
  const reason = await storage.removeDirectory(path);
  if (reason !== undefined) emit({ type: 'remove.kept', path, files: own.length, reason });
}
