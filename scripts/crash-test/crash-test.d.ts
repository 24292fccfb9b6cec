export interface Mode {
  readonly name: string;
  readonly flags: readonly string[];
}

/** Where a backup lies. */
export interface Place {
  readonly backupFlags: string[];
  readonly restoreFlags: string[];
  readonly statePath: string;
  read(): Promise<{ name: string; bytes: Buffer }[]>;
  remove(): Promise<void>;
}

export interface Target {
  readonly name: string;
  place(folder: string, name: string): Place;
}

export interface Combination {
  readonly name: string;
  readonly mode: Mode;
  readonly target: Target;
}

export interface TortureOptions {
  /** How runs are ended: by SIGKILL, by another signal, by the loss of the cluster, by a full disk (root only). */
  how: 'kill' | 'interrupt' | 'cut' | 'disk';
  /** How many runs are to be ended. */
  stops: number;
  seed: number;
  /** For backups; created if need be. */
  folder: string;
  /** Default 8000. */
  records?: number;
  /** Whether records are added, updated and deleted all the time. */
  changing?: boolean;
  /** Begin no further backup after this time of `Date.now`. */
  untilMs?: number;
}

export interface TortureTotals {
  /** Runs ended before their time, and how many of them had saved some records. */
  stops: number;
  resumed: number;
  rounds: number;
  checked: number;
  losses: number;
  duplicates: number;
  slowestStopMs: number;
  /** Everything that is not as it should be, each with the seed. */
  problems: string[];
}

export const MODES: readonly Mode[];
export const TARGETS: readonly Target[];
export const COMBINATIONS: readonly Combination[];
export function tortureBackup(combination: Combination, options: TortureOptions): Promise<TortureTotals>;
export function tortureRestore(combination: Combination, options: TortureOptions): Promise<TortureTotals>;
/** Whether `how: 'disk'` is possible here; `folder` is an empty directory. */
export function hasDisks(folder: string): boolean;
