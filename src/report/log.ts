/** Where a run's lines go. Formats: asbackup.md 8.1. Rooms below `cli` only ever see this interface. */
export interface Log {
  /** `worker` is the number of the worker thread that speaks; absent = the main thread. */
  info(text: string, worker?: number): void;
  error(text: string, worker?: number): void;
  /** Shown with `--verbose` only. */
  verbose(text: string, worker?: number): void;
}
