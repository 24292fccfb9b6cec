/** How the partitions of a run are divided into jobs (asbackup.md 5.5). */
import type { PartitionFilter } from '../../aerospike/config.js';
import type { BackupJob } from './worker-protocol.js';

/** A job before it is posted to a worker. */
export interface PlannedJob extends BackupJob {
  filter: PartitionFilter;
  /**
   * The only worker that may do it: the one that began it. The cursors of a partition may be saved only in the order in
   * which the bytes before them become durable, and each worker makes its own files durable.
   */
  worker?: number;
}

/**
 * One filter is split into up to `parallel` contiguous parts; several are one job each. Every job is one scan, done by
 * one worker.
 */
export function divide(filters: readonly PartitionFilter[], parallel: number, maxRecords = 0): PlannedJob[] {
  return share(divideFilters(filters, parallel), maxRecords);
}

/** Gives every job its part of the record limit, so that the parts add up to it. A job without one is left out. */
export function share(filters: readonly PartitionFilter[], maxRecords: number): PlannedJob[] {
  const jobs = filters.map((filter) => ({ filter, cursors: undefined }));
  if (maxRecords === 0) return jobs.map((job) => ({ ...job, maxRecords: undefined }));
  return new RecordQuota(jobs).takeJobs(maxRecords);
}

/** A part of a backup that has records left to read. */
export type UnfinishedJob = Pick<PlannedJob, 'filter' | 'cursors' | 'worker'>;

/**
 * Shares the record limit of a run among its jobs. A job whose partitions hold fewer records than its part leaves the
 * rest to those that have reached theirs, and to those that got none.
 */
export class RecordQuota {
  constructor(private readonly unfinished: UnfinishedJob[]) {}

  /** A job has reached its part of the limit before its partitions were done. */
  add(job: UnfinishedJob): void {
    this.unfinished.push(job);
  }

  /** Jobs whose parts add up to `records`, which is more than 0; none if nothing is left to read. */
  takeJobs(records: number): PlannedJob[] {
    const count = Math.min(this.unfinished.length, records);
    const each = Math.floor(records / count);
    const rest = records % count;
    return this.unfinished.splice(0, count).map((job, i) => ({ ...job, maxRecords: each + (i < rest ? 1 : 0) }));
  }
}

/** The parts of the filters that are a job each. */
export function divideFilters(filters: readonly PartitionFilter[], parallel: number): PartitionFilter[] {
  const only = filters.length === 1 ? filters[0] : undefined;
  if (only?.kind !== 'range') return [...filters];
  const parts = Math.min(parallel, only.count);
  const jobs: PartitionFilter[] = [];
  for (let i = 0; i < parts; i++) {
    const begin = only.begin + Math.floor((only.count * i) / parts);
    const end = only.begin + Math.floor((only.count * (i + 1)) / parts);
    jobs.push({ kind: 'range', begin, count: end - begin });
  }
  return jobs;
}
