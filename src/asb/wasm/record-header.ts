// What stands in front of a record's bins in backup text.
import { readDigest } from './base64';
import { findNameEnds, MAX_BINS } from './bin-names';
import { number, readFloat, readInteger, readLength, readUint } from './read-number';
import { LF } from './text';

export const DIGEST_BYTES: usize = 20;
const DIGEST_CHARS: usize = 28;
const MAX_SET_BYTES: usize = 63;
const MAX_GENERATION: u64 = 0xffff;
const MAX_VOID_TIME: u64 = 0xffffffff;
const MAX_KEY_BYTES: u64 = 1 << 20;
/** `+ k `, and behind it `I `, `D `, `S `. */
const KEY_LINE: u32 = 0x206b202b;
const KEY_INTEGER: u32 = 0x2049;
const KEY_FLOAT: u32 = 0x2044;
const KEY_STRING: u32 = 0x2053;
/** LF and `+ s `, `+ g `, `+ t `, `+ b `: five bytes. */
const SET_LINE: u64 = 0x2073202b0a;
const GENERATION_LINE: u64 = 0x2067202b0a;
const EXPIRATION_LINE: u64 = 0x2074202b0a;
const BINS_LINE: u64 = 0x2062202b0a;
const LINE_MASK: u64 = 0xffffffffff;
const LINE_BYTES: usize = 5;
const VECTOR_BYTES: usize = 16;
const NULL_SET: u32 = 0x6c6c756e;

const INTEGER: u32 = 1;
const FLOAT: u32 = 2;
const STRING: u32 = 3;
const LF_CODE: u32 = 0x0a;

/** `+ n <namespace>`, LF, `+ d `: escapes of the name stand as in the file, so that it has up to twice its 31 bytes. */
export const NAMESPACE_LINE: usize = memory.data(128, 16);
/** Sets that are wanted, 64 bytes each: length, name. */
export const MAX_SETS: u32 = 64;
export const SETS: usize = memory.data(64 * 64, 16);
const SET_SHIFT: usize = 6;

/** The digest, and a key that is a number, as bytes of the wire. */
export const DIGEST: usize = memory.data(64, 16);
const NUMBER_KEY: usize = memory.data(64, 16);

let namespaceLineBytes: usize = 0;
let wantedSets: u32 = 0;

// The record that was read last.
export let keyType: u32 = 0;
export let keyFrom: usize = 0;
export let keyBytes: usize = 0;
export let setFrom: usize = 0;
export let setBytes: usize = 0;
export let generation: u32 = 0;
export let voidTime: i64 = 0;
export let bins: u32 = 0;

/** The length of what is at NAMESPACE_LINE; 0 = no record is taken. */
export function setNamespaceLine(bytes: usize): void {
  namespaceLineBytes = bytes;
}

/** Entries of SETS; 0 = all. */
export function setWantedSets(count: u32): void {
  wantedSets = count;
}

/** Whether the set is really called `null`. */
export function isNullSet(): bool {
  return setBytes == 4 && load<u32>(setFrom) == NULL_SET;
}

/** Reads up to the bin count, whose LF the result is behind; 0 = stuck. */
export function readHeader(at: usize, end: usize): usize {
  keyType = 0;
  keyBytes = 0;
  if (load<u32>(at) == KEY_LINE) {
    at = readKey(at + 4, end);
    if (at == 0) return 0;
  }
  if (!startsWithNamespace(at)) return 0;
  at += namespaceLineBytes;
  if (!readDigest(at, DIGEST)) return 0;
  at += DIGEST_CHARS;
  setBytes = 0;
  if ((load<u64>(at) & LINE_MASK) == SET_LINE) {
    setFrom = at + LINE_BYTES;
    at = readSet(setFrom);
    if (at == 0) return 0;
  }
  if ((load<u64>(at) & LINE_MASK) != GENERATION_LINE) return 0;
  at = readUint(at + LINE_BYTES, LF_CODE);
  if (at == 0 || number > MAX_GENERATION) return 0;
  generation = u32(number);
  if ((load<u64>(at) & LINE_MASK) != EXPIRATION_LINE) return 0;
  at = readUint(at + LINE_BYTES, LF_CODE);
  if (at == 0 || number > MAX_VOID_TIME) return 0;
  voidTime = i64(number);
  if ((load<u64>(at) & LINE_MASK) != BINS_LINE) return 0;
  at = readUint(at + LINE_BYTES, LF_CODE);
  if (at == 0 || number > u64(MAX_BINS)) return 0;
  bins = u32(number);
  return at + 1;
}

/** `at` is behind `+ k `. */
function readKey(at: usize, end: usize): usize {
  const letter = u32(load<u16>(at));
  at += 2;
  keyFrom = NUMBER_KEY;
  keyBytes = 8;
  if (letter == KEY_INTEGER) {
    keyType = INTEGER;
    return readInteger(at, NUMBER_KEY);
  }
  if (letter == KEY_FLOAT) {
    keyType = FLOAT;
    return readFloat(at, NUMBER_KEY);
  }
  if (letter != KEY_STRING) return 0;
  keyType = STRING;
  at = readLength(at);
  if (at == 0 || number > MAX_KEY_BYTES || number >= u64(end - at)) return 0;
  keyFrom = at;
  keyBytes = usize(number);
  at += keyBytes;
  return load<u8>(at) == LF ? at + 1 : 0;
}

function startsWithNamespace(at: usize): bool {
  const bytes = namespaceLineBytes;
  if (bytes <= VECTOR_BYTES) {
    const mask: u32 = (1 << u32(bytes)) - 1;
    return bytes != 0 && (findDifferences(at, 0) & mask) == 0;
  }
  const last = bytes - VECTOR_BYTES;
  for (let i: usize = 0; i < last; i += VECTOR_BYTES) if (findDifferences(at, i) != 0) return false;
  return findDifferences(at, last) == 0;
}

/** A bit for each of 16 bytes that are not those of the namespace's line. */
function findDifferences(at: usize, offset: usize): u32 {
  return u32(i8x16.bitmask(i8x16.ne(v128.load(at + offset), v128.load(NAMESPACE_LINE + offset))));
}

/** Returns the position of the LF behind the name. */
function readSet(at: usize): usize {
  const limit = at + MAX_SET_BYTES;
  while (true) {
    const ends = findNameEnds(at);
    if (ends != 0) {
      at += usize(ctz(ends));
      break;
    }
    at += 16;
    if (at > limit) return 0;
  }
  if (at > limit || load<u8>(at) != LF) return 0;
  setBytes = at - setFrom;
  return at;
}

export function isWantedSet(): bool {
  if (wantedSets == 0) return true;
  for (let i: usize = 0; i < usize(wantedSets); i++) {
    const set = SETS + (i << SET_SHIFT);
    if (usize(load<u8>(set)) == setBytes && memory.compare(set + 1, setFrom, setBytes) == 0) return true;
  }
  return false;
}
