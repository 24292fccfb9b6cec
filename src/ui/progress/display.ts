import type { Summary } from '../summary.js';

/** One worker's share. */
export interface WorkerProgress {
  records: number;
  recordsPerSecond: number;
  mibPerSecond: number;
  /** What it is at; undefined = nothing. */
  doing: string | undefined;
}

/** What a person sees of a run's progress beside the log. */
export interface Progress {
  /** 0–100; undefined = nobody knows how much there is. */
  percent: number | undefined;
  /** Since the start. */
  records: number;
  bytes: number;
  recordsPerSecond: number;
  mibPerSecond: number;
  /** Seconds to the end; undefined while nothing can be said. */
  etaSeconds: number | undefined;
  /** In the order of their numbers. */
  workers: readonly WorkerProgress[];
}

export interface ProgressDisplay {
  start(): void;
  update(progress: Progress): void;
  /** Leaves the terminal as it was before `start`. */
  stop(): void;
  /** What came of the run, to be shown when everything else was said. */
  summarize?(summary: Summary): void;
}
