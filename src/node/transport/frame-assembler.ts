/** Cuts the bytes of a socket into frames (wire.md 1.1). */
import {
  FRAME_HEADER_BYTES,
  FRAME_VERSION,
  FrameType,
  MAX_FRAME_BODY_BYTES,
} from '../../aerospike/protocol/constants.js';

export interface Frame {
  type: number;
  body: Buffer;
}

const EMPTY = Buffer.alloc(0);

/** The peer sent something that is no frame; the socket is to be closed without an answer. */
export class FrameError extends Error {}

export class FrameAssembler {
  private rest: Buffer = EMPTY;
  private partial: Buffer | undefined;
  private partialType = 0;
  private filled = 0;

  push(chunk: Buffer): void {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
  }

  /** The next whole frame, or undefined if more bytes are needed. Its body may be a view of a pushed chunk. */
  next(): Frame | undefined {
    if (this.partial !== undefined) {
      const copied = this.rest.copy(this.partial, this.filled);
      this.rest = this.rest.subarray(copied);
      this.filled += copied;
      if (this.filled < this.partial.length) return undefined;
      const frame = { type: this.partialType, body: this.partial };
      this.partial = undefined;
      return frame;
    }
    if (this.rest.length < FRAME_HEADER_BYTES) return undefined;
    const type = this.rest[1]!;
    const length = this.rest.readUIntBE(2, 6);
    checkHeader(this.rest[0]!, type, length);
    const end = FRAME_HEADER_BYTES + length;
    if (this.rest.length >= end) {
      const body = this.rest.subarray(FRAME_HEADER_BYTES, end);
      this.rest = this.rest.subarray(end);
      return { type, body };
    }
    this.partial = Buffer.allocUnsafeSlow(length);
    this.partialType = type;
    this.filled = this.rest.copy(this.partial, 0, FRAME_HEADER_BYTES);
    this.rest = EMPTY;
    return undefined;
  }
}

function checkHeader(version: number, type: number, length: number): void {
  // 1.1: version 0 is tolerated in security messages.
  const versionOk = version === FRAME_VERSION || (version === 0 && type === FrameType.SECURITY);
  if (!versionOk || type < FrameType.INFO || type > FrameType.COMPRESSED || length > MAX_FRAME_BODY_BYTES) {
    throw new FrameError('not a frame');
  }
}
