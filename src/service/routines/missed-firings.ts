/** Runs that were due while the service was down. */
import { nextTime, type Cron } from '../schedule/cron.js';
import type { BackupType } from '../metrics/metrics.js';

export interface LastRuns {
  /** Starts of the last complete runs, in milliseconds since 1970. */
  full: number | undefined;
  incremental: number | undefined;
}

export interface MissedRun {
  type: BackupType;
  /** The last time that it was due. */
  dueMs: number;
}

/**
 * What is to be made up for: once, however often it was due, and no incremental backup where a full one is made. A
 * routine that has never run has missed nothing.
 */
export function findMissed(
  crons: { full: Cron; incremental: Cron | undefined },
  last: LastRuns,
  nowMs: number,
): MissedRun | undefined {
  const { full } = last;
  if (full === undefined) return undefined;
  const dueFull = findLastDue(crons.full, full, nowMs);
  if (dueFull !== undefined) return { type: 'full', dueMs: dueFull };
  const latest = Math.max(full, last.incremental ?? full);
  const dueMs = crons.incremental === undefined ? undefined : findLastDue(crons.incremental, latest, nowMs);
  return dueMs === undefined ? undefined : { type: 'incremental', dueMs };
}

/** Steps back from now that find the last time without going through all since the last run. */
const LOOK_BACK_MS = [1, 60, 3600, 86_400].map((seconds) => seconds * 1000);

const MOST_STEPS = 10_000;

/** The last time after `lastMs` and not after `nowMs`; undefined = there is none. */
function findLastDue(cron: Cron, lastMs: number, nowMs: number): number | undefined {
  const isDue = (timeMs: number | undefined): timeMs is number => timeMs !== undefined && timeMs <= nowMs;
  const start = [...LOOK_BACK_MS.map((backMs) => nowMs - backMs).filter((timeMs) => timeMs > lastMs), lastMs];
  let due: number | undefined;
  for (const fromMs of start) {
    let next = nextTime(cron, fromMs);
    for (let count = 0; isDue(next) && count < MOST_STEPS; count++, next = nextTime(cron, next)) due = next;
    if (due !== undefined) return due;
  }
  return due;
}
