import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../src/core/token-bucket.js';

/** A bucket under a clock that only moves when told. */
function bucketAt(rate: number, burstMs = 100): { bucket: TokenBucket; advance: (ms: number) => void } {
  let now = 1_000_000_000n;
  const bucket = new TokenBucket(rate, undefined, burstMs, () => now);
  return { bucket, advance: (ms) => (now += BigInt(ms) * 1_000_000n) };
}

describe('token bucket', () => {
  it('lets the first grant pass at once: a throttled run starts without a second of silence', () => {
    expect(bucketAt(10).bucket.acquire(5)).toBe(0);
  });

  it('keeps the rate over many small grants', () => {
    const { bucket, advance } = bucketAt(1000);
    let elapsed = 0;
    for (let i = 0; i < 100; i++) {
      const wait = Math.ceil(bucket.acquire(100));
      advance(wait);
      elapsed += wait;
    }
    // 10 000 units at 1000/s: the last grant is used after 9.9 s, less the burst.
    expect(elapsed).toBeGreaterThanOrEqual(9800);
    expect(elapsed).toBeLessThanOrEqual(9950);
  });

  it('does not save up an idle time', () => {
    const { bucket, advance } = bucketAt(1000);
    advance(60_000);
    expect(bucket.acquire(1000)).toBe(0);
    expect(bucket.acquire(1000)).toBe(900);
  });

  it('is one limit for all who share its state', () => {
    const state = new SharedArrayBuffer(8);
    const now = (): bigint => 5_000_000_000n;
    const one = new TokenBucket(100, state, 0, now);
    const two = new TokenBucket(100, state, 0, now);
    expect(one.acquire(100)).toBe(0);
    expect(two.acquire(100)).toBe(1000);
    expect(one.acquire(100)).toBe(2000);
  });
});
