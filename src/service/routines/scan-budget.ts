import { followAbort } from '../../core/abort.js';

interface Waiting {
  wanted: number;
  start: (granted: number) => void;
}

/** How many scans may run at a time, over all runs that share the budget. Runs wait in the order of their arrival. */
export class ScanBudget {
  private used = 0;
  private readonly waiting: Waiting[] = [];

  /** @param limit Infinity = no limit; it may change while scans run */
  constructor(private readonly limit: () => number) {}

  /**
   * Resolves with how many scans the caller may run, 1 to `wanted`: it does not wait for more than one. The caller
   * releases as many. Rejects with the reason of the signal.
   */
  async acquire(wanted: number, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    const free = Math.max(0, this.limit() - this.used);
    if (free > 0 && this.waiting.length === 0) return this.grant(wanted);
    return new Promise<number>((resolve, reject) => {
      const entry: Waiting = {
        wanted,
        start: (granted) => {
          stopFollowing();
          resolve(granted);
        },
      };
      this.waiting.push(entry);
      const stopFollowing = followAbort(signal, () => {
        this.waiting.splice(this.waiting.indexOf(entry), 1);
        reject(signal.reason as Error);
      });
    });
  }

  release(count: number): void {
    this.used -= count;
    while (this.waiting.length > 0 && this.limit() > this.used) {
      const { wanted, start } = this.waiting.shift()!;
      start(this.grant(wanted));
    }
  }

  private grant(wanted: number): number {
    const granted = Math.min(wanted, this.limit() - this.used);
    this.used += granted;
    return granted;
  }
}

/**
 * Divides the scans of a run among its namespaces as evenly as possible, at least one each: where there are fewer scans
 * than namespaces, only so many namespaces are read at a time.
 */
export function divideScans(scans: number, namespaces: number): number[] {
  const each = Math.max(1, Math.floor(scans / namespaces));
  const rest = Math.max(0, scans - each * namespaces);
  return Array.from({ length: namespaces }, (_, i) => each + (i < rest ? 1 : 0));
}

/** Calls `work` with as many scans as all budgets grant, at most `wanted`, and gives them back when it has settled. */
export async function withScans<T>(
  budgets: readonly ScanBudget[],
  wanted: number,
  signal: AbortSignal,
  work: (scans: number) => Promise<T>,
): Promise<T> {
  const [budget, ...others] = budgets;
  if (budget === undefined) return work(wanted);
  const granted = await budget.acquire(wanted, signal);
  try {
    return await withScans(others, granted, signal, work);
  } finally {
    budget.release(granted);
  }
}
