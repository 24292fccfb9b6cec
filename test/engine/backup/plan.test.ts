import { describe, expect, it } from 'vitest';
import type { PartitionFilter } from '../../../src/aerospike/config.js';
import { divide, RecordQuota } from '../../../src/engine/backup/plan.js';

const range = (begin: number, count: number): PartitionFilter => ({ kind: 'range', begin, count });

describe('jobs of a backup', () => {
  it('split one range over the workers without gap or overlap', () => {
    for (const parallel of [1, 2, 3, 7, 16, 100]) {
      let next = 5;
      const jobs = divide([range(5, 4091)], parallel);
      expect(jobs).toHaveLength(parallel);
      for (const { filter } of jobs) {
        if (filter.kind !== 'range') throw new Error('a range was expected');
        expect(filter.begin).toBe(next);
        next += filter.count;
      }
      expect(next).toBe(4096);
    }
  });

  it('are no more than there are partitions', () => {
    expect(divide([range(0, 3)], 9)).toHaveLength(3);
  });

  it('leave several filters whole', () => {
    const filters: PartitionFilter[] = [range(0, 100), { kind: 'digest', digest: Buffer.alloc(20, 7) }, range(2000, 5)];
    expect(divide(filters, 9).map(({ filter }) => filter)).toEqual(filters);
  });

  it.each([
    [100, 3, [34, 33, 33]],
    [2, 3, [1, 1]],
    [7, 4, [2, 2, 2, 1]],
    [1, 100, [1]],
  ])('share --max-records %i over %i scans so that the parts add up to it', (most, parallel, parts) => {
    expect(divide([range(0, 4096)], parallel, most).map((job) => job.maxRecords)).toEqual(parts);
  });
});

describe('record quota', () => {
  const jobs = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ filter: range(i, 1), cursors: undefined }));

  it('gives filters that got no part of the limit what others have not used', () => {
    const quota = new RecordQuota(jobs(5));
    expect(quota.takeJobs(3).map(({ filter, maxRecords }) => [filter, maxRecords])).toEqual([
      [range(0, 1), 1],
      [range(1, 1), 1],
      [range(2, 1), 1],
    ]);
    expect(quota.takeJobs(7).map(({ filter, maxRecords }) => [filter, maxRecords])).toEqual([
      [range(3, 1), 4],
      [range(4, 1), 3],
    ]);
    expect(quota.takeJobs(7)).toEqual([]);
  });

  it('goes on with a job that reached its part, after its cursors', () => {
    const quota = new RecordQuota(jobs(2));
    quota.takeJobs(10);
    const cursors = new Uint8Array([1, 2, 3]);
    quota.add({ filter: range(1, 1), cursors });
    expect(quota.takeJobs(4)).toEqual([{ filter: range(1, 1), cursors, maxRecords: 4 }]);
  });
});
