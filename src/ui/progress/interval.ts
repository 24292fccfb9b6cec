/** Calls `tick` once a second until stopped. Never keeps the process alive by itself. */
export class Interval {
  private readonly tick: (last: boolean) => void;
  private timer: NodeJS.Timeout | undefined;

  constructor(tick: (last: boolean) => void) {
    this.tick = tick;
  }

  start(): void {
    this.timer ??= setInterval(() => this.tick(false), 1000).unref();
  }

  /** One last tick, at once. Further calls do nothing. */
  stop(): void {
    if (this.timer === undefined) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.tick(true);
  }
}

/** Milliseconds of a clock that never goes back. */
export type Clock = () => number;

export const monotonic: Clock = () => performance.now();
