import type { ByteSink } from '../../core/byte-stream.js';

/** Tells of the bytes that a sink has taken: next to the storage, these are the bytes of the file. */
export class CountingSink implements ByteSink {
  readonly name: string;

  constructor(
    private readonly inner: ByteSink,
    private readonly onBytes: (bytes: number) => void,
  ) {
    this.name = inner.name;
  }

  async write(chunk: Buffer): Promise<void> {
    const { length } = chunk;
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
