/**
 * Answers to write requests (wire.md 8.1, 8.5). The answer to a batch is one message per row, in any order and in any
 * number of frames, and a message with LAST in a frame of its own. The answer to a pipeline is one frame per command,
 * in order. Everything else is an error.
 */
import { ProtocolError } from '../errors.js';
import type { FrameConsumer } from './frame-reader.js';
import { FrameType, Info3, MESSAGE_HEADER_BYTES, RESULT_OFFSET, ROW_INDEX_OFFSET } from './constants.js';
import { isSessionLost } from './result-code.js';
import { UNANSWERED, type WriteFrame } from './write-frame.js';

/** Called once, when the answer to a frame is complete or has been lost. */
export interface ReplyHandler {
  /** Every row that the server answered has its result code. `batchCode`: that of the batch as a whole, normally 0. */
  answered(batchCode: number): void;
  /** The connection broke; rows without a result may have been written or not. */
  lost(error: Error): void;
}

/** Puts the result codes of one frame's answer into `frame.results`. */
export class WriteReply implements FrameConsumer {
  readonly frameType = FrameType.MESSAGE;
  private answeredRows = 0;

  constructor(
    private readonly frame: WriteFrame,
    private readonly handler: ReplyHandler,
  ) {}

  consume(buffer: Buffer, start: number, end: number, frameEnd: boolean): number {
    if (this.frame.mode === 'single') return frameEnd ? this.parseSingle(buffer, start, end) : 0;
    let at = start;
    while (at < end) {
      const length = messageLength(buffer, at, end);
      if (length === 0) break;
      this.parseRow(buffer, at);
      at += length;
    }
    return at - start;
  }

  fail(error: Error): void {
    this.handler.lost(error);
  }

  private parseRow(buffer: Buffer, at: number): void {
    const code = buffer[at + RESULT_OFFSET]!;
    if ((buffer[at + 3]! & Info3.LAST) !== 0) {
      if (code === 0 && this.answeredRows !== this.frame.rows) {
        throw new ProtocolError(`The server answered ${this.answeredRows} of ${this.frame.rows} rows of a batch`);
      }
      this.handler.answered(code);
      return;
    }
    // The server checks the session before any row and reports its end in one message (wire.md 3.4).
    if (isSessionLost(code) && this.answeredRows === 0) {
      this.handler.answered(code);
      return;
    }
    const row = buffer.readUInt32BE(at + ROW_INDEX_OFFSET);
    const { results, rows } = this.frame;
    if (row >= rows) throw new ProtocolError(`The server answered row ${row} of a batch of ${rows} rows`);
    if (results[row] !== UNANSWERED) throw new ProtocolError(`The server answered row ${row} of a batch twice`);
    results[row] = code;
    this.answeredRows++;
  }

  private parseSingle(buffer: Buffer, start: number, end: number): number {
    // An empty frame has no result code.
    if (start === end || messageLength(buffer, start, end) !== end - start) {
      throw new ProtocolError('The answer to a write command is not one whole message');
    }
    this.frame.results[this.answeredRows++] = buffer[start + RESULT_OFFSET]!;
    if (this.answeredRows === this.frame.rows) this.handler.answered(0);
    return end - start;
  }
}

/** Bytes of the message at `at`, fields and ops included; 0 = it has not arrived completely. */
function messageLength(buffer: Buffer, at: number, end: number): number {
  if (end - at < MESSAGE_HEADER_BYTES) return 0;
  if (buffer[at] !== MESSAGE_HEADER_BYTES) {
    throw new ProtocolError(`The server sent a message header of ${String(buffer[at])} bytes`);
  }
  let parts = ((buffer[at + 18]! << 8) | buffer[at + 19]!) + ((buffer[at + 20]! << 8) | buffer[at + 21]!);
  let next = at + MESSAGE_HEADER_BYTES;
  // Fields and ops alike begin with the number of bytes that follow.
  for (; parts > 0; parts--) {
    if (end - next < 4) return 0;
    const size = buffer[next]! * 0x1000000 + ((buffer[next + 1]! << 16) | (buffer[next + 2]! << 8) | buffer[next + 3]!);
    if (size > end - next - 4) return 0;
    next += 4 + size;
  }
  return next - at;
}
