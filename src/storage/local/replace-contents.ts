/** Replaces the contents of a file in one step: after a crash there are the old ones or the new ones. */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { storageError } from '../errors.js';
import { notRegular, syncDirectory } from './directory.js';
import type { FileSystem } from './file-system.js';

const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** The new file has the mode of the old one. Throws StorageError; the old contents are untouched then. */
export async function replaceContents(fs: FileSystem, path: string, contents: AsyncIterable<Buffer>): Promise<void> {
  // Always the same, so that a run that was killed leaves one copy at most. The lock of the target is held.
  const temporary = `${path}.rewrite.tmp`;
  let handle: FileHandle | undefined;
  let isCreated = false;
  try {
    const existing = await fs.lstat(path);
    if (!existing.isFile()) throw notRegular('rewrite', path);
    const left = await fs.lstat(temporary).catch(() => undefined);
    if (left?.isFile() === true) await fs.unlink(temporary);
    handle = await fs.open(temporary, FLAGS, 0o600);
    isCreated = true;
    await handle.chmod(existing.mode & 0o7777);
    for await (const chunk of contents) {
      for (let done = 0; done < chunk.length;) {
        done += (await handle.write(chunk, done, chunk.length - done)).bytesWritten;
      }
    }
    await handle.sync();
    await handle.close();
    handle = undefined;
    await fs.rename(temporary, path);
    isCreated = false;
    await syncDirectory(fs, dirname(path));
  } catch (error) {
    await handle?.close().catch(() => undefined);
    if (isCreated) await fs.unlink(temporary).catch(() => undefined);
    throw storageError('rewrite', path, error);
  }
}
