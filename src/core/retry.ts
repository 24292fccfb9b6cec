import { setTimeout as sleep } from 'node:timers/promises';

export interface RetryLimits {
  /** How many attempts may fail in a row; Infinity = any number. A success or progress resets the count. */
  maxAttempts?: number;
  /**
   * Time without progress, in ms, after which the next failure is final. It may change while attempts are under way.
   */
  budgetMs?: number | (() => number);
  /** Wait after the first failure, in ms; multiplied after each further one. Default 100. */
  initialBackoffMs?: number;
  /** Default 5000. */
  maxBackoffMs?: number;
  /** Default 2. */
  multiplier?: number;
}

export interface RetryPolicy extends RetryLimits {
  isTransient: (error: unknown) => boolean;
  /** Called before each wait. `attempt` counts from 1 and is the one that failed. */
  onRetry?: (error: unknown, attempt: number, waitMs: number) => void;
  /** When it aborts, a wait ends at once and the last error is thrown. */
  signal?: AbortSignal | undefined;
}

/** Counts failures in a row and the time since the last progress, and says how long to wait before the next attempt. */
export class RetryBudget {
  private failures = 0;
  private failingSinceMs: number | undefined;

  constructor(
    private readonly limits: RetryLimits,
    private readonly nowMs: () => number = () => performance.now(),
    private readonly random: () => number = Math.random,
  ) {}

  /** Work has advanced: the next failure is the first of a row. */
  reset(): void {
    this.failures = 0;
    this.failingSinceMs = undefined;
  }

  /**
   * Registers a failure. Returns the wait before the next attempt in ms; undefined = the budget is used up. The wait is
   * between half of the backoff and all of it, so that clients of an overloaded server do not return together.
   */
  nextDelayMs(): number | undefined {
    const { maxAttempts = Infinity, budgetMs = Infinity, initialBackoffMs = 100 } = this.limits;
    const { maxBackoffMs = 5000, multiplier = 2 } = this.limits;
    const now = this.nowMs();
    this.failingSinceMs ??= now;
    const backoffMs = Math.min(maxBackoffMs, initialBackoffMs * multiplier ** this.failures++);
    const waitMs = backoffMs * (0.5 + this.random() / 2);
    if (this.failures >= maxAttempts) return undefined;
    const budget = typeof budgetMs === 'function' ? budgetMs() : budgetMs;
    return now + waitMs - this.failingSinceMs > budget ? undefined : waitMs;
  }
}

/**
 * Attempts until one succeeds, fails with an error that is not transient, or the budget is used up; then throws the
 * last error. `advanced` tells whether the attempt that failed has made progress, which resets the budget.
 */
export async function withRetry<T>(
  policy: RetryPolicy,
  attempt: (attempt: number) => Promise<T>,
  advanced: () => boolean = () => false,
): Promise<T> {
  const budget = new RetryBudget(policy);
  const { signal } = policy;
  for (let count = 1; ; count++) {
    try {
      return await attempt(count);
    } catch (error) {
      if (!policy.isTransient(error)) throw error;
      if (advanced()) budget.reset();
      const waitMs = budget.nextDelayMs();
      if (waitMs === undefined || signal?.aborted === true) throw error;
      policy.onRetry?.(error, count, waitMs);
      await sleep(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => {
        throw error;
      });
    }
  }
}
