/** What a restore job has done, over all its backups. */
import type { RestoreCounts } from '../../engine/restore/config.js';
import type { RestoreJobStatus, RunningJob } from '../document/schema/job-status.js';
import { formatTime } from '../backups/metadata-file.js';

const MS_PER_S = 1000;
const BYTES_PER_KILOBYTE = 1000;

export type JobCounters = Omit<RestoreJobStatus, 'status' | 'error' | 'current-job'>;

export const NO_COUNTERS: JobCounters = {
  'read-records': 0,
  'total-bytes': 0,
  'expired-records': 0,
  'skipped-records': 0,
  'ignored-records': 0,
  'inserted-records': 0,
  'existed-records': 0,
  'fresher-records': 0,
  'index-count': 0,
  'udf-count': 0,
  'errors-in-doubt': 0,
};

/** Of one run. A record that was found after a lost answer counts as written. */
export function toJobCounters(counts: RestoreCounts): JobCounters {
  return {
    'read-records': counts.records,
    'total-bytes': counts.bytes,
    'expired-records': counts.expired,
    'skipped-records': counts.skipped,
    'ignored-records': counts.ignored,
    'inserted-records': counts.inserted + counts.inDoubt,
    'existed-records': counts.existed,
    'fresher-records': counts.fresher,
    'index-count': counts.sindexes,
    'udf-count': counts.udfs,
    'errors-in-doubt': counts.inDoubt + counts.failedInDoubt,
  };
}

export function addCounters(a: JobCounters, b: JobCounters): JobCounters {
  const sum = { ...a };
  for (const key of Object.keys(sum) as (keyof JobCounters)[]) sum[key] += b[key];
  return sum;
}

/** Records that ended in one of the counters. */
function countDone(counters: JobCounters): number {
  return (
    counters['expired-records'] +
    counters['skipped-records'] +
    counters['ignored-records'] +
    counters['inserted-records'] +
    counters['existed-records'] +
    counters['fresher-records']
  );
}

/** How far a job is. Absent times: it has not ended. `total` = 0: not known. */
export function describeProgress(
  counters: JobCounters,
  { total, startedMs, finishedMs, isComplete }: JobTimes,
  nowMs: number,
): RunningJob {
  const endMs = finishedMs ?? nowMs;
  const elapsedMs = Math.max(0, endMs - startedMs);
  const read = counters['read-records'];
  const all = Math.max(total, read);
  const percent = isComplete ? 100 : all === 0 ? 0 : Math.min(100, Math.floor((read / all) * 100));
  const seconds = elapsedMs / MS_PER_S;
  const isRunning = finishedMs === undefined;
  const rate = (count: number): number => (isRunning && seconds > 0 ? Math.floor(count / seconds) : 0);
  const time = (ms: number): string => formatTime(new Date(ms).toISOString());
  return {
    'total-records': all,
    'done-records': read,
    'start-time': time(startedMs),
    ...(finishedMs === undefined ? {} : { 'finish-time': time(finishedMs) }),
    'percentage-done': percent,
    ...(isRunning && percent >= 1
      ? { 'estimated-end-time': time(startedMs + Math.round((elapsedMs * all) / read)) }
      : {}),
    duration: Math.floor(seconds),
    metrics: {
      'records-per-second': rate(read),
      'kilobytes-per-second': rate(counters['total-bytes'] / BYTES_PER_KILOBYTE),
      pipeline: isRunning ? Math.max(0, read - countDone(counters)) : 0,
    },
  };
}

export interface JobTimes {
  /** Records of all backups, as their metadata tells. */
  total: number;
  startedMs: number;
  finishedMs?: number | undefined;
  isComplete: boolean;
}
