/** Reads an object by ranges that are fetched ahead of the caller, who gets them in order (asrestore.md 3). */
import type { ByteSource } from '../../core/byte-stream.js';
import type { ObjectAddress, ObjectStoreClient, RangeResult } from './client.js';
import { MIB } from './part-size.js';

const RANGE_BYTES = 5 * MIB;
/** What one `read` gives at most. */
const CHUNK_BYTES = 512 * 1024;

type Fetch = Promise<{ range: RangeResult } | { error: unknown }>;

export class RangedReader implements ByteSource {
  private readonly fetches: Fetch[] = [];
  /** Where the next range begins. */
  private next = 0;
  /** Known when the first range has arrived. */
  private totalBytes: number | undefined;
  private etag: string | undefined;
  /** How many ranges are fetched at a time: twice as many whenever the caller has to wait. */
  private ahead = 1;
  private current: { bytes: Buffer; memory: ArrayBuffer } | undefined;
  private readonly spare: ArrayBuffer[] = [];
  private closed = false;

  /**
   * @param maxAhead ranges at a time
   * @param rangeBytes for a caller that needs the first bytes only
   */
  constructor(
    readonly name: string,
    private readonly client: ObjectStoreClient,
    private readonly address: ObjectAddress,
    private readonly maxAhead: number,
    private readonly rangeBytes = RANGE_BYTES,
  ) {}

  async read(): Promise<Buffer | undefined> {
    for (;;) {
      const { current } = this;
      if (current !== undefined && current.bytes.length > 0) {
        const chunk = current.bytes.subarray(0, CHUNK_BYTES);
        current.bytes = current.bytes.subarray(chunk.length);
        return chunk;
      }
      if (current !== undefined) this.spare.push(current.memory);
      this.current = undefined;
      if (this.closed) return undefined;
      this.fetchAhead();
      const first = this.fetches.shift();
      if (first === undefined) return undefined;
      const fetched = await this.waitFor(first);
      if ('error' in fetched) throw fetched.error;
      const { memory, length, totalBytes, etag } = fetched.range;
      this.totalBytes ??= totalBytes;
      if (etag !== '') this.etag ??= etag;
      if (length === 0) return undefined;
      this.current = { bytes: Buffer.from(memory, 0, length), memory };
      this.fetchAhead();
    }
  }

  close(): Promise<void> {
    this.closed = true;
    this.spare.length = 0;
    return Promise.resolve();
  }

  /** A caller that has to wait is faster than the network: more ranges are fetched at a time from then on. */
  private async waitFor(fetch: Fetch): Promise<Awaited<Fetch>> {
    const late = Symbol('late');
    // A range that has arrived settles before a promise that needs two more turns of the microtask queue.
    const first = await Promise.race([fetch, Promise.resolve().then(() => Promise.resolve(late))]);
    if (first === late && this.totalBytes !== undefined) this.ahead = Math.min(this.maxAhead, this.ahead * 2);
    return fetch;
  }

  private fetchAhead(): void {
    // The first range tells the size and the version of the object, which the others have to be of.
    const max = this.totalBytes === undefined ? 1 : this.ahead;
    while (!this.closed && this.fetches.length < max && this.next < (this.totalBytes ?? Infinity)) {
      const { address, etag, rangeBytes } = this;
      const memory = this.spare.pop() ?? Buffer.allocUnsafeSlow(rangeBytes).buffer;
      const request = { ...address, first: this.next, length: rangeBytes, etag, memory };
      this.next += rangeBytes;
      this.fetches.push(
        this.client.getRange(request).then(
          (range) => ({ range }),
          (error: unknown) => ({ error }),
        ),
      );
    }
  }
}
