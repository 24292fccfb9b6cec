// The names of a record's bins: where they end, whether one comes twice, and which of them are wanted.
import { LF, SPACE } from './text';

const BACKSLASH: u8 = 0x5c;

const MAX_NAME_BYTES: usize = 15;
const VECTOR_BYTES: usize = 16;

/** A hash table of the names of one record, of 256 places: name (16 bytes, zeros behind it), number of the record. */
const PLACES: usize = memory.data(256 * 32, 16);
const PLACE_SHIFT: usize = 5;
const LAST_PLACE: u32 = 255;
const RECORD_OFFSET: usize = 16;
/** The table stays half empty at least, so that the search for a place ends. */
export const MAX_BINS: u32 = 128;

/** The names that are wanted, 16 bytes each, zeros behind them; read if `wantedBins` is not 0. */
export const MAX_WANTED_BINS: u32 = 64;
export const WANTED_BINS: usize = memory.data(64 * 16, 16);
export let wantedBins: u32 = 0;

/** Of the last name. */
export let nameBytes: usize = 0;
let nameLow: u64 = 0;
let nameHigh: u64 = 0;
/** Of the record at work; 0 is that of the places that are empty. */
let record: u64 = 0;

/** 0 = all bins are wanted. */
export function setWantedBins(count: u32): void {
  wantedBins = count;
}

export function beginNames(): void {
  record++;
}

/** Bits of the 16 bytes at `at` for LF, backslash and NUL. */
export function findNameEnds(at: usize): u32 {
  const v = v128.load(at);
  const ends = v128.or(i8x16.eq(v, i8x16.splat(LF)), i8x16.eq(v, i8x16.splat(BACKSLASH)));
  return u32(i8x16.bitmask(v128.or(ends, i8x16.eq(v, i8x16.splat(0)))));
}

/** Reads a name and returns the position of the space behind it; 0 = it ends in another way, is too long or escaped. */
export function readName(at: usize): usize {
  const v = v128.load(at);
  const ends = findNameEnds(at) | u32(i8x16.bitmask(i8x16.eq(v, i8x16.splat(SPACE))));
  if (ends == 0) return 0;
  nameBytes = usize(ctz(ends));
  if (nameBytes > MAX_NAME_BYTES || load<u8>(at + nameBytes) != SPACE) return 0;
  nameLow = load<u64>(at);
  nameHigh = 0;
  if (nameBytes > 8) nameHigh = load<u64>(at, 8) & ((u64(1) << (u64(nameBytes - 8) << 3)) - 1);
  else if (nameBytes < 8) nameLow &= (u64(1) << (u64(nameBytes) << 3)) - 1;
  return at + nameBytes;
}

/** Whether the last name is one of those that are wanted. */
export function isWanted(): bool {
  if (wantedBins == 0) return true;
  for (let i: usize = 0; i < usize(wantedBins); i++) {
    const at = WANTED_BINS + i * VECTOR_BYTES;
    if (load<u64>(at) == nameLow && load<u64>(at, 8) == nameHigh) return true;
  }
  return false;
}

/** Enters the last name. False = the record has it already. No name holds a NUL, so that its bytes tell its length. */
export function enterName(): bool {
  let place = u32(((nameLow ^ (nameHigh * 0x9e3779b97f4a7c15)) * 0xd6e8feb86659fd93) >> 56);
  while (true) {
    const at = PLACES + (usize(place) << PLACE_SHIFT);
    if (load<u64>(at, RECORD_OFFSET) != record) {
      store<u64>(at, nameLow);
      store<u64>(at, nameHigh, 8);
      store<u64>(at, record, RECORD_OFFSET);
      return true;
    }
    if (load<u64>(at) == nameLow && load<u64>(at, 8) == nameHigh) return false;
    place = (place + 1) & LAST_PLACE;
  }
}
