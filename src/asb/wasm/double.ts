// FLOAT values as text, glibc's `%.17g`, in the way of numbers/double.ts, where it is explained.
import { MINUS, splitDigits, writeUint, ZERO_DIGITS } from './text';
import { loadPower, loadPowerRest } from './powers';

/** Writes a value that needs arithmetic without bounds: near to a tie, or at the ends of the exponent range. */
declare function writeExactDouble(bits: u64, at: usize): usize;

const TIE_MARGIN: f64 = 1e-6;
const MAX_CERTAIN: f64 = 1e250;
const MIN_CERTAIN: f64 = 1e-250;
const SPLITTER: f64 = 134217729.0;
const LOG10_OF_2: f64 = 0.30102999566398;
const TEN_8: u64 = 100_000_000;
const TEN_16: u64 = 10_000_000_000_000_000;
const TEN_17: u64 = 100_000_000_000_000_000;
const SIGN: u64 = 0x8000000000000000;
const INFINITY_BITS: u64 = 0x7ff0000000000000;
const INF_TEXT: u32 = 0x00666e69;
const NAN_TEXT: u32 = 0x006e616e;
const POINT: u8 = 0x2e;

/** Writes the double with these bits; 48 bytes of room. */
export function writeDouble(at: usize, bits: u64): usize {
  const start = at;
  const magnitude = bits & ~SIGN;
  if (magnitude != bits) store<u8>(at++, MINUS);
  if (magnitude >= INFINITY_BITS) {
    store<u32>(at, magnitude == INFINITY_BITS ? INF_TEXT : NAN_TEXT);
    return at + 3;
  }
  const value = reinterpret<f64>(magnitude);
  if (value < f64(TEN_17) && value == floor(value)) return writeUint(at, u64(value));
  if (value <= MIN_CERTAIN || value >= MAX_CERTAIN) return writeExactDouble(bits, start);
  let exponent = i32(floor(f64(i32(magnitude >> 52) - 1023) * LOG10_OF_2));
  while (true) {
    const power = loadPower(16 - exponent);
    // value * power exactly: `whole` and an error.
    const whole = value * power;
    let t = SPLITTER * value;
    const aHigh = t - (t - value);
    const aLow = value - aHigh;
    t = SPLITTER * power;
    const bHigh = t - (t - power);
    const bLow = power - bHigh;
    const error = aLow * bLow - (whole - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
    const low = error + value * loadPowerRest(16 - exponent);
    if (whole > f64(TEN_17) || (whole == f64(TEN_17) && low >= 0)) {
      exponent++;
      continue;
    }
    const lowFloor = floor(low);
    const fraction = low - lowFloor;
    if (fraction > 0.5 - TIE_MARGIN && fraction < 0.5 + TIE_MARGIN) return writeExactDouble(bits, start);
    let digits = u64(whole) + u64(i64(lowFloor)) + u64(fraction > 0.5);
    if (digits < TEN_16 || digits > TEN_17) return writeExactDouble(bits, start);
    if (digits == TEN_17) {
      digits = TEN_16;
      exponent++;
    }
    return writeDigits(at, digits, exponent);
  }
}

/** Writes 17 digits, the first of them not 0, with point and exponent, without zeros at the end of a fraction. */
function writeDigits(at: usize, value: u64, exponent: i32): usize {
  const first = value / TEN_16;
  const rest = value - first * TEN_16;
  const high = rest / TEN_8;
  const a = splitDigits(u32(high));
  const b = splitDigits(u32(rest - high * TEN_8));
  const digits: i32 = b != 0 ? 17 - i32(clz(b) >> 3) : a != 0 ? 9 - i32(clz(a) >> 3) : 1;
  const lead = u8(0x30 + first);
  if (exponent < -4 || exponent > 16) {
    store<u8>(at, lead);
    store<u8>(at, POINT, 1);
    store<u64>(at, a | ZERO_DIGITS, 2);
    store<u64>(at, b | ZERO_DIGITS, 10);
    return writeExponent(at + (digits > 1 ? usize(digits) + 1 : 1), exponent);
  }
  if (exponent < 0) {
    // 0.000
    store<u64>(at, 0x30303030302e30);
    at += 1 - exponent;
    storeDigits(at, lead, a, b);
    return at + digits;
  }
  storeDigits(at, lead, a, b);
  if (digits <= exponent + 1) return at + exponent + 1;
  // The digits behind the point move by one.
  const point = at + exponent + 1;
  const fraction = v128.load(point);
  store<u8>(point, POINT);
  v128.store(point + 1, fraction);
  return at + digits + 1;
}

function storeDigits(at: usize, lead: u8, a: u64, b: u64): void {
  store<u8>(at, lead);
  store<u64>(at, a | ZERO_DIGITS, 1);
  store<u64>(at, b | ZERO_DIGITS, 9);
}

/** Writes the letter, the sign, and at least two digits. */
function writeExponent(at: usize, exponent: i32): usize {
  store<u8>(at, 0x65);
  store<u8>(at, exponent < 0 ? MINUS : 0x2b, 1);
  at += 2;
  let magnitude = u32(exponent < 0 ? -exponent : exponent);
  if (magnitude >= 100) return writeUint(at, magnitude);
  store<u8>(at, u8(0x30 + magnitude / 10));
  store<u8>(at, u8(0x30 + (magnitude % 10)), 1);
  return at + 2;
}
