/**
 * Type-3 requests: one reusable view over the bytes of a command, single or a row of a batch. Spec: wire.md 1.2–1.4.
 */
import { Field, MESSAGE_HEADER_BYTES } from '../../aerospike/protocol/constants.js';
import { DIGEST_BYTES } from '../../core/partition.js';

/** 1.3 The size word of a field counts the id byte. */
const FIELD_SIZE_BYTES = 4;
/** 1.4 Op size word; op code, particle type, flags and name length follow it. */
const OP_SIZE_BYTES = 4;
export const OP_FIXED_BYTES = 4;
export const OP_HEADER_BYTES = OP_SIZE_BYTES + OP_FIXED_BYTES;
/** 1.4 Op flag: 8 bytes of last-update time lie between name and value. */
const OP_FLAG_LUT = 0x01;
const OP_LUT_BYTES = 8;
export const MAX_OPS = 32_768;

/** 5.9 UDF_OP: run the function on every matching record in the background. */
export const UDF_OP_BACKGROUND = 2;

/**
 * What one command asks for. Offsets point into `buf`; -1 means "not sent". Nothing is copied, and batches reuse one
 * instance for all of their rows (a REPEAT row changes nothing but the digest, 8.5).
 */
export class Command {
  buf: Buffer = Buffer.alloc(0);
  info1 = 0;
  info2 = 0;
  info3 = 0;
  generation = 0;
  ttl = 0;
  /** Echoed at offset 14 of the reply: the row's index in a batch, otherwise 0. */
  index = 0;

  nsStart = -1;
  nsEnd = -1;
  setStart = -1;
  setEnd = -1;
  keyStart = -1;
  keyEnd = -1;
  filterStart = -1;
  filterEnd = -1;
  batchStart = -1;
  batchEnd = -1;
  isUdf = false;
  /** The record is known to be of the right set: background queries name none per record. */
  impliedSet = false;

  /** The digest may lie elsewhere: background queries apply one command to many records. */
  digestBuf: Buffer = this.buf;
  digestStart = -1;

  fieldsStart = 0;
  nFields = 0;
  opsStart = 0;
  opsEnd = 0;
  nOps = 0;

  private clearFields(): void {
    this.nsStart = this.nsEnd = -1;
    this.setStart = this.setEnd = -1;
    this.keyStart = this.keyEnd = -1;
    this.filterStart = this.filterEnd = -1;
    this.batchStart = this.batchEnd = -1;
    this.isUdf = false;
  }

  /** Reads a whole message body. False: malformed, answer rc 4. */
  parseMessage(body: Buffer): boolean {
    this.buf = body;
    this.digestBuf = body;
    this.digestStart = -1;
    this.index = 0;
    if (body.length < MESSAGE_HEADER_BYTES || body[0] !== MESSAGE_HEADER_BYTES) return false;
    this.info1 = body[1]!;
    this.info2 = body[2]!;
    this.info3 = body[3]!;
    this.generation = body.readUInt32BE(6);
    this.ttl = body.readUInt32BE(10);
    const fieldsEnd = this.parseFields(MESSAGE_HEADER_BYTES, body.readUInt16BE(18));
    if (fieldsEnd < 0) return false;
    const end = this.parseOps(fieldsEnd, body.readUInt16BE(20));
    // 1.2: trailing bytes after the last op are an error.
    return end === body.length;
  }

  /** Walks `count` fields from `pos`; returns the position after them, or -1. Unknown ids are skipped (1.2). */
  parseFields(pos: number, count: number): number {
    const { buf } = this;
    this.clearFields();
    this.fieldsStart = pos;
    this.nFields = count;
    for (let i = 0; i < count; i++) {
      if (pos + FIELD_SIZE_BYTES + 1 > buf.length) return -1;
      const size = buf.readUInt32BE(pos);
      const start = pos + FIELD_SIZE_BYTES + 1;
      const end = pos + FIELD_SIZE_BYTES + size;
      if (size < 1 || end > buf.length) return -1;
      switch (buf[start - 1]) {
        case Field.NAMESPACE:
          this.nsStart = start;
          this.nsEnd = end;
          break;
        case Field.SET:
          this.setStart = start;
          this.setEnd = end;
          break;
        case Field.KEY:
          this.keyStart = start;
          this.keyEnd = end;
          break;
        case Field.DIGEST:
          if (end - start !== DIGEST_BYTES) return -1;
          this.digestStart = start;
          break;
        case Field.FILTER:
          this.filterStart = start;
          this.filterEnd = end;
          break;
        case Field.BATCH:
          this.batchStart = start;
          this.batchEnd = end;
          break;
        case Field.UDF_PACKAGE:
          this.isUdf = true;
          break;
        default:
          break;
      }
      pos = end;
    }
    return pos;
  }

  /** Checks the extents of `count` ops from `pos`; returns the position after them, or -1. */
  parseOps(pos: number, count: number): number {
    const { buf } = this;
    this.opsStart = pos;
    this.nOps = count;
    for (let i = 0; i < count; i++) {
      if (pos + OP_HEADER_BYTES > buf.length) return -1;
      const size = buf.readUInt32BE(pos);
      const end = pos + OP_SIZE_BYTES + size;
      const lut = (buf[pos + 6]! & OP_FLAG_LUT) !== 0 ? OP_LUT_BYTES : 0;
      if (end > buf.length || size < OP_FIXED_BYTES + buf[pos + 7]! + lut) return -1;
      pos = end;
    }
    this.opsEnd = pos;
    return pos;
  }

  get hasSet(): boolean {
    return this.setEnd > this.setStart;
  }

  /** The bytes of the first field with this id, for the rare fields that queries carry. */
  field(id: number): Buffer | undefined {
    let pos = this.fieldsStart;
    for (let i = 0; i < this.nFields; i++) {
      const end = pos + FIELD_SIZE_BYTES + this.buf.readUInt32BE(pos);
      if (this.buf[pos + FIELD_SIZE_BYTES] === id) return this.buf.subarray(pos + FIELD_SIZE_BYTES + 1, end);
      pos = end;
    }
    return undefined;
  }
}

/** Steps over the ops of a command (or of a stored row) without allocating. The extents were checked when parsed. */
export class OpCursor {
  code = 0;
  type = 0;
  /** Where the op's size word lies. */
  start = 0;
  nameStart = 0;
  nameEnd = 0;
  valueStart = 0;
  end = 0;
  /** True if a last-update time lies between name and value, so that the op can't be copied as it is. */
  hasLut = false;
  private next_ = 0;
  private left = 0;
  private buf: Buffer = Buffer.alloc(0);

  reset(buf: Buffer, pos: number, count: number): this {
    this.buf = buf;
    this.next_ = pos;
    this.left = count;
    return this;
  }

  next(): boolean {
    if (this.left === 0) return false;
    this.left--;
    const { buf, next_: pos } = this;
    this.start = pos;
    this.end = pos + OP_SIZE_BYTES + buf.readUInt32BE(pos);
    this.code = buf[pos + 4]!;
    this.type = buf[pos + 5]!;
    this.hasLut = (buf[pos + 6]! & OP_FLAG_LUT) !== 0;
    this.nameStart = pos + OP_HEADER_BYTES;
    this.nameEnd = this.nameStart + buf[pos + 7]!;
    this.valueStart = this.nameEnd + (this.hasLut ? OP_LUT_BYTES : 0);
    this.next_ = this.end;
    return true;
  }

  readName(): string {
    return this.buf.toString('latin1', this.nameStart, this.nameEnd);
  }

  readValue(): Buffer {
    return this.buf.subarray(this.valueStart, this.end);
  }
}
