import type { Clock } from '../../src/service/schedule/clock.js';

/** A clock that stands until it is told how much time has passed. */
export class FakeClock implements Clock {
  private readonly timers = new Set<{ atMs: number; onEnd: () => void }>();
  /** Time that passes for timers, whatever the clock is set to. */
  private elapsedMs = 0;

  constructor(private timeMs: number) {}

  nowMs(): number {
    return this.timeMs;
  }

  startTimer(delayMs: number, onEnd: () => void): () => void {
    if (delayMs > 0x7fff_ffff) throw new RangeError(`A timer cannot wait ${delayMs} ms`);
    const timer = { atMs: this.elapsedMs + delayMs, onEnd };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  get waiting(): number {
    return this.timers.size;
  }

  /** Sets the clock; timers notice nothing. */
  set(timeMs: number): void {
    this.timeMs = timeMs;
  }

  /** Lets time pass; timers that end within it are called in their order, each at its time. */
  advance(byMs: number): void {
    const endMs = this.elapsedMs + byMs;
    for (;;) {
      const due = [...this.timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.timers.delete(due);
      this.timeMs += due.atMs - this.elapsedMs;
      this.elapsedMs = due.atMs;
      due.onEnd();
    }
    this.timeMs += endMs - this.elapsedMs;
    this.elapsedMs = endMs;
  }
}
