import { lstat, mkdir, open, readdir, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { storageError } from '../errors.js';
import { isBackupFileName } from '../storage.js';

/** Creates the last component of `path` if it is missing. Returns whether it did. Throws StorageError. */
export async function ensureDirectory(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    await syncDirectory(dirname(resolve(path)));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw storageError('create directory', path, error);
  }
  // Proves in one step that it is a directory and can be read.
  await listBackupFiles(path);
  return false;
}

/** What a file system says that cannot make a directory durable by itself. */
const CANNOT_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EISDIR', 'EBADF']);

/**
 * Makes the names in a directory durable: without it a power cut may take a file away whose bytes are safe, or bring one
 * back that was deleted. Rejects with the system's error.
 */
export async function syncDirectory(path: string): Promise<void> {
  let handle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    // Who may write to a directory need not be allowed to read it.
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return;
    throw error;
  }
  try {
    await handle.sync();
  } catch (error) {
    if (!CANNOT_SYNC.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

/** Names of the backup files in a directory, sorted; not recursive. Throws StorageError. */
export async function listBackupFiles(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).filter(isBackupFileName).sort();
  } catch (error) {
    throw storageError('read directory', path, error);
  }
}

/** Deletes the given files of a directory. Throws StorageError at the first that cannot be deleted. */
export async function deleteBackupFiles(path: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    try {
      await unlink(join(path, name));
    } catch (error) {
      throw storageError('delete', join(path, name), error);
    }
  }
  if (names.length === 0) return;
  try {
    await syncDirectory(path);
  } catch (error) {
    throw storageError('delete files from', path, error);
  }
}

/** Deletes a file. Throws StorageError, also if it does not exist. */
export async function deleteExistingFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    throw storageError('delete', path, error);
  }
}

/** Deletes a file if it exists. */
export async function deleteFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw storageError('delete', path, error);
  }
}

export async function pathExists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw storageError('look at', path, error);
  }
}
