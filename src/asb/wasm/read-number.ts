// Decimal numbers in backup text, where they end at a byte that is no digit. Each function returns the position behind
// the number, 0 = TypeScript has to look at it: it is wrong, or written as no writer of ours does.
import { LF, MINUS, SPACE, ZERO_DIGITS } from './text';
import { loadPower, loadPowerRest } from './powers';

/** Reads any decimal number of at least one digit, as JavaScript does. */
declare function readDecimal(from: usize, to: usize): f64;

/** What `readDigits`, `readUint` have read. */
export let number: u64 = 0;

const TEN_8: u64 = 100_000_000;
const DIGITS_AT_ONCE: usize = 8;
/** Any number of so many digits fits into 64 bits. */
const MAX_DIGITS: usize = 19;
const NINES_GAP: u64 = 0x0606060606060606;
const HIGH_NIBBLES: u64 = 0xf0f0f0f0f0f0f0f0;
const MAX_INT64: u64 = 0x7fffffffffffffff;

const POINT: u8 = 0x2e;
const PLUS: u8 = 0x2b;
const LETTER_E: u8 = 0x65;
const CASE_BIT: u8 = 0x20;
const MAX_EXPONENT_DIGITS: usize = 4;
const MAX_EXACT: u64 = 1 << 53;
const MAX_EXACT_POWER: i32 = 22;
const MIN_CERTAIN_POWER: i32 = -250;
const MAX_CERTAIN_POWER: i32 = 230;
const SPLITTER: f64 = 134217729.0;
const MARGIN: f64 = 1.262177448353619e-29; // 2^-96
const SIGN_BIT: u32 = 63;

/** In each byte of `x`, which are characters XOR '0': bits of the high nibble, unless it is a digit. */
function findNonDigits(x: u64): u64 {
  return ((x + NINES_GAP) | x) & HIGH_NIBBLES;
}

/** The number of the eight digits 0–9 in `x`, the first of them in its lowest byte. */
function joinDigits(x: u64): u64 {
  x = (x * 10 + (x >> 8)) & 0x00ff00ff00ff00ff;
  x = (x * 100 + (x >> 16)) & 0x0000ffff0000ffff;
  return (x * 10000 + (x >> 32)) & 0xffffffff;
}

/** Reads 1 to 19 digits; 8 bytes behind them are looked at. */
export function readDigits(at: usize): usize {
  const x = load<u64>(at) ^ ZERO_DIGITS;
  const stop = findNonDigits(x);
  if (stop == 0) return readMoreDigits(at, joinDigits(x));
  const bits = ctz(stop) & 0x78;
  if (bits == 0) return 0;
  number = joinDigits(x << (64 - bits));
  return at + usize(bits >> 3);
}

/** `value` is the number of the first eight digits, at `at`. */
function readMoreDigits(at: usize, value: u64): usize {
  const limit = at + MAX_DIGITS;
  at += DIGITS_AT_ONCE;
  const x = load<u64>(at) ^ ZERO_DIGITS;
  if (findNonDigits(x) == 0) {
    value = value * TEN_8 + joinDigits(x);
    at += DIGITS_AT_ONCE;
  }
  while (true) {
    const digit = u32(load<u8>(at)) - 0x30;
    if (digit > 9) break;
    if (at == limit) return 0;
    value = value * 10 + digit;
    at++;
  }
  number = value;
  return at;
}

/** Reads an unsigned number up to `delimiter`, and returns the position of that. */
export function readUint(at: usize, delimiter: u32): usize {
  // Most are of one digit.
  const two = u32(load<u16>(at));
  const digit = (two & 0xff) - 0x30;
  if (digit <= 9 && two >> 8 == delimiter) {
    number = digit;
    return at + 1;
  }
  at = readDigits(at);
  return at != 0 && u32(load<u8>(at)) == delimiter ? at : 0;
}

/** Reads a signed 64-bit integer and the LF behind it; the particle's 8 bytes go to `to`. */
export function readInteger(at: usize, to: usize): usize {
  const negative = load<u8>(at) == MINUS;
  at = readDigits(at + usize(negative));
  if (at == 0 || load<u8>(at) != LF) return 0;
  if (number > MAX_INT64 && !(negative && number == MAX_INT64 + 1)) return 0;
  store<u64>(to, bswap<u64>(negative ? -number : number));
  return at + 1;
}

/** Reads a double and the LF behind it, as numbers/double.ts does; the particle's 8 bytes go to `to`. */
export function readFloat(at: usize, to: usize): usize {
  const negative = load<u8>(at) == MINUS;
  if (negative) at++;
  const start = at;
  at = readDigits(at);
  if (at == 0) return 0;
  let mantissa = number;
  let power: i32 = 0;
  if (load<u8>(at) == POINT) {
    at++;
    let digits = at - 1 - start;
    while (true) {
      const x = load<u64>(at) ^ ZERO_DIGITS;
      const stop = findNonDigits(x);
      const bits: u64 = stop == 0 ? 64 : ctz(stop) & 0x78;
      if (bits == 0) break;
      const some = usize(bits >> 3);
      digits += some;
      if (digits > MAX_DIGITS) return 0;
      mantissa = mantissa * u64(loadPower(i32(some))) + joinDigits(x << (64 - bits));
      power -= i32(some);
      at += some;
      if (stop != 0) break;
    }
  }
  if ((load<u8>(at) | CASE_BIT) == LETTER_E) {
    at++;
    const sign = load<u8>(at);
    if (sign == MINUS || sign == PLUS) at++;
    const first = at;
    at = readDigits(at);
    if (at == 0 || at - first > MAX_EXPONENT_DIGITS) return 0;
    power += sign == MINUS ? -i32(number) : i32(number);
  }
  if (load<u8>(at) != LF) return 0;
  let value = scale(mantissa, power);
  if (value != value) {
    value = readDecimal(start, at);
    if (value == Infinity) return 0;
  }
  store<u64>(to, bswap<u64>(reinterpret<u64>(value) | (u64(negative) << SIGN_BIT)));
  return at + 1;
}

/** mantissa · 10^power rounded to nearest, or NaN when that is not certain. */
function scale(mantissa: u64, power: i32): f64 {
  if (mantissa == 0) return 0;
  if (mantissa < MAX_EXACT && power >= -MAX_EXACT_POWER && power <= MAX_EXACT_POWER) {
    // Both operands are exact, so that the one rounding is the right one.
    return power < 0 ? f64(mantissa) / loadPower(-power) : f64(mantissa) * loadPower(power);
  }
  if (power < MIN_CERTAIN_POWER || power > MAX_CERTAIN_POWER) return NaN;
  const whole = f64(mantissa);
  const rest = f64(i64(mantissa - u64(whole)));
  const factor = loadPower(power);
  // whole * factor exactly: `high` and an error.
  const high = whole * factor;
  let t = SPLITTER * whole;
  const aHigh = t - (t - whole);
  const aLow = whole - aHigh;
  t = SPLITTER * factor;
  const bHigh = t - (t - factor);
  const bLow = factor - bHigh;
  const error = aLow * bLow - (high - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
  const low = error + whole * loadPowerRest(power) + rest * factor;
  const margin = high * MARGIN;
  // Rounding is monotonic: if both ends of the interval of doubt round to the same double, so does the true value.
  const below = high + (low - margin);
  return below == high + (low + margin) ? below : NaN;
}

/** Reads a length and the space behind it into `number`; returns the position of the value. */
export function readLength(at: usize): usize {
  at = readUint(at, SPACE);
  return at == 0 ? 0 : at + 1;
}
