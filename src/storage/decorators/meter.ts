import type { ByteSink } from '../../core/byte-stream.js';

/** Counts the bytes that a sink has written: next to the storage, these are the bytes of the file. */
export class CountingSink implements ByteSink {
  readonly name: string;

  constructor(
    private readonly inner: ByteSink,
    /** Called after the bytes were written. */
    private readonly onBytes: (bytes: number) => void,
    /** Called before they are written: afterwards the storage may own their memory. */
    private readonly onChunk?: (chunk: Buffer) => void,
  ) {
    this.name = inner.name;
  }

  async write(chunk: Buffer): Promise<void> {
    const { length } = chunk;
    this.onChunk?.(chunk);
    await this.inner.write(chunk);
    this.onBytes(length);
  }

  sync(): Promise<number> {
    return this.inner.sync();
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  abort(): Promise<void> {
    return this.inner.abort();
  }
}
