/**
 * Marks of those that read a backup: a restore, a copy, a served backup. A mark is a lock file of its own that is
 * refreshed while the backup is read, so that a deletion does not take away files in the middle of it. Of a reader that
 * was killed, the mark loses its meaning as a lock does.
 *
 * The reader writes its mark and looks for the tombstone then; who deletes writes the tombstone and looks for marks
 * then: one of the two sees the other.
 */
import { randomUUID } from 'node:crypto';
import { basename, dirname } from 'node:path';
import type { StorageAccess } from '../../storage/registry.js';
import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import { StorageError } from '../../storage/errors.js';
import { isLockHeld, RunLock } from '../backup/checkpoint/lock.js';
import { CatalogError } from './errors.js';
import { documentPath, toBackupPlace, type BackupPlace } from './manifest.js';
import { refuseDeleted } from './tombstone.js';

const MARK = /^(?:.*\.)?reading-[0-9a-f-]{36}\.lock$/s;

export interface ReaderOptions {
  storages: StorageAccess;
  signal: AbortSignal;
}

/** Whether a file is the mark of a reader, in a directory or beside a file. */
export function isReaderMark(name: string): boolean {
  return MARK.test(name);
}

/**
 * Runs `work` while the backups at `paths` are marked as being read. Throws as `markRead` does, and what `work` throws.
 */
export async function withReaderMarks<T>(
  paths: readonly string[],
  options: ReaderOptions,
  work: () => Promise<T>,
): Promise<T> {
  const release = await markRead(paths, options);
  try {
    return await work();
  } finally {
    await release();
  }
}

/**
 * Marks backups, or namespaces of backups, as being read until the returned function is called, which does not reject.
 * Whoever may only read a storage leaves no mark there. Throws CatalogError CATALOG_DELETED, and the signal's reason.
 */
export async function markRead(
  paths: readonly string[],
  { storages, signal }: ReaderOptions,
): Promise<() => Promise<void>> {
  const marks: RunLock[] = [];
  const release = async (): Promise<void> => {
    await Promise.all(marks.splice(0).map((mark) => mark.release()));
  };
  try {
    for (const path of new Set(paths)) {
      const place = toBackupPlace(path);
      const mark = await writeMark(place, { storages, signal });
      if (mark !== undefined) {
        marks.push(mark);
        await removeDeadMarks(place, await storages.forPath(path));
      }
      await refuseDeleted(place, await storages.forPath(path));
    }
    return release;
  } catch (error) {
    await release();
    throw error;
  }
}

/** Undefined = nothing may be written there. */
async function writeMark(place: BackupPlace, { storages, signal }: ReaderOptions): Promise<RunLock | undefined> {
  const runId = randomUUID();
  const paths = [documentPath(place, `reading-${runId}.lock`)];
  try {
    return await RunLock.acquire({ paths, runId, storages, signal, onLost: () => undefined });
  } catch (error) {
    if (error instanceof StorageError) return undefined;
    throw error;
  }
}

/** Whether somebody reads the backup. Throws StorageError. */
export async function isRead(place: BackupPlace, storage: Storage): Promise<boolean> {
  return (await findLiveMark(place, storage)) !== undefined;
}

/** Of readers that were killed. They do no harm, so that a failure does not matter. */
async function removeDeadMarks(place: BackupPlace, storage: Storage): Promise<void> {
  const marks = await listReaderMarks(place, storage).catch(() => []);
  for (const { directory, name } of marks) {
    const path = joinPath(directory, name);
    try {
      const found = await storage.readVersion(path);
      if (found !== undefined && !(await isLockHeld(storage, path)))
        await storage.deleteIfUnchanged(path, found.version);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
    }
  }
}

/** Throws CatalogError CATALOG_IN_USE if somebody reads the backup, StorageError. */
export async function refuseRead(place: BackupPlace, storage: Storage): Promise<void> {
  const mark = await findLiveMark(place, storage);
  if (mark !== undefined) {
    throw new CatalogError(
      'CATALOG_IN_USE',
      `The backup at ${place.path} is being read (${mark}); nothing was changed`,
      {
        details: { path: place.path },
        hint: 'wait-for-reader',
      },
    );
  }
}

async function findLiveMark(place: BackupPlace, storage: Storage): Promise<string | undefined> {
  for (const { directory, name } of await listReaderMarks(place, storage)) {
    const mark = joinPath(directory, name);
    if (await isLockHeld(storage, mark)) return mark;
  }
  return undefined;
}

/** Marks of all that read the backup, and of those that were killed. */
export async function listReaderMarks(
  { kind, path }: BackupPlace,
  storage: Storage,
): Promise<{ directory: string; name: string }[]> {
  const directory = kind === 'directory' ? path : dirname(path);
  const prefix = kind === 'directory' ? 'reading-' : `${basename(path)}.reading-`;
  const names = (await storage.list(directory)).map(({ name }) => name);
  const marks = names.filter((name) => name.startsWith(prefix) && isReaderMark(name));
  return marks.map((name) => ({ directory, name }));
}
