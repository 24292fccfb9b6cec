/** An object that is read: ranges of it are fetched ahead of the reader, who gets them in order (asrestore.md 3). */
import type { ByteSource } from '../../core/byte-stream.js';
import type { Caller, Calls } from './api.js';
import type { S3Path } from './path.js';
import { MIB } from '../object-store/part-size.js';

const RANGE_BYTES = 5 * MIB;
/** What the reader gets at once. */
const CHUNK_BYTES = 512 * 1024;

type Range = Promise<{ got: Calls['get']['out'] } | { error: unknown }>;

export class S3Source implements ByteSource {
  private readonly fetching: Range[] = [];
  /** Where the next range begins. */
  private next = 0;
  /** Known when the first range has arrived. */
  private totalBytes: number | undefined;
  private etag: string | undefined;
  /** How many ranges are under way or waiting: more whenever the reader has to wait. */
  private ahead = 1;
  private current: { bytes: Buffer; memory: ArrayBuffer } | undefined;
  private readonly spare: ArrayBuffer[] = [];
  private closed = false;

  /**
   * @param mostAhead ranges at the same time
   * @param rangeBytes for who wants the first bytes only
   */
  constructor(
    readonly name: string,
    private readonly caller: Caller,
    private readonly at: S3Path,
    private readonly mostAhead: number,
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
      this.fetch();
      const head = this.fetching.shift();
      if (head === undefined) return undefined;
      const range = await this.waited(head);
      if ('error' in range) throw range.error;
      const { memory, length, totalBytes, etag } = range.got;
      this.totalBytes ??= totalBytes;
      if (etag !== '') this.etag ??= etag;
      if (length === 0) return undefined;
      this.current = { bytes: Buffer.from(memory, 0, length), memory };
      this.fetch();
    }
  }

  close(): Promise<void> {
    this.closed = true;
    this.spare.length = 0;
    return Promise.resolve();
  }

  /** The network is the slower side as long as the reader finds nothing there. */
  private async waited(head: Range): Promise<Awaited<Range>> {
    // What has arrived comes before a promise that is settled, but not before one that takes two turns more.
    const late = Symbol('late');
    const first = await Promise.race([head, Promise.resolve().then(() => Promise.resolve(late))]);
    if (first === late && this.totalBytes !== undefined) this.ahead = Math.min(this.mostAhead, this.ahead + 1);
    return head;
  }

  private fetch(): void {
    // The first range tells the size and the version of the object, which the others have to be of.
    const most = this.totalBytes === undefined ? 1 : this.ahead;
    while (!this.closed && this.fetching.length < most && this.next < (this.totalBytes ?? Infinity)) {
      const first = this.next;
      this.next += this.rangeBytes;
      const { at, etag } = this;
      const input = { ...at, first, length: this.rangeBytes, etag, memory: this.spare.pop() };
      this.fetching.push(
        this.caller.call('get', input).then(
          (got) => ({ got }),
          (error: unknown) => ({ error }),
        ),
      );
    }
  }
}
