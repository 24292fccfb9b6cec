/**
 * One namespace in memory. A record is kept as the very message a scan would send for it ("row image": header, fields
 * NAMESPACE, DIGEST, SET, KEY, then one READ op per bin; wire.md 5.2), so that scans and reads copy bytes.
 */
import { Field, MESSAGE_HEADER_BYTES, Op } from '../../aerospike/protocol/constants.js';
import { DIGEST_BYTES, PARTITIONS, partitionId } from '../../core/partition.js';
import { Particle } from '../../core/particle.js';
import type { RecordSource } from '../../core/record-source.js';
import { VOID_TIME_EPOCH_S } from '../../core/void-time.js';
import { OP_FIXED_BYTES, OP_HEADER_BYTES } from '../protocol/command.js';
import { Partition, StoredRecord } from './partition.js';
import { copyBytes, writeMessageHeader } from '../protocol/reply.js';
import { SetInfo, SetTable } from './set-table.js';
import { flatBinBytes, flatRecordBytes } from './record-size.js';

const FIELD_HEADER_BYTES = 5;
const MAX_GENERATION = 0xffff;
/** What a GeoJSON value has in front of its text where no cells are computed (1.5). */
const GEO_HEAD = Buffer.alloc(3);

/** Records of a partition in descending order of digest. */
export interface RowList {
  readonly length: number;
  get(i: number): StoredRecord;
}

export interface StoreOptions {
  /** Seconds; 0 = records without a TTL never expire. */
  defaultTtlS: number;
  /** Seconds between expiry rounds; 0 = writes with a TTL are refused (wire.md 7). */
  nsupPeriodS: number;
  maxRecordSizeBytes: number;
}

export interface RawBin {
  /** Latin1: one character per byte. */
  name: string;
  /** Particle type. */
  type: number;
  /** Bytes as on the wire, already in the server's normal form. */
  value: Buffer;
}

/** The server's time; tests may move it on to see records expire. */
export class Clock {
  offsetMs = 0;
  nowMs(): number {
    return Date.now() + this.offsetMs;
  }
  /** Seconds in the epoch of void-times (wire.md 7). */
  nowS(): number {
    return Math.floor(this.nowMs() / 1000) - VOID_TIME_EPOCH_S;
  }
}

export class NamespaceStore {
  readonly nameBytes: Buffer;
  readonly sets = new SetTable();
  readonly partitions: Partition[];
  objects = 0;
  dataBytes = 0;
  expiredObjects = 0;
  /** Milliseconds since the Unix epoch of the last truncation of the whole namespace. */
  truncateLutMs = 0;

  /** Where fields lie in every image of this namespace. */
  readonly digestAt: number;
  private readonly afterDigest: number;
  private readonly fieldPrefix: Buffer;

  /** The image being written by `beginImage`; the ops go to `slotSlab` from `slotOps` on. */
  slotSlab: Buffer = Buffer.alloc(0);
  slotOps = 0;
  private slotPartition: Partition;
  private slotOpsStart = 0;
  private slotOffset = 0;
  private slotLength = 0;

  constructor(
    readonly name: string,
    readonly options: StoreOptions,
    readonly clock: Clock,
    /** Where the records are, if not in memory: then they cannot be written, and none expires. */
    private readonly source?: RecordSource,
  ) {
    this.nameBytes = Buffer.from(name, 'latin1');
    // The NAMESPACE field and the head of the DIGEST field are the same in every row.
    const prefix = Buffer.alloc(FIELD_HEADER_BYTES + this.nameBytes.length + FIELD_HEADER_BYTES);
    prefix.writeUInt32BE(1 + this.nameBytes.length, 0);
    prefix[4] = Field.NAMESPACE;
    this.nameBytes.copy(prefix, FIELD_HEADER_BYTES);
    prefix.writeUInt32BE(1 + DIGEST_BYTES, FIELD_HEADER_BYTES + this.nameBytes.length);
    prefix[prefix.length - 1] = Field.DIGEST;
    this.fieldPrefix = prefix;
    this.digestAt = MESSAGE_HEADER_BYTES + prefix.length;
    this.afterDigest = this.digestAt + DIGEST_BYTES;
    this.partitions = Array.from({ length: PARTITIONS }, () => new Partition(this.digestAt));
    this.slotPartition = this.partitions[0]!;
    for (const { name: set, records } of source?.sets ?? [])
      this.sets.findByName(set.toString('latin1')).objects = records;
    this.objects = source?.count ?? 0;
  }

  get isReadOnly(): boolean {
    return this.source !== undefined;
  }

  /** Records of a partition. */
  countRecords(pid: number): number {
    const { source } = this;
    if (source === undefined) return this.partitions[pid]!.size;
    return source.getPartitionStart(pid + 1) - source.getPartitionStart(pid);
  }

  /**
   * The records of a partition whose digest is strictly below `after` (5.3), or all of them. Those of another set than
   * `set` may be left out; undefined = none may.
   */
  listRows(pid: number, after: Buffer | undefined, set: SetInfo | undefined): RowList {
    const { source } = this;
    if (source === undefined) {
      const list = this.partitions[pid]!.descending();
      return new MemoryRows(list, after === undefined ? 0 : this.findBehind(list, after));
    }
    const start = after === undefined ? source.getPartitionStart(pid) : source.findBehind(after);
    const end = source.getPartitionStart(pid + 1);
    const wanted = set === undefined ? -1 : source.sets.findIndex(({ name }) => name.equals(set.bytes));
    const positions: number[] = [];
    for (let position = start; position < end; position++) {
      if (set === undefined || source.getSet(position) === wanted) positions.push(position);
    }
    return { length: positions.length, get: (i) => this.load(source, positions[i]!) };
  }

  /** The first record whose digest is strictly below `after`, in a list of descending digests. */
  private findBehind(list: readonly StoredRecord[], after: Buffer): number {
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.compareDigest(list[middle]!, after) < 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  compareDigest(record: StoredRecord, digest: Buffer): number {
    const at = record.offset + this.digestAt;
    return record.slab.compare(digest, 0, digest.length, at, at + digest.length);
  }

  /** A record of the source as one in memory that nobody else holds. */
  private load(source: RecordSource, position: number): StoredRecord {
    const { digest, set: number, key, generation, voidTime, bins } = source.read(position);
    const set = number < 0 ? undefined : this.sets.findByName(source.sets[number]!.name.toString('latin1'));
    // A database has no bins without a value.
    const stored = bins
      .filter(({ particle }) => particle !== Particle.NULL)
      .map(({ name, particle, value }) => ({
        name,
        type: particle,
        value: particle === Particle.GEOJSON ? Buffer.concat([GEO_HEAD, value]) : value,
      }));
    const size = this.writeImage(digest, set, key, stored, voidTime);
    const { slotSlab: slab, slotOffset: offset, slotLength: length, slotOpsStart: opsStart } = this;
    finishImage(slab, offset, stored.length, generation, voidTime);
    return new StoredRecord(slab, offset, length, opsStart, this.clock.nowMs(), set, size);
  }

  partition(digestBuf: Buffer, digestStart: number): Partition {
    return this.partitions[partitionId(digestBuf, digestStart)]!;
  }

  /** The live record with this digest; one that has expired by `nowS` is removed first. */
  find(digestBuf: Buffer, digestStart: number, nowS: number): StoredRecord | undefined {
    const { source } = this;
    if (source !== undefined) {
      const position = source.find(digestBuf, digestStart);
      return position < 0 ? undefined : this.load(source, position);
    }
    const record = this.partition(digestBuf, digestStart).find(digestBuf, digestStart);
    if (record === undefined) return undefined;
    if (isExpired(record, nowS)) {
      this.remove(record);
      this.expiredObjects++;
      return undefined;
    }
    return record;
  }

  /** Bounds of the stored user key (type byte and key) in the record's slab; empty if none is stored. */
  keyStart(record: StoredRecord): number {
    const set = record.set === undefined ? 0 : FIELD_HEADER_BYTES + record.set.bytes.length;
    const at = this.afterDigest + set;
    return record.offset + Math.min(at + FIELD_HEADER_BYTES, record.opsStart);
  }

  keyEnd(record: StoredRecord): number {
    return record.offset + record.opsStart;
  }

  /**
   * Starts a new image with room for `opsBytes` of ops: writes header and fields. The caller fills in the ops and then
   * calls `commit`, or forgets it.
   */
  beginImage(
    digestBuf: Buffer,
    digestStart: number,
    set: SetInfo | undefined,
    keyBuf: Buffer,
    keyStart: number,
    keyEnd: number,
    opsBytes: number,
  ): void {
    const keyBytes = keyEnd > keyStart ? FIELD_HEADER_BYTES + keyEnd - keyStart : 0;
    const setBytes = set === undefined ? 0 : FIELD_HEADER_BYTES + set.bytes.length;
    const opsStart = this.afterDigest + setBytes + keyBytes;
    const partition = this.partition(digestBuf, digestStart);
    const length = opsStart + opsBytes;
    const isKept = this.source === undefined;
    const slab = isKept ? partition.allocateImage(length) : Buffer.allocUnsafe(length);
    const offset = isKept ? partition.imageOffset : 0;
    writeMessageHeader(slab, offset, 0, 0, 0, 0);
    slab[offset + 19] = 2 + (setBytes === 0 ? 0 : 1) + (keyBytes === 0 ? 0 : 1);
    let at = offset + MESSAGE_HEADER_BYTES;
    const { fieldPrefix } = this;
    for (let i = 0; i < fieldPrefix.length; i++) slab[at++] = fieldPrefix[i]!;
    for (let i = 0; i < DIGEST_BYTES; i++) slab[at++] = digestBuf[digestStart + i]!;
    if (set !== undefined) {
      slab.writeUInt32BE(1 + set.bytes.length, at);
      slab[at + 4] = Field.SET;
      at += FIELD_HEADER_BYTES;
      for (let i = 0; i < set.bytes.length; i++) slab[at++] = set.bytes[i]!;
    }
    if (keyBytes !== 0) {
      slab.writeUInt32BE(keyBytes - 4, at);
      slab[at + 4] = Field.KEY;
      copyBytes(slab, at + FIELD_HEADER_BYTES, keyBuf, keyStart, keyEnd);
    }
    this.slotSlab = slab;
    this.slotOffset = offset;
    this.slotLength = length;
    this.slotOpsStart = opsStart;
    this.slotOps = offset + opsStart;
    this.slotPartition = partition;
  }

  /** Makes the image begun the record's: `existing` is the record found before, or undefined to insert a new one. */
  commit(
    existing: StoredRecord | undefined,
    set: SetInfo | undefined,
    nOps: number,
    generation: number,
    voidTime: number,
    nowMs: number,
    storedBytes: number,
  ): void {
    const { slotSlab: slab, slotOffset: offset, slotLength: length, slotPartition: partition } = this;
    finishImage(slab, offset, nOps, generation, voidTime);
    if (existing !== undefined) {
      this.account(existing.set, 0, storedBytes - existing.storedBytes);
      partition.replaceImage(existing, length, this.slotOpsStart);
      existing.lastUpdateMs = nowMs;
      existing.storedBytes = storedBytes;
      return;
    }
    const record = new StoredRecord(slab, offset, length, this.slotOpsStart, nowMs, set, storedBytes);
    partition.insert(record);
    this.account(set, 1, storedBytes);
  }

  private account(set: SetInfo | undefined, objects: number, bytes: number): void {
    this.objects += objects;
    this.dataBytes += bytes;
    if (set === undefined) return;
    set.objects += objects;
    set.dataBytes += bytes;
  }

  remove(record: StoredRecord): void {
    this.account(record.set, -1, -record.storedBytes);
    this.partition(record.slab, record.offset + this.digestAt).remove(record);
  }

  /** 9.4: drops what was last updated before `lutMs`; of one set, or of the whole namespace. */
  truncate(setName: string | undefined, lutMs: number): void {
    const set = setName === undefined ? undefined : this.sets.findByName(setName);
    if (set !== undefined) set.truncateLutMs = Math.max(set.truncateLutMs, lutMs);
    else this.truncateLutMs = Math.max(this.truncateLutMs, lutMs);
    this.removeWhere((record) => record.lastUpdateMs <= lutMs && (set === undefined || record.set === set));
  }

  /** Removes expired records; what the server's nsup thread does. */
  expire(): void {
    const nowS = this.clock.nowS();
    this.expiredObjects += this.removeWhere((record) => isExpired(record, nowS));
  }

  /** Sorts partitions ahead of the next scan until `untilMs` (of Date.now). */
  sortPartitions(untilMs: number): void {
    for (const partition of this.partitions) {
      if (partition.isSorted) continue;
      partition.descending();
      if (Date.now() >= untilMs) return;
    }
  }

  private removeWhere(test: (record: StoredRecord) => boolean): number {
    let removed = 0;
    for (const partition of this.partitions) {
      const { records } = partition;
      for (let i = records.length - 1; i >= 0; i--) {
        const record = records[i]!;
        if (!test(record)) continue;
        this.remove(record);
        removed++;
      }
    }
    return removed;
  }

  /**
   * Puts a record straight into the store, unchecked: for tests and benchmarks that need data without a client. An
   * existing record is replaced. `key` is the particle type byte and the key's bytes (wire.md 6).
   */
  putRaw(
    setName: string,
    digest: Buffer,
    key: Buffer | undefined,
    generation: number,
    voidTime: number,
    bins: readonly RawBin[],
    lastUpdateMs: number = this.clock.nowMs(),
  ): void {
    const set = setName === '' ? undefined : this.sets.findByName(setName);
    let existing = this.partition(digest, 0).find(digest, 0);
    if (existing !== undefined && existing.set !== set) {
      this.remove(existing);
      existing = undefined;
    }
    const size = this.writeImage(digest, set, key ?? Buffer.alloc(0), bins, voidTime);
    this.commit(existing, set, bins.length, generation, voidTime, lastUpdateMs, size);
  }

  /** Begins an image and fills it with `bins`. Returns the bytes that the record takes in the server's storage. */
  private writeImage(
    digest: Buffer,
    set: SetInfo | undefined,
    key: Buffer,
    bins: readonly RawBin[],
    voidTime: number,
  ): number {
    let opsBytes = 0;
    let flat = 0;
    for (const bin of bins) {
      opsBytes += OP_HEADER_BYTES + bin.name.length + bin.value.length;
      flat += flatBinBytes(bin.name.length, bin.type, bin.value.length);
    }
    this.beginImage(digest, 0, set, key, 0, key.length, opsBytes);
    let at = this.slotOps;
    for (const bin of bins) at = writeBin(this.slotSlab, at, bin.name, bin.type, bin.value);
    return flatRecordBytes(flat, bins.length, set?.bytes.length ?? 0, key.length, voidTime !== 0);
  }
}

/** Completes the header of an image. */
function finishImage(slab: Buffer, offset: number, nOps: number, generation: number, voidTime: number): void {
  slab.writeUInt32BE(generation, offset + 6);
  slab.writeUInt32BE(voidTime, offset + 10);
  slab.writeUInt16BE(nOps, offset + 20);
}

/** Rows in memory from one of them on. */
class MemoryRows implements RowList {
  constructor(
    private readonly list: readonly StoredRecord[],
    private readonly first: number,
  ) {}

  get length(): number {
    return this.list.length - this.first;
  }

  get(i: number): StoredRecord {
    return this.list[this.first + i]!;
  }
}

/** Writes a bin as the READ op of a row (1.4); returns the position after it. */
export function writeBin(buf: Buffer, at: number, name: string, type: number, value: Buffer): number {
  buf.writeUInt32BE(OP_FIXED_BYTES + name.length + value.length, at);
  buf[at + 4] = Op.READ;
  buf[at + 5] = type;
  buf[at + 6] = 0;
  buf[at + 7] = name.length;
  at += OP_HEADER_BYTES;
  for (let i = 0; i < name.length; i++) buf[at++] = name.charCodeAt(i);
  copyBytes(buf, at, value, 0, value.length);
  return at + value.length;
}

export function isExpired(record: StoredRecord, nowS: number): boolean {
  const { voidTime } = record;
  return voidTime !== 0 && voidTime <= nowS;
}

/** 8.3: old + 1, 16 bits, 65535 is followed by 1. */
export function nextGeneration(record: StoredRecord | undefined): number {
  const old = record === undefined ? 0 : record.generation;
  return old >= MAX_GENERATION ? 1 : old + 1;
}
