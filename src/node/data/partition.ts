/**
 * The records of one partition: a table by digest, and the bytes of their scan rows in slabs of the partition's own. A
 * scan wants rows in descending digest order (wire.md 5.3), so the first scan after a change sorts the records and lays
 * their rows out in that order in one new slab; from then on a scan copies long runs of bytes.
 */
import { DIGEST_BYTES } from '../../core/partition.js';
import { DigestIndex } from './digest-index.js';
import type { SetInfo } from './set-table.js';

const FIRST_SLAB_BYTES = 4096;
const MAX_SLAB_BYTES = 256 * 1024;
/** Compact outside scans once this much, and more than what is alive, is dead. */
const MIN_GARBAGE_BYTES = 64 * 1024;
/** Sort keys are doubles: 36 bits of digest and 17 bits of index are all that is exact. */
const KEY_INDEX_BITS = 17;
const KEY_INDEX_RANGE = 1 << KEY_INDEX_BITS;

/** Slabs below this size are cut from larger buffers: the collector dislikes tens of thousands of small ones. */
const ARENA_SHARE_BYTES = 64 * 1024;
const ARENA_BYTES = 1024 * 1024;

let arena: Buffer = Buffer.alloc(0);
let arenaUsed = 0;

function newSlab(bytes: number): Buffer {
  if (bytes > ARENA_SHARE_BYTES) return Buffer.allocUnsafeSlow(bytes);
  if (arenaUsed + bytes > arena.length) {
    arena = Buffer.allocUnsafeSlow(ARENA_BYTES);
    arenaUsed = 0;
  }
  arenaUsed += bytes;
  return arena.subarray(arenaUsed - bytes, arenaUsed);
}

/** Times are kept as small numbers relative to this: large ones would each take a heap object of their own. */
const START_MS = Date.now();

/** One record: where its row image lies, and what the image doesn't say. `length` 0 = deleted. */
export class StoredRecord {
  private updatedSinceStartMs: number;

  constructor(
    public slab: Buffer,
    public offset: number,
    public length: number,
    /** Offset of the first op from the start of the image. */
    public opsStart: number,
    lastUpdateMs: number,
    public set: SetInfo | undefined,
    /** 13: what `max-record-size` is compared with; also the answer of expression 74. */
    public storedBytes: number,
  ) {
    this.updatedSinceStartMs = lastUpdateMs - START_MS;
  }

  /** Milliseconds since the Unix epoch. */
  get lastUpdateMs(): number {
    return START_MS + this.updatedSinceStartMs;
  }

  set lastUpdateMs(ms: number) {
    this.updatedSinceStartMs = ms - START_MS;
  }

  get generation(): number {
    return this.slab.readUInt32BE(this.offset + 6);
  }

  get voidTime(): number {
    return this.slab.readUInt32BE(this.offset + 10);
  }

  get nOps(): number {
    return this.slab.readUInt16BE(this.offset + 20);
  }
}

export class Partition {
  private readonly list: StoredRecord[] = [];
  private readonly index: DigestIndex;
  private slab: Buffer = Buffer.alloc(0);
  private used = 0;
  private liveBytes = 0;
  private deadBytes = 0;
  private sorted: StoredRecord[] = [];
  private unsorted = false;

  /** `digestAt`: where the digest lies in an image, the same for all records of a namespace. */
  constructor(private readonly digestAt: number) {
    this.index = new DigestIndex((position, buf, start) => {
      const { slab, offset } = this.list[position]!;
      const at = offset + digestAt;
      for (let i = 0; i < DIGEST_BYTES; i++) if (slab[at + i] !== buf[start + i]) return false;
      return true;
    });
  }

  get size(): number {
    return this.list.length;
  }

  /** In no particular order. Removing the record in hand while going backwards is safe. */
  get records(): readonly StoredRecord[] {
    return this.list;
  }

  find(digestBuf: Buffer, digestStart: number): StoredRecord | undefined {
    const position = this.index.get(digestBuf, digestStart);
    return position < 0 ? undefined : this.list[position];
  }

  /** Room for an image of `length` bytes: `[slab, offset]` stay valid until the next call. Taken only by `commit`. */
  allocateImage(length: number): Buffer {
    if (this.used + length > this.slab.length) {
      const size = Math.max(FIRST_SLAB_BYTES, Math.min(MAX_SLAB_BYTES, this.liveBytes), length);
      this.slab = newSlab(size);
      this.used = 0;
    }
    return this.slab;
  }

  get imageOffset(): number {
    return this.used;
  }

  insert(record: StoredRecord): void {
    this.index.add(record.slab, record.offset + this.digestAt, this.list.length);
    this.list.push(record);
    this.used = record.offset + record.length;
    this.liveBytes += record.length;
    this.unsorted = true;
  }

  /** Points an existing record to the image just written. */
  replaceImage(record: StoredRecord, length: number, opsStart: number): void {
    this.deadBytes += record.length;
    this.liveBytes += length - record.length;
    record.slab = this.slab;
    record.offset = this.used;
    record.length = length;
    record.opsStart = opsStart;
    this.used += length;
    if (this.deadBytes > MIN_GARBAGE_BYTES && this.deadBytes > this.liveBytes) this.compact();
  }

  remove(record: StoredRecord): void {
    const { index, list, digestAt } = this;
    const position = index.get(record.slab, record.offset + digestAt);
    if (position < 0) return;
    index.delete(record.slab, record.offset + digestAt);
    // The last record takes the place that becomes free. It is still at its old place while its entry is looked up.
    const last = list.at(-1)!;
    if (last !== record) {
      list[position] = last;
      index.move(last.slab, last.offset + digestAt, position);
    }
    list.pop();
    this.liveBytes -= record.length;
    this.deadBytes += record.length;
    // A scan under way may hold this record in its list; an empty image makes it pass over.
    record.length = 0;
    this.unsorted = true;
    if (list.length === 0) this.clear();
  }

  clear(): void {
    for (const record of this.list) record.length = 0;
    this.list.length = 0;
    this.index.clear();
    this.slab = Buffer.alloc(0);
    this.sorted = [];
    this.used = this.liveBytes = this.deadBytes = 0;
    this.unsorted = false;
  }

  /** False: the next scan will have to sort. */
  get isSorted(): boolean {
    return !this.unsorted;
  }

  /** The records in descending digest order. The array is not changed later: a scan may keep it while it waits. */
  descending(): readonly StoredRecord[] {
    if (this.unsorted) {
      this.sorted = this.sort();
      this.unsorted = false;
      this.compact();
    }
    return this.sorted;
  }

  private sort(): StoredRecord[] {
    const { list } = this;
    const at = this.digestAt;
    const byDigest = (a: StoredRecord, b: StoredRecord): number =>
      b.slab.compare(a.slab, a.offset + at, a.offset + at + 20, b.offset + at, b.offset + at + 20);
    if (list.length > KEY_INDEX_RANGE) return [...list].sort(byDigest);
    // All digests of a partition share 12 bits: byte 0 and the low half of byte 1 (wire.md 5.3). The 36 bits after
    // those nearly always decide; sorting plain doubles is many times faster than sorting with a comparison function.
    const keys = new Float64Array(list.length);
    for (let i = 0; i < list.length; i++) {
      const { slab, offset } = list[i]!;
      const prefix = (slab[offset + at + 1]! >>> 4) * 0x1_0000_0000 + slab.readUInt32BE(offset + at + 2);
      keys[i] = prefix * KEY_INDEX_RANGE + i;
    }
    keys.sort();
    const result = new Array<StoredRecord>(list.length);
    let tie = false;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[keys.length - 1 - i]!;
      result[i] = list[key % KEY_INDEX_RANGE]!;
      if (i > 0 && Math.floor(key / KEY_INDEX_RANGE) === Math.floor(keys[keys.length - i]! / KEY_INDEX_RANGE))
        tie = true;
    }
    return tie ? result.sort(byDigest) : result;
  }

  /** Lays the images out anew, in scan order if that is known, so that dead bytes go and runs are long. */
  private compact(): void {
    const slab = newSlab(this.liveBytes);
    let at = 0;
    const list = this.unsorted ? this.list : this.sorted;
    for (const record of list) {
      record.slab.copy(slab, at, record.offset, record.offset + record.length);
      record.slab = slab;
      record.offset = at;
      at += record.length;
    }
    this.slab = slab;
    this.used = at;
    this.deadBytes = 0;
  }
}
