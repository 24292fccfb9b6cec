/**
 * Base64 between buffer ranges (asb-format.md 4): standard alphabet, always padded, no line breaks.
 *
 * HOT: blobs, lists, maps and every digest go through here. Short values take a table loop, which needs no string and
 * no call into C++; long ones take Node's native codec, by way of a one-byte string. The thresholds are measured.
 */
import { EQUALS } from '../format.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const NATIVE_ENCODE_BYTES = 128;
const NATIVE_DECODE_CHARS = 192;
/** Long values go in pieces, because V8 puts strings beyond 128 KiB where allocating them is slow. */
const PIECE_CHARS = 64 << 10;
const PIECE_BYTES = (PIECE_CHARS / 4) * 3;

/** The two characters of 12 bits, as they follow one another. */
const PAIRS = new Uint16Array(4096);
const CHARS = new Uint8Array(64);
/** Value of a character, 0xff = not in the alphabet. `=` is not. */
const VALUES = new Uint8Array(256).fill(0xff);
for (let i = 0; i < 64; i++) {
  CHARS[i] = ALPHABET.charCodeAt(i);
  VALUES[ALPHABET.charCodeAt(i)] = i;
}
for (let i = 0; i < 4096; i++) PAIRS[i] = (CHARS[i >>> 6]! << 8) | CHARS[i & 63]!;
const URL_MINUS = 0x2d;
const URL_UNDERSCORE = 0x5f;

/** Characters that `bytes` bytes take. */
export function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

/**
 * Encodes `src[start, end)` into `out` at `at`; the room must be there. Returns the end of what it wrote. `srcView` is
 * `viewOf(src)`, with slack behind `end`, and `outView` all of `out`.
 */
export function writeBase64(
  src: Buffer,
  srcView: DataView,
  start: number,
  end: number,
  out: Buffer,
  outView: DataView,
  at: number,
): number {
  if (end - start >= NATIVE_ENCODE_BYTES) {
    for (let i = start; i < end; i += PIECE_BYTES) {
      at += out.write(src.toString('base64', i, Math.min(end, i + PIECE_BYTES)), at, 'latin1');
    }
    return at;
  }
  const whole = end - ((end - start) % 3);
  let i = start;
  for (; i < whole; i += 3) {
    // Four bytes are read, of which the last is the next group's or means nothing.
    const bits = srcView.getUint32(i);
    outView.setUint32(at, (PAIRS[bits >>> 20]! << 16) | PAIRS[(bits >>> 8) & 0xfff]!);
    at += 4;
  }
  if (i < end) {
    const two = i + 1 < end;
    const bits = (src[i]! << 16) | (two ? src[i + 1]! << 8 : 0);
    out[at] = CHARS[bits >>> 18]!;
    out[at + 1] = CHARS[(bits >>> 12) & 63]!;
    out[at + 2] = two ? CHARS[(bits >>> 6) & 63]! : EQUALS;
    out[at + 3] = EQUALS;
    at += 4;
  }
  return at;
}

/**
 * Decodes the characters `src[start, end)`, a multiple of 4, into `out` at `at`; room for 3 bytes in 4 characters must
 * be there. Strict (asb-format.md 4): alphabet, padding only at the end, at most two `=`; trailing bits are ignored.
 * Returns the end of what it wrote, or −1 − (position of the offending character).
 */
export function readBase64(src: Buffer, start: number, end: number, out: Buffer, at: number): number {
  if (end === start) return at;
  const padding = src[end - 1] !== EQUALS ? 0 : src[end - 2] !== EQUALS ? 1 : 2;
  if (end - start >= NATIVE_DECODE_CHARS) {
    for (let i = start; i < end; i += PIECE_CHARS) {
      const pieceEnd = Math.min(end, i + PIECE_CHARS);
      const bytes = ((pieceEnd - i) / 4) * 3 - (pieceEnd === end ? padding : 0);
      // The native decoder skips what it does not know and stops at the first '=', so that anything foreign shortens
      // the result; the two characters of the URL alphabet, which it also takes, have to be looked for.
      const text = src.toString('latin1', i, pieceEnd);
      if (out.write(text, at, bytes, 'base64') !== bytes || text.includes('-') || text.includes('_')) {
        return -1 - offender(src, i, end - padding);
      }
      at += bytes;
    }
    return at;
  }
  const last = padding === 0 ? end : end - 4;
  let i = start;
  for (; i < last; i += 4) {
    const bits = FIRST[src[i]!]! | SECOND[src[i + 1]!]! | THIRD[src[i + 2]!]! | FOURTH[src[i + 3]!]!;
    if (bits < 0) return -1 - offender(src, i, end - padding);
    out[at] = bits >>> 16;
    out[at + 1] = bits >>> 8;
    out[at + 2] = bits;
    at += 3;
  }
  if (padding !== 0) {
    const a = VALUES[src[i]!]!;
    const b = VALUES[src[i + 1]!]!;
    const c = padding === 1 ? VALUES[src[i + 2]!]! : 0;
    if ((a | b | c) > 63) return -1 - offender(src, i, end - padding);
    out[at++] = (a << 2) | (b >>> 4);
    if (padding === 1) out[at++] = (b << 4) | (c >>> 2);
  }
  return at;
}

/** The first byte of `src[start, end)` that is no base64 character. */
function offender(src: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) {
    const byte = src[i]!;
    if (VALUES[byte] === 0xff || byte === URL_MINUS || byte === URL_UNDERSCORE) return i;
  }
  return end;
}

/** The six bits of a character at each of the four places of a group; a negative number = no base64 character. */
const FIRST = new Int32Array(256).fill(-1);
const SECOND = new Int32Array(256).fill(-1);
const THIRD = new Int32Array(256).fill(-1);
const FOURTH = new Int32Array(256).fill(-1);
for (let value = 0; value < 64; value++) {
  const char = CHARS[value]!;
  FIRST[char] = value << 18;
  SECOND[char] = value << 12;
  THIRD[char] = value << 6;
  FOURTH[char] = value;
}

const DIGEST_GROUPS = 6;

/**
 * Decodes the digest at `src[at]`, 27 characters and one `=`, into the 20 bytes of `out`. Returns 0, or −1 − (position
 * of the first character that is wrong). Looks at what is there, so that a digest that stops early is found to.
 */
export function readDigest(src: Uint8Array, at: number, out: Uint8Array): number {
  let i = at;
  let to = 0;
  for (let group = 0; group < DIGEST_GROUPS; group++) {
    const bits = FIRST[src[i]!]! | SECOND[src[i + 1]!]! | THIRD[src[i + 2]!]! | FOURTH[src[i + 3]!]!;
    if (bits < 0) return -1 - offender(src, i, i + 4);
    out[to] = bits >>> 16;
    out[to + 1] = bits >>> 8;
    out[to + 2] = bits;
    i += 4;
    to += 3;
  }
  const bits = FIRST[src[i]!]! | SECOND[src[i + 1]!]! | THIRD[src[i + 2]!]!;
  if (bits < 0) return -1 - offender(src, i, i + 3);
  if (src[i + 3] !== EQUALS) return -4 - i;
  out[to] = bits >>> 16;
  out[to + 1] = bits >>> 8;
  return 0;
}
