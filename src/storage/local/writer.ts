import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { storageError } from '../errors.js';
import { syncDirectory } from './directory.js';
import type { ByteSink } from '../../core/byte-stream.js';

/** A local file that is written from its start or from a checkpoint on. Durable when `sync` or `close` has settled. */
export class LocalFileWriter implements ByteSink {
  private constructor(
    readonly name: string,
    private readonly handle: FileHandle,
    /** Where the next byte goes. */
    private position: number,
    /** Whether the file's name, too, would survive a power cut. */
    private named: boolean,
  ) {}

  /** A new file; fails if the path exists. */
  static async create(path: string): Promise<LocalFileWriter> {
    try {
      return new LocalFileWriter(path, await open(path, 'wx'), 0, false);
    } catch (error) {
      throw storageError('create', path, error);
    }
  }

  /** Goes on writing an existing file after its first `bytes` bytes; what follows them is cut off. */
  static async resume(path: string, bytes: number): Promise<LocalFileWriter> {
    try {
      const handle = await open(path, 'r+');
      const { size } = await handle.stat();
      if (size < bytes) {
        await handle.close();
        throw new Error(`it has ${size} bytes, and had ${bytes} before`);
      }
      await handle.truncate(bytes);
      return new LocalFileWriter(path, handle, bytes, true);
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
      await this.makeNameDurable();
      return this.position;
    } catch (error) {
      throw storageError('write', this.name, error);
    }
  }

  async close(): Promise<void> {
    try {
      await this.handle.sync();
      await this.makeNameDurable();
      await this.handle.close();
    } catch (error) {
      throw storageError('finish', this.name, error);
    }
  }

  private async makeNameDurable(): Promise<void> {
    if (this.named) return;
    await syncDirectory(dirname(this.name));
    this.named = true;
  }

  async abort(): Promise<void> {
    await this.handle.close().catch(() => undefined);
  }
}
