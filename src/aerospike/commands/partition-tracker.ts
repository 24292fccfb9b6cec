/**
 * What is left of a scan, partition by partition (wire.md 5.5). A partition's position moves only when a record has
 * been handled, so whatever breaks, the next attempt goes on exactly after the last handled record.
 */
import { copyRange, dataView } from '../../core/byte-copy.js';
import { DIGEST_BYTES, PARTITIONS, partitionId } from '../../core/partition.js';
import type { PartitionFilter } from '../config.js';

const State = { NOT_ASKED: 0, FROM_START: 1, AFTER_DIGEST: 2, DONE: 3 } as const;

/**
 * A cursor, as bytes: partition id (LE16) · 0 = after the digest, 1 = done · digest. Cursors travel in stretches: any
 * number of them, one after another; a later one of the same partition replaces an earlier one.
 */
export const CURSOR_BYTES = 3 + DIGEST_BYTES;
export const CursorKind = { AFTER_DIGEST: 0, DONE: 1 } as const;

export class PartitionTracker {
  private readonly states = new Uint8Array(PARTITIONS);
  private readonly digests = Buffer.alloc(PARTITIONS * DIGEST_BYTES);
  private readonly digestsView = dataView(this.digests);
  private source: Buffer = this.digests;
  private sourceView = this.digestsView;
  private readonly replicas = new Uint8Array(PARTITIONS);
  /** Partitions whose position has moved since `takeCursors`. */
  private readonly moved = new Uint8Array(PARTITIONS);
  private readonly movedList = new Uint16Array(PARTITIONS);
  private movedCount = 0;

  constructor(filters: readonly PartitionFilter[]) {
    for (const filter of filters) {
      if (filter.kind === 'range') {
        this.states.fill(State.FROM_START, filter.begin, filter.begin + filter.count);
      } else {
        const partition = partitionId(filter.digest, 0);
        filter.digest.copy(this.digests, partition * DIGEST_BYTES, 0, DIGEST_BYTES);
        this.states[partition] = State.AFTER_DIGEST;
      }
    }
  }

  /** A record was handled: its digest stands at `offset`. HOT PATH. */
  advance(buf: Buffer, offset: number): void {
    const partition = partitionId(buf, offset);
    if (buf !== this.source) this.refreshView(buf);
    const end = offset + DIGEST_BYTES;
    copyRange(buf, this.sourceView, offset, end, this.digests, this.digestsView, partition * DIGEST_BYTES);
    this.states[partition] = State.AFTER_DIGEST;
    if (this.moved[partition] === 0) this.markMoved(partition);
  }

  /** The partition was asked for and is not done. */
  isPending(partition: number): boolean {
    const state = this.states[partition];
    return state === State.FROM_START || state === State.AFTER_DIGEST;
  }

  /** The last handled digest of a partition, undefined = it starts at its beginning. A copy. */
  cursorDigest(partition: number): Buffer | undefined {
    if (this.states[partition] !== State.AFTER_DIGEST) return undefined;
    return Buffer.from(this.digests.subarray(partition * DIGEST_BYTES, (partition + 1) * DIGEST_BYTES));
  }

  complete(partition: number): void {
    if (!this.isPending(partition)) return;
    this.states[partition] = State.DONE;
    if (this.moved[partition] === 0) this.markMoved(partition);
  }

  /** Where the partitions that have moved since the last call stand now: a stretch of cursors. */
  drainCursors(): Uint8Array<ArrayBuffer> {
    const cursors = Buffer.alloc(this.movedCount * CURSOR_BYTES);
    for (let i = 0; i < this.movedCount; i++) {
      const partition = this.movedList[i]!;
      const at = i * CURSOR_BYTES;
      cursors.writeUInt16LE(partition, at);
      cursors[at + 2] = this.states[partition] === State.DONE ? CursorKind.DONE : CursorKind.AFTER_DIGEST;
      this.digests.copy(cursors, at + 3, partition * DIGEST_BYTES, (partition + 1) * DIGEST_BYTES);
      this.moved[partition] = 0;
    }
    this.movedCount = 0;
    return cursors;
  }

  /** Goes on where another tracker stood: applies a stretch of its cursors. Partitions not asked for stay so. */
  resume(cursors: Uint8Array): void {
    for (let at = 0; at < cursors.length; at += CURSOR_BYTES) {
      const partition = cursors[at]! | (cursors[at + 1]! << 8);
      if (this.states[partition] === State.NOT_ASKED) continue;
      this.digests.set(cursors.subarray(at + 3, at + CURSOR_BYTES), partition * DIGEST_BYTES);
      this.states[partition] = cursors[at + 2] === CursorKind.DONE ? State.DONE : State.AFTER_DIGEST;
    }
  }

  /** The records come from another buffer than those before. */
  private refreshView(source: Buffer): void {
    this.source = source;
    this.sourceView = dataView(source);
  }

  private markMoved(partition: number): void {
    this.moved[partition] = 1;
    this.movedList[this.movedCount++] = partition;
  }

  pending(): number[] {
    const list: number[] = [];
    for (let p = 0; p < PARTITIONS; p++) if (this.isPending(p)) list.push(p);
    return list;
  }

  /** Which replica to ask next; raised by `failOver`. */
  replicaIndex(partition: number): number {
    return this.replicas[partition]!;
  }

  /** The node asked did not deliver the partition: ask the next replica. */
  failOver(partition: number): void {
    this.replicas[partition] = this.replicas[partition]! + 1;
  }
}
