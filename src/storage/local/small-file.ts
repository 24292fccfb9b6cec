/**
 * Small files that several processes may use: state files and locks. They are replaced in one step, and only their
 * owner may read them, whatever the umask says.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { storageError } from '../errors.js';
import { hasCode, notRegular, syncDirectory } from './directory.js';
import type { FileSystem } from './file-system.js';
import type { SmallFileOptions, VersionedText } from '../storage.js';

const MODE = 0o600;
/** Under a name that nobody can prepare; a symbolic link there would be an error. */
const CREATE_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const REFRESH_FLAGS = constants.O_RDWR | constants.O_NOFOLLOW;
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export async function replaceFile(fs: FileSystem, path: string, text: string, what: string): Promise<void> {
  const action = `save ${what}`;
  const existing = await fs.lstat(path).catch(() => undefined);
  if (existing !== undefined && !existing.isFile() && !existing.isSymbolicLink()) throw notRegular(action, path);
  let temporary: string | undefined;
  try {
    temporary = await writeTemporary(fs, path, text);
    await fs.rename(temporary, path);
    temporary = undefined;
    await syncDirectory(fs, dirname(path));
  } catch (error) {
    if (temporary !== undefined) await fs.unlink(temporary).catch(() => undefined);
    throw storageError(action, path, error);
  }
}

/** False = something exists at `path`. The contents are complete when the name appears. */
export async function createFile(
  fs: FileSystem,
  path: string,
  text: string,
  options: SmallFileOptions = {},
): Promise<boolean> {
  let temporary: string | undefined;
  try {
    temporary = await writeTemporary(fs, path, text, options);
    // Unlike a rename, a link never replaces anything.
    await fs.link(temporary, path);
    await fs.unlink(temporary);
    temporary = undefined;
    if (options.volatile !== true) await syncDirectory(fs, dirname(path));
    return true;
  } catch (error) {
    if (temporary !== undefined) await fs.unlink(temporary).catch(() => undefined);
    if (hasCode(error, 'EEXIST')) return false;
    if (isWithoutLinks(error)) return createDirectly(fs, path, text, options);
    throw storageError('create', path, error);
  }
}

/** What file systems without hard links answer (FAT, some network file systems). */
function isWithoutLinks(error: unknown): boolean {
  return ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].some((code) => hasCode(error, code));
}

async function createDirectly(fs: FileSystem, path: string, text: string, options: SmallFileOptions): Promise<boolean> {
  try {
    await writeNew(fs, path, text, options);
    if (options.volatile !== true) await syncDirectory(fs, dirname(path));
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw storageError('create', path, error);
  }
}

/** Undefined = nothing is at `path`. Throws StorageError, also for what is no regular file. */
export async function readVersion(fs: FileSystem, path: string): Promise<VersionedText | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await fs.open(path, READ_FLAGS);
    return await readFrom(handle, path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw storageError('read', path, error);
  } finally {
    await handle?.close();
  }
}

/** Writes in place, so that the file is there at any time. */
export async function refreshFile(
  fs: FileSystem,
  path: string,
  version: string,
  text: string,
): Promise<string | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await fs.open(path, REFRESH_FLAGS);
    if ((await readFrom(handle, path)).version !== version) return undefined;
    const bytes = Buffer.from(text);
    await handle.write(bytes, 0, bytes.length, 0);
    await handle.truncate(bytes.length);
    // The kernel's clock may not have moved since the last write.
    await handle.utimes(new Date(), new Date());
    return (await readFrom(handle, path)).version;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw storageError('write', path, error);
  } finally {
    await handle?.close();
  }
}

/**
 * Renames the old file away, which one caller alone succeeds with, and creates the new one. A crash between the two
 * leaves no file, as after a deletion.
 */
export async function replaceVersion(
  fs: FileSystem,
  path: string,
  version: string,
  text: string,
  options: SmallFileOptions = {},
): Promise<string | undefined> {
  if (!(await deleteVersion(fs, path, version, options))) return undefined;
  if (!(await createFile(fs, path, text, options))) return undefined;
  return (await readVersion(fs, path))?.version;
}

/** False = the file has another version, or nothing is there. */
export async function deleteVersion(
  fs: FileSystem,
  path: string,
  version: string,
  options: SmallFileOptions = {},
): Promise<boolean> {
  if ((await readVersion(fs, path))?.version !== version) return false;
  const aside = temporaryPath(path);
  try {
    await fs.rename(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw storageError('delete', path, error);
  }
  // Its owner may have written it, or another caller replaced it, since the version was read.
  const isSame = (await readVersion(fs, aside))?.version === version;
  if (!isSame) await fs.link(aside, path).catch(() => undefined);
  await fs.unlink(aside).catch(() => undefined);
  if (options.volatile !== true) await syncDirectory(fs, dirname(path)).catch(() => undefined);
  return isSame;
}

async function readFrom(handle: FileHandle, path: string): Promise<VersionedText> {
  const stats = await handle.stat({ bigint: true });
  if (!stats.isFile()) throw notRegular('read', path);
  const bytes = Buffer.alloc(Number(stats.size));
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
  const contents = bytes.subarray(0, bytesRead);
  const digest = createHash('sha256').update(contents).digest('base64url');
  const version = `${stats.dev}:${stats.ino}:${digest}`;
  return { text: contents.toString('utf8'), version, ageMs: Math.max(0, Date.now() - Number(stats.mtimeMs)) };
}

/** A file beside `path` under a random name. Rejects with the system's error. */
async function writeTemporary(
  fs: FileSystem,
  path: string,
  text: string,
  options: SmallFileOptions = {},
): Promise<string> {
  const temporary = temporaryPath(path);
  try {
    await writeNew(fs, temporary, text, options);
    return temporary;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) await fs.unlink(temporary).catch(() => undefined);
    throw error;
  }
}

async function writeNew(
  fs: FileSystem,
  path: string,
  text: string,
  { volatile = false }: SmallFileOptions,
): Promise<void> {
  const handle = await fs.open(path, CREATE_FLAGS, MODE);
  try {
    await handle.writeFile(text);
    if (!volatile) await handle.sync();
  } finally {
    await handle.close();
  }
}

function temporaryPath(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.tmp`;
}
