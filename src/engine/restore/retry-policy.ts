/** When a write is tried again, and when it has failed for good (asrestore.md 6.3). */

export interface RetrySettings {
  /** Attempts after the first one. 0 = none, however little time has passed. */
  maxRetries: number;
  /** Unit of the exponential backoff, microseconds. */
  retryScaleFactorUs: number;
  /** After `maxRetries` attempts, failures that pass are tried again until no record was written for so long. */
  retryBudgetMs: number;
}

const MAX_TIMER_MS = 0x7fffffff;
/** Pauses of the attempts beyond `maxRetries`. */
const MIN_LATE_PAUSE_MS = 100;
const MAX_LATE_PAUSE_MS = 5000;

/**
 * One per worker. An outage of some seconds uses up a few attempts within milliseconds, so that attempts alone are no
 * measure: the time without progress counts as well.
 */
export class RetryPolicy {
  private failingSince: number | undefined;

  constructor(
    private readonly settings: RetrySettings,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** A record was written. */
  recordProgress(): void {
    this.failingSince = undefined;
  }

  /**
   * Whether rows that failed may be sent again. `attempts`: how often they were sent again before; `passes`: the
   * failure
   * may be over a moment later.
   */
  allowsRetry(attempts: number, passes: boolean): boolean {
    const { maxRetries, retryBudgetMs } = this.settings;
    const now = this.now();
    this.failingSince ??= now;
    if (attempts < maxRetries) return true;
    return passes && maxRetries > 0 && now - this.failingSince < retryBudgetMs;
  }

  /** The pause before the retry of the given number, from 1. */
  pauseMs(retry: number): number {
    const { maxRetries, retryScaleFactorUs } = this.settings;
    const pauseMs = backoffMs(retry, retryScaleFactorUs);
    if (retry <= maxRetries) return pauseMs;
    const late = Math.min(MAX_LATE_PAUSE_MS, MIN_LATE_PAUSE_MS * 2 ** Math.min(16, retry - maxRetries - 1));
    return Math.max(late, Math.min(pauseMs, MAX_LATE_PAUSE_MS));
  }
}

/** Before the first retry nothing, then 1, 2, 4 … units. */
export function backoffMs(retry: number, unitUs: number): number {
  return retry < 2 ? 0 : Math.min((2 ** (retry - 2) * unitUs) / 1000, MAX_TIMER_MS);
}
