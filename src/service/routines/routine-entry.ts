/** What the service keeps of a routine in memory: what is due, what runs, what must not be deleted. */
import type { BackupType } from '../metrics/metrics.js';
import type { RoutineRun } from './routine-run.js';
import type { RoutineSchedule } from './routine-schedule.js';
import { RunCache } from './routine-store.js';

/** Two runs have different times, even if the clock was put back by less than that. */
const LARGEST_CORRECTION_MS = 60_000;

export class RoutineEntry {
  schedule: RoutineSchedule | undefined;
  readonly runs = new Set<RoutineRun>();
  /** Each cancels a run that was asked for, and has not begun. */
  readonly triggers = new Set<() => void>();
  /** Recovery and retention. */
  readonly background = new Set<Promise<void>>();
  readonly cache = new RunCache();
  /** The deletion that is under way; the next one waits for it. */
  retention: Promise<void> = Promise.resolve();
  /** Settles when no other replica deletes what a restore reads. */
  guarding: Promise<void> = Promise.resolve();
  private locks = 0;
  private lastTimestampMs = 0;

  get isLocked(): boolean {
    return this.locks > 0;
  }

  /** Nothing of the routine is deleted until the returned function was called. */
  lock(): () => void {
    this.locks++;
    let isHeld = true;
    return () => {
      if (isHeld) this.locks--;
      isHeld = false;
    };
  }

  get isIdle(): boolean {
    return this.runs.size === 0 && this.triggers.size === 0 && this.background.size === 0 && !this.isLocked;
  }

  /** The newest run of a type. */
  findRun(type: BackupType): RoutineRun | undefined {
    return [...this.runs].reverse().find((run) => run.type === type);
  }

  isActive(path: string): boolean {
    return [...this.runs].some((run) => run.path === path);
  }

  /** The start of a new run: it names its folder. */
  nextTimestamp(nowMs: number): number {
    const isCorrection = nowMs <= this.lastTimestampMs && nowMs > this.lastTimestampMs - LARGEST_CORRECTION_MS;
    this.lastTimestampMs = isCorrection ? this.lastTimestampMs + 1 : nowMs;
    return this.lastTimestampMs;
  }

  unschedule(): void {
    this.schedule?.stop();
    this.schedule = undefined;
    for (const cancel of [...this.triggers]) cancel();
  }
}
