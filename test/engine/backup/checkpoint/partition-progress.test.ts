import { describe, expect, it } from 'vitest';
import { PartitionTracker } from '../../../../src/aerospike/commands/partition-tracker.js';
import { PartitionProgress } from '../../../../src/engine/backup/checkpoint/partition-progress.js';

function digest(partition: number, rest: number): Buffer {
  const bytes = Buffer.alloc(20, rest);
  bytes.writeUInt16LE(partition | 0x3000, 0);
  return bytes;
}

const ALL = { kind: 'range', begin: 0, count: 4096 } as const;

describe('cursors from a tracker to the table, the state file and back', () => {
  const tracker = new PartitionTracker([ALL]);
  const table = new PartitionProgress();
  tracker.advance(digest(7, 9), 0);
  tracker.advance(digest(7, 5), 0);
  tracker.advance(digest(8, 1), 0);
  tracker.complete(8);
  tracker.complete(9);
  table.apply(tracker.drainCursors());

  it('each stretch holds what has moved since the one before', () => {
    expect(tracker.drainCursors()).toHaveLength(0);
    tracker.advance(digest(7, 4), 0);
    const cursors = tracker.drainCursors();
    expect(cursors).toHaveLength(23);
    table.apply(cursors);
  });

  it('the state file names them', () => {
    expect(table.toJSON()).toEqual({ done: '8-9', after: { 7: digest(7, 4).toString('base64') } });
  });

  it('a run that goes on asks for the rest and for nothing twice', () => {
    const resumed = PartitionProgress.fromJSON(
      JSON.parse(JSON.stringify(table)) as ReturnType<PartitionProgress['toJSON']>,
    );
    const next = new PartitionTracker([{ kind: 'range', begin: 5, count: 6 }]);
    next.resume(resumed.within({ kind: 'range', begin: 5, count: 6 }));
    expect(next.pending()).toEqual([5, 6, 7, 10]);
    expect(next.splitByStart(next.pending())).toEqual({ whole: [5, 6, 10], digests: digest(7, 4) });
    expect(resumed.covers({ kind: 'range', begin: 8, count: 2 })).toBe(true);
    expect(resumed.covers({ kind: 'range', begin: 8, count: 3 })).toBe(false);
  });

  it('a cursor of a partition that a job does not cover is not taken over', () => {
    const next = new PartitionTracker([{ kind: 'range', begin: 100, count: 1 }]);
    next.resume(table.within(ALL));
    expect(next.pending()).toEqual([100]);
  });

  it('a complete state takes no memory for digests, and is written as it was read', () => {
    const json = { done: '0-4095', after: {} };
    const before = process.memoryUsage().arrayBuffers;
    const complete = Array.from({ length: 200 }, () => PartitionProgress.fromJSON(json));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * 20_000);
    expect(complete.at(-1)!.toJSON()).toEqual(json);
    expect(complete[0]!.within({ kind: 'range', begin: 7, count: 1 })).toEqual(Uint8Array.of(7, 0, 1));
  });

  it.each([
    [{ done: '0-4096', after: {} }],
    [{ done: '5-4', after: {} }],
    [{ done: 'x', after: {} }],
    [{ done: '', after: { 5000: digest(0, 0).toString('base64') } }],
    [{ done: '', after: { 1: digest(2, 0).toString('base64') } }],
    [{ done: '', after: { 1: 'AAAA' } }],
    [{ done: '1', after: { 1: digest(1, 0).toString('base64') } }],
  ])('a state file that makes no sense is refused: %j', (json) => {
    expect(() => PartitionProgress.fromJSON(json)).toThrow(RangeError);
  });
});
