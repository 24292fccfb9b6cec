/** The calls of the operating system that local files need: tests replace them by ones that fail or are recorded. */
import { constants, fstatSync } from 'node:fs';
import * as promises from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

export interface FileSystem extends Pick<
  typeof promises,
  | 'link'
  | 'lstat'
  | 'mkdir'
  | 'open'
  | 'readdir'
  | 'readFile'
  | 'rename'
  | 'rmdir'
  | 'stat'
  | 'statfs'
  | 'unlink'
  | 'utimes'
> {
  /** Opens the same file once more. undefined = its writes cannot go past the page cache. */
  openDirect?(handle: FileHandle): Promise<DirectFile | undefined>;
}

/** A file on a local disk whose writes go past the page cache. */
export interface DirectFile {
  /** Offsets, length and address have to be multiples of the block of the disk. */
  write(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  /** At once: on a local disk that takes a microsecond, and a thread that does it takes fifty. */
  readStats(): { size: number; nlink: number };
  close(): Promise<void>;
}

/** ext4 and XFS; on others it is slower, or its writes are not what they are said to be. */
const DIRECT_FILE_SYSTEMS = new Set([0xef53, 0x58465342]);

async function openDirect({ fd }: FileHandle): Promise<DirectFile | undefined> {
  if (process.platform !== 'linux') return undefined;
  // The path of the file may be that of another one by now.
  const path = `/proc/self/fd/${fd}`;
  try {
    const { type } = await promises.statfs(path);
    if (!DIRECT_FILE_SYSTEMS.has(type)) return undefined;
    const handle = await promises.open(path, constants.O_WRONLY | constants.O_DIRECT);
    return {
      write: (...block) => handle.write(...block),
      readStats: () => fstatSync(handle.fd),
      close: () => handle.close(),
    };
  } catch {
    return undefined;
  }
}

export const nodeFileSystem: FileSystem = { ...promises, openDirect };
