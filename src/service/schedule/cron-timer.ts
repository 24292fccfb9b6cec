import type { Clock } from './clock.js';
import { nextTime, type Cron } from './cron.js';

/** The clock is asked so often, because it may be set while a timer waits, and a machine may sleep. */
const LONGEST_WAIT_MS = 10_000;
/** A clock that is put back by more is taken as right from then on; by less, no time comes twice. */
const LARGEST_CORRECTION_MS = 60_000;

/** Calls a function at the times of a schedule. Times that were passed over in a leap of the clock count as one. */
export class CronTimer {
  private cancelWait: (() => void) | undefined;
  private nextMs: number | undefined;
  /** The latest time that was seen. */
  private seenMs: number;

  /** `onDue` gets the time that was due, and must not throw. */
  constructor(
    private readonly cron: Cron,
    private readonly clock: Clock,
    private readonly onDue: (dueMs: number) => void,
  ) {
    this.seenMs = clock.nowMs();
    this.nextMs = nextTime(cron, this.seenMs);
    this.wait();
  }

  /** When it is due next, in milliseconds since 1970; undefined = never. */
  get next(): number | undefined {
    return this.nextMs;
  }

  stop(): void {
    this.cancelWait?.();
    this.cancelWait = undefined;
    this.nextMs = undefined;
  }

  private wait(): void {
    if (this.nextMs === undefined) return;
    const delayMs = Math.min(LONGEST_WAIT_MS, Math.max(0, this.nextMs - this.clock.nowMs()));
    this.cancelWait = this.clock.startTimer(delayMs, () => this.wake());
  }

  private wake(): void {
    const now = this.clock.nowMs();
    const dueMs = this.nextMs!;
    if (now < this.seenMs - LARGEST_CORRECTION_MS) {
      this.seenMs = now;
      this.nextMs = nextTime(this.cron, now);
      this.wait();
      return;
    }
    this.seenMs = Math.max(this.seenMs, now);
    if (now >= dueMs) this.nextMs = nextTime(this.cron, Math.max(this.seenMs, dueMs));
    // Before the call, which may stop this timer.
    this.wait();
    if (now >= dueMs) this.onDue(dueMs);
  }
}
