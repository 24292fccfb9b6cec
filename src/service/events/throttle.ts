/** Time between two progress events of one piece of work. */
const PROGRESS_INTERVAL_MS = 1000;

/** Lets one call through in each interval: progress comes far more often than anybody looks. */
export class Throttle {
  private nextMs = -Infinity;

  constructor(
    private readonly nowMs: () => number,
    private readonly intervalMs = PROGRESS_INTERVAL_MS,
  ) {}

  /** True if it is time; the next is an interval later. */
  isDue(): boolean {
    const now = this.nowMs();
    if (now < this.nextMs) return false;
    this.nextMs = now + this.intervalMs;
    return true;
  }
}
