/** Growing buffer of reply messages: many per proto in batches and scans, one for a single command. Spec: 1.2, 1.4. */
import {
  FRAME_HEADER_BYTES,
  FRAME_VERSION,
  FrameType,
  Info3,
  MESSAGE_HEADER_BYTES,
  ResultCode,
} from '../../aerospike/protocol/constants.js';
import { OP_FIXED_BYTES, OP_HEADER_BYTES } from './command.js';

/** Writes the 8 bytes in front of a body of `bodyLength` bytes (1.1). */
export function writeFrameHeader(buf: Buffer, type: number, bodyLength: number): void {
  buf[0] = FRAME_VERSION;
  buf[1] = type;
  buf.writeUIntBE(bodyLength, 2, 6);
}

/** A frame with the given body. */
export function buildFrame(type: number, body: Buffer): Buffer {
  const out = Buffer.allocUnsafe(FRAME_HEADER_BYTES + body.length);
  writeFrameHeader(out, type, body.length);
  body.copy(out, FRAME_HEADER_BYTES);
  return out;
}

/** Fills a 22-byte message header at `at`. */
export function writeMessageHeader(
  buf: Buffer,
  at: number,
  info3: number,
  result: number,
  generation: number,
  voidTime: number,
): void {
  // Byte by byte: a call of `fill` costs more than the rest of a small row.
  for (let i = at + 1; i < at + MESSAGE_HEADER_BYTES; i++) buf[i] = 0;
  buf[at] = MESSAGE_HEADER_BYTES;
  buf[at + 3] = info3;
  buf[at + 5] = result;
  if (generation !== 0) buf.writeUInt32BE(generation, at + 6);
  if (voidTime !== 0) buf.writeUInt32BE(voidTime, at + 10);
}

/** A proto that holds one message without fields or ops: errors, LAST, partition markers. */
export function buildBareMessage(result: number, info3 = 0, generation = 0): Buffer {
  const out = Buffer.allocUnsafe(FRAME_HEADER_BYTES + MESSAGE_HEADER_BYTES);
  writeFrameHeader(out, FrameType.MESSAGE, MESSAGE_HEADER_BYTES);
  writeMessageHeader(out, FRAME_HEADER_BYTES, info3, result, generation, 0);
  return out;
}

/** 5.2, 8.5: the proto that ends a batch, scan or query. */
export function buildLastMessage(result: number): Buffer {
  return buildBareMessage(result, Info3.LAST);
}

/** Below this many bytes a loop is faster than a call of `copy`. */
const SMALL_COPY_BYTES = 160;

/** Copies `source[start..end)` to `target` at `at`. */
export function copyBytes(target: Buffer, at: number, source: Buffer, start: number, end: number): void {
  if (end - start > SMALL_COPY_BYTES) source.copy(target, at, start, end);
  else for (let i = start; i < end; i++) target[at++] = source[i]!;
}

export class ReplyWriter {
  buf: Buffer;
  /** Bytes used, frame header included. */
  length = FRAME_HEADER_BYTES;
  private messageAt = 0;
  private nOps = 0;

  constructor(initialBytes: number) {
    this.buf = Buffer.allocUnsafe(initialBytes);
  }

  /** Makes room for `bytes` more. */
  reserve(bytes: number): void {
    if (this.length + bytes <= this.buf.length) return;
    const bigger = Buffer.allocUnsafe(Math.max(this.buf.length * 2, this.length + bytes));
    this.buf.copy(bigger, 0, 0, this.length);
    this.buf = bigger;
  }

  /** Starts a message; `finish` or `fail` completes its header. */
  begin(index: number): void {
    this.reserve(MESSAGE_HEADER_BYTES);
    this.messageAt = this.length;
    this.nOps = 0;
    writeMessageHeader(this.buf, this.length, 0, 0, 0, 0);
    if (index !== 0) this.buf.writeUInt32BE(index, this.length + 14);
    this.length += MESSAGE_HEADER_BYTES;
  }

  /** Adds an op to the message begun; the name is taken from `names`. */
  op(code: number, type: number, names: Buffer, nameStart: number, nameEnd: number, value?: Buffer): void {
    const nameLength = nameEnd - nameStart;
    const valueLength = value === undefined ? 0 : value.length;
    this.reserve(OP_HEADER_BYTES + nameLength + valueLength);
    const { buf } = this;
    let at = this.length;
    buf.writeUInt32BE(OP_FIXED_BYTES + nameLength + valueLength, at);
    buf[at + 4] = code;
    buf[at + 5] = type;
    buf[at + 6] = 0;
    buf[at + 7] = nameLength;
    at += OP_HEADER_BYTES;
    for (let i = nameStart; i < nameEnd; i++) buf[at++] = names[i]!;
    if (value !== undefined) at += value.copy(buf, at);
    this.length = at;
    this.nOps++;
  }

  /** Adds ops that already have their wire form, such as those of a stored row. */
  rawOps(source: Buffer, start: number, end: number, count: number): void {
    this.reserve(end - start);
    copyBytes(this.buf, this.length, source, start, end);
    this.length += end - start;
    this.nOps += count;
  }

  finish(generation: number, voidTime: number): void {
    const at = this.messageAt;
    this.buf.writeUInt32BE(generation, at + 6);
    this.buf.writeUInt32BE(voidTime, at + 10);
    this.buf.writeUInt16BE(this.nOps, at + 20);
  }

  /** Drops the ops written so far and makes the message an error. */
  fail(result: number, generation = 0, voidTime = 0): void {
    this.length = this.messageAt + MESSAGE_HEADER_BYTES;
    this.nOps = 0;
    this.finish(generation, voidTime);
    this.buf[this.messageAt + 5] = result;
  }

  /** The result code of the message written last. */
  get result(): number {
    return this.buf[this.messageAt + 5]!;
  }

  /** Where the message begun last starts, to take it back with `rewind`. */
  get mark(): number {
    return this.messageAt;
  }

  /** Forgets everything from `mark` on, and returns it (a row that turns out to need a proto of its own, 8.5). */
  rewind(mark: number): Buffer {
    const taken = Buffer.from(this.buf.subarray(mark, this.length));
    this.length = mark;
    return taken;
  }

  /** Puts back what `rewind` returned. */
  append(message: Buffer): void {
    this.reserve(message.length);
    this.messageAt = this.length;
    this.length += message.copy(this.buf, this.length);
  }

  get isEmpty(): boolean {
    return this.length === FRAME_HEADER_BYTES;
  }

  /** The proto so far as bytes of its own; the writer starts anew. */
  takeBytes(): Buffer {
    const out = Buffer.from(this.buf.subarray(0, this.length));
    writeFrameHeader(out, FrameType.MESSAGE, this.length - FRAME_HEADER_BYTES);
    this.length = FRAME_HEADER_BYTES;
    return out;
  }
}

/** Codes that end a single command without a message of its own need no more than this. */
export function appendErrorReply(writer: ReplyWriter, index: number, result: number): void {
  writer.begin(index);
  writer.fail(result);
}

/** Thrown inside an operation to end it with a result code; never leaves the room. */
export class ErrorReply extends Error {
  constructor(readonly result: number) {
    super(`result ${result}`);
  }
}

/** Malformed or contradictory request. */
export function throwParameterError(): never {
  throw new ErrorReply(ResultCode.PARAMETER);
}
