/** When a write is tried again, and when it has failed for good (asrestore.md 6.3). */
import { RetryBudget } from '../../core/retry.js';

export interface RetrySettings {
  /** Attempts after the first one. 0 = none, however little time has passed. */
  maxRetries: number;
  /** Unit of the exponential backoff, microseconds. */
  retryScaleFactorUs: number;
  /** After `maxRetries` attempts, failures that pass are tried again until no record was written for so long. */
  retryBudgetMs: number;
}

const MAX_TIMER_MS = 0x7fffffff;

/**
 * One per worker. An outage of some seconds uses up a few attempts within milliseconds, so that attempts alone are no
 * measure: the time without progress counts as well.
 */
export class RetryPolicy {
  private readonly budget: RetryBudget;
  /** The pause before an attempt beyond `maxRetries`; undefined = the time is over. */
  private latePauseMs: number | undefined;
  /** `latePauseMs` is that of the current answer. */
  private decided = false;

  constructor(
    private readonly settings: RetrySettings,
    nowMs?: () => number,
    random?: () => number,
  ) {
    this.budget = new RetryBudget({ budgetMs: settings.retryBudgetMs }, nowMs, random);
  }

  /** To be called before the rows of each answer. */
  beginAnswer(): void {
    this.decided = false;
  }

  /** A record was written. */
  recordProgress(): void {
    this.budget.reset();
  }

  /**
   * Whether rows that failed may be sent again. `attempts`: how often they were sent again before; `passes`: the
   * failure may be over a moment later.
   */
  allowsRetry(attempts: number, passes: boolean): boolean {
    if (!this.decided) {
      this.latePauseMs = this.budget.nextDelayMs();
      this.decided = true;
    }
    const { maxRetries } = this.settings;
    return attempts < maxRetries || (passes && maxRetries > 0 && this.latePauseMs !== undefined);
  }

  /** The pause before the retry of the given number, from 1, of rows of the current answer. */
  pauseMs(retry: number): number {
    const { maxRetries, retryScaleFactorUs } = this.settings;
    return retry <= maxRetries ? backoffMs(retry, retryScaleFactorUs) : (this.latePauseMs ?? 0);
  }
}

/** Before the first retry nothing, then 1, 2, 4 … units. */
export function backoffMs(retry: number, unitUs: number): number {
  return retry < 2 ? 0 : Math.min((2 ** (retry - 2) * unitUs) / 1000, MAX_TIMER_MS);
}
