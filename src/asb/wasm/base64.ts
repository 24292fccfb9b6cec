// Base64 with padding, in both directions, 12 or 24 bytes at a time.

/** The value of each character for each of its four places, −1 = not of the alphabet: 4 tables of 256 numbers. */
const VALUES: usize = memory.data(4096, 16);
const PLACE_BYTES: usize = 1024;

const PADDING: u32 = 0x3d;

/** To be called once, before anything is read. */
export function initBase64(): void {
  for (let i: usize = 0; i < 1024; i++) store<i32>(VALUES + (i << 2), -1);
  for (let i: u32 = 0; i < 64; i++) {
    const at = VALUES + (usize(toChar(i)) << 2);
    store<i32>(at, i << 18);
    store<i32>(at + PLACE_BYTES, i << 12);
    store<i32>(at + 2 * PLACE_BYTES, i << 6);
    store<i32>(at + 3 * PLACE_BYTES, i);
  }
}

function toChar(value: u32): u32 {
  if (value < 26) return 0x41 + value;
  if (value < 52) return 0x61 + value - 26;
  if (value < 62) return 0x30 + value - 52;
  return value == 62 ? 0x2b : 0x2f;
}

/** Characters that `bytes` bytes take. */
export function base64Length(bytes: usize): usize {
  return ((bytes + 2) / 3) << 2;
}

/** The first 12 bytes of `v` as 16 characters. */
function encode12(v: v128): v128 {
  const x = i8x16.shuffle(v, v, 1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  const even = v128.or(
    i32x4.shr_u(v128.and(x, i32x4.splat(0xfc00)), 10),
    i32x4.shr_u(v128.and(x, i32x4.splat(0x0fc00000)), 6),
  );
  const odd = v128.or(i32x4.shl(v128.and(x, i32x4.splat(0x3f0)), 4), i32x4.shl(v128.and(x, i32x4.splat(0x3f0000)), 8));
  const index = v128.or(even, odd);
  // What to add to an index depends on its range: A–Z 13, a–z 0, 0–9 1–10, + 11, / 12.
  let range = i8x16.sub_sat_u(index, i8x16.splat(51));
  range = v128.or(range, v128.and(i8x16.lt_s(index, i8x16.splat(26)), i8x16.splat(13)));
  const offsets = i8x16.swizzle(i8x16(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0), range);
  return i8x16.add(index, offsets);
}

/** Writes `bytes` bytes as characters; reads up to 16 bytes behind them, writes up to 32 behind the characters. */
export function writeBase64(from: usize, bytes: usize, at: usize): usize {
  const end = from + bytes;
  while (from + 24 <= end) {
    v128.store(at, encode12(v128.load(from)));
    v128.store(at, encode12(v128.load(from + 12)), 16);
    from += 24;
    at += 32;
  }
  if (from == end) return at;
  const left = end - from;
  v128.store(at, encode12(v128.load(from)));
  if (left > 12) v128.store(at, encode12(v128.load(from + 12)), 16);
  const groups = left / 3;
  const rest = left - groups * 3;
  at += groups << 2;
  if (rest == 0) return at;
  const first = u32(load<u8>(end - rest));
  const second = rest == 2 ? u32(load<u8>(end - 1)) : 0;
  const bits = (first << 16) | (second << 8);
  const third = rest == 2 ? toChar((bits >> 6) & 63) : PADDING;
  store<u32>(at, toChar(bits >> 18) | (toChar((bits >> 12) & 63) << 8) | (third << 16) | (PADDING << 24));
  return at + 4;
}

/** Writes a digest of 20 bytes as 28 characters; 4 bytes behind them are written as well. */
export function writeDigest(from: usize, at: usize): void {
  v128.store(at, encode12(v128.load(from)));
  const rest = v128.and(v128.load(from, 12), i64x2(-1, 0));
  v128.store(at, encode12(rest), 16);
  store<u8>(at, u8(PADDING), 27);
}

/** Bits that are not 0 where a character is not of the alphabet. */
function findForeign(v: v128): v128 {
  const high = v128.and(i8x16.shr_u(v, 4), i8x16.splat(0x0f));
  const low = v128.and(v, i8x16.splat(0x0f));
  const byLow = i8x16(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
  const byHigh = i8x16(0x10, 0x10, 1, 2, 4, 8, 4, 8, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
  return v128.and(i8x16.swizzle(byLow, low), i8x16.swizzle(byHigh, high));
}

/** 16 characters as 12 bytes, in the first lanes. */
function decode16(v: v128): v128 {
  const high = v128.and(i8x16.shr_u(v, 4), i8x16.splat(0x0f));
  const isSlash = i8x16.eq(v, i8x16.splat(0x2f));
  const offsets = i8x16.swizzle(
    i8x16(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0),
    i8x16.add(isSlash, high),
  );
  const x = i8x16.add(v, offsets);
  const upper = v128.or(i32x4.shl(v128.and(x, i32x4.splat(0x3f)), 18), i32x4.shl(v128.and(x, i32x4.splat(0x3f00)), 4));
  const lower = v128.or(i32x4.shr_u(v128.and(x, i32x4.splat(0x3f0000)), 10), i32x4.shr_u(x, 24));
  const y = v128.or(upper, lower);
  return i8x16.shuffle(y, y, 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 3, 7, 11, 15);
}

/**
 * Reads `chars` characters, a multiple of 4 and at least 4. Returns the end of the bytes, 0 = not base64. Writes up to
 * 16 bytes behind them.
 */
export function readBase64(from: usize, chars: usize, at: usize): usize {
  let end = from + chars;
  const tail = u32(load<u16>(end - 2));
  const padding: u32 = tail >> 8 != PADDING ? 0 : (tail & 0xff) != PADDING ? 1 : 2;
  if (padding != 0) end -= 4;
  let foreign = i64x2(0, 0);
  while (from + 32 <= end) {
    const a = v128.load(from);
    const b = v128.load(from, 16);
    foreign = v128.or(foreign, v128.or(findForeign(a), findForeign(b)));
    v128.store(at, decode16(a));
    v128.store(at, decode16(b), 12);
    from += 32;
    at += 24;
  }
  if (from + 16 <= end) {
    const a = v128.load(from);
    foreign = v128.or(foreign, findForeign(a));
    v128.store(at, decode16(a));
    from += 16;
    at += 12;
  }
  if (v128.any_true(foreign)) return 0;
  while (from < end) {
    const bits = readPlace(from, 0) | readPlace(from, 1) | readPlace(from, 2) | readPlace(from, 3);
    if (bits < 0) return 0;
    store<u32>(at, bswap<u32>(bits << 8));
    from += 4;
    at += 3;
  }
  if (padding == 0) return at;
  const bits = readPlace(from, 0) | readPlace(from, 1) | (padding == 1 ? readPlace(from, 2) : 0);
  if (bits < 0) return 0;
  store<u8>(at++, u8(bits >> 16));
  if (padding == 1) store<u8>(at++, u8(bits >> 8));
  return at;
}

function readPlace(from: usize, place: usize): i32 {
  return load<i32>(VALUES + place * PLACE_BYTES + (usize(load<u8>(from + place)) << 2));
}

/** Reads the 28 characters of a digest as 20 bytes; 28 are written. False = they are not base64 of 20 bytes. */
export function readDigest(from: usize, at: usize): bool {
  if (load<u8>(from, 27) != u8(PADDING)) return false;
  const first = v128.load(from);
  v128.store(at, decode16(first));
  // Its last 5 lanes are padding and what follows; they are read as zeros.
  const isText = i8x16(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0);
  const rest = v128.bitselect(v128.load(from, 16), i8x16.splat(0x41), isText);
  v128.store(at, decode16(rest), 12);
  return !v128.any_true(v128.or(findForeign(first), findForeign(rest)));
}
