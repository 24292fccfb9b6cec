/**
 * Powers of ten as double-doubles: HIGH[i] + LOW[i] = 10^k to about 100 bits, for the number text that must be exact
 * (double-text.ts). Entries are computed with BigInt when they are first wanted, so that nobody pays at start-up.
 */

/** |k| stays where neither the power nor its low part nor a product with them can overflow or become subnormal. */
export const MAX_POWER = 270;

export const POWER_HIGH = new Float64Array(2 * MAX_POWER + 1);
export const POWER_LOW = new Float64Array(2 * MAX_POWER + 1);

/** Bits of the low part that are computed; a double keeps 53 of them. */
const LOW_BITS = 180;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** Index of 10^k in the tables, filled in if it was not. */
export function powerIndex(k: number): number {
  const index = k + MAX_POWER;
  if (POWER_HIGH[index] === 0) fill(k, index);
  return index;
}

function fill(k: number, index: number): void {
  const high = Number(`1e${k}`);
  float[0] = high;
  // The bits of `high`: mantissa · 2^exponent, exactly.
  const upper = words[1]!;
  const mantissa = (BigInt((upper & 0xf_ffff) | 0x10_0000) << 32n) | BigInt(words[0]!);
  const exponent = (upper >>> 20) - 1075;
  // 10^k as numerator / denominator, and `high` over the same denominator.
  let numerator = k >= 0 ? 10n ** BigInt(k) : 1n;
  let denominator = k >= 0 ? 1n : 10n ** BigInt(-k);
  let highNumerator = mantissa * denominator;
  if (exponent >= 0) {
    highNumerator <<= BigInt(exponent);
  } else {
    numerator <<= BigInt(-exponent);
    denominator <<= BigInt(-exponent);
  }
  // The quotient has LOW_BITS significant bits below the leading bit of `high`; scaling it back is exact.
  const shift = LOW_BITS - (exponent + 52);
  let remainder = numerator - highNumerator;
  if (shift >= 0) remainder <<= BigInt(shift);
  else denominator <<= BigInt(-shift);
  POWER_LOW[index] = Number(remainder / denominator) * 2 ** -shift;
  POWER_HIGH[index] = high;
}
