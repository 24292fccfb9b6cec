/**
 * A record in a short form that tells whether two records are equal and which bins are not: names, types and lengths as
 * they are, long values as their SHA-256.
 *
 *     void time    4 bytes   little-endian, as all numbers
 *     generation   2 bytes
 *     set          1 byte length, bytes
 *     key          1 byte particle type, value
 *     bins         2 bytes count; for each, in the order of the names: 1 byte length, name, 1 byte particle type, value
 *     value        4 bytes length; up to SHORT_BYTES the bytes, else their SHA-256
 */
import { createHash } from 'node:crypto';
import { DECODED_BIN_STRIDE, NAME_IN_ARENA, VALUE_IN_ARENA, type DecodedRecord } from '../../core/decoded-record.js';
import { BIN_STRIDE, type RecordView } from '../../core/record-view.js';

/** A hash is as long. */
const SHORT_BYTES = 32;
const VALUE_HEAD_BYTES = 4;
/** Void time and generation, which a restore changes. */
export const METADATA_BYTES = 6;
const INITIAL_BYTES = 4096;
const EMPTY = Buffer.alloc(0);

export class RecordDigestWriter {
  /** The form of the last record is `bytes[0, length)`. */
  bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  length = 0;
  private binCount = 0;
  private countAt = 0;
  private names: Buffer[] = [];
  private order: number[] = [];
  private ends: number[] = [];
  private sorted = true;

  /** A record of a backup file. */
  writeDecoded(record: DecodedRecord): void {
    this.begin(record.voidTime, record.generation, record.setBuf, record.setStart, record.setEnd);
    this.addKey(record.keyType, record.keyBuf, record.keyStart, record.keyEnd);
    const { bins, input, arena } = record;
    for (let i = 0, at = 0; i < record.binCount; i++, at += DECODED_BIN_STRIDE) {
      const flags = bins[at + 5]!;
      const names = (flags & NAME_IN_ARENA) === 0 ? input : arena;
      const values = (flags & VALUE_IN_ARENA) === 0 ? input : arena;
      this.addBin(bins[at]!, names, bins[at + 1]!, bins[at + 2]!, values, bins[at + 3]!, bins[at + 4]!);
    }
    this.finish();
  }

  /** A record of a scan. */
  writeView(view: RecordView): void {
    const { buf, bins } = view;
    this.begin(view.voidTime, view.generation, buf, view.setStart, view.setEnd);
    this.addKey(view.keyType, buf, view.keyStart, view.keyEnd);
    for (let i = 0, at = 0; i < view.binCount; i++, at += BIN_STRIDE) {
      this.addBin(bins[at]!, buf, bins[at + 1]!, bins[at + 2]!, buf, bins[at + 3]!, bins[at + 4]!);
    }
    this.finish();
  }

  private begin(voidTime: number, generation: number, setBuf: Buffer, setStart: number, setEnd: number): void {
    const setBytes = setEnd - setStart;
    this.length = 0;
    this.reserve(METADATA_BYTES + 1 + setBytes);
    this.bytes.writeUInt32LE(voidTime, 0);
    this.bytes.writeUInt16LE(generation, 4);
    this.bytes[METADATA_BYTES] = setBytes;
    setBuf.copy(this.bytes, METADATA_BYTES + 1, setStart, setEnd);
    this.length = METADATA_BYTES + 1 + setBytes;
  }

  private addKey(type: number, buf: Buffer, start: number, end: number): void {
    this.reserve(3);
    this.bytes[this.length++] = type;
    this.addValue(buf, start, end);
    this.reserve(2);
    this.countAt = this.length;
    this.length += 2;
    this.binCount = 0;
    this.sorted = true;
    this.ends[0] = this.length;
  }

  private addBin(
    type: number,
    names: Buffer,
    nameStart: number,
    nameEnd: number,
    values: Buffer,
    start: number,
    end: number,
  ): void {
    const nameBytes = nameEnd - nameStart;
    this.reserve(2 + nameBytes);
    const at = this.length;
    this.bytes[at] = nameBytes;
    names.copy(this.bytes, at + 1, nameStart, nameEnd);
    this.bytes[at + 1 + nameBytes] = type;
    this.length = at + 2 + nameBytes;
    this.addValue(values, start, end);
    if (this.sorted && this.binCount > 0 && this.compareNames(this.ends[this.binCount - 1]!, at) > 0) {
      this.sorted = false;
    }
    this.ends[++this.binCount] = this.length;
  }

  private addValue(buf: Buffer, start: number, end: number): void {
    this.reserve(VALUE_HEAD_BYTES + SHORT_BYTES);
    this.bytes.writeUInt32LE(end - start, this.length);
    this.length += VALUE_HEAD_BYTES;
    if (end - start <= SHORT_BYTES) {
      this.length += buf.copy(this.bytes, this.length, start, end);
    } else {
      this.length += createHash('sha256').update(buf.subarray(start, end)).digest().copy(this.bytes, this.length);
    }
  }

  private compareNames(a: number, b: number): number {
    const { bytes } = this;
    return bytes.compare(bytes, b + 1, b + 1 + bytes[b]!, a + 1, a + 1 + bytes[a]!);
  }

  /** Brings the bins into the order of their names: a cluster may give them in another one than a file. */
  private finish(): void {
    this.bytes.writeUInt16LE(this.binCount, this.countAt);
    if (this.sorted) return;
    const { ends, order, names } = this;
    order.length = names.length = 0;
    for (let i = 0; i < this.binCount; i++) order.push(i);
    order.sort((a, b) => this.compareNames(ends[a]!, ends[b]!));
    for (const i of order) names.push(this.bytes.subarray(ends[i], ends[i + 1]));
    Buffer.concat(names).copy(this.bytes, ends[0]);
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(2 * (this.length + bytes));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

/** What differs between two records; `bins` in the order of their names. */
export interface RecordDifference {
  /** Undefined if that is equal. */
  key: boolean;
  set: boolean;
  bins: { name: Buffer; change: 'added' | 'removed' | 'changed' }[];
}

/** A short form, read step by step. */
class RecordDigestReader {
  bytes: Buffer = EMPTY;
  at = 0;
  binsLeft = 0;
  nameStart = 0;
  nameEnd = 0;
  /** Type and value of the bin. */
  valueStart = 0;
  end = 0;
  setStart = 0;
  setEnd = 0;
  keyStart = 0;
  keyEnd = 0;

  reset(bytes: Buffer, start: number): void {
    this.bytes = bytes;
    this.setStart = start + METADATA_BYTES + 1;
    this.setEnd = this.setStart + bytes[this.setStart - 1]!;
    this.keyStart = this.setEnd;
    this.keyEnd = this.skipValue(this.keyStart + 1);
    this.binsLeft = bytes.readUInt16LE(this.keyEnd);
    this.at = this.keyEnd + 2;
    this.next();
  }

  /** False behind the last bin. */
  get hasBin(): boolean {
    return this.binsLeft >= 0;
  }

  next(): void {
    this.binsLeft--;
    if (this.binsLeft < 0) return;
    this.nameStart = this.at + 1;
    this.nameEnd = this.nameStart + this.bytes[this.at]!;
    this.valueStart = this.nameEnd;
    this.at = this.end = this.skipValue(this.nameEnd + 1);
  }

  readName(): Buffer {
    return Buffer.from(this.bytes.subarray(this.nameStart, this.nameEnd));
  }

  private skipValue(at: number): number {
    return at + VALUE_HEAD_BYTES + Math.min(SHORT_BYTES, this.bytes.readUInt32LE(at));
  }
}

const before = new RecordDigestReader();
const after = new RecordDigestReader();

/** Compares two short forms at `a` and `b` of `bytes`, but for void time and generation. */
export function compareRecordDigests(bytes: Buffer, a: number, b: number): RecordDifference {
  before.reset(bytes, a);
  after.reset(bytes, b);
  const isEqual = (aStart: number, aEnd: number, bStart: number, bEnd: number): boolean =>
    bytes.compare(bytes, bStart, bEnd, aStart, aEnd) === 0;
  const difference: RecordDifference = {
    set: !isEqual(before.setStart, before.setEnd, after.setStart, after.setEnd),
    key: !isEqual(before.keyStart, before.keyEnd, after.keyStart, after.keyEnd),
    bins: [],
  };
  while (before.hasBin || after.hasBin) {
    const order = !before.hasBin
      ? 1
      : !after.hasBin
        ? -1
        : bytes.compare(bytes, after.nameStart, after.nameEnd, before.nameStart, before.nameEnd);
    if (order < 0) {
      difference.bins.push({ name: before.readName(), change: 'removed' });
      before.next();
    } else if (order > 0) {
      difference.bins.push({ name: after.readName(), change: 'added' });
      after.next();
    } else {
      if (!isEqual(before.valueStart, before.end, after.valueStart, after.end)) {
        difference.bins.push({ name: before.readName(), change: 'changed' });
      }
      before.next();
      after.next();
    }
  }
  return difference;
}

/** The set of a short form. */
export function readSet(bytes: Buffer, at: number): Buffer {
  before.reset(bytes, at);
  return Buffer.from(bytes.subarray(before.setStart, before.setEnd));
}
