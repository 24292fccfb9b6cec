/**
 * Which of the others still work. A replica that works on a run writes a small file again and again; whoever has seen
 * no change of it for the whole lease takes the run over. The time is that of this process alone, and does not depend
 * on the clock of the machine: times that machines write are compared by nobody.
 */
export interface MonotonicClock {
  /** Milliseconds since any moment; never goes back. */
  monotonicMs(): number;
}

export const SYSTEM_MONOTONIC: MonotonicClock = { monotonicMs: () => performance.now() };

interface Seen {
  content: string;
  /** Since when it is the same. */
  sinceMs: number;
  lookedMs: number;
}

export class LeaseWatch {
  private readonly seen = new Map<string, Seen>();

  constructor(
    private readonly leaseMs: number,
    private readonly clock: MonotonicClock,
  ) {}

  /**
   * Whether what `key` names has had the same content for the whole lease. `askedMs`: when the reading of the content
   * began, so that an answer that comes late counts as of then. A process that has not looked for a whole lease itself
   * was stopped, and maybe the other one with it: it begins anew.
   */
  isExpired(key: string, content: string, askedMs: number): boolean {
    const known = this.seen.get(key);
    if (known?.content !== content || askedMs - known.lookedMs > this.leaseMs) {
      const nowMs = this.clock.monotonicMs();
      this.seen.set(key, { content, sinceMs: nowMs, lookedMs: nowMs });
      return false;
    }
    known.lookedMs = askedMs;
    return askedMs - known.sinceMs >= this.leaseMs;
  }

  /** Forgets all but those keys. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.seen.keys()) if (!keys.has(key)) this.seen.delete(key);
  }
}
