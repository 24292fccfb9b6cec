/**
 * A quick look at a written LIST or MAP: most writers send the server's normal form already, and then nothing needs to
 * be decoded. It answers true only for collections of scalars that are certainly normal (wire.md 1.7); everything else,
 * valid or not, is left to the decoder.
 */
import { Particle } from '../../core/particle.js';

const MAX_FAST_DEPTH = 8;

export function isCanonicalCollection(type: number, buf: Buffer, start: number, end: number): boolean {
  if (start === end) return false;
  const head = buf[start]!;
  const isMap = (head >= 0x80 && head <= 0x8f) || head === 0xde;
  if (isMap !== (type === Particle.MAP)) return false;
  return skipCanonical(buf, start, end, 0) === end;
}

/** Position after the canonical value at `at`, or -1 if it is not certainly canonical. */
function skipCanonical(buf: Buffer, at: number, end: number, depth: number): number {
  if (at >= end) return -1;
  const head = buf[at]!;
  if (head < 0x80 || head >= 0xe0) return at + 1;
  if (head >= 0xa0 && head < 0xc0) return within(at + 1 + (head & 0x1f), end);
  if (head < 0x90) return skipMap(buf, at + 1, end, head & 0x0f, depth);
  if (head < 0xa0) return skipList(buf, at + 1, end, head & 0x0f, depth);
  switch (head) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return at + 1;
    case 0xca:
      return within(at + 5, end);
    case 0xcb:
      return within(at + 9, end);
    case 0xcc:
      return at + 2 <= end && buf[at + 1]! >= 0x80 ? at + 2 : -1;
    case 0xcd:
      return at + 3 <= end && buf[at + 1] !== 0 ? at + 3 : -1;
    case 0xce:
      return at + 5 <= end && (buf[at + 1] !== 0 || buf[at + 2] !== 0) ? at + 5 : -1;
    case 0xcf:
      return at + 9 <= end && buf.readUInt32BE(at + 1) !== 0 ? at + 9 : -1;
    case 0xd9:
      return at + 2 <= end && buf[at + 1]! >= 32 ? within(at + 2 + buf[at + 1]!, end) : -1;
    case 0xda:
      return at + 3 <= end && buf[at + 1] !== 0 ? within(at + 3 + buf.readUInt16BE(at + 1), end) : -1;
    case 0xdc:
      return at + 3 <= end && buf.readUInt16BE(at + 1) > 15
        ? skipList(buf, at + 3, end, buf.readUInt16BE(at + 1), depth)
        : -1;
    case 0xde:
      return at + 3 <= end && buf.readUInt16BE(at + 1) > 15
        ? skipMap(buf, at + 3, end, buf.readUInt16BE(at + 1), depth)
        : -1;
    default:
      return -1;
  }
}

function within(at: number, end: number): number {
  return at <= end ? at : -1;
}

/** Unordered lists only: an ext element (an ordered list) has a head byte that is never canonical here. */
function skipList(buf: Buffer, at: number, end: number, count: number, depth: number): number {
  if (depth >= MAX_FAST_DEPTH) return -1;
  for (let i = 0; i < count && at >= 0; i++) at = skipCanonical(buf, at, end, depth + 1);
  return at;
}

/** Unordered or K-ordered maps whose keys are short strings or small integers in strictly ascending order. */
function skipMap(buf: Buffer, at: number, end: number, count: number, depth: number): number {
  if (depth >= MAX_FAST_DEPTH) return -1;
  let i = 0;
  if (
    count > 0 &&
    at + 4 <= end &&
    buf[at] === 0xc7 &&
    buf[at + 1] === 0 &&
    buf[at + 2] === 1 &&
    buf[at + 3] === 0xc0
  ) {
    at += 4;
    i = 1;
  }
  let previous = -1;
  for (; i < count; i++) {
    if (at >= end) return -1;
    const head = buf[at]!;
    const isString = head > 0xa0 && head < 0xc0 && at + 1 < end && buf[at + 1] === Particle.STRING;
    if (!isString && head >= 0x80) return -1;
    if (previous >= 0 && !keysAscend(buf, previous, at, end)) return -1;
    previous = at;
    at = skipCanonical(buf, isString ? at + 1 + (head & 0x1f) : at + 1, end, depth + 1);
    if (at < 0) return -1;
  }
  return at;
}

/** Both keys are fixed-length strings or small integers; integers sort before strings (1.6). */
function keysAscend(buf: Buffer, a: number, b: number, end: number): boolean {
  const headA = buf[a]!;
  const headB = buf[b]!;
  if (headA < 0x80 || headB < 0x80) return headA < headB;
  const lengthA = headA & 0x1f;
  const lengthB = headB & 0x1f;
  const n = Math.min(lengthA, lengthB);
  if (b + 1 + lengthB > end) return false;
  for (let i = 1; i <= n; i++) {
    const difference = buf[a + i]! - buf[b + i]!;
    if (difference !== 0) return difference < 0;
  }
  return lengthA < lengthB;
}
