// Integers and short copies, by address. Functions that write return the end of what they have written.

export const SPACE: u8 = 0x20;
export const LF: u8 = 0x0a;
export const MINUS: u8 = 0x2d;

/** Bytes behind a range that copies and numbers read or write beyond it; every buffer has them. */
export const SLACK_BYTES: usize = 32;

const VECTOR_BYTES: usize = 16;
/** From here on one instruction for the whole range is faster than vectors. */
const MEMORY_COPY_BYTES: usize = 512;

/** Copies `bytes` bytes; reads and writes up to 16 more. The ranges must not overlap. */
export function copyRange(from: usize, bytes: usize, at: usize): void {
  v128.store(at, v128.load(from));
  if (bytes > VECTOR_BYTES) copyRest(from, bytes, at);
}

function copyRest(from: usize, bytes: usize, at: usize): void {
  if (bytes > MEMORY_COPY_BYTES) {
    memory.copy(at + VECTOR_BYTES, from + VECTOR_BYTES, bytes - VECTOR_BYTES);
    return;
  }
  for (let i: usize = VECTOR_BYTES; i < bytes; i += VECTOR_BYTES) v128.store(at + i, v128.load(from + i));
}

const TEN_8: u64 = 100_000_000;
const TEN_16: u64 = 10_000_000_000_000_000;
/** Eight times the digit 0. */
export const ZERO_DIGITS: u64 = 0x3030303030303030;

/**
 * The eight digits of `value`, which is below 10^8, as numbers 0–9: the most significant in the lowest byte. Division
 * by 10000, 100 and 10 is multiplication, of two and then four halves at a time.
 */
export function splitDigits(value: u32): u64 {
  const high = u32((u64(value) * 3518437209) >> 45);
  const low = value - high * 10000;
  let x: u64 = u64(high) | (u64(low) << 32);
  const hundreds = ((x * 10486) >> 20) & 0x0000007f0000007f;
  x = hundreds + ((x - hundreds * 100) << 16);
  const tens = ((x * 103) >> 10) & 0x000f000f000f000f;
  return tens + ((x - tens * 10) << 8);
}

/** Writes `value`, which is below 10^8; 8 bytes of room. */
function writeShort(at: usize, value: u32): usize {
  if (value < 10) {
    store<u8>(at, 0x30 + value);
    return at + 1;
  }
  const x = splitDigits(value);
  const leadingBits = ctz(x) & ~7;
  store<u64>(at, (x | ZERO_DIGITS) >> leadingBits);
  return at + 8 - usize(leadingBits >> 3);
}

/** Writes `value` in decimal; 24 bytes of room. */
export function writeUint(at: usize, value: u64): usize {
  if (value < TEN_8) return writeShort(at, u32(value));
  if (value < TEN_16) {
    const high = value / TEN_8;
    at = writeShort(at, u32(high));
    store<u64>(at, splitDigits(u32(value - high * TEN_8)) | ZERO_DIGITS);
    return at + 8;
  }
  const top = value / TEN_16;
  const rest = value - top * TEN_16;
  at = writeShort(at, u32(top));
  const middle = rest / TEN_8;
  store<u64>(at, splitDigits(u32(middle)) | ZERO_DIGITS);
  store<u64>(at, splitDigits(u32(rest - middle * TEN_8)) | ZERO_DIGITS, 8);
  return at + 16;
}

/** As `writeUint`, with a sign where one is needed. */
export function writeInt(at: usize, value: i64): usize {
  if (value >= 0) return writeUint(at, u64(value));
  store<u8>(at, MINUS);
  // The lowest value stays what it is, and is right as an unsigned number.
  return writeUint(at + 1, u64(-value));
}
