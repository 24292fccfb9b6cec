/** How the partitions of a run are divided into jobs (asbackup.md 5.5). */
import type { PartitionFilter } from '../../aerospike/config.js';
import type { BackupJob } from './worker-protocol.js';

/** A job before it is posted to a worker. */
export interface PlannedJob extends BackupJob {
  filter: PartitionFilter;
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
  if (filters.length === 0) return [];
  if (maxRecords === 0) return filters.map((filter) => ({ filter, maxRecords: undefined, cursors: undefined }));
  const each = Math.floor(maxRecords / filters.length);
  const rest = maxRecords % filters.length;
  return filters
    .map((filter, i) => ({ filter, maxRecords: each + (i < rest ? 1 : 0), cursors: undefined }))
    .filter((job) => job.maxRecords > 0);
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
