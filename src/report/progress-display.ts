/** What a person sees of a run's progress beside the log. */
export interface Progress {
  /** 0–100. */
  percent: number;
  recordsPerSecond: number;
  mibPerSecond: number;
  /** Seconds to the end; undefined while nothing can be said. */
  etaSeconds: number | undefined;
}

export interface ProgressDisplay {
  start(): void;
  update(progress: Progress): void;
  /** Leaves the terminal as it was before `start`. */
  stop(): void;
}
