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

  function policyAt(time: { now: number }): RetryPolicy {
    return new RetryPolicy(
      settings,
      () => time.now,
      () => 1,
    );
  }

  it('an outage of some seconds does not end a restore although all attempts are used up', () => {
    const time = { now: 1000 };
    const policy = policyAt(time);
    const allows = (attempts: number): boolean => {
      policy.beginAnswer();
      return policy.allowsRetry(attempts, true);
    };
    expect(allows(0)).toBe(true);
    expect(allows(3)).toBe(true);
    time.now += 50_000;
    expect(allows(40)).toBe(true);
    time.now += 10_001;
    expect(allows(41)).toBe(false);
  });

  it('a written record starts the time without progress anew', () => {
    const time = { now: 0 };
    const policy = policyAt(time);
    policy.allowsRetry(3, true);
    time.now += 59_000;
    policy.recordProgress();
    policy.beginAnswer();
    expect(policy.allowsRetry(30, true)).toBe(true);
    time.now += 50_000;
    policy.beginAnswer();
    expect(policy.allowsRetry(31, true)).toBe(true);
  });

  it('a failure that need not pass ends after the attempts, whatever time is left', () => {
    const policy = policyAt({ now: 0 });
    expect(policy.allowsRetry(2, false)).toBe(true);
    expect(policy.allowsRetry(3, false)).toBe(false);
  });

  it('no retries are made when none are wanted', () => {
    expect(new RetryPolicy({ ...settings, maxRetries: 0 }, () => 0).allowsRetry(0, true)).toBe(false);
  });

  it('pauses are those of the C tool for the attempts, and grow to five seconds beyond them', () => {
    const policy = policyAt({ now: 0 });
    const pauses = Array.from({ length: 10 }, (_, i) => {
      policy.beginAnswer();
      policy.allowsRetry(i, true);
      return policy.pauseMs(i + 1);
    });
    expect(pauses).toEqual([0, 1, 2, 800, 1600, 3200, 5000, 5000, 5000, 5000]);
  });
});
