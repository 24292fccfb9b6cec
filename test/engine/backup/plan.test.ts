import { describe, expect, it } from 'vitest';
import type { PartitionFilter } from '../../../src/aerospike/config.js';
import { divide } from '../../../src/engine/backup/plan.js';

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
