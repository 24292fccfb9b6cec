/**
 * Frames out of a stream of bytes (wire.md 1.1).
 *
 * HOT PATH. Bytes are received into one buffer that this class owns and reuses. The consumer gets the range that has
 * arrived and returns how many bytes of it are complete. The rest stays in place and later bytes follow it, so a record
 * is copied to be reassembled only when the end of the buffer is reached.
 */
import { allocWithSlack } from '../../core/byte-copy.js';
import { ProtocolError } from '../errors.js';
import { FRAME_HEADER_BYTES, FRAME_VERSION, FrameType, MAX_FRAME_BODY_BYTES } from './constants.js';

/** Receives the frames that answer a request. */
export interface FrameConsumer {
  /**
   * Bytes `start`–`end` of `buffer` have arrived, all of one frame's body; `frameEnd` = none of this frame follow.
   * Returns how many of them it has consumed (at `frameEnd`, normally all). The bytes are valid during the call only.
   */
  consume(buffer: Buffer, start: number, end: number, frameEnd: boolean): number;
  /** The connection is gone; no call follows. Also called with a ProtocolError that `consume` threw. */
  fail(error: Error): void;
  /** The frame type this consumer understands. */
  readonly frameType: number;
}

/** First byte of what a TLS server answers to a client that does not speak TLS. */
const TLS_ALERT = 0x15;
const RECEIVE_BYTES = 512 * 1024;
/** With less free space than this at the end of the buffer, the unread bytes move to its start. */
const MIN_READ_BYTES = 64 * 1024;

export class FrameReader {
  consumer: FrameConsumer | undefined;
  /** With slack, so that any range of it can be copied in words of four bytes. */
  private buffer = allocWithSlack(RECEIVE_BYTES);
  private readPos = 0;
  private writePos = 0;
  /** Bytes of the current frame's body that are not consumed yet. */
  private bodyLeft = 0;
  private inBody = false;

  /** `where` (host:port) is for messages. */
  constructor(private readonly where: string) {}

  /** The free end of the receive buffer, for the next read. */
  tail(): Buffer {
    if (this.readPos === this.writePos) {
      this.readPos = this.writePos = 0;
      return this.buffer;
    }
    if (this.buffer.length - this.writePos < MIN_READ_BYTES) this.ensureCapacity();
    return this.buffer.subarray(this.writePos);
  }

  private ensureCapacity(): void {
    const unread = this.writePos - this.readPos;
    if (this.readPos > 0 && unread + MIN_READ_BYTES <= this.buffer.length) {
      this.buffer.copyWithin(0, this.readPos, this.writePos);
    } else {
      // One message does not fit: doubling bounds how often a large one is copied.
      const larger = allocWithSlack(this.buffer.length * 2);
      this.buffer.copy(larger, 0, this.readPos, this.writePos);
      this.buffer = larger;
    }
    this.readPos = 0;
    this.writePos = unread;
  }

  /** `bytes` more were put at the start of `tail()`. Throws ProtocolError, or what the consumer threw. */
  received(bytes: number): void {
    this.writePos += bytes;
    for (;;) {
      if (!this.inBody) {
        if (this.writePos - this.readPos < FRAME_HEADER_BYTES) return;
        this.readFrameHeader();
      }
      const consumer = this.consumer;
      if (consumer === undefined) {
        throw new ProtocolError(`${this.where} sent data that was not requested`);
      }
      const available = Math.min(this.writePos - this.readPos, this.bodyLeft);
      const frameEnd = available === this.bodyLeft;
      const used = consumer.consume(this.buffer, this.readPos, this.readPos + available, frameEnd);
      this.readPos += used;
      this.bodyLeft -= used;
      if (this.bodyLeft === 0) {
        this.inBody = false;
      } else if (frameEnd) {
        throw new ProtocolError(`${this.where} sent a frame that ends in the middle of a message`);
      } else {
        return;
      }
      if (this.readPos === this.writePos) return;
    }
  }

  private readFrameHeader(): void {
    const { buffer, readPos } = this;
    const version = buffer[readPos]!;
    const type = buffer[readPos + 1]!;
    const length = buffer.readUIntBE(readPos + 2, 6);
    if (version === TLS_ALERT) {
      throw new ProtocolError(`${this.where} speaks TLS`, 'use-plain-port');
    }
    if (version !== FRAME_VERSION) {
      throw new ProtocolError(`${this.where} does not speak the Aerospike protocol (first byte ${version})`);
    }
    if (length > MAX_FRAME_BODY_BYTES) throw new ProtocolError(`${this.where} sent a frame of ${length} bytes`);
    const expected = this.consumer?.frameType;
    if (expected !== undefined && type !== expected) {
      throw new ProtocolError(
        type === FrameType.COMPRESSED
          ? `${this.where} sent a compressed frame that was not requested`
          : `${this.where} sent a frame of type ${type} where type ${expected} was expected`,
      );
    }
    this.readPos += FRAME_HEADER_BYTES;
    this.bodyLeft = length;
    this.inBody = true;
  }
}
