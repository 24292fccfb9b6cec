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
    expect(tracker.cursorDigest(10)).toBeUndefined();
    expect(tracker.cursorDigest(100)).toEqual(digest(100, 7));
  });

  it('goes on after the last record handled, not after the last one asked for', () => {
    const tracker = new PartitionTracker([{ kind: 'range', begin: 0, count: 4096 }]);
    const buffer = Buffer.concat([Buffer.alloc(3), digest(42, 9), digest(42, 5)]);
    tracker.advance(buffer, 3);
    expect(tracker.cursorDigest(42)).toEqual(digest(42, 9));
    tracker.advance(buffer, 23);
    expect(tracker.cursorDigest(42)).toEqual(digest(42, 5));
    buffer.fill(0);
    expect(tracker.cursorDigest(42)).toEqual(digest(42, 5));
  });

  it('a partition that is done is not asked for again', () => {
    const tracker = new PartitionTracker([{ kind: 'range', begin: 0, count: 2 }]);
    tracker.complete(1);
    tracker.complete(4000);
    expect(tracker.pending()).toEqual([0]);
    tracker.complete(0);
    expect(tracker.pending()).toEqual([]);
  });

  it('moves on to the next replica after a failure', () => {
    const tracker = new PartitionTracker([{ kind: 'range', begin: 0, count: 1 }]);
    expect(tracker.replicaIndex(0)).toBe(0);
    tracker.failOver(0);
    expect(tracker.replicaIndex(0)).toBe(1);
  });
});
