import { setTimeout as sleep } from 'node:timers/promises';

export interface RetryPolicy {
  /** How long to go on after the first failure in a row. */
  budgetMs: () => number;
  isTransient: (error: unknown) => boolean;
  /** Told before each further try. */
  onRetry: (error: unknown, tries: number, waitMs: number) => void;
}

const INITIAL_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5000;

/**
 * Tries until it succeeds, fails for good, or has failed for longer than the budget; waits twice as long each time, and
 * not exactly, as others may be waiting for the same server. `advanced` tells of progress, after which the count begins anew.
 */
export async function withRetry<T>(
  rules: RetryPolicy,
  attempt: (tries: number) => Promise<T>,
  advanced: () => boolean = () => false,
): Promise<T> {
  let failingSince: number | undefined;
  let inARow = 0;
  for (let tries = 1; ; tries++) {
    try {
      return await attempt(tries);
    } catch (error) {
      if (!rules.isTransient(error)) throw error;
      if (advanced()) {
        failingSince = undefined;
        inARow = 0;
      }
      const now = performance.now();
      failingSince ??= now;
      const waitMs = Math.min(MAX_BACKOFF_MS, INITIAL_BACKOFF_MS * 2 ** inARow++) * (0.5 + Math.random() / 2);
      if (now + waitMs - failingSince > rules.budgetMs()) throw error;
      rules.onRetry(error, tries, waitMs);
      await sleep(waitMs);
    }
  }
}
