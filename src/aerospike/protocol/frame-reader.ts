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
  /** Where it wants the bytes to be received as long as its messages fit; absent = anywhere. */
  readonly receiveBuffer?: Buffer | undefined;
}

/** First byte of what a TLS server answers to a client that does not speak TLS. */
const TLS_ALERT = 0x15;
const RECEIVE_BYTES = 512 * 1024;
/** With less free space than this at the end of the buffer, the unread bytes move to its start. */
const MIN_READ_BYTES = 64 * 1024;

export class FrameReader {
  consumer: FrameConsumer | undefined;
  /** With slack, so that any range of it can be copied in words of four bytes. */
  private readonly ownBuffer = allocWithSlack(RECEIVE_BYTES);
  /** The one in use: that of the consumer, the own one, or a larger one. */
  private buffer = this.ownBuffer;
  private readPos = 0;
  private writePos = 0;
  /** Bytes of the current frame's body that are not consumed yet. */
  private bodyLeft = 0;
  private inBody = false;

  /** `where` (host:port) is for messages. */
  constructor(private readonly where: string) {}

  /** The free end of the receive buffer, for the next read. */
  tail(): Buffer {
    const preferred = this.preferredBuffer();
    const unread = this.writePos - this.readPos;
    if (this.buffer !== preferred && unread + MIN_READ_BYTES <= preferred.length) this.moveUnread(preferred);
    else if (unread === 0) this.readPos = this.writePos = 0;
    else if (this.buffer.length - this.writePos < MIN_READ_BYTES) this.ensureCapacity(unread);
    return this.writePos === 0 ? this.buffer : this.buffer.subarray(this.writePos);
  }

  /** Bytes have arrived that nobody has consumed. */
  get hasUnread(): boolean {
    return this.readPos < this.writePos;
  }

  private preferredBuffer(): Buffer {
    return this.consumer?.receiveBuffer ?? this.ownBuffer;
  }

  private ensureCapacity(unread: number): void {
    if (this.readPos > 0 && unread + MIN_READ_BYTES <= this.buffer.length) this.moveUnread(this.buffer);
    // One message does not fit: doubling bounds how often a large one is copied.
    else this.moveUnread(allocWithSlack(this.buffer.length * 2));
  }

  /** Puts what is unread to the start of `buffer`, which is used from now on. */
  private moveUnread(buffer: Buffer): void {
    this.buffer.copy(buffer, 0, this.readPos, this.writePos);
    this.buffer = buffer;
    this.writePos -= this.readPos;
    this.readPos = 0;
  }

  /** `bytes` more were put at the start of `tail()`. Throws ProtocolError, or what the consumer threw. */
  received(bytes: number): void {
    const isFirst = this.readPos === this.writePos;
    this.writePos += bytes;
    // The memory for these bytes was chosen before the consumer came.
    if (isFirst && this.buffer !== this.preferredBuffer() && bytes <= this.preferredBuffer().length) {
      this.moveUnread(this.preferredBuffer());
    }
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
