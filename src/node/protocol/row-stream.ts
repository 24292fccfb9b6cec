/**
 * The output of a scan: rows gathered in protos of about a megabyte, sent as the socket takes them. Spec: wire.md 5.2.
 */
import { FRAME_HEADER_BYTES, FrameType, Info1, MESSAGE_HEADER_BYTES } from '../../aerospike/protocol/constants.js';
import type { StoredRecord } from '../data/partition.js';
import { writeFrameHeader, writeMessageHeader } from './reply.js';

const PROTO_BYTES = 1024 * 1024;
/** Room for the row that makes a proto full, unless it is a large one. */
const BUFFER_BYTES = PROTO_BYTES + 64 * 1024;
/** 1.3 BVAL field: size, id, 8 bytes LE. */
const BVAL_FIELD_BYTES = 13;
const BVAL_FIELD_ID = 15;

type SendBuffer = (bytes: Buffer, done: () => void) => Promise<void> | undefined;

export class RowStream {
  private buf: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  private length = FRAME_HEADER_BYTES;
  private readonly free: Buffer[] = [];
  /** A run of rows that follow one another in one slab, not yet copied. */
  private runSlab: Buffer | undefined;
  private runStart = 0;
  private runEnd = 0;

  constructor(private readonly send: SendBuffer) {}

  /** True once the proto is full: `flush` must be awaited before more rows are added. */
  get isFull(): boolean {
    return this.length + this.runEnd - this.runStart >= PROTO_BYTES;
  }

  /** Adds a row as it is stored. Copying waits until the run ends, for long runs are what makes scans fast. */
  addWhole(record: StoredRecord): void {
    if (this.runSlab === record.slab && this.runEnd === record.offset) {
      this.runEnd += record.length;
      return;
    }
    this.endRun();
    this.runSlab = record.slab;
    this.runStart = record.offset;
    this.runEnd = record.offset + record.length;
  }

  /** To be called before records may change, that is before every `await`. */
  endRun(): void {
    if (this.runSlab === undefined) return;
    this.copy(this.runSlab, this.runStart, this.runEnd);
    this.runSlab = undefined;
    this.runStart = this.runEnd = 0;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buf.length) return;
    const bigger = Buffer.allocUnsafeSlow(Math.max(this.length + bytes, this.buf.length * 2));
    this.buf.copy(bigger, 0, 0, this.length);
    this.buf = bigger;
  }

  private copy(source: Buffer, start: number, end: number): void {
    this.reserve(end - start);
    source.copy(this.buf, this.length, start, end);
    this.length += end - start;
  }

  /** Starts a row that differs from the stored one: header, fields, and BVAL if given. Returns where it starts. */
  beginRow(record: StoredRecord, bval: bigint | undefined, noBins: boolean): number {
    this.endRun();
    const at = this.length;
    this.copy(record.slab, record.offset, record.offset + record.opsStart);
    if (noBins) {
      this.buf[at + 1] = Info1.GET_NO_BINS;
      this.buf.writeUInt16BE(0, at + 20);
    }
    if (bval !== undefined) {
      this.reserve(BVAL_FIELD_BYTES);
      this.buf.writeUInt32BE(BVAL_FIELD_BYTES - 4, this.length);
      this.buf[this.length + 4] = BVAL_FIELD_ID;
      this.buf.writeBigInt64LE(bval, this.length + 5);
      this.length += BVAL_FIELD_BYTES;
      this.buf.writeUInt16BE(this.buf.readUInt16BE(at + 18) + 1, at + 18);
    }
    return at;
  }

  addOps(source: Buffer, start: number, end: number): void {
    this.copy(source, start, end);
  }

  /** Completes a row begun; with no ops it is taken back if `dropEmpty`. */
  endRow(at: number, nOps: number): void {
    this.buf.writeUInt16BE(nOps, at + 20);
  }

  dropRow(at: number): void {
    this.length = at;
  }

  /** Adds a message without fields: a partition marker or LAST. */
  addBare(info3: number, result: number, generation = 0): void {
    this.endRun();
    this.reserve(MESSAGE_HEADER_BYTES);
    writeMessageHeader(this.buf, this.length, info3, result, generation, 0);
    this.length += MESSAGE_HEADER_BYTES;
  }

  /** Sends what there is. The promise, if any, settles when the socket can take more. */
  flush(): Promise<void> | undefined {
    this.endRun();
    if (this.length === FRAME_HEADER_BYTES) return undefined;
    const { buf, length } = this;
    writeFrameHeader(buf, FrameType.MESSAGE, length - FRAME_HEADER_BYTES);
    this.buf = this.free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
    this.length = FRAME_HEADER_BYTES;
    return this.send(buf.subarray(0, length), () => this.free.push(buf));
  }
}
