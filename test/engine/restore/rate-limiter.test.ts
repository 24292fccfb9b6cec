import { describe, expect, it } from 'vitest';
import { RateLimiter, rateLimit } from '../../../src/engine/restore/rate-limiter.js';

describe('limits of speed', () => {
  it('are independent of each other', () => {
    const bytes = new RateLimiter({ bytes: rateLimit(1000)! });
    bytes.countBytes(1000);
    bytes.countBytes(1000);
    expect(bytes.bytesPauseMs()).toBeGreaterThan(800);
    expect(bytes.recordPauseMs()).toBe(0);
    const records = new RateLimiter({ records: rateLimit(1)! });
    records.countBytes(1e9);
    expect(records.bytesPauseMs()).toBe(0);
    expect(records.recordPauseMs()).toBe(0);
    expect(records.recordPauseMs()).toBeGreaterThan(800);
  });

  it('are shared by the workers that share their state', () => {
    const limit = rateLimit(1000)!;
    const workers = [new RateLimiter({ records: limit }), new RateLimiter({ records: limit })];
    let longest = 0;
    for (let i = 0; i < 2000; i++) longest = Math.max(longest, workers[i % 2]!.recordPauseMs());
    // 2000 records at 1000 per second, of which the last portions are granted at the end.
    expect(longest).toBeGreaterThan(1750);
    expect(longest).toBeLessThan(2000);
  });

  it('are absent without an option', () => {
    expect(rateLimit(undefined)).toBeUndefined();
  });
});
