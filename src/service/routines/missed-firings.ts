/** Runs that were due while the service was down. */
import { nextTime, type Cron } from '../schedule/cron.js';
import type { BackupType } from '../metrics/metrics.js';

export interface LastRuns {
  /** Starts of the last complete runs, in milliseconds since 1970. */
  full: number | undefined;
  incremental: number | undefined;
}

/**
 * What is to be made up for: once, however often it was due, and no incremental backup where a full one is made. A
 * routine that has never run has missed nothing.
 */
export function findMissed(
  crons: { full: Cron; incremental: Cron | undefined },
  last: LastRuns,
  nowMs: number,
): BackupType | undefined {
  const { full } = last;
  if (full === undefined) return undefined;
  if (isMissed(crons.full, full, nowMs)) return 'full';
  const latest = Math.max(full, last.incremental ?? full);
  return crons.incremental !== undefined && isMissed(crons.incremental, latest, nowMs) ? 'incremental' : undefined;
}

function isMissed(cron: Cron, lastMs: number, nowMs: number): boolean {
  const next = nextTime(cron, lastMs);
  return next !== undefined && next <= nowMs;
}
