/**
 * The progress of a scan, partition by partition (wire.md 5.5). The cursor of a partition moves only when a record has
 * been handled, so the next attempt continues exactly after the last handled record.
 *
 * What goes through all partitions does so in one loop without calls: V8 would compile each function that is called
 * 4096 times, which takes longer than the loops of a short run.
 */
import { copyRange, dataView } from '../../core/byte-copy.js';
import { DIGEST_BYTES, type PartitionFilter, PARTITIONS, partitionId } from '../../core/partition.js';
import { allocateScanTables, PartitionState as State, type ScanTables } from './scan-tables.js';

/**
 * Bytes of a cursor:
 *
 *     partition   2 bytes    little-endian
 *     kind        1 byte     one of CursorKind
 *     digest      20 bytes   of the last handled record; only of AFTER_DIGEST
 *
 * A list of cursors is any number of them in a row; a later one of the same partition replaces an earlier one.
 */
export const CursorKind = { AFTER_DIGEST: 0, DONE: 1 } as const;
export const CURSOR_HEAD_BYTES = 3;

/** @param kind one of CursorKind */
export function cursorBytes(kind: number): number {
  return kind === CursorKind.DONE ? CURSOR_HEAD_BYTES : CURSOR_HEAD_BYTES + DIGEST_BYTES;
}

export class PartitionTracker {
  private readonly states: Uint8Array;
  private readonly digests: Buffer;
  /** The same: a part of a Buffer takes Node.js much longer to make. */
  private readonly digestBytes: Uint8Array;
  private readonly digestsView: DataView;
  private source: Buffer;
  private sourceView: DataView;
  /** By partition: how often a node did not deliver it. */
  readonly failures = new Uint8Array(PARTITIONS);
  /** Partitions that are part of the scan and not done. */
  private unfinished = 0;
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
    this.digestBytes = new Uint8Array(this.digests.buffer, this.digests.byteOffset, this.digests.length);
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
    this.unfinished = this.countPending();
  }

  /** How many partitions are part of the scan and not done. */
  get pendingCount(): number {
    return this.unfinished;
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

  /** What to ask a node for: those of the partitions that start at their beginning, and the cursors of the others. */
  splitByStart(partitions: readonly number[]): { whole: number[]; digests: Buffer } {
    const { states } = this;
    const whole: number[] = [];
    const begun: Buffer[] = [];
    for (const partition of partitions) {
      const state = states[partition];
      if (state === State.FROM_START) whole.push(partition);
      else if (state === State.AFTER_DIGEST) begun.push(this.viewDigest(partition));
    }
    return { whole, digests: Buffer.concat(begun) };
  }

  /** The partition is part of the scan and not done. */
  isPending(partition: number): boolean {
    const state = this.states[partition];
    return state === State.FROM_START || state === State.AFTER_DIGEST;
  }

  complete(partition: number): void {
    if (!this.isPending(partition)) return;
    this.states[partition] = State.DONE;
    this.unfinished--;
    if (this.moved[partition] === 0) this.markMoved(partition);
  }

  /** Those of the partitions are done that are part of the scan and not among `unserved`. */
  completeAll(partitions: readonly number[], unserved: ReadonlySet<number>): void {
    const { states, moved } = this;
    const { movedList, movedCount } = this.tables;
    const areSomeUnserved = unserved.size > 0;
    let count = movedCount[0]!;
    for (const partition of partitions) {
      const state = states[partition];
      if (state !== State.FROM_START && state !== State.AFTER_DIGEST) continue;
      if (areSomeUnserved && unserved.has(partition)) continue;
      states[partition] = State.DONE;
      this.unfinished--;
      if (moved[partition] === 1) continue;
      moved[partition] = 1;
      movedList[count++] = partition;
    }
    movedCount[0] = count;
  }

  /** The cursors that have moved since the last call. */
  drainCursors(): Uint8Array<ArrayBuffer> {
    const { movedList, movedCount } = this.tables;
    const partitions = movedList.subarray(0, movedCount[0]);
    for (const partition of partitions) this.moved[partition] = 0;
    movedCount[0] = 0;
    return this.writeCursors(partitions);
  }

  /** The cursors of all partitions that have begun: what `resume` of another tracker takes. */
  exportCursors(): Uint8Array<ArrayBuffer> {
    const { states } = this;
    const begun: number[] = [];
    for (let p = 0; p < PARTITIONS; p++) if (states[p]! >= State.AFTER_DIGEST) begun.push(p);
    return this.writeCursors(begun);
  }

  /** Applies the cursors of an earlier run. Partitions that are not part of this scan are skipped. */
  resume(cursors: Uint8Array): void {
    const { states, digests } = this;
    for (let at = 0; at < cursors.length;) {
      const partition = cursors[at]! | (cursors[at + 1]! << 8);
      const kind = cursors[at + 2]!;
      const isDone = kind === CursorKind.DONE;
      const end = at + cursorBytes(kind);
      if (states[partition] !== State.NOT_REQUESTED) {
        if (!isDone) digests.set(cursors.subarray(at + CURSOR_HEAD_BYTES, end), partition * DIGEST_BYTES);
        states[partition] = isDone ? State.DONE : State.AFTER_DIGEST;
      }
      at = end;
    }
    this.unfinished = this.countPending();
  }

  private writeCursors(partitions: ArrayLike<number> & Iterable<number>): Uint8Array<ArrayBuffer> {
    const { states, digestBytes } = this;
    let done = 0;
    for (const partition of partitions) if (states[partition] === State.DONE) done++;
    const begun = partitions.length - done;
    const cursors = new Uint8Array(done * cursorBytes(CursorKind.DONE) + begun * cursorBytes(CursorKind.AFTER_DIGEST));
    let at = 0;
    for (const partition of partitions) {
      const isDone = states[partition] === State.DONE;
      cursors[at] = partition & 0xff;
      cursors[at + 1] = partition >>> 8;
      cursors[at + 2] = isDone ? CursorKind.DONE : CursorKind.AFTER_DIGEST;
      at += CURSOR_HEAD_BYTES;
      if (isDone) continue;
      const start = partition * DIGEST_BYTES;
      cursors.set(digestBytes.subarray(start, start + DIGEST_BYTES), at);
      at += DIGEST_BYTES;
    }
    return cursors;
  }

  /** Not a copy. */
  private viewDigest(partition: number): Buffer {
    return this.digests.subarray(partition * DIGEST_BYTES, (partition + 1) * DIGEST_BYTES);
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
    const { states } = this;
    const list: number[] = [];
    for (let p = 0; p < PARTITIONS; p++) {
      const state = states[p];
      if (state === State.FROM_START || state === State.AFTER_DIGEST) list.push(p);
    }
    return list;
  }

  /** The node has not delivered those of the partitions that are not done: the next attempt goes to another replica. */
  failOver(partitions: readonly number[]): void {
    const { states, failures } = this;
    if (this.unfinished === 0) return;
    for (const partition of partitions) {
      const state = states[partition];
      if (state === State.FROM_START || state === State.AFTER_DIGEST) failures[partition] = failures[partition]! + 1;
    }
  }

  private countPending(): number {
    const { states } = this;
    let count = 0;
    for (const state of states) if (state === State.FROM_START || state === State.AFTER_DIGEST) count++;
    return count;
  }
}
