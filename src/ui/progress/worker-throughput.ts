import type { WorkerProgress } from './display.js';
import { liveRates } from './throughput.js';

/** What one worker has done so far. */
export interface WorkerCounters {
  records: number;
  bytes: number;
  doing?: string | undefined;
}

interface Mark {
  at: number;
  records: number;
  bytes: number;
}

/** Turns the counters of workers, which come and go, into rates between two looks at them. */
export class WorkerRates {
  private before: Mark[] = [];

  /** `at`: milliseconds of a clock that never goes back. */
  next(at: number, workers: readonly WorkerCounters[]): WorkerProgress[] {
    const marks = workers.map(({ records, bytes }) => ({ at, records, bytes }));
    const shown = workers.map(({ records, doing }, i) => {
      const now = marks[i]!;
      return { records, doing, ...liveRates(now, this.before[i] ?? now) };
    });
    this.before = marks;
    return shown;
  }
}
