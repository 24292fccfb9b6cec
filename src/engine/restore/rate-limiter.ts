/** The speed limits of a restore, which all workers of a run share (asrestore.md 7.3). */
import { TokenBucket } from '../../core/token-bucket.js';

export interface RateLimit {
  perSecond: number;
  /** Of the token bucket, the same for all workers. */
  state: SharedArrayBuffer;
}

/** Independent of each other. */
export interface RateLimits {
  /** Bytes as they are stored. */
  bytes?: RateLimit;
  /** Records read, whatever becomes of them. */
  records?: RateLimit;
}

export function rateLimit(perSecond: number | undefined): RateLimit | undefined {
  if (perSecond === undefined) return undefined;
  return { perSecond, state: new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT) };
}

/** Records are asked for in portions: a bucket per record would cost more than the record. */
const PORTIONS_PER_SECOND = 50;
const MAX_PORTION = 256;

export class RateLimiter {
  private readonly bytes: TokenBucket | undefined;
  private readonly recordBucket: TokenBucket | undefined;
  private readonly portion: number;
  /** Records granted and not yet read. */
  private granted = 0;
  private readUntilMs = 0;

  constructor({ bytes, records }: RateLimits) {
    if (bytes !== undefined) this.bytes = new TokenBucket(bytes.perSecond, bytes.state);
    if (records !== undefined) this.recordBucket = new TokenBucket(records.perSecond, records.state);
    this.portion = Math.max(1, Math.min(MAX_PORTION, Math.floor((records?.perSecond ?? 1) / PORTIONS_PER_SECOND)));
  }

  /** To be called for bytes that were read. They are to be used when `bytesPauseMs` is over. */
  countBytes(bytes: number): void {
    if (this.bytes === undefined) return;
    this.readUntilMs = Math.max(this.readUntilMs, performance.now() + this.bytes.acquire(bytes));
  }

  /** Milliseconds until what was read may be used. */
  bytesPauseMs(): number {
    return this.readUntilMs === 0 ? 0 : Math.max(0, this.readUntilMs - performance.now());
  }

  /** Before each record: milliseconds to wait. HOT PATH, if there is a limit. */
  recordPauseMs(): number {
    if (this.recordBucket === undefined || this.granted-- > 0) return 0;
    this.granted = this.portion - 1;
    return this.recordBucket.acquire(this.portion);
  }
}
