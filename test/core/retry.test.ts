import { describe, expect, it } from 'vitest';
import { RetryBudget, withRetry } from '../../src/core/retry.js';

describe('a retry budget', () => {
  it('waits twice as long after each failure, up to the maximum, and at least half of that', () => {
    const waits = (random: number): (number | undefined)[] => {
      const limits = { initialBackoffMs: 100, maxBackoffMs: 500 };
      const budget = new RetryBudget(limits, () => 0, () => random); // prettier-ignore
      return [1, 2, 3, 4, 5].map(() => budget.nextDelayMs());
    };
    expect(waits(1)).toEqual([100, 200, 400, 500, 500]);
    expect(waits(0)).toEqual([50, 100, 200, 250, 250]);
  });

  it('is used up after the time without progress, which progress begins anew', () => {
    let now = 0;
    const budget = new RetryBudget({ budgetMs: 1000, maxBackoffMs: 10 }, () => now);
    expect(budget.nextDelayMs()).toBeDefined();
    now = 985;
    expect(budget.nextDelayMs()).toBeDefined();
    budget.reset();
    now = 1900;
    expect(budget.nextDelayMs()).toBeDefined();
    now = 2895;
    expect(budget.nextDelayMs()).toBeUndefined();
  });

  it('is used up after the attempts in a row', () => {
    const budget = new RetryBudget({ maxAttempts: 3 });
    expect([1, 2, 3].map(() => budget.nextDelayMs() !== undefined)).toEqual([true, true, false]);
  });
});

describe('a retry', () => {
  it('ends with the first success, or the first error that lasts', async () => {
    const results = ['busy', 'busy', 'done'];
    const policy = { initialBackoffMs: 1, isTransient: (error: unknown) => String(error).includes('busy') };
    const attempts: number[] = [];
    const value = await withRetry(policy, (attempt) => {
      attempts.push(attempt);
      const result = results[attempt - 1]!;
      return result === 'busy' ? Promise.reject(new Error(result)) : Promise.resolve(result);
    });
    expect([value, attempts]).toEqual(['done', [1, 2, 3]]);
    await expect(withRetry(policy, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });

  it('gives the last error when its budget is used up, which progress begins anew', async () => {
    let attempts = 0;
    const failing = (): Promise<never> => Promise.reject(new Error(`attempt ${++attempts}`));
    const policy = { maxAttempts: 2, initialBackoffMs: 1, isTransient: () => true };
    await expect(withRetry(policy, failing)).rejects.toThrow('attempt 2');
    attempts = 0;
    await expect(withRetry(policy, failing, () => attempts < 4)).rejects.toThrow('attempt 4');
  });

  it('an abort ends the wait at once', async () => {
    const controller = new AbortController();
    const policy = {
      initialBackoffMs: 1e8,
      maxBackoffMs: 1e8,
      isTransient: () => true,
      onRetry: () => setImmediate(() => controller.abort()),
      signal: controller.signal,
    };
    await expect(withRetry(policy, () => Promise.reject(new Error('busy')))).rejects.toThrow('busy');
  });
});
