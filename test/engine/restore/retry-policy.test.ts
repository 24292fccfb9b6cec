import { describe, expect, it } from 'vitest';
import { backoffMs, RetryPolicy } from '../../../src/engine/restore/retry-policy.js';

describe('backoff', () => {
  it('is nothing before the first retry, then doubles (asrestore.md 6.3)', () => {
    expect([1, 2, 3, 4, 5].map((retry) => backoffMs(retry, 150_000))).toEqual([0, 150, 300, 600, 1200]);
  });

  it('never exceeds what a timer can hold', () => {
    expect(backoffMs(1000, 150_000)).toBe(0x7fffffff);
    expect(backoffMs(1000, 0)).toBe(0);
  });
});

describe('retry policy', () => {
  const settings = { maxRetries: 3, retryScaleFactorUs: 1000, retryBudgetMs: 60_000 };

  it('an outage of some seconds does not end a restore although all attempts are used up', () => {
    let now = 1000;
    const policy = new RetryPolicy(settings, () => now);
    expect(policy.allowsRetry(0, true)).toBe(true);
    expect(policy.allowsRetry(3, true)).toBe(true);
    now += 59_000;
    expect(policy.allowsRetry(40, true)).toBe(true);
    now += 1000;
    expect(policy.allowsRetry(41, true)).toBe(false);
  });

  it('a written record starts the time without progress anew', () => {
    let now = 0;
    const policy = new RetryPolicy(settings, () => now);
    policy.allowsRetry(3, true);
    now += 59_000;
    policy.recordProgress();
    expect(policy.allowsRetry(30, true)).toBe(true);
    now += 59_000;
    expect(policy.allowsRetry(31, true)).toBe(true);
  });

  it('a failure that need not pass ends after the attempts, whatever time is left', () => {
    const policy = new RetryPolicy(settings, () => 0);
    expect(policy.allowsRetry(2, false)).toBe(true);
    expect(policy.allowsRetry(3, false)).toBe(false);
  });

  it('no retries are made when none are wanted', () => {
    expect(new RetryPolicy({ ...settings, maxRetries: 0 }, () => 0).allowsRetry(0, true)).toBe(false);
  });

  it('pauses beyond the attempts grow to five seconds', () => {
    const policy = new RetryPolicy(settings, () => 0);
    expect([1, 2, 3].map((retry) => policy.pauseMs(retry))).toEqual([0, 1, 2]);
    expect([4, 5, 6, 20, 2000].map((retry) => policy.pauseMs(retry))).toEqual([100, 200, 400, 5000, 5000]);
  });
});
