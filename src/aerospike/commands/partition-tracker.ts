/**
 * The progress of a scan, partition by partition (wire.md 5.5). The cursor of a partition moves only when a record has
 * been handled, so the next attempt continues exactly after the last handled record.
 */
import { copyRange, dataView } from '../../core/byte-copy.js';
import { DIGEST_BYTES, type PartitionFilter, PARTITIONS, partitionId } from '../../core/partition.js';
import { allocateScanTables, PartitionState as State, type ScanTables } from './scan-tables.js';

/**
 * Bytes of a cursor:
 *
 *     partition   2 bytes    little-endian
 *     kind        1 byte     one of CursorKind
 *     digest      20 bytes   of the last handled record
 *
 * A list of cursors is any number of them in a row; a later one of the same partition replaces an earlier one.
 */
export const CURSOR_BYTES = 3 + DIGEST_BYTES;
export const CursorKind = { AFTER_DIGEST: 0, DONE: 1 } as const;

export class PartitionTracker {
  private readonly states: Uint8Array;
  private readonly digests: Buffer;
  private readonly digestsView: DataView;
  private source: Buffer;
  private sourceView: DataView;
  private readonly replicas = new Uint8Array(PARTITIONS);
  /** Those of the tables. */
  private readonly moved: Uint8Array;

  /** `tables`: where the state is kept. They belong to this tracker from now on. */
  constructor(
    filters: readonly PartitionFilter[],
    readonly tables: ScanTables = allocateScanTables(),
  ) {
    this.states = tables.states.fill(State.NOT_REQUESTED);
    this.moved = tables.moved.fill(0);
    tables.movedCount[0] = 0;
    this.digests = tables.digests;
    this.digestsView = dataView(tables.digests);
    this.source = this.digests;
    this.sourceView = this.digestsView;
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

  /** A record was handled, whose digest is at `offset`. HOT PATH. */
  advance(buf: Buffer, offset: number): void {
    const partition = partitionId(buf, offset);
    if (buf !== this.source) this.refreshView(buf);
    const end = offset + DIGEST_BYTES;
    copyRange(buf, this.sourceView, offset, end, this.digests, this.digestsView, partition * DIGEST_BYTES);
    this.states[partition] = State.AFTER_DIGEST;
    if (this.moved[partition] === 0) this.markMoved(partition);
  }

  /**
   * Whether a record, whose digest is at `offset`, may come next: its partition is part of the scan and not done, and
   * the digest is below the cursor, as a node sends the records of a partition in descending order. HOT PATH.
   */
  accepts(buf: Buffer, offset: number): boolean {
    const partition = partitionId(buf, offset);
    const state = this.states[partition];
    if (state === State.FROM_START) return true;
    if (state !== State.AFTER_DIGEST) return false;
    const { digests } = this;
    for (let i = 0, at = partition * DIGEST_BYTES; i < DIGEST_BYTES; i++, at++) {
      const difference = buf[offset + i]! - digests[at]!;
      if (difference !== 0) return difference < 0;
    }
    return false;
  }

  /** The partition is part of the scan and not done. */
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

  /** The cursors that have moved since the last call. */
  drainCursors(): Uint8Array<ArrayBuffer> {
    const { movedList, movedCount } = this.tables;
    const count = movedCount[0]!;
    const cursors = Buffer.alloc(count * CURSOR_BYTES);
    for (let i = 0; i < count; i++) {
      const partition = movedList[i]!;
      this.writeCursor(cursors, i * CURSOR_BYTES, partition);
      this.moved[partition] = 0;
    }
    movedCount[0] = 0;
    return cursors;
  }

  /** The cursors of all partitions that have begun: what `resume` of another tracker takes. */
  exportCursors(): Uint8Array<ArrayBuffer> {
    const begun = [...this.states.keys()].filter((id) => this.states[id]! >= State.AFTER_DIGEST);
    const cursors = Buffer.alloc(begun.length * CURSOR_BYTES);
    for (const [i, partition] of begun.entries()) this.writeCursor(cursors, i * CURSOR_BYTES, partition);
    return cursors;
  }

  /** Applies the cursors of an earlier run. Partitions that are not part of this scan are skipped. */
  resume(cursors: Uint8Array): void {
    for (let at = 0; at < cursors.length; at += CURSOR_BYTES) {
      const partition = cursors[at]! | (cursors[at + 1]! << 8);
      if (this.states[partition] === State.NOT_REQUESTED) continue;
      this.digests.set(cursors.subarray(at + 3, at + CURSOR_BYTES), partition * DIGEST_BYTES);
      this.states[partition] = cursors[at + 2] === CursorKind.DONE ? State.DONE : State.AFTER_DIGEST;
    }
  }

  private writeCursor(cursors: Buffer, at: number, partition: number): void {
    cursors.writeUInt16LE(partition, at);
    cursors[at + 2] = this.states[partition] === State.DONE ? CursorKind.DONE : CursorKind.AFTER_DIGEST;
    this.digests.copy(cursors, at + 3, partition * DIGEST_BYTES, (partition + 1) * DIGEST_BYTES);
  }

  /** To be called when records come from another buffer than before. */
  private refreshView(source: Buffer): void {
    this.source = source;
    this.sourceView = dataView(source);
  }

  private markMoved(partition: number): void {
    this.moved[partition] = 1;
    const { movedList, movedCount } = this.tables;
    movedList[movedCount[0]!] = partition;
    movedCount[0] = movedCount[0]! + 1;
  }

  /** All partitions that are part of the scan and not done, in ascending order. */
  pending(): number[] {
    const list: number[] = [];
    for (let p = 0; p < PARTITIONS; p++) if (this.isPending(p)) list.push(p);
    return list;
  }

  /** The replica to ask next. */
  replicaIndex(partition: number): number {
    return this.replicas[partition]!;
  }

  /** The node did not deliver the partition: the next attempt goes to the next replica. */
  failOver(partition: number): void {
    this.replicas[partition] = this.replicas[partition]! + 1;
  }
}
