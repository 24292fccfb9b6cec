/** Wraps a sink so that bytes pass it no faster than a bucket grants. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ByteSink } from '../../core/byte-stream.js';
import type { TokenBucket } from '../../core/token-bucket.js';

export class ThrottledSink implements ByteSink {
  readonly name: string;

  constructor(
    private readonly inner: ByteSink,
    private readonly bucket: TokenBucket,
    /** Once aborted, nothing waits any more: what is left is to be written at once. */
    private readonly signal?: AbortSignal,
  ) {
    this.name = inner.name;
  }

  async write(chunk: Buffer): Promise<void> {
    const waitMs = this.bucket.acquire(chunk.length);
    if (waitMs > 0) await this.pause(waitMs);
    await this.inner.write(chunk);
  }

  private async pause(ms: number): Promise<void> {
    const { signal } = this;
    if (signal === undefined) await sleep(ms);
    // An abort ends the pause by rejecting it; the bytes are then written like any others.
    else await sleep(ms, undefined, { signal }).catch(() => undefined);
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
