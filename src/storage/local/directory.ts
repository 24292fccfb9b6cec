import type { Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { StorageError, storageError } from '../errors.js';
import type { FileSystem } from './file-system.js';

/** What a file system answers that cannot make a directory durable by itself. */
const CANNOT_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EISDIR', 'EBADF']);

/**
 * Makes the names in a directory durable: without it a power cut may remove a file whose bytes are durable, or restore
 * one that was deleted. Rejects with the system's error.
 */
export async function syncDirectory(fs: FileSystem, path: string): Promise<void> {
  let handle;
  try {
    handle = await fs.open(path, 'r');
  } catch (error) {
    // The directory may be writable but not readable (mode -wx).
    if (hasCode(error, 'EACCES')) return;
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

/** Creates the last component of `path` if it is missing. Throws StorageError, also if a file is there. */
export async function ensureDirectory(fs: FileSystem, path: string, mode?: number): Promise<void> {
  try {
    await fs.mkdir(path, mode ?? 0o777);
    if (mode !== undefined) await applyMode(fs, path, mode);
    await syncDirectory(fs, dirname(resolve(path)));
    return;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw storageError('create directory', path, error);
  }
  try {
    // Checks in one call that it is a directory and can be read.
    await fs.readdir(path);
  } catch (error) {
    throw storageError('read directory', path, error);
  }
}

/** The umask limits the mode of a creation; a mode that the user names is exact. */
async function applyMode(fs: FileSystem, path: string, mode: number): Promise<void> {
  const handle = await fs.open(path, 'r').catch(() => undefined);
  try {
    await handle?.chmod(mode);
  } finally {
    await handle?.close();
  }
}

/**
 * Deletes a regular file or a symbolic link to one, and makes that durable. What is something else, or a link to it,
 * stays: resolves with false. Rejects with the system's error, also if nothing is there.
 */
export async function unlinkRegularFile(fs: FileSystem, path: string): Promise<boolean> {
  const found = await fs.lstat(path);
  // A link that leads nowhere holds no data either.
  const target = found.isSymbolicLink() ? await statIfExists(fs, path) : found;
  if (target?.isDirectory() === true && !found.isSymbolicLink()) {
    throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' });
  }
  if (target !== undefined && !target.isFile()) return false;
  await fs.unlink(path);
  return true;
}

/** Follows symbolic links; undefined = nothing is there. Rejects with the system's error. */
export async function statIfExists(fs: FileSystem, path: string): Promise<Stats | undefined> {
  try {
    return await fs.stat(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export function notRegular(action: string, path: string): StorageError {
  return new StorageError('IO_NOT_REGULAR', `Cannot ${action} ${path}: it is not a regular file`);
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
