/**
 * Write requests as bytes: many records in one request (wire.md 8.5), or a pipeline of single-record commands for
 * servers without batch writes (8.1). Either way one frame object holds one request, knows where each record's bytes
 * lie in it, and keeps them until the answer is in, so that records that failed are copied from here into a later one.
 *
 * HOT PATH. `append` runs once per record of a restore and allocates nothing. Numbers and short ranges go through
 * DataViews, one store for four bytes; the views belong to buffers that seldom change and are kept with them.
 */
import { allocWithSlack, COPY_SLACK_BYTES, copyRange, dataView } from '../../core/byte-copy.js';
import { DECODED_BIN_STRIDE, type DecodedRecord, NAME_IN_ARENA, VALUE_IN_ARENA } from '../../core/decoded-record.js';
import { DIGEST_BYTES } from '../../core/partition.js';
import { Particle } from '../../core/particle.js';
import { repairCdt, clearPersistBits } from './cdt-check.js';
import { writeFrameHeader, writeFrameHeaderAt } from './frame.js';
import { Field, FRAME_HEADER_BYTES, FrameType, Info1, Info2, MESSAGE_HEADER_BYTES, Op, RowFlag } from './constants.js';

/** What a write needs of a decoded record. The memory of every buffer has COPY_SLACK_BYTES behind the last range. */
export type WritableRecord = Pick<
  DecodedRecord,
  | 'input'
  | 'arena'
  | 'setBuf'
  | 'setStart'
  | 'setEnd'
  | 'digest'
  | 'keyType'
  | 'keyBuf'
  | 'keyStart'
  | 'keyEnd'
  | 'binCount'
  | 'bins'
>;

/** How a record that exists on the server is treated (wire.md 8.2). */
export interface WritePolicy {
  /** Info2 bits of a single-record command; a batch row adds RESPOND_ALL_OPS, as the C tool does. */
  info2: number;
  info3: number;
  /** Leave out bins without a value: with "replace" the server refuses them (8.3), and they would not outlive it. */
  dropNulls: boolean;
}

export type WriteMode = 'batch' | 'single';

/** What `append` had to do to make the record acceptable. */
export const AppendNote = { NONE: 0, PERSIST_BIT_CLEARED: 1 } as const;

/** Result of a row that has no answer yet. */
export const UNANSWERED = -1;

const INITIAL_BYTES = 128 * 1024;
/** A frame that grew beyond this for one huge record releases the memory. */
const MAX_IDLE_BYTES = 4 * 1024 * 1024;
const INITIAL_ROWS = 128;
const EMPTY = Buffer.alloc(0);

/** Frame header, message header, BATCH field header (size, id), row count, flags. */
const BATCH_PREFIX_BYTES = FRAME_HEADER_BYTES + MESSAGE_HEADER_BYTES + 5 + 4 + 1;
/** Run inline where the storage allows; answer every row; report errors per row: as the official client. */
const BATCH_FLAGS = 0x0d;
/** Index, digest, flags, info1–3, generation, TTL, number of fields and ops. */
const ROW_FIXED_BYTES = 38;
const ROW_DIGEST_OFFSET = 4;
const ROW_FLAGS = (RowFlag.INFO | RowFlag.GENERATION | RowFlag.TTL) << 24;
const SINGLE_FIXED_BYTES = FRAME_HEADER_BYTES + MESSAGE_HEADER_BYTES;
const FIELD_HEADER_BYTES = 5;
const OP_HEADER_BYTES = 8;
/** In front of GeoJSON text: flags, and the number of cells that follow, none (wire.md 1.5). */
const GEOJSON_PREFIX_BYTES = 3;
/** More than any row needs beyond its names and values. */
const ROW_OVERHEAD_BYTES =
  SINGLE_FIXED_BYTES + 3 * FIELD_HEADER_BYTES + DIGEST_BYTES + 1 + ROW_FIXED_BYTES + COPY_SLACK_BYTES;

/** The NAMESPACE field that `append` takes. */
export function namespaceField(name: Buffer): Buffer {
  const field = allocWithSlack(FIELD_HEADER_BYTES + name.length);
  field.writeUInt32BE(name.length + 1, 0);
  field[4] = Field.NAMESPACE;
  name.copy(field, FIELD_HEADER_BYTES);
  return field;
}

/** Memory in which somebody else may append rows, too (`WriteFrame.adoptRows`). */
export interface FrameMemory {
  readonly buffer: Buffer;
  /** Room for the starts of the rows and the end of the last one. */
  readonly rowStarts: Int32Array;
}

export class WriteFrame {
  buffer: Buffer;
  /** Bytes in use, headers included. */
  length = 0;
  rows = 0;
  /** Row i occupies `rowStarts[i]`–`rowStarts[i + 1]`. */
  rowStarts: Int32Array;
  /** Result code per row; UNANSWERED until the server has answered. */
  results: Int16Array;
  /** 1 = an earlier attempt was sent and its answer lost: the record may have been written. */
  inDoubt: Uint8Array;
  /** How often these rows have been sent before. */
  attempt = 0;
  private view: DataView;
  private input: Buffer = EMPTY;
  private inputView = dataView(EMPTY);
  private arena: Buffer = EMPTY;
  private arenaView = dataView(EMPTY);
  /** Names of sets that are not those of the file. */
  private other: Buffer = EMPTY;
  private otherView = dataView(EMPTY);
  private digest: Buffer = EMPTY;
  private digestView = dataView(EMPTY);
  private nsField: Buffer = EMPTY;
  private nsFieldView = dataView(EMPTY);

  /** @param home where the rows lie as long as there is room; absent = wherever. It has slack behind it. */
  constructor(
    readonly mode: WriteMode,
    readonly home?: FrameMemory,
  ) {
    this.buffer = home?.buffer ?? Buffer.allocUnsafeSlow(INITIAL_BYTES);
    this.view = viewAll(this.buffer);
    this.rowStarts = home?.rowStarts ?? new Int32Array(INITIAL_ROWS + 1);
    this.results = new Int16Array(this.rowStarts.length - 1);
    this.inDoubt = new Uint8Array(this.rowStarts.length - 1);
    this.clear();
  }

  /** Whether the rows and their starts lie in `home`. */
  get atHome(): boolean {
    return this.buffer === this.home?.buffer && this.rowStarts === this.home.rowStarts;
  }

  /** Makes the frame ready for new rows. */
  clear(): void {
    const { home } = this;
    if (home !== undefined) {
      if (this.buffer !== home.buffer) this.grow(home.buffer);
      if (this.rowStarts !== home.rowStarts) this.setRowCapacity(home.rowStarts);
    } else if (this.buffer.length > MAX_IDLE_BYTES) {
      this.grow(Buffer.allocUnsafeSlow(INITIAL_BYTES));
    }
    this.rows = 0;
    this.attempt = 0;
    this.length = this.mode === 'batch' ? BATCH_PREFIX_BYTES : 0;
    this.rowStarts[0] = this.length;
  }

  /**
   * Appends one record. `ttlS` is the word of the wire (wire.md 7); `generation` counts only if `policy.info2` asks for
   * a comparison. Returns AppendNote bits.
   */
  append(record: WritableRecord, policy: WritePolicy, nsField: Buffer, generation: number, ttlS: number): number {
    const { input, arena, bins, digest, setBuf, setStart, setEnd, keyBuf, keyStart, keyEnd, keyType } = record;
    const lastBin = record.binCount * DECODED_BIN_STRIDE;
    let maxBytes = ROW_OVERHEAD_BYTES + nsField.length + (setEnd - setStart) + (keyEnd - keyStart);
    for (let b = 0; b < lastBin; b += DECODED_BIN_STRIDE) {
      maxBytes += OP_HEADER_BYTES + GEOJSON_PREFIX_BYTES + bins[b + 2]! - bins[b + 1]! + bins[b + 4]! - bins[b + 3]!;
    }
    const out = this.ensureCapacity(maxBytes);
    const view = this.view;
    if (input !== this.input || arena !== this.arena || digest !== this.digest || nsField !== this.nsField) {
      this.refreshViews(input, arena, digest, nsField);
    }
    const { inputView, arenaView } = this;
    const start = this.length;
    const batch = this.mode === 'batch';
    const fields = (batch ? 2 : 3) + (keyType === 0 ? 0 : 1);
    let at: number;
    let opsAt: number;
    if (batch) {
      view.setUint32(start, this.rows);
      at = copyRange(digest, this.digestView, 0, DIGEST_BYTES, out, view, start + 4);
      view.setUint32(at, infoWord('batch', policy));
      view.setUint16(at + 4, generation);
      view.setUint32(at + 6, ttlS);
      view.setUint16(at + 10, fields);
      opsAt = at + 12;
      at += 14;
    } else {
      at = start + FRAME_HEADER_BYTES;
      view.setUint32(at, infoWord('single', policy));
      view.setUint16(at + 4, 0);
      view.setUint32(at + 6, generation);
      view.setUint32(at + 10, ttlS);
      // The transaction timeout at +14 is set when the frame is sealed.
      view.setUint16(at + 18, fields);
      opsAt = at + 20;
      at += MESSAGE_HEADER_BYTES;
    }

    at = copyRange(nsField, this.nsFieldView, 0, nsField.length, out, view, at);
    view.setUint32(at, setEnd - setStart + 1);
    out[at + 4] = Field.SET;
    at += FIELD_HEADER_BYTES;
    if (setStart !== setEnd) at = copyRange(setBuf, this.viewFor(setBuf), setStart, setEnd, out, view, at);
    if (!batch) {
      view.setUint32(at, DIGEST_BYTES + 1);
      out[at + 4] = Field.DIGEST;
      at = copyRange(digest, this.digestView, 0, DIGEST_BYTES, out, view, at + FIELD_HEADER_BYTES);
    }
    if (keyType !== 0) {
      view.setUint32(at, keyEnd - keyStart + 2);
      out[at + 4] = Field.KEY;
      out[at + 5] = keyType;
      at = copyRange(keyBuf, this.viewFor(keyBuf), keyStart, keyEnd, out, view, at + FIELD_HEADER_BYTES + 1);
    }

    let ops = 0;
    let note: number = AppendNote.NONE;
    for (let b = 0; b < lastBin; b += DECODED_BIN_STRIDE) {
      const type = bins[b]!;
      if (type === Particle.NULL && policy.dropNulls) continue;
      const nameStart = bins[b + 1]!;
      const nameEnd = bins[b + 2]!;
      const valueStart = bins[b + 3]!;
      const valueEnd = bins[b + 4]!;
      const sources = bins[b + 5]!;
      const nameBytes = nameEnd - nameStart;
      const prefixBytes = type === Particle.GEOJSON ? GEOJSON_PREFIX_BYTES : 0;
      view.setUint32(at, OP_HEADER_BYTES - 4 + nameBytes + prefixBytes + valueEnd - valueStart);
      view.setUint32(at + 4, (Op.WRITE << 24) | (type << 16) | nameBytes);
      at += OP_HEADER_BYTES;
      at =
        (sources & NAME_IN_ARENA) === 0
          ? copyRange(input, inputView, nameStart, nameEnd, out, view, at)
          : copyRange(arena, arenaView, nameStart, nameEnd, out, view, at);
      if (prefixBytes !== 0) {
        out[at] = out[at + 1] = out[at + 2] = 0;
        at += GEOJSON_PREFIX_BYTES;
      }
      const valueAt = at;
      at =
        (sources & VALUE_IN_ARENA) === 0
          ? copyRange(input, inputView, valueStart, valueEnd, out, view, at)
          : copyRange(arena, arenaView, valueStart, valueEnd, out, view, at);
      if ((type === Particle.LIST || type === Particle.MAP) && clearPersistBits(out, valueAt, at)) {
        note |= AppendNote.PERSIST_BIT_CLEARED;
      }
      ops++;
    }
    view.setUint16(opsAt, ops);
    if (!batch) writeFrameHeaderAt(view, start, FrameType.MESSAGE, at - start - FRAME_HEADER_BYTES);
    this.endRow(at, 0);
    return note;
  }

  /** Rows were put behind those that there are: now there are so many, which end at `length`. Only `atHome`. */
  adoptRows(rows: number, length: number): void {
    this.inDoubt.fill(0, this.rows, rows);
    this.rows = rows;
    this.length = length;
  }

  /** Appends a copy of a row of another frame of the same mode. */
  appendCopy(from: WriteFrame, row: number): void {
    const rowStart = from.rowStarts[row]!;
    const rowEnd = from.rowStarts[row + 1]!;
    const out = this.ensureCapacity(rowEnd - rowStart);
    from.buffer.copy(out, this.length, rowStart, rowEnd);
    if (this.mode === 'batch') this.view.setUint32(this.length, this.rows);
    this.endRow(this.length + rowEnd - rowStart, from.inDoubt[row]!);
  }

  /** Completes the headers. Returns the request; it is valid until the next `clear`. */
  seal(totalTimeoutMs: number): Buffer {
    const { buffer, view, rows, length } = this;
    this.results.fill(UNANSWERED, 0, rows);
    if (this.mode === 'batch') {
      buffer.fill(0, 0, FRAME_HEADER_BYTES + MESSAGE_HEADER_BYTES);
      writeFrameHeader(buffer, FrameType.MESSAGE, length - FRAME_HEADER_BYTES);
      const at = FRAME_HEADER_BYTES;
      buffer[at] = MESSAGE_HEADER_BYTES;
      buffer[at + 1] = Info1.BATCH;
      view.setUint32(at + 14, totalTimeoutMs);
      buffer[at + 19] = 1;
      const field = at + MESSAGE_HEADER_BYTES;
      view.setUint32(field, length - field - 4);
      buffer[field + 4] = Field.BATCH;
      view.setUint32(field + 5, rows);
      buffer[field + 9] = BATCH_FLAGS;
    } else {
      for (let row = 0; row < rows; row++) {
        view.setUint32(this.rowStarts[row]! + FRAME_HEADER_BYTES + 14, totalTimeoutMs);
      }
    }
    return buffer.subarray(0, length);
  }

  /** Where in `buffer` the digest of a row lies. */
  digestOffset(row: number): number {
    const start = this.rowStarts[row]!;
    if (this.mode === 'batch') return start + ROW_DIGEST_OFFSET;
    let at = start + SINGLE_FIXED_BYTES;
    // Behind NAMESPACE and SET.
    at += 4 + this.buffer.readUInt32BE(at);
    at += 4 + this.buffer.readUInt32BE(at);
    return at + FIELD_HEADER_BYTES;
  }

  /** The namespace of a row. */
  rowNamespace(row: number): string {
    const at = this.fieldsOffset(row);
    return this.buffer.toString('utf8', at + FIELD_HEADER_BYTES, at + 4 + this.buffer.readUInt32BE(at));
  }

  /**
   * Sorts the ordered lists and maps of a row whose elements stand in another order, which the server refuses with
   * code 1 (wire.md 1.7). Returns whether anything had to be changed; the values stay the same.
   */
  repairRow(row: number): boolean {
    const { buffer } = this;
    let at = this.fieldsOffset(row);
    const counts = at - 4;
    for (let n = buffer.readUInt16BE(counts); n > 0; n--) at += 4 + buffer.readUInt32BE(at);
    let changed = false;
    for (let n = buffer.readUInt16BE(counts + 2); n > 0; n--) {
      const end = at + 4 + buffer.readUInt32BE(at);
      const type = buffer[at + 5]!;
      if (type === Particle.LIST || type === Particle.MAP) {
        changed = repairCdt(buffer, at + OP_HEADER_BYTES + buffer[at + 7]!, end) || changed;
      }
      at = end;
    }
    return changed;
  }

  private fieldsOffset(row: number): number {
    return this.rowStarts[row]! + (this.mode === 'batch' ? ROW_FIXED_BYTES : SINGLE_FIXED_BYTES);
  }

  private endRow(end: number, inDoubt: number): void {
    const row = this.rows;
    if (row === this.results.length) this.growRows();
    this.inDoubt[row] = inDoubt;
    this.rowStarts[row + 1] = end;
    this.length = end;
    this.rows = row + 1;
  }

  private growRows(): void {
    const rowStarts = new Int32Array(this.rows * 2 + 1);
    rowStarts.set(this.rowStarts);
    const { inDoubt } = this;
    this.setRowCapacity(rowStarts);
    this.inDoubt.set(inDoubt);
  }

  /** Takes `rowStarts` and as much room for what else there is of each row. */
  private setRowCapacity(rowStarts: Int32Array): void {
    this.rowStarts = rowStarts;
    this.results = new Int16Array(rowStarts.length - 1);
    this.inDoubt = new Uint8Array(rowStarts.length - 1);
  }

  private ensureCapacity(bytes: number): Buffer {
    if (this.length + bytes > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.length + bytes));
      this.buffer.copy(larger, 0, 0, this.length);
      this.grow(larger);
    }
    return this.buffer;
  }

  private grow(buffer: Buffer): void {
    this.buffer = buffer;
    this.view = viewAll(buffer);
  }

  /** Replaces the views of the buffers that have changed, which happens once in many records. */
  private refreshViews(input: Buffer, arena: Buffer, digest: Buffer, nsField: Buffer): void {
    if (input !== this.input) this.inputView = dataView((this.input = input));
    if (arena !== this.arena) this.arenaView = dataView((this.arena = arena));
    if (digest !== this.digest) this.digestView = dataView((this.digest = digest));
    if (nsField !== this.nsField) this.nsFieldView = dataView((this.nsField = nsField));
  }

  /** After `refreshViews`; sets and keys lie in one of the two as a rule. */
  private viewFor(buf: Buffer): DataView {
    if (buf === this.input) return this.inputView;
    if (buf === this.arena) return this.arenaView;
    if (buf !== this.other) {
      this.other = buf;
      this.otherView = dataView(buf);
    }
    return this.otherView;
  }
}

function viewAll(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** The word with the info bits in the header of a row or command. */
export function infoWord(mode: WriteMode, { info2, info3 }: WritePolicy): number {
  return mode === 'batch'
    ? ROW_FLAGS | ((info2 | Info2.RESPOND_ALL_OPS) << 8) | info3
    : (MESSAGE_HEADER_BYTES << 24) | (info2 << 8) | info3;
}
