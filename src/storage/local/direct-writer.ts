/**
 * Writes a file past the page cache (O_DIRECT). A backup is written once and not read again soon: copies of it in the
 * memory of the system cost more processor time than the disk does, and displace what a database has there.
 *
 * Whole blocks go to the disk from buffers that lie at the start of a memory page. What does not fill a buffer at the
 * end, or when everything has to be durable, is written as ever, and once more when the buffer is full.
 */
import type { FileHandle } from 'node:fs/promises';
import { WASM_PAGE_BYTES, webAssembly } from '../../core/webassembly.js';
import { hasCode } from './directory.js';
import type { DirectFile, FileSystem } from './file-system.js';

/** Offsets, lengths and addresses are multiples of it; no common disk asks for more. */
export const ALIGNMENT_BYTES = 4096;
const BUFFER_BYTES = 1024 * 1024;
/** One is filled while the others are written. */
const BUFFERS = 3;

export class DirectWriter {
  /** Of each buffer; they never reject. */
  private readonly writes: Promise<void>[] = Array.from({ length: BUFFERS }, () => Promise.resolve());
  private failure: Error | undefined;
  private current = 0;
  /** Whether the file system has not refused it so far. */
  private isDirect = true;
  private readonly start: number;
  private isClosed = false;

  private constructor(
    /** Of the page cache. */
    private readonly handle: FileHandle,
    private readonly direct: DirectFile,
    private readonly buffers: readonly Buffer[],
    /** Where the current buffer begins in the file. */
    private base: number,
    /** Bytes in it. */
    private filled: number,
  ) {
    this.start = base + filled;
  }

  /**
   * Goes on with a file that has `end` bytes so far. undefined = the file has to be written as ever.
   *
   * @param unaligned the bytes behind the last multiple of ALIGNMENT_BYTES
   */
  static async open(
    fs: FileSystem,
    handle: FileHandle,
    end: number,
    unaligned: Buffer,
  ): Promise<DirectWriter | undefined> {
    const buffers = takeBuffers();
    if (buffers === undefined) return undefined;
    const direct = await fs.openDirect?.(handle);
    if (direct === undefined) {
      if (freeBuffers.length < MAX_FREE) freeBuffers.push(buffers);
      return undefined;
    }
    unaligned.copy(buffers[0]!);
    return new DirectWriter(handle, direct, buffers, end - unaligned.length, unaligned.length);
  }

  /** The bytes before it are in the file, whether durable or not. */
  get storedEnd(): number {
    return Math.max(this.start, this.base - (BUFFERS - 1) * BUFFER_BYTES);
  }

  readStats(): { size: number; nlink: number } {
    return this.direct.readStats();
  }

  /** The chunk is the caller's again when it settles. Rejects with the system's error, also of an earlier write. */
  async append(chunk: Buffer): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      const count = Math.min(chunk.length - done, BUFFER_BYTES - this.filled);
      chunk.copy(this.buffers[this.current]!, this.filled, done, done + count);
      done += count;
      this.filled += count;
      if (this.filled === BUFFER_BYTES) await this.startWrite();
    }
  }

  /** Everything is in the file when it settles, but not durable. */
  async flush(): Promise<void> {
    await Promise.all(this.writes);
    if (this.failure !== undefined) throw this.failure;
    const buffer = this.buffers[this.current]!;
    for (let done = 0; done < this.filled;) {
      const { bytesWritten } = await this.handle.write(buffer, done, this.filled - done, this.base + done);
      done += bytesWritten;
    }
  }

  /** To be called after `flush`, when nothing is appended any more. Never rejects. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    await this.abort();
    if (freeBuffers.length < MAX_FREE) freeBuffers.push(this.buffers);
  }

  /** Does not write what is left. No other file gets the buffers: the caller may still be appending. Never rejects. */
  async abort(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await Promise.all(this.writes);
    await this.direct.close().catch(() => undefined);
  }

  private async startWrite(): Promise<void> {
    const { buffers, writes, current, base } = this;
    writes[current] = this.writeBlocks(buffers[current]!, base).catch((error: unknown) => {
      this.failure ??= error instanceof Error ? error : new Error(String(error));
    });
    this.base += BUFFER_BYTES;
    this.filled = 0;
    this.current = (current + 1) % BUFFERS;
    await writes[this.current];
    if (this.failure !== undefined) throw this.failure;
  }

  private async writeBlocks(buffer: Buffer, at: number): Promise<void> {
    for (let done = 0; done < BUFFER_BYTES;) {
      const isDirect = this.isDirect && done % ALIGNMENT_BYTES === 0;
      const handle = isDirect ? this.direct : this.handle;
      try {
        const { bytesWritten } = await handle.write(buffer, done, BUFFER_BYTES - done, at + done);
        done += bytesWritten;
      } catch (error) {
        // A disk with larger blocks, or a file system that allows the flag and not the write.
        if (!isDirect || !hasCode(error, 'EINVAL')) throw error;
        this.isDirect = false;
      }
    }
  }
}

/** As many files as one thread usually writes, one after another. */
const MAX_FREE = 2;
/** Of files that are closed: WebAssembly reserves much address space for each memory. */
const freeBuffers: (readonly Buffer[])[] = [];

/** In a memory of WebAssembly, as nothing else of Node.js begins at the start of a memory page. */
function takeBuffers(): readonly Buffer[] | undefined {
  const free = freeBuffers.pop();
  if (free !== undefined || webAssembly === undefined) return free;
  const pages = (BUFFERS * BUFFER_BYTES) / WASM_PAGE_BYTES;
  try {
    const { buffer } = new webAssembly.Memory({ initial: pages, maximum: pages });
    return Array.from({ length: BUFFERS }, (_, i) => Buffer.from(buffer, i * BUFFER_BYTES, BUFFER_BYTES));
  } catch {
    // The address space is limited.
    return undefined;
  }
}
