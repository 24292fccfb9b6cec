/** Frames, the outermost layer of every message (wire.md 1.1). */
import { FRAME_HEADER_BYTES, FRAME_VERSION } from './constants.js';

/**
 * A frame around `body`:
 *
 *     version   1 byte   2
 *     type      1 byte   one of FrameType
 *     length    6 bytes  big-endian, of the body
 *     body      length bytes
 */
export function encodeFrame(type: number, body: Buffer): Buffer {
  const out = Buffer.allocUnsafe(FRAME_HEADER_BYTES + body.length);
  writeFrameHeader(out, type, body.length);
  body.copy(out, FRAME_HEADER_BYTES);
  return out;
}

/** Writes the header at the start of `out`. */
export function writeFrameHeader(out: Buffer, type: number, bodyLength: number): void {
  out[0] = FRAME_VERSION;
  out[1] = type;
  out.writeUIntBE(bodyLength, 2, 6);
}

/** Writes the header at any offset, for a body of less than 4 GiB. HOT PATH. */
export function writeFrameHeaderAt(view: DataView, at: number, type: number, bodyLength: number): void {
  view.setUint32(at, (FRAME_VERSION << 24) | (type << 16));
  view.setUint32(at + 4, bodyLength);
}
