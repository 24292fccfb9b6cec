import { lstat, mkdir, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { storageError } from './errors.js';
import { isBackupFileName } from './storage.js';

/** Creates the last component of `path` if it is missing. Returns whether it did. Throws StorageError. */
export async function ensureDirectory(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw storageError('create directory', path, error);
  }
  // Proves in one step that it is a directory and can be read.
  await listBackupFiles(path);
  return false;
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
