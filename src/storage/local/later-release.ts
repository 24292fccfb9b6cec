/**
 * Deleting a large file takes a while, as the system takes its memory and its blocks back: some 0.2 s for each GB. A
 * file that is open keeps both until it is closed: its name is gone at once, and the rest happens beside what follows.
 */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { FileSystem } from './file-system.js';

/** Never waits, and does not follow a link. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
/** Fewer are deleted within a millisecond. */
const MIN_BYTES = 8 * 1024 * 1024;
const MAX_FILES = 64;
/** While blocks are taken back, whoever makes a file of the same file system durable waits: a run that begins does. */
const DELAY_MS = 100;

/**
 * Opens the files if they take long to delete; none if what follows could lack their space. To be released when their
 * names are gone. Never rejects.
 */
export async function openForLaterRelease(
  fs: FileSystem,
  directory: string,
  paths: readonly string[],
): Promise<FileHandle[]> {
  if (paths.length > MAX_FILES) return [];
  try {
    let bytes = 0;
    for (const path of paths) bytes += (await fs.lstat(path)).size;
    if (bytes < MIN_BYTES) return [];
    const { bavail, bsize } = await fs.statfs(directory);
    // What replaces them is about as large.
    if (bavail * bsize < 2 * bytes) return [];
  } catch {
    return [];
  }
  const opened = paths.map((path) => fs.open(path, FLAGS).catch(() => undefined));
  return (await Promise.all(opened)).filter((handle) => handle !== undefined);
}

/** A little later, and nobody waits for it; the end of the process does the same. */
export function releaseFiles(handles: readonly FileHandle[]): void {
  if (handles.length === 0) return;
  const release = (): void => {
    for (const handle of handles) handle.close().catch(() => undefined);
  };
  setTimeout(release, DELAY_MS).unref();
}
