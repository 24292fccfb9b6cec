/**
 * Integer particles (8 bytes, big-endian, two's complement) as decimal text and back (asb-format.md 2.3).
 *
 * HOT: most bins of most databases are integers. No BigInt and no string: a 64-bit value is handled as two 32-bit
 * halves, and every product stays below 2^53, where doubles are exact.
 */
import { DIGIT_0, MINUS } from '../format.js';

const TWO_32 = 4_294_967_296;
const BILLION = 1_000_000_000;

/** Two decimal digits for each of 0 … 99. */
const PAIRS = new Uint8Array(200);
for (let i = 0; i < 100; i++) {
  PAIRS[2 * i] = DIGIT_0 + Math.floor(i / 10);
  PAIRS[2 * i + 1] = DIGIT_0 + (i % 10);
}

/** Writes 0 ≤ value < 2^31 without leading zeros. Returns the end. */
function writeSmall(value: number, out: Uint8Array, at: number): number {
  if (value < 10) {
    out[at] = DIGIT_0 + value;
    return at + 1;
  }
  const end =
    at +
    (value < 10_000
      ? value < 100
        ? 2
        : value < 1000
          ? 3
          : 4
      : value < 1_000_000
        ? value < 100_000
          ? 5
          : 6
        : value < 100_000_000
          ? value < 10_000_000
            ? 7
            : 8
          : value < BILLION
            ? 9
            : 10);
  let p = end;
  while (value >= 100) {
    const rest = (value / 100) | 0;
    const pair = (value - rest * 100) << 1;
    out[--p] = PAIRS[pair + 1]!;
    out[--p] = PAIRS[pair]!;
    value = rest;
  }
  // One or two digits are left, and as much room.
  if (value >= 10) {
    out[p - 2] = PAIRS[value << 1]!;
    out[p - 1] = PAIRS[(value << 1) + 1]!;
  } else {
    out[p - 1] = DIGIT_0 + value;
  }
  return end;
}

/** Writes exactly `digits` digits of 0 ≤ value < 2^31, with leading zeros. Returns the end. */
export function writePadded(value: number, digits: number, out: Uint8Array, at: number): number {
  let p = at + digits;
  while (p - at >= 2) {
    const rest = (value / 100) | 0;
    const pair = (value - rest * 100) << 1;
    out[--p] = PAIRS[pair + 1]!;
    out[--p] = PAIRS[pair]!;
    value = rest;
  }
  if (p > at) out[at] = DIGIT_0 + value;
  return at + digits;
}

/** Writes an integer 0 ≤ value ≤ 2^53 in decimal. Returns the end. */
export function writeUint(value: number, out: Uint8Array, at: number): number {
  if (value < BILLION) return writeSmall(value, out, at);
  const high = Math.floor(value / BILLION);
  return writePadded(value - high * BILLION, 9, out, writeSmall(high, out, at));
}

/** Writes the unsigned 64-bit integer `high`·2^32 + `low` (both unsigned 32-bit) in decimal. Returns the end. */
export function writeUint64(high: number, low: number, out: Uint8Array, at: number): number {
  if (high < 0x20_0000) return writeUint(high * TWO_32 + low, out, at);
  // Long division by 10^9 over the limbs 32, 16, 16 bits; each partial remainder is below 10^9 · 2^16 < 2^53.
  const q2 = Math.floor(high / BILLION);
  let rest = (high - q2 * BILLION) * 65_536 + (low >>> 16);
  const q1 = Math.floor(rest / BILLION);
  rest = (rest - q1 * BILLION) * 65_536 + (low & 0xffff);
  const q0 = Math.floor(rest / BILLION);
  rest -= q0 * BILLION;
  // The quotient is below 1.9 · 10^10, so this sum is exact.
  return writePadded(rest, 9, out, writeUint(q2 * TWO_32 + q1 * 65_536 + q0, out, at));
}

/**
 * Writes the INTEGER particle at `src[offset, offset + 8)` in decimal; the text has at most 20 bytes. Returns the end.
 */
export function writeInteger(src: Uint8Array, offset: number, out: Uint8Array, at: number): number {
  let high = (src[offset]! << 24) | (src[offset + 1]! << 16) | (src[offset + 2]! << 8) | src[offset + 3]!;
  let low = (src[offset + 4]! << 24) | (src[offset + 5]! << 16) | (src[offset + 6]! << 8) | src[offset + 7]!;
  if (high === 0 && low >= 0) return writeSmall(low, out, at);
  if (high < 0) {
    out[at++] = MINUS;
    // Two's complement: the carry into the upper half happens only when the lower half is 0.
    low = -low | 0;
    high = low === 0 ? -high | 0 : ~high;
  }
  return writeUint64(high >>> 0, low >>> 0, out, at);
}

/** What `readInteger` answers when the number does not fit into 64 bits. */
export const OUT_OF_RANGE = -1;

/** Most digits that are exact in a double whatever they are. */
export const EXACT_DIGITS = 15;
/** 2^63 = 9223372036·10^9 + 854775808. */
const MAX_HIGH_PART = 9_223_372_036;
const MAX_LOW_PART = 854_775_807;

/**
 * Turns the digits `src[start, end)` — at least one, nothing but digits, which the caller has checked — into the 8
 * bytes of an INTEGER particle in `out` at `at`. Returns `at + 8`, or OUT_OF_RANGE.
 */
export function readInteger(
  src: Uint8Array,
  start: number,
  end: number,
  negative: boolean,
  out: Uint8Array,
  at: number,
): number {
  if (end - start <= EXACT_DIGITS) {
    let value = 0;
    for (let i = start; i < end; i++) value = value * 10 + (src[i]! - DIGIT_0);
    return writeExact(value, negative, out, at);
  }
  while (end - start > 9 && src[start] === DIGIT_0) start++;
  if (end - start > 19) return OUT_OF_RANGE;
  // The text is `upper`·10^9 + `lower`.
  let upper = 0;
  let lower = 0;
  let i = start;
  for (; i < end - 9; i++) upper = upper * 10 + (src[i]! - DIGIT_0);
  for (; i < end; i++) lower = lower * 10 + (src[i]! - DIGIT_0);
  if (upper > MAX_HIGH_PART || (upper === MAX_HIGH_PART && lower > MAX_LOW_PART + (negative ? 1 : 0))) {
    return OUT_OF_RANGE;
  }
  // upper < 2^34: two halves of 17 bits keep the products below 2^53.
  const upperHigh = Math.floor(upper / 131_072);
  const product = (upper - upperHigh * 131_072) * BILLION + lower;
  const shifted = upperHigh * BILLION; // to be multiplied by 2^17, that is by 2^32 / 2^15
  let high = Math.floor(shifted / 32_768);
  let low = (shifted - high * 32_768) * 131_072 + product;
  const carry = Math.floor(low / TWO_32);
  high += carry;
  low -= carry * TWO_32;
  return writeHalves(high | 0, low | 0, negative, out, at);
}

/** The particle of an integer of up to EXACT_DIGITS digits without its sign. Returns `at + 8`. */
export function writeExact(value: number, negative: boolean, out: Uint8Array, at: number): number {
  const high = Math.floor(value / TWO_32);
  return writeHalves(high | 0, (value - high * TWO_32) | 0, negative, out, at);
}

function writeHalves(high32: number, low32: number, negative: boolean, out: Uint8Array, at: number): number {
  if (negative) {
    low32 = -low32 | 0;
    high32 = low32 === 0 ? -high32 | 0 : ~high32;
  }
  out[at] = high32 >>> 24;
  out[at + 1] = high32 >>> 16;
  out[at + 2] = high32 >>> 8;
  out[at + 3] = high32;
  out[at + 4] = low32 >>> 24;
  out[at + 5] = low32 >>> 16;
  out[at + 6] = low32 >>> 8;
  out[at + 7] = low32;
  return at + 8;
}
