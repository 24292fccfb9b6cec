import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PARTITIONS, partitionId, type PartitionFilter } from '../../../src/core/partition.js';
import { MAX_SHARDS } from '../../../src/core/shard.js';
import { countPartitions, fingerprintSelection, takeShard } from '../../../src/engine/shard/partitions.js';

const ALL: PartitionFilter[] = [{ kind: 'range', begin: 0, count: PARTITIONS }];

function listUnits(filters: readonly PartitionFilter[]): string[] {
  return filters.flatMap((filter) =>
    filter.kind === 'digest'
      ? [filter.digest.toString('hex')]
      : Array.from({ length: filter.count }, (_, i) => String(filter.begin + i)),
  );
}

/** Ranges and digests that do not overlap, sorted by partition. */
const selections = fc
  .uniqueArray(fc.integer({ min: 0, max: PARTITIONS - 1 }), { minLength: 1, maxLength: 40 })
  .map((bounds) => bounds.sort((a, b) => a - b))
  .chain((bounds) =>
    fc
      .array(fc.constantFrom('range', 'digest', 'none'), { minLength: bounds.length, maxLength: bounds.length })
      .map((kinds) => {
        const filters: PartitionFilter[] = [];
        bounds.forEach((begin, i) => {
          if (kinds[i] === 'digest') {
            const digest = Buffer.alloc(20, 7);
            digest.writeUInt16LE(begin, 0);
            filters.push({ kind: 'digest', digest });
          } else if (kinds[i] === 'range') {
            filters.push({ kind: 'range', begin, count: (bounds[i + 1] ?? PARTITIONS) - begin });
          }
        });
        return filters;
      }),
  )
  .filter((filters) => filters.length > 0);

describe('the partitions of a shard', () => {
  it('of all partitions, with every number of shards, are all of them, once, and equal in number', () => {
    for (let count = 1; count <= MAX_SHARDS; count += count < 300 ? 1 : 97) {
      const least = Math.floor(PARTITIONS / count);
      const most = Math.ceil(PARTITIONS / count);
      let next = 0;
      for (let index = 0; index < count; index++) {
        const [part, ...more] = takeShard(ALL, { index, count });
        if (part?.kind !== 'range' || more.length > 0) throw new Error('not one range');
        // An expectation for each of two million shards would take seconds.
        if (part.begin !== next || part.count < least || part.count > most) {
          expect.fail(`shard ${index} of ${count} has ${part.count} partitions from ${part.begin} on`);
        }
        next += part.count;
      }
      expect(next).toBe(PARTITIONS);
    }
  });

  it('of any selection, follow each other and differ by one in number at most', () => {
    fc.assert(
      fc.property(selections, fc.integer({ min: 1, max: 64 }), (filters, wanted) => {
        const count = Math.min(wanted, countPartitions(filters));
        const parts = Array.from({ length: count }, (_, index) => takeShard(filters, { index, count }));
        expect(parts.flatMap(listUnits)).toEqual(listUnits(filters));
        const sizes = parts.map((part) => countPartitions(part));
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('are refused where there are more shards than partitions', () => {
    const two: PartitionFilter[] = [{ kind: 'range', begin: 5, count: 2 }];
    expect(() => takeShard(two, { index: 0, count: 3 })).toThrow('only 2 partition(s) are selected');
  });

  it('keep a digest whole', () => {
    const digest = Buffer.alloc(20, 3);
    const filters: PartitionFilter[] = [
      { kind: 'digest', digest },
      { kind: 'range', begin: partitionId(digest, 0) + 1, count: 3 },
    ];
    expect(takeShard(filters, { index: 0, count: 2 })).toEqual([
      { kind: 'digest', digest },
      { kind: 'range', begin: partitionId(digest, 0) + 1, count: 1 },
    ]);
  });

  it('have another fingerprint if the selection is another one', () => {
    expect(fingerprintSelection(ALL)).toBe(fingerprintSelection([...ALL]));
    expect(fingerprintSelection(ALL)).not.toBe(fingerprintSelection([{ kind: 'range', begin: 0, count: 4095 }]));
  });
});
