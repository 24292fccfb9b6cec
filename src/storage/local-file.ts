import { open, type FileHandle } from 'node:fs/promises';
import { storageError } from './errors.js';
import type { Sink } from './sink.js';

/** A local file that is written from its start or from a checkpoint on. Durable when `sync` or `close` has settled. */
export class LocalFileSink implements Sink {
  private constructor(
    readonly name: string,
    private readonly handle: FileHandle,
    /** Where the next byte goes. */
    private position: number,
  ) {}

  /** A new file; fails if the path exists. */
  static async create(path: string): Promise<LocalFileSink> {
    try {
      return new LocalFileSink(path, await open(path, 'wx'), 0);
    } catch (error) {
      throw storageError('create', path, error);
    }
  }

  /** Goes on writing an existing file after its first `bytes` bytes; what follows them is cut off. */
  static async resume(path: string, bytes: number): Promise<LocalFileSink> {
    try {
      const handle = await open(path, 'r+');
      const { size } = await handle.stat();
      if (size < bytes) {
        await handle.close();
        throw new Error(`it has ${size} bytes, and had ${bytes} before`);
      }
      await handle.truncate(bytes);
      return new LocalFileSink(path, handle, bytes);
    } catch (error) {
      throw storageError('go on writing', path, error);
    }
  }

  async write(chunk: Buffer): Promise<void> {
    try {
      for (let done = 0; done < chunk.length;) {
        const { bytesWritten } = await this.handle.write(chunk, done, chunk.length - done, this.position);
        done += bytesWritten;
        this.position += bytesWritten;
      }
    } catch (error) {
      throw storageError('write', this.name, error);
    }
  }

  async sync(): Promise<number> {
    try {
      await this.handle.datasync();
      return this.position;
    } catch (error) {
      throw storageError('write', this.name, error);
    }
  }

  async close(): Promise<void> {
    try {
      await this.handle.sync();
      await this.handle.close();
    } catch (error) {
      throw storageError('finish', this.name, error);
    }
  }

  async abandon(): Promise<void> {
    await this.handle.close().catch(() => undefined);
  }
}
