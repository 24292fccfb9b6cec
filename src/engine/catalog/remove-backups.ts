/**
 * Removes backups of a catalog. Of several processes that remove at once, one works and the others are refused: a
 * catalog has a lock. Those that begin something new meanwhile have no part in it, so each writes first and looks then:
 * who deletes writes the tombstone and looks for children, holds and readers, and whoever adds one of these looks for
 * the tombstone. One of the two sees the other, and gives way before anything is lost.
 */
import { basename } from 'node:path';
import type { RunContext } from '../../core/run-context.js';
import { joinPath, parentPath } from '../../storage/paths.js';
import type { StorageAccess } from '../../storage/registry.js';
import { isBackupFileName, type Storage } from '../../storage/storage.js';
import { LOCK_NAME, RunLock } from '../backup/checkpoint/lock.js';
import { listShardLocks } from '../backup/checkpoint/shard-locks.js';
import { findChildren } from './chains.js';
import { CatalogError } from './errors.js';
import { findBackups, readBackup, type CatalogEntry } from './find-backups.js';
import { toBackupPlace } from './manifest.js';
import { findOwnFiles, type OwnFiles } from './own-files.js';
import { refuseRead } from './reader-mark.js';
import { createTombstone, readTombstone, withdrawTombstone, type DeletionReason, type Tombstone } from './tombstone.js';

/** The lock of a catalog lies beside its backups. */
export const CATALOG_LOCK_NAME = 'catalog.lock';

export interface RemovedBackup {
  id: string;
  path: string;
  /** Of the backup that were there. */
  files: number;
  /** Paths of what belongs to nobody's backup, and was left where it is. */
  strangers: string[];
}

/** A backup that stays although it was to be removed. */
export interface SparedBackup {
  id: string;
  path: string;
  error: Error;
}

export interface Removal {
  removed: RemovedBackup[];
  spared: SparedBackup[];
}

/** A backup with a tombstone, of which this process has not deleted anything yet. */
interface Condemned {
  entry: CatalogEntry;
  tombstone: Tombstone;
  /** False: an earlier deletion is finished. */
  isNew: boolean;
}

export class BackupRemover {
  private constructor(
    private readonly storages: StorageAccess,
    private readonly context: RunContext,
    private readonly lock: RunLock,
    private readonly root: string | undefined,
    /** All backups of the catalog, as they were when the lock was taken. */
    readonly entries: readonly CatalogEntry[],
  ) {}

  /**
   * Locks the catalog at `root` (absent = a place that can hold no more than one backup, `path`) and reads it. Throws
   * LockError LOCK_HELD, StorageError.
   */
  static async open(
    place: { root: string } | { path: string },
    storages: StorageAccess,
    context: RunContext,
  ): Promise<BackupRemover> {
    const { runId, signal } = context;
    const root = 'root' in place ? place.root : parentPath(place.path);
    const lost = new AbortController();
    const onLost = (error: Error): void => lost.abort(error);
    const paths = root === undefined ? [] : [joinPath(root, CATALOG_LOCK_NAME)];
    const lock = await RunLock.acquire({ paths, runId, storages, signal, onLost });
    try {
      const entries = root === undefined ? [] : await findBackups(root, storages);
      const combined = { ...context, signal: AbortSignal.any([signal, lost.signal]) };
      return new BackupRemover(storages, combined, lock, root, entries);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Never rejects. */
  async close(): Promise<void> {
    await this.lock.release();
  }

  /**
   * Removes `targets`, the children of each before itself. What is in use, held, changed or the base of others stays,
   * and so does what it is based on. Throws StorageError, LockError LOCK_LOST, and the signal's reason: a deletion that
   * was begun is finished by the next one.
   */
  async remove(targets: readonly CatalogEntry[], reason: DeletionReason): Promise<Removal> {
    const paths = new Set(targets.map(({ path }) => path));
    refuseUnreadable(this.entries.filter(({ path }) => !paths.has(path)));
    const removal: Removal = { removed: [], spared: [] };
    const condemned: Condemned[] = [];
    let left: Condemned[];
    try {
      for (const entry of targets) await this.condemnOrSpare(entry, reason, condemned, removal.spared);
      left = await this.spareNeeded(condemned, removal.spared);
    } catch (error) {
      await this.withdrawNew(condemned).catch(() => undefined);
      throw error;
    }
    for (const { entry, tombstone } of left) {
      this.context.signal.throwIfAborted();
      await this.lock.assertHeld();
      removal.removed.push(await this.removeFiles(entry, tombstone));
    }
    return removal;
  }

  private async condemnOrSpare(
    entry: CatalogEntry,
    reason: DeletionReason,
    condemned: Condemned[],
    spared: SparedBackup[],
  ): Promise<void> {
    this.context.signal.throwIfAborted();
    await this.lock.assertHeld();
    try {
      condemned.push(await this.condemn(entry, reason));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      spared.push({ id: entry.id, path: entry.path, error });
    }
  }

  /** Whoever has taken the lock over may have begun to delete: then they stay, and the next deletion finds them. */
  private async withdrawNew(condemned: readonly Condemned[]): Promise<void> {
    for (const { entry, isNew } of condemned) if (isNew) await this.withdraw(entry.path);
  }

  private async withdraw(path: string): Promise<void> {
    await this.lock.assertHeld();
    await withdrawTombstone(path, await this.storages.forPath(path));
  }

  /** Writes the tombstone, while no run can work on the backup. Throws CatalogError, LockError, StorageError. */
  private async condemn(entry: CatalogEntry, reason: DeletionReason): Promise<Condemned> {
    const { path, id, kind } = entry;
    const { runId, signal } = this.context;
    const storage = await this.storages.forPath(path);
    const paths = await findLockPaths(entry, storage);
    const onLost = (): void => undefined;
    const lock = await RunLock.acquire({ paths, runId, storages: this.storages, signal, onLost });
    try {
      // A deletion that was killed has left its locks, too: they were taken over just now.
      const known = await readTombstone(path, storage);
      if (known !== undefined) return { entry, tombstone: known, isNew: false };
      const now = await readBackup(path, this.storages);
      if (now.held) throw heldError(path);
      await this.refuseReaders(now);
      if (isChanged(entry, now)) {
        throw new CatalogError('CATALOG_CHANGED', `The backup at ${path} was changed meanwhile; it was not deleted`);
      }
      await lock.assertHeld();
      const tombstone: Tombstone = {
        id,
        deleted: new Date().toISOString(),
        reason,
        kind: kind === 'files' ? kind : 'manifest',
      };
      const isNew = await createTombstone(path, tombstone, this.storages);
      return { entry, tombstone: (await readTombstone(path, storage)) ?? tombstone, isNew };
    } finally {
      await lock.release();
    }
  }

  /** Throws CatalogError CATALOG_IN_USE if somebody reads the backup or a namespace of it. */
  private async refuseReaders({ path, parts }: CatalogEntry): Promise<void> {
    for (const each of new Set([path, ...parts.map((part) => part.path)])) {
      const storage = await this.storages.forPath(each);
      const place = toBackupPlace(each);
      if (place.kind === 'file' || (await storage.exists('directory', each))) await refuseRead(place, storage);
    }
  }

  /**
   * Takes back the tombstones of what is held, read or needed by others: these may have come since the catalog was
   * read. Resolves with the rest.
   */
  private async spareNeeded(condemned: readonly Condemned[], spared: SparedBackup[]): Promise<Condemned[]> {
    if (condemned.length === 0) return [];
    const entries = this.root === undefined ? [] : await findBackups(this.root, this.storages);
    const living = entries.filter(({ state }) => state !== 'DELETED');
    refuseUnreadable(living);
    const left = new Map(condemned.map((each) => [each.entry.path, each]));
    for (let isSettled = false; !isSettled;) {
      isSettled = true;
      for (const { entry } of [...left.values()]) {
        const { id, path } = entry;
        const children = findChildren(living, id).filter((child) => child.path !== path);
        const now = await readBackup(path, this.storages);
        const inUse = await this.refuseReaders({ ...now, parts: entry.parts }).catch((error: unknown) => {
          if (isRefusal(error)) return error;
          throw error;
        });
        if (children.length === 0 && !now.held && inUse === undefined) continue;
        await this.withdraw(path);
        left.delete(path);
        living.push(await readBackup(path, this.storages));
        const error = now.held ? heldError(path) : (inUse ?? baseError(path, children));
        spared.push({ id, path, error });
        isSettled = false;
      }
    }
    return [...left.values()];
  }

  /** Data first: as long as there is any, the manifest tells a restore what is missing. */
  private async removeFiles({ id, path, ...rest }: CatalogEntry, tombstone: Tombstone): Promise<RemovedBackup> {
    const storage = await this.storages.forPath(path);
    const own = await findOwnFiles({ id, path, ...rest }, storage, tombstone);
    for (const { directory, data } of own) await storage.deleteFiles(directory, data);
    for (const { directory, documents } of own) await storage.deleteFiles(directory, documents);
    for (const { directory, isRemovable } of [...own].reverse()) {
      if (isRemovable) await storage.removeDirectory(directory);
    }
    return { id, path, files: countFiles(own), strangers: listStrangers(own) };
  }
}

/** Removing it is refused for a reason that has to do with this backup alone. */
function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return ['CATALOG_HELD', 'CATALOG_IN_USE', 'CATALOG_CHANGED', 'CATALOG_NOT_FOUND', 'LOCK_HELD'].includes(
    String(error.code),
  );
}

/**
 * A backup whose documents cannot be read may be based on any other. Throws CatalogError CATALOG_UNREADABLE.
 */
export function refuseUnreadable(entries: readonly CatalogEntry[]): void {
  const unknown = entries.filter(({ state, kind, type, parts }) => {
    return (
      state === 'DAMAGED' &&
      kind !== 'abs' &&
      type === undefined &&
      parts.every(({ manifest }) => manifest === undefined)
    );
  });
  if (unknown.length === 0) return;
  const [{ path, reason }] = unknown as [CatalogEntry];
  const others = unknown.length === 1 ? '' : `, and ${unknown.length - 1} more`;
  const why = reason === undefined ? '' : ` (${reason})`;
  throw new CatalogError(
    'CATALOG_UNREADABLE',
    `Nobody can tell which backup ${path}${others} is based on${why}: nothing was deleted`,
    { details: { path }, hint: 'delete-unreadable' },
  );
}

/** The backup at `path` must not be deleted. */
export function heldError(path: string): CatalogError {
  return new CatalogError('CATALOG_HELD', `The backup at ${path} is held; it was not deleted`, {
    hint: 'release-hold',
  });
}

/** The backup at `path` is needed by others. */
export function baseError(path: string, children: readonly CatalogEntry[]): CatalogError {
  const ids = children.map(({ id }) => id);
  const text = `The backup at ${path} is the base of ${ids.join(', ')}: it was not deleted`;
  return new CatalogError('CATALOG_BASE', text, { details: { path, children: ids }, hint: 'delete-cascade' });
}

/**
 * Whether a run has worked on a backup since. Who asks holds its lock, so that one that is not complete seems to be in
 * progress.
 */
function isChanged(before: CatalogEntry, now: CatalogEntry): boolean {
  const isComplete = ({ state }: CatalogEntry): boolean => state === 'COMPLETED' || state === 'UNKNOWN';
  return isComplete(before) !== isComplete(now) || before.started !== now.started || before.finished !== now.finished;
}

/** Of all that may work on a backup: on one of its namespaces or on the whole. */
async function findLockPaths({ path, parts }: CatalogEntry, storage: Storage): Promise<string[]> {
  if (isBackupFileName(basename(path))) return [`${path}.lock`];
  const directories = new Set([path]);
  for (const part of parts) {
    if (await storage.exists('directory', part.path)) directories.add(part.path);
  }
  const paths = [...directories].map((directory) => joinPath(directory, LOCK_NAME));
  for (const directory of directories) paths.push(...(await listShardLocks(storage, directory)));
  return paths;
}

function countFiles(own: readonly OwnFiles[]): number {
  return own.reduce((sum, { data }) => sum + data.length, 0);
}

function listStrangers(own: readonly OwnFiles[]): string[] {
  return own.flatMap(({ directory, strangers }) => strangers.map((name) => joinPath(directory, name)));
}
