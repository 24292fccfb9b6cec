import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { storageError, StorageError } from '../errors.js';
import type { ByteSource } from '../../core/byte-stream.js';
import type { FileSystem } from './file-system.js';
import type { BackupFile, ByteRange } from '../storage.js';

const CHUNK_BYTES = 512 * 1024;

/**
 * A local file or device, opened for reading only; never synced, never deleted. While the caller works on one
 * chunk, the next is being read.
 */
export class LocalFileReader implements ByteSource {
  private readonly buffers: [Buffer, Buffer];
  private turn: 0 | 1 = 0;
  /** Under way, into `buffers[turn]`. Settles with the error instead of rejecting, as nobody may be waiting yet. */
  private reading: Promise<number | { error: unknown }> | undefined;

  /** Of the next read; undefined = where the one before it ended, as devices want it. */
  private position: number | undefined;
  private readonly end: number;

  private constructor(
    readonly name: string,
    private readonly handle: FileHandle,
    chunkBytes: number,
    range: ByteRange | undefined,
  ) {
    this.position = range?.start;
    this.end = range?.end ?? Infinity;
    this.buffers = [Buffer.allocUnsafeSlow(chunkBytes), Buffer.allocUnsafeSlow(chunkBytes)];
  }

  static async open(
    fs: FileSystem,
    path: string,
    chunkBytes = CHUNK_BYTES,
    range?: ByteRange,
  ): Promise<LocalFileReader> {
    let handle: FileHandle | undefined;
    try {
      handle = await fs.open(path, 'r');
      const stats = await handle.stat();
      if (stats.isDirectory()) throw isDirectory(path);
      if (range?.version !== undefined && range.version !== formatVersion(stats)) throw wasChanged(path);
      return new LocalFileReader(path, handle, chunkBytes, range);
    } catch (error) {
      await handle?.close().catch(() => undefined);
      throw storageError('open', path, error);
    }
  }

  async read(): Promise<Buffer | undefined> {
    this.reading ??= this.fill();
    const bytes = await this.reading;
    this.reading = undefined;
    if (typeof bytes !== 'number') throw storageError('read', this.name, bytes.error);
    if (bytes === 0) return undefined;
    const chunk = this.buffers[this.turn].subarray(0, bytes);
    this.turn = this.turn === 0 ? 1 : 0;
    this.reading = this.fill();
    return chunk;
  }

  async close(): Promise<void> {
    await this.reading;
    await this.handle.close().catch(() => undefined);
  }

  private fill(): Promise<number | { error: unknown }> {
    const { position, end } = this;
    const buffer = this.buffers[this.turn];
    const length = Math.min(buffer.length, end - (position ?? 0));
    if (length <= 0) return Promise.resolve(0);
    return this.handle.read(buffer, 0, length, position ?? null).then(
      ({ bytesRead }) => {
        if (position === undefined) return bytesRead;
        // A part that ends early would be taken for a whole one.
        if (bytesRead === 0 && end !== Infinity) return { error: wasChanged(this.name) };
        this.position = position + bytesRead;
        return bytesRead;
      },
      (error: unknown) => ({ error }),
    );
  }
}

/** Size and kind of a file, without opening it. Throws StorageError, also for a directory. */
export async function statSourceFile(fs: FileSystem, path: string): Promise<BackupFile> {
  let stats;
  try {
    stats = await fs.stat(path);
  } catch (error) {
    throw storageError('open', path, error);
  }
  if (stats.isDirectory()) throw isDirectory(path);
  const kind = stats.isFile() ? 'regular' : stats.isFIFO() ? 'fifo' : 'device';
  if (kind !== 'regular') return { path, sizeBytes: 0, kind };
  return { path, sizeBytes: stats.size, kind, version: formatVersion(stats) };
}

function formatVersion({ dev, ino, size, mtimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs].join(':');
}

function wasChanged(path: string): StorageError {
  return new StorageError('IO_CHANGED', `Cannot read ${path}: it was changed or replaced while it was read`);
}

function isDirectory(path: string): StorageError {
  return new StorageError('IO_EISDIR', `Cannot read ${path}: it is a directory`);
}
