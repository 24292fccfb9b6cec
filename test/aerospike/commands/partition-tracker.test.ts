import { describe, expect, it } from 'vitest';
import { PartitionTracker } from '../../../src/aerospike/commands/partition-tracker.js';

function digest(partition: number, rest: number): Buffer {
  const bytes = Buffer.alloc(20, rest);
  bytes.writeUInt16LE(partition | 0x3000, 0);
  return bytes;
}

describe('partition tracker', () => {
  it('asks for what the filters name and for nothing else', () => {
    const tracker = new PartitionTracker([
      { kind: 'range', begin: 10, count: 3 },
      { kind: 'digest', digest: digest(100, 7) },
    ]);
    expect(tracker.pending()).toEqual([10, 11, 12, 100]);
    expect(tracker.splitByStart([10])).toEqual({ whole: [10], digests: Buffer.alloc(0) });
    expect(tracker.splitByStart([100])).toEqual({ whole: [], digests: digest(100, 7) });
  });

  it('goes on after the last record handled, not after the last one asked for', () => {
    const tracker = new PartitionTracker([{ kind: 'range', begin: 0, count: 4096 }]);
    const buffer = Buffer.concat([Buffer.alloc(3), digest(42, 9), digest(42, 5)]);
    tracker.advance(buffer, 3);
    expect(tracker.splitByStart([42])).toEqual({ whole: [], digests: digest(42, 9) });
    tracker.advance(buffer, 23);
    expect(tracker.splitByStart([42])).toEqual({ whole: [], digests: digest(42, 5) });
    buffer.fill(0);
    expect(tracker.splitByStart([42])).toEqual({ whole: [], digests: digest(42, 5) });
  });

  it('a partition that is done is not asked for again', () => {
    const tracker = new PartitionTracker([{ kind: 'range', begin: 0, count: 2 }]);
    tracker.complete(1);
    tracker.complete(4000);
    expect(tracker.pending()).toEqual([0]);
    tracker.complete(0);
    expect(tracker.pending()).toEqual([]);
  });

  it('counts what is left, whatever has completed it', () => {
    const tracker = new PartitionTracker([{ kind: 'range', begin: 10, count: 6 }]);
    expect(tracker.pendingCount).toBe(6);
    tracker.complete(10);
    tracker.complete(10);
    tracker.completeAll([9, 10, 11, 12, 13], new Set([12]));
    expect(tracker.pending()).toEqual([12, 14, 15]);
    expect(tracker.pendingCount).toBe(3);
    const other = new PartitionTracker([{ kind: 'range', begin: 10, count: 6 }]);
    other.resume(tracker.exportCursors());
    expect(other.pending()).toEqual([12, 14, 15]);
    expect(other.pendingCount).toBe(3);
  });

  it('names each cursor that has moved once, and a digest only of partitions that are not done', () => {
    const tracker = new PartitionTracker([{ kind: 'range', begin: 0, count: 4096 }]);
    tracker.advance(digest(42, 9), 0);
    tracker.advance(digest(0x345, 1), 0);
    tracker.complete(0x345);
    tracker.completeAll([0x345, 7], new Set());
    const moved = [Buffer.from([42, 0, 0]), digest(42, 9), Buffer.from([0x45, 3, 1]), Buffer.from([7, 0, 1])];
    expect(Buffer.from(tracker.drainCursors())).toEqual(Buffer.concat(moved));
    expect(tracker.drainCursors()).toHaveLength(0);
    tracker.complete(42);
    expect(Buffer.from(tracker.drainCursors())).toEqual(Buffer.from([42, 0, 1]));
  });

  it('moves on to the next replica after a failure', () => {
    const tracker = new PartitionTracker([{ kind: 'range', begin: 0, count: 1 }]);
    expect(tracker.failures[0]).toBe(0);
    tracker.failOver([0, 1]);
    expect(tracker.failures.subarray(0, 2)).toEqual(Uint8Array.of(1, 0));
    tracker.complete(0);
    tracker.failOver([0]);
    expect(tracker.failures[0]).toBe(1);
  });
});
