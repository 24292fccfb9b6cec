/** What a run gets from whoever starts it: identity, the end asked for, the place for its events, shared limits. */
import type { EmitEvent } from './events.js';
import { Semaphore } from './semaphore.js';

/** Limits that all runs of a process share. */
export interface ProcessLimits {
  /** Runs at the same time; those beyond wait in the state `queued`. */
  readonly runs: Semaphore;
}

/** @param mostRuns default: no limit */
export function createProcessLimits(mostRuns = Infinity): ProcessLimits {
  return { runs: new Semaphore(() => mostRuns) };
}

export interface RunContext {
  /** Random, unique among all runs that may work on the same files; also in lock files and state files. */
  readonly runId: string;
  /** Aborting stops the run in an orderly way: what is written by then is made durable. */
  readonly signal: AbortSignal;
  /** Called in the main thread, in the order of the events. Must not throw. */
  readonly emit: EmitEvent;
  /**
   * Awaited once, after the cluster answered (if the run needs one) and before anything is read from or written to the
   * target. Whoever shows the run prepares its outputs here; a rejection ends the run.
   */
  readonly connected?: () => Promise<void>;
  readonly limits: ProcessLimits;
  /**
   * The thread has nothing else to do: a run may keep it busy for milliseconds at a time instead of starting another
   * one. Absent = it must stay responsive.
   */
  readonly ownsThread?: boolean;
  /** Takes secrets out of a text that the run keeps in a document, such as the reason of a failure; absent = none. */
  readonly redact?: (text: string) => string;
}
