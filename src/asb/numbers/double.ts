/**
 * FLOAT particles (8 bytes, big-endian IEEE 754) as text and back (asb-format.md 2.4). Written text is glibc's `%.17g`,
 * byte for byte; read text may be C's or Go's.
 *
 * HOT, and exact: JavaScript's own number formatting rounds ties the other way, loses the sign of zero and of NaN, and
 * costs a string per value. So the 17 digits come from a double-double product with a power of ten, which is certain
 * unless the value lies within 10^-6 of a tie; then, and at the ends of the exponent range, BigInt decides. Reading
 * works the same way the other way round, with `Number()` for what is not certain.
 */
import { DIGIT_0, DIGIT_9, MINUS, PLUS, POINT } from '../format.js';
import { writePadded, writeUint, writeUint64 } from './integer.js';
import { MAX_POWER, POWER_HIGH, POWER_LOW, powerIndex } from './power-table.js';

/** Bytes that the longest text takes: -1.7976931348623157e+308. */
export const DOUBLE_TEXT_BYTES = 24;

const LETTER_E = 0x65;
const UPPER_E = 0x45;
/** ASCII letters differ from their lower case in this bit only. */
const CASE_BIT = 0x20;
const NAN_TEXT = Buffer.from('nan');
const INF_TEXT = Buffer.from('inf');
const INFINITY_TEXT = Buffer.from('infinity');

/** `%.17g`: fixed notation for decimal exponents −4 … 16. */
const DIGITS = 17;
const MIN_FIXED_EXPONENT = -4;
const TEN_8 = 1e8;
const TEN_9 = 1e9;
const TEN_17 = 1e17;
const TWO_32 = 4_294_967_296;
/** 2^27 + 1, which splits a double into two halves of 26 bits (Dekker). */
const SPLITTER = 134_217_729;
/** The error of a product is below 10^-12 of a unit of the 17th digit; this leaves a wide margin. */
const TIE_MARGIN = 1e-6;
/** Values whose products with a power of ten neither overflow nor underflow. */
const MAX_CERTAIN = 1e250;
const MIN_CERTAIN = 1e-250;
/** Digits that are exact in a double, and powers of ten that are. */
const EXACT_DIGITS = 15;
const EXACT_POWER = 22;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
/** The 17 digits of the value at work, as ASCII. */
const digits = new Uint8Array(DIGITS);
/** Low part of the last `product`. */
let productLow = 0;

/** (a · b) exactly: returns the rounded product, leaves the error in `productLow`. */
function product(a: number, b: number): number {
  const p = a * b;
  let t = SPLITTER * a;
  const aHigh = t - (t - a);
  const aLow = a - aHigh;
  t = SPLITTER * b;
  const bHigh = t - (t - b);
  const bLow = b - bHigh;
  productLow = aLow * bLow - (p - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
  return p;
}

/** Writes the FLOAT particle at `src[offset, offset + 8)`; DOUBLE_TEXT_BYTES of room. Returns the end. */
export function writeDouble(src: Uint8Array, offset: number, out: Uint8Array, at: number): number {
  const upper =
    ((src[offset]! << 24) | (src[offset + 1]! << 16) | (src[offset + 2]! << 8) | src[offset + 3]!) & 0x7fff_ffff;
  words[1] = upper;
  words[0] = (src[offset + 4]! << 24) | (src[offset + 5]! << 16) | (src[offset + 6]! << 8) | src[offset + 7]!;
  const value = float[0]!;
  if (src[offset]! >= 0x80) out[at++] = MINUS;
  if (upper >= 0x7ff0_0000) return writeBytes(value === Infinity ? INF_TEXT : NAN_TEXT, out, at);
  if (value < TEN_17 && value === Math.floor(value)) {
    // An integer of up to 17 digits: all of it, no fraction. This includes zero.
    if (value <= Number.MAX_SAFE_INTEGER) return writeUint(value, out, at);
    const high = Math.floor(value / TWO_32);
    return writeUint64(high, value - high * TWO_32, out, at);
  }
  const certain = value > MIN_CERTAIN && value < MAX_CERTAIN;
  let exponent = certain ? certainDigits(value, upper) : UNCERTAIN;
  if (exponent === UNCERTAIN) exponent = exactDigits(value);
  return writeDigits(exponent, out, at);
}

/** No decimal exponent is as low. */
const UNCERTAIN = -1000;

/**
 * Puts the 17 digits of `value` into `digits` and returns the decimal exponent after rounding, or UNCERTAIN when the
 * value is too near to a tie for the arithmetic to tell.
 */
function certainDigits(value: number, upper: number): number {
  // floor(log10) from the binary exponent alone: right, or one too low.
  let exponent = Math.floor(((upper >>> 20) - 1023) * 0.30102999566398);
  for (;;) {
    const power = powerIndex(DIGITS - 1 - exponent);
    const whole = product(value, POWER_HIGH[power]!);
    const low = productLow + value * POWER_LOW[power]!;
    // The right exponent gives 10^16 ≤ value·10^k < 10^17. `whole` alone can be 10^17 for what is a little less.
    if (whole > TEN_17 || (whole === TEN_17 && low >= 0)) {
      exponent++;
      continue;
    }
    // whole ≥ 2^53 is an integer, so the fraction is that of `low`.
    const floor = Math.floor(low);
    const fraction = low - floor;
    if (fraction > 0.5 - TIE_MARGIN && fraction < 0.5 + TIE_MARGIN) return UNCERTAIN;
    // whole = first·10^8 + rest exactly: first·10^8 is a multiple of 2^8 with less than 53 bits above that.
    let first = Math.floor(whole / TEN_8);
    let rest = whole - first * TEN_8 + floor + (fraction > 0.5 ? 1 : 0);
    if (rest < 0) {
      rest += TEN_8;
      first--;
    } else if (rest >= TEN_8) {
      rest -= TEN_8;
      first++;
    }
    if (first < TEN_8) return UNCERTAIN;
    if (first >= TEN_9) {
      // Rounded up to 10^17, or not below it in the first place.
      if (rest !== 0) return UNCERTAIN;
      first = TEN_8;
      exponent++;
    }
    writePadded(first, 9, digits, 0);
    writePadded(rest, 8, digits, 9);
    return exponent;
  }
}

/** The same with integers of any size, ties to even. For finite values > 0. */
function exactDigits(value: number): number {
  float[0] = value;
  const biased = words[1]! >>> 20;
  const mantissa = (BigInt((words[1]! & 0xf_ffff) | (biased === 0 ? 0 : 0x10_0000)) << 32n) | BigInt(words[0]!);
  const binary = (biased === 0 ? 1 : biased) - 1075;
  let exponent = Math.floor(Math.log10(value));
  for (;;) {
    // value·10^(16 − exponent) as numerator / denominator.
    const power = DIGITS - 1 - exponent;
    let numerator = mantissa;
    let denominator = 1n;
    if (binary >= 0) numerator <<= BigInt(binary);
    else denominator <<= BigInt(-binary);
    if (power >= 0) numerator *= 10n ** BigInt(power);
    else denominator *= 10n ** BigInt(-power);
    let quotient = numerator / denominator;
    if (quotient < 10n ** 16n) {
      exponent--;
      continue;
    }
    if (quotient >= 10n ** 17n) {
      exponent++;
      continue;
    }
    const twice = (numerator - quotient * denominator) * 2n;
    if (twice > denominator || (twice === denominator && (quotient & 1n) === 1n)) quotient += 1n;
    if (quotient === 10n ** 17n) {
      quotient = 10n ** 16n;
      exponent++;
    }
    writePadded(Number(quotient / 100_000_000n), 9, digits, 0);
    writePadded(Number(quotient % 100_000_000n), 8, digits, 9);
    return exponent;
  }
}

/** Lays `digits` out as `%.17g` does. */
function writeDigits(exponent: number, out: Uint8Array, at: number): number {
  let count = DIGITS;
  while (count > 1 && digits[count - 1] === DIGIT_0) count--;
  if (exponent >= MIN_FIXED_EXPONENT && exponent < DIGITS) {
    let i = 0;
    if (exponent < 0) {
      out[at++] = DIGIT_0;
      out[at++] = POINT;
      for (let zeros = -1 - exponent; zeros > 0; zeros--) out[at++] = DIGIT_0;
    } else {
      for (; i <= exponent; i++) out[at++] = digits[i]!;
      if (i < count) out[at++] = POINT;
    }
    for (; i < count; i++) out[at++] = digits[i]!;
    return at;
  }
  out[at++] = digits[0]!;
  if (count > 1) out[at++] = POINT;
  for (let i = 1; i < count; i++) out[at++] = digits[i]!;
  out[at++] = LETTER_E;
  out[at++] = exponent < 0 ? MINUS : PLUS;
  const magnitude = Math.abs(exponent);
  return writePadded(magnitude, magnitude < 100 ? 2 : 3, out, at);
}

function writeBytes(bytes: Uint8Array, out: Uint8Array, at: number): number {
  for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i]!;
  return at + bytes.length;
}

/** What `readDouble` answers when the text is fine but too large for a double (`1e400`). */
export const DOUBLE_RANGE = -1;

/**
 * Finds the end of the number that starts at `start`: the first byte that cannot continue it. Whether the text is
 * complete up to there is for `readDouble` to say.
 *
 * Grammar: [+-] ( nan | inf | infinity | digits [. [digits]] [(e|E) [+-] digits] | . digits … ), words in any case. No
 * hexadecimal, no `nan(…)`.
 */
export function doubleEnd(src: Uint8Array, start: number): number {
  let i = start;
  if (src[i] === MINUS || src[i] === PLUS) i++;
  const first = src[i]!;
  if (first > DIGIT_9) {
    const word = (first | CASE_BIT) === NAN_TEXT[0] ? NAN_TEXT : INFINITY_TEXT;
    let n = 0;
    while (n < word.length && (src[i + n]! | CASE_BIT) === word[n]) n++;
    return i + n;
  }
  i = skipDigits(src, i);
  if (src[i] === POINT) i = skipDigits(src, i + 1);
  if (src[i] === LETTER_E || src[i] === UPPER_E) {
    i++;
    if (src[i] === MINUS || src[i] === PLUS) i++;
    i = skipDigits(src, i);
  }
  return i;
}

function skipDigits(src: Uint8Array, i: number): number {
  while (src[i]! >= DIGIT_0 && src[i]! <= DIGIT_9) i++;
  return i;
}

/** What `readDouble` answers when the text stops too early to be a number: ``, `-`, `.`, `1e`, `infi`. */
export const DOUBLE_INCOMPLETE = -2;

/**
 * Turns the text `src[start, end)`, as `doubleEnd` has delimited it, into the 8 bytes of a FLOAT particle in `out` at
 * `at`, correctly rounded. Returns `at + 8`, DOUBLE_RANGE or DOUBLE_INCOMPLETE.
 */
export function readDouble(src: Buffer, start: number, end: number, out: Uint8Array, at: number): number {
  let i = start;
  const negative = src[i] === MINUS;
  if (negative || src[i] === PLUS) i++;
  if (i >= end) return DOUBLE_INCOMPLETE;
  if (src[i]! > DIGIT_9) return readWord(end - i, (src[i]! | CASE_BIT) === NAN_TEXT[0], negative, out, at);

  // The significant digits as upper·10^8 + lower, up to 9 + 8 of them, and the power of ten they are to be scaled by.
  let upper = 0;
  let lower = 0;
  let count = 0;
  let power = 0;
  let any = false;
  let fraction = false;
  let exact = true;
  for (; i < end; i++) {
    const digit = src[i]! - DIGIT_0;
    if (digit < 0 || digit > 9) {
      if (src[i] !== POINT) break;
      fraction = true;
      continue;
    }
    any = true;
    if (fraction) power--;
    if (count === 0 && digit === 0) continue;
    if (count < 9) upper = upper * 10 + digit;
    else if (count < DIGITS) lower = lower * 10 + digit;
    else {
      // More digits than any writer's round-trip text has, but for Go's keys, whose long runs are zeros.
      if (digit !== 0) exact = false;
      power++;
      continue;
    }
    count++;
  }
  if (!any) return DOUBLE_INCOMPLETE;
  if (i < end) {
    i++;
    const minus = src[i] === MINUS;
    if (minus || src[i] === PLUS) i++;
    if (i >= end) return DOUBLE_INCOMPLETE;
    let exponent = 0;
    for (; i < end; i++) exponent = exponent * 10 + (src[i]! - DIGIT_0);
    power += minus ? -exponent : exponent;
  }

  let value = NaN;
  if (count === 0) value = 0;
  else if (exact) value = scaled(upper, lower, count, power);
  if (Number.isNaN(value)) {
    // Correctly rounded by definition; the text has been checked, so that nothing but a decimal number gets here.
    const from = negative || src[start] === PLUS ? start + 1 : start;
    value = Number(src.toString('latin1', from, end));
    if (value === Infinity) return DOUBLE_RANGE;
  }
  float[0] = value;
  return store(negative, words[1]!, words[0]!, out, at);
}

/** (upper·10^k + lower) · 10^power rounded to nearest, or NaN when that is not certain. */
function scaled(upper: number, lower: number, count: number, power: number): number {
  if (count <= EXACT_DIGITS && power >= -EXACT_POWER && power <= EXACT_POWER) {
    // Both operands are exact, so that the one rounding of the division or multiplication is the right one.
    const whole = count <= 9 ? upper : upper * POWER_OF_TEN[count - 9]! + lower;
    return power < 0 ? whole / POWER_OF_TEN[-power]! : whole * POWER_OF_TEN[power]!;
  }
  if (power < -MAX_POWER + DIGITS || power > MAX_POWER - DIGITS * 2) return NaN;
  let whole = upper;
  let wholeLow = 0;
  if (count > 9) {
    // The first product is exact (see certainDigits), and so is the sum of two.
    const shifted = upper * POWER_OF_TEN[count - 9]!;
    whole = shifted + lower;
    wholeLow = lower - (whole - shifted);
  }
  const index = powerIndex(power);
  const factor = POWER_HIGH[index]!;
  const high = product(whole, factor);
  const low = productLow + whole * POWER_LOW[index]! + wholeLow * factor;
  const margin = high * 2 ** -96;
  // Rounding is monotonic: if both ends of the interval of doubt round to the same double, so does the true value.
  const below = high + (low - margin);
  return below === high + (low + margin) ? below : NaN;
}

/** Powers of ten that a double holds exactly. */
const POWER_OF_TEN = new Float64Array(EXACT_POWER + 1);
for (let i = 0; i <= EXACT_POWER; i++) POWER_OF_TEN[i] = Number(`1e${i}`);

function readWord(length: number, isNan: boolean, negative: boolean, out: Uint8Array, at: number): number {
  if (isNan) {
    return length === NAN_TEXT.length ? store(negative, 0x7ff8_0000, 0, out, at) : DOUBLE_INCOMPLETE;
  }
  if (length !== INF_TEXT.length && length !== INFINITY_TEXT.length) return DOUBLE_INCOMPLETE;
  return store(negative, 0x7ff0_0000, 0, out, at);
}

function store(negative: boolean, upper: number, lower: number, out: Uint8Array, at: number): number {
  out[at] = (upper >>> 24) | (negative ? 0x80 : 0);
  out[at + 1] = upper >>> 16;
  out[at + 2] = upper >>> 8;
  out[at + 3] = upper;
  out[at + 4] = lower >>> 24;
  out[at + 5] = lower >>> 16;
  out[at + 6] = lower >>> 8;
  out[at + 7] = lower;
  return at + 8;
}
