/**
 * A run as an object: what the command line, the library and a service see of a backup, restore, validation, estimate.
 */
import { randomUUID } from 'node:crypto';
import { followAbort } from './abort.js';
import type { PartitionFilter } from './partition.js';
import type { RunContext } from './run-context.js';

/**
 * `queued`: waits for its turn (`ProcessLimits.runs`). `stopping`: was asked to stop and closes its files. `canceled`:
 * stopped as asked, so it is not complete.
 */
export type RunState = 'queued' | 'running' | 'stopping' | 'completed' | 'failed' | 'canceled';

/** What one worker does at the moment. */
export type WorkerActivity = { kind: 'partitions'; filter: PartitionFilter } | { kind: 'file'; name: string };

export interface WorkerSnapshot {
  records: number;
  /** Of a backup: text before compression; of a restore: as stored. */
  bytes: number;
  /** Absent = idle. */
  activity?: WorkerActivity | undefined;
}

/** How far a run is. */
export interface RunProgress {
  records: number;
  /** As stored. */
  bytes: number;
  /** What `records` or `bytes` will be in the end; 0 = unknown. A backup expects records, a restore bytes. */
  expectedRecords: number;
  expectedBytes: number;
  /** In the order of their numbers. */
  workers: readonly WorkerSnapshot[];
}

export interface Run<Result, Counters> {
  readonly id: string;
  readonly state: RunState;
  /** Totals since the start, those of the interrupted run that is continued included. */
  counters(): Counters;
  progress(): RunProgress;
  /** Rejects with a ToolError that names what is missing; unhandled rejections are the caller's business. */
  readonly result: Promise<Result>;
}

/** What an engine gives `startRun`: read at any time, also before `execute` and after it. */
export interface RunBody<Result, Counters> {
  execute(): Promise<Result>;
  counters(): Counters;
  progress(): RunProgress;
}

/** Starts `body` as soon as the process-wide limits allow, and keeps its state. */
export function startRun<Result, Counters>(
  body: RunBody<Result, Counters>,
  { runId, signal, limits }: RunContext,
): Run<Result, Counters> {
  let state: RunState = 'queued';
  const execute = async (): Promise<Result> => {
    try {
      const result = await limits.runs.run(
        () => {
          signal.throwIfAborted();
          return body.execute();
        },
        () => (state = 'running'),
      );
      state = 'completed';
      return result;
    } catch (error) {
      state = signal.aborted ? 'canceled' : 'failed';
      throw error;
    } finally {
      stopFollowing();
    }
  };
  const stopFollowing = followAbort(signal, () => {
    if (state === 'running') state = 'stopping';
  });
  const result = execute();
  return {
    id: runId,
    get state() {
      return state;
    },
    counters: () => body.counters(),
    progress: () => body.progress(),
    result,
  };
}

export function createRunId(): string {
  return randomUUID();
}
