/**
 * How many rows a frame gets. Large frames save processor time on both sides; but what is under way has to be answered
 * in time, and a server that is busy should not be given more at once. So frames grow while answers come as fast as the
 * fastest one, and shrink when they take much longer or the server says that it is overloaded.
 */

const START_ROWS = 512;
/** Longer than the fastest answer: up to the first, frames grow; beyond the second, they shrink. */
const QUICK_MS = 100;
const SLOW_MS = 500;
/** Of the limit for an answer. */
const SLOW_SHARE = 0.25;

export class FrameSizer {
  rows: number;
  private fastestMs = Infinity;
  private readonly slowMs: number;

  /** @param timeoutMs in which a frame has to be answered; 0 = no limit */
  constructor(
    private readonly minRows: number,
    private readonly maxRows: number,
    timeoutMs: number,
  ) {
    this.rows = Math.max(minRows, Math.min(maxRows, START_ROWS));
    this.slowMs = timeoutMs === 0 ? SLOW_MS : Math.min(SLOW_MS, timeoutMs * SLOW_SHARE);
  }

  /** A frame of so many rows was answered after `durationMs`. */
  recordAnswer(rows: number, durationMs: number, overloaded: boolean): void {
    this.fastestMs = Math.min(this.fastestMs, durationMs);
    const excessMs = durationMs - this.fastestMs;
    const { slowMs } = this;
    if (overloaded || excessMs > slowMs) {
      // Larger frames that were under way when the size shrank say nothing about it.
      if (rows <= this.rows) this.rows = Math.max(this.minRows, this.rows >>> 1);
    } else if (rows >= this.rows && excessMs < Math.min(QUICK_MS, slowMs / 2)) {
      this.rows = Math.min(this.maxRows, this.rows * 2);
    }
  }
}
