// Records of backup text as rows of write requests (wire.md 8.1, 8.5), byte for byte as the decoder and WriteFrame make
// them. What is no ordinary record is left to TypeScript: whatever is wrong or cut short, names with escapes, bins
// without value or with a name that came before, keys that are not integers, doubles or strings, large values.
//
// Everything is an address. Behind the text there are GUARD_BYTES zeros, so that whatever looks for the end of a name
// or number stops there; raw and base64 values, which may hold any byte, are measured before they are read.
import { initBase64, readBase64 } from './base64';
import {
  BOOL,
  compact,
  FLOAT,
  GEOJSON,
  initParticles,
  INTEGER,
  isTrue,
  LIST,
  MAP,
  particle,
  readBinHead,
  readBool,
  STRING,
} from './bin-head';
import {
  beginNames,
  enterName,
  isWanted,
  MAX_WANTED_BINS as MAX_BIN_NAMES,
  nameBytes,
  setWantedBins,
  WANTED_BINS,
} from './bin-names';
import { clearPersistBits, initPersistBits } from './persist-bits';
import { number, readFloat, readInteger, readLength } from './read-number';
import {
  bins,
  DIGEST,
  DIGEST_BYTES,
  generation,
  isNullSet,
  isWantedSet,
  keyBytes,
  keyFrom,
  keyType,
  MAX_SETS,
  NAMESPACE_LINE,
  readHeader,
  setBytes,
  setFrom,
  setNamespaceLine,
  SETS,
  setWantedSets,
  voidTime,
} from './record-header';
import { copyRange, LF } from './text';

export { MAX_BIN_NAMES, MAX_SETS, NAMESPACE_LINE, SETS, WANTED_BINS };

/** The entry at `position` is for TypeScript, if more text does not help. */
const STUCK: i32 = 0;
/** The frame of `fullSlot` is to be sent and the slot to be given another one; then `scan` goes on. */
const FULL: i32 = 1;
/** The record has been taken. */
const TAKEN: i32 = 2;
/** The record has been taken, and the frame has become full. */
const TAKEN_FULL: i32 = 3;

const PARTITIONS: usize = 4096;
const MAX_TTL_S: i64 = 315360000;
const TTL_NEVER: u32 = 0xffffffff;

const FIELD_HEADER_BYTES: usize = 5;
const SET_FIELD: u8 = 1;
const KEY_FIELD: u8 = 2;
const DIGEST_FIELD: u8 = 4;
const OP_HEADER_BYTES: usize = 8;
const OP_WRITE: u32 = 2;
const GEOJSON_PREFIX_BYTES: usize = 3;
const FRAME_HEADER_BYTES: usize = 8;
const FRAME_START: u16 = 0x0302;
const MESSAGE_HEADER_BYTES: usize = 22;
const ROW_FIXED_BYTES: usize = 38;
/** More than any row has in front of its bins, besides namespace, set and key; slack included. */
const ROW_OVERHEAD_BYTES: usize = 192;
/** More than any bin has besides its value; slack included. */
const BIN_OVERHEAD_BYTES: usize = 96;

/** What `scan` counts, as ScanCounts names it (record-scanner.ts): the records that were taken first. */
export const COUNTS: usize = memory.data(32, 16);
const EXPIRED: usize = 4;
const SKIPPED: usize = 8;
const TTLS_CUT: usize = 12;
const GENERATION_ZERO: usize = 16;
const PERSIST_BITS: usize = 20;
const NULL_SETS: usize = 24;

/** By partition: its slot; NO_SLOT = for TypeScript. */
export const ROUTES: usize = memory.data(4096 * 2, 16);
export const MAX_SLOTS: u32 = 256;
/** The frame of each node: address (0 = none), bytes, rows, room for bytes, where the row starts are, room for rows. */
export const SLOTS: usize = memory.data(256 * 32, 16);
const SLOT_SHIFT: usize = 5;
const SLOT_LENGTH: usize = 4;
const SLOT_ROWS: usize = 8;
const SLOT_CAPACITY: usize = 12;
const SLOT_STARTS: usize = 16;
const SLOT_MAX_ROWS: usize = 20;

export const NAMESPACE_FIELD: usize = memory.data(128, 16);
let namespaceFieldBytes: usize = 0;
/** Single-record commands instead of rows of a batch. */
let single: bool = false;
/** No row is made; the frame of slot 0 is memory for values. */
let checkOnly: bool = false;
/** For readers: every record is kept as it is in the file, with its expiration in place of the TTL. */
let reading: bool = false;
/** The first word of a row's or message's header: flags and info bits. Another one for records of generation 0. */
let info: u32 = 0;
let firstWriteInfo: u32 = 0;
let sendGeneration: bool = true;
let extraTtlS: i64 = 0;
let nowS: i64 = 0;
let rowsPerFrame: u32 = 0;
let minRowsPerFrame: u32 = 0;
let flushThresholdBytes: u32 = 0;
let maxFrameBytes: u32 = 0;

/** Where the entry begins that was not taken. */
export let position: usize = 0;
export let fullSlot: u32 = 0;

// The record at work.
let keptBins: u32 = 0;
let persistBitsCleared: bool = false;
/** Behind it. */
let recordEnd: usize = 0;
/** The end of the row at work, and how far it may go. */
let out: usize = 0;
let outLimit: usize = 0;
/** A record whose row does not fit. */
let noRoom: bool = false;

/** To be called once. Returns where memory is free. */
export function init(): usize {
  initBase64();
  initPersistBits();
  initParticles();
  return __heap_base;
}

/** Of NAMESPACE_LINE and NAMESPACE_FIELD. */
export function setNamespace(lineBytes: usize, fieldBytes: usize): void {
  setNamespaceLine(lineBytes);
  namespaceFieldBytes = fieldBytes;
}

/** Entries of SETS and WANTED_BINS; 0 = all. */
export function setFilters(sets: u32, binNames: u32): void {
  setWantedSets(sets);
  setWantedBins(binNames);
}

export function setMode(singleCommands: bool, only: bool): void {
  single = singleCommands;
  checkOnly = only;
}

/** Rows are those of a batch, with generations. */
export function setReading(): void {
  reading = true;
  sendGeneration = true;
}

export function setPolicy(infoWord: u32, firstWriteInfoWord: u32, withGeneration: bool, extraTtl: f64): void {
  info = infoWord;
  firstWriteInfo = firstWriteInfoWord;
  sendGeneration = withGeneration;
  extraTtlS = i64(extraTtl);
}

/** Seconds since 2010. */
export function setClock(now: f64): void {
  nowS = i64(now);
}

export function setFrames(rows: u32, minRows: u32, flushBytes: u32, maxBytes: u32): void {
  rowsPerFrame = rows;
  minRowsPerFrame = minRows;
  flushThresholdBytes = flushBytes;
  maxFrameBytes = maxBytes;
}

/** Line feeds in the bytes from `from` to `to`. */
export function countLineFeeds(from: usize, to: usize): u32 {
  let count: u32 = 0;
  while (to - from >= 16) {
    count += popcnt<u32>(u32(i8x16.bitmask(i8x16.eq(v128.load(from), i8x16.splat(LF)))));
    from += 16;
  }
  while (from < to) count += u32(load<u8>(from++) == LF);
  return count;
}

/** Takes records from `from` on, up to `end`, where the zeros begin. Returns STUCK or FULL. */
export function scan(from: usize, end: usize): i32 {
  position = from;
  if (checkOnly) {
    checkRecords(end);
    return STUCK;
  }
  while (true) {
    const outcome = takeRecord(position, end);
    if (outcome == STUCK || outcome == FULL) return outcome;
    position = recordEnd;
    if (outcome == TAKEN_FULL) return FULL;
  }
}

/** Goes on from `position` to the first entry that is no ordinary record: what `takeRecord` would not take either. */
function checkRecords(end: usize): void {
  const scratch = usize(load<u32>(SLOTS));
  const room = usize(load<u32>(SLOTS, SLOT_CAPACITY));
  while (true) {
    let at = readHeader(position, end);
    if (at == 0) return;
    beginNames();
    for (let left = bins; left != 0; left--) {
      at = checkBin(at, end, scratch, room);
      if (at == 0) return;
    }
    count(0);
    if (isNullSet()) count(NULL_SETS);
    position = at;
  }
}

/** Reads a bin, values to `scratch`. Returns its end, 0 = stuck. */
function checkBin(at: usize, end: usize, scratch: usize, room: usize): usize {
  at = readBinHead(at);
  if (at == 0 || !enterName()) return 0;
  switch (particle) {
    case INTEGER:
      return readInteger(at, scratch);
    case FLOAT:
      return readFloat(at, scratch);
    case BOOL:
      return readBool(at);
    default:
      break;
  }
  at = readLength(at);
  if (at == 0 || number >= u64(end - at)) return 0;
  const bytes = usize(number);
  if (load<u8>(at + bytes) != LF) return 0;
  if (!compact && particle != STRING && particle != GEOJSON && bytes != 0) {
    if ((bytes & 3) != 0 || bytes > room || readBase64(at, bytes, scratch) == 0) return 0;
  }
  return at + bytes + 1;
}

function takeRecord(at: usize, end: usize): i32 {
  at = readHeader(at, end);
  if (at == 0) return STUCK;
  const slot: u32 = load<u16>(ROUTES + (usize(load<u16>(DIGEST) & u16(PARTITIONS - 1)) << 1));
  if (slot >= MAX_SLOTS) return STUCK;
  const frame = SLOTS + (usize(slot) << SLOT_SHIFT);
  const buffer = usize(load<u32>(frame));
  if (buffer == 0) return STUCK;
  const rows = load<u32>(frame, SLOT_ROWS);
  const start = buffer + usize(load<u32>(frame, SLOT_LENGTH));
  outLimit = buffer + usize(load<u32>(frame, SLOT_CAPACITY));
  if (
    rows >= load<u32>(frame, SLOT_MAX_ROWS) ||
    start + ROW_OVERHEAD_BYTES + namespaceFieldBytes + setBytes + keyBytes > outLimit
  ) {
    return refuse(slot, rows);
  }

  let ttlS: u32 = TTL_NEVER;
  let expired = false;
  let ttlCut = false;
  if (reading) {
    ttlS = u32(voidTime);
  } else if (voidTime != 0) {
    const left = voidTime + extraTtlS - nowS;
    expired = left <= 0;
    ttlCut = left > MAX_TTL_S;
    ttlS = u32(ttlCut ? MAX_TTL_S : left);
  }
  const countsAt = single ? writeCommandHeader(start, ttlS) : writeRowHeader(start, rows, ttlS);
  noRoom = false;
  at = writeBins(at, end);
  if (at == 0) return noRoom ? refuse(slot, rows) : STUCK;

  // Nothing is counted before it is certain that nobody else counts the record.
  recordEnd = at;
  count(0);
  if (isNullSet()) count(NULL_SETS);
  if (expired) {
    count(EXPIRED);
    return TAKEN;
  }
  if (ttlCut) count(TTLS_CUT);
  if (!reading && (keptBins == 0 || !isWantedSet())) {
    count(SKIPPED);
    return TAKEN;
  }
  if (generation == 0 && sendGeneration) count(GENERATION_ZERO);
  if (persistBitsCleared) count(PERSIST_BITS);
  store<u16>(countsAt, bswap<u16>(u16(keptBins)));
  if (single) {
    store<u16>(start, FRAME_START);
    store<u16>(start, 0, 2);
    storeBig(start + 4, u32(out - start - FRAME_HEADER_BYTES));
  }
  return endRow(frame, slot, buffer, rows + 1);
}

/** The row does not fit into the frame: another one may have room, unless this one is empty. */
function refuse(slot: u32, rows: u32): i32 {
  if (rows == 0) return STUCK;
  fullSlot = slot;
  return FULL;
}

function endRow(frame: usize, slot: u32, buffer: usize, rows: u32): i32 {
  const length = u32(out - buffer);
  store<u32>(frame, length, SLOT_LENGTH);
  store<u32>(frame, rows, SLOT_ROWS);
  store<u32>(usize(load<u32>(frame, SLOT_STARTS)) + (usize(rows) << 2), length);
  const full =
    length >= flushThresholdBytes
      ? rows >= min(rowsPerFrame, minRowsPerFrame) || length >= maxFrameBytes
      : rows >= rowsPerFrame;
  if (!full) return TAKEN;
  fullSlot = slot;
  return TAKEN_FULL;
}

function count(what: usize): void {
  store<u32>(COUNTS + what, load<u32>(COUNTS + what) + 1);
}

function storeBig(at: usize, value: u32): void {
  store<u32>(at, bswap<u32>(value));
}

/**
 * A row of a batch: index, digest, flags and info, generation, TTL, number of fields, of ops, fields. Returns where the
 * number of ops lies.
 */
function writeRowHeader(at: usize, row: u32, ttlS: u32): usize {
  const first = sendGeneration && generation == 0;
  storeBig(at, row);
  copyDigest(at + 4);
  storeBig(at + 24, first ? firstWriteInfo : info);
  store<u16>(at, bswap<u16>(u16(sendGeneration ? generation : 0)), 28);
  storeBig(at + 30, ttlS);
  store<u16>(at, bswap<u16>(keyType == 0 ? 2 : 3), 34);
  out = writeSetField(writeNamespaceField(at + ROW_FIXED_BYTES));
  writeKeyField();
  return at + 36;
}

/** A command of its own: frame header, message header, fields; the sizes and the timeout follow later. */
function writeCommandHeader(start: usize, ttlS: u32): usize {
  const at = start + FRAME_HEADER_BYTES;
  const first = sendGeneration && generation == 0;
  storeBig(at, first ? firstWriteInfo : info);
  store<u16>(at, 0, 4);
  storeBig(at + 6, sendGeneration ? generation : 0);
  storeBig(at + 10, ttlS);
  store<u32>(at, 0, 14);
  store<u16>(at, bswap<u16>(keyType == 0 ? 3 : 4), 18);
  const digestAt = writeSetField(writeNamespaceField(at + MESSAGE_HEADER_BYTES));
  storeBig(digestAt, u32(DIGEST_BYTES + 1));
  store<u8>(digestAt, DIGEST_FIELD, 4);
  copyDigest(digestAt + FIELD_HEADER_BYTES);
  out = digestAt + FIELD_HEADER_BYTES + DIGEST_BYTES;
  writeKeyField();
  return at + 20;
}

function writeNamespaceField(at: usize): usize {
  copyRange(NAMESPACE_FIELD, namespaceFieldBytes, at);
  return at + namespaceFieldBytes;
}

function writeSetField(at: usize): usize {
  storeBig(at, u32(setBytes + 1));
  store<u8>(at, SET_FIELD, 4);
  at += FIELD_HEADER_BYTES;
  if (setBytes != 0) copyRange(setFrom, setBytes, at);
  return at + setBytes;
}

function writeKeyField(): void {
  if (keyType == 0) return;
  storeBig(out, u32(keyBytes + 2));
  store<u8>(out, KEY_FIELD, 4);
  store<u8>(out, u8(keyType), 5);
  copyRange(keyFrom, keyBytes, out + FIELD_HEADER_BYTES + 1);
  out += FIELD_HEADER_BYTES + 1 + keyBytes;
}

function copyDigest(to: usize): void {
  store<u64>(to, load<u64>(DIGEST));
  store<u64>(to, load<u64>(DIGEST, 8), 8);
  store<u32>(to, load<u32>(DIGEST, 16), 16);
}

/** Reads the bins from `at` on and writes those that are wanted. Returns the end of the record, 0 = stuck. */
function writeBins(at: usize, end: usize): usize {
  beginNames();
  keptBins = 0;
  persistBitsCleared = false;
  for (let i: u32 = 0; i < bins; i++) {
    at = readBinHead(at);
    if (at == 0) return 0;
    const wanted = isWanted();
    if (wanted && !enterName()) return 0;
    const op = out;
    if (op + BIN_OVERHEAD_BYTES > outLimit) return leave();
    const bytes = nameBytes;
    copyRange(at - 1 - bytes, bytes, op + OP_HEADER_BYTES);
    out = op + OP_HEADER_BYTES + bytes;
    at = writeValue(at, end);
    if (at == 0) return 0;
    if (!wanted) {
      out = op;
      continue;
    }
    const isNested = particle == LIST || particle == MAP;
    if (isNested && !reading && clearPersistBits(op + OP_HEADER_BYTES + bytes, out)) persistBitsCleared = true;
    storeBig(op, u32(out - op - 4));
    store<u32>(op, OP_WRITE | (particle << 8) | (u32(bytes) << 24), 4);
    keptBins++;
  }
  return at;
}

/** Reads a value and the LF behind it, and writes the particle. */
function writeValue(at: usize, end: usize): usize {
  switch (particle) {
    case INTEGER:
      at = readInteger(at, out);
      out += 8;
      return at;
    case FLOAT:
      at = readFloat(at, out);
      out += 8;
      return at;
    case BOOL:
      store<u8>(out++, u8(isTrue(at)));
      return readBool(at);
    default:
      break;
  }
  at = readLength(at);
  if (at == 0 || number >= u64(end - at)) return 0;
  const bytes = usize(number);
  if (load<u8>(at + bytes) != LF) return 0;
  if (out + bytes + BIN_OVERHEAD_BYTES > outLimit) return leave();
  if (particle == GEOJSON) {
    store<u32>(out, 0);
    out += GEOJSON_PREFIX_BYTES;
  }
  if (compact || particle == STRING || particle == GEOJSON) {
    if (bytes != 0) copyRange(at, bytes, out);
    out += bytes;
  } else if (bytes != 0) {
    if ((bytes & 3) != 0) return 0;
    out = readBase64(at, bytes, out);
    if (out == 0) return 0;
  }
  return at + bytes + 1;
}

function leave(): usize {
  noRoom = true;
  return 0;
}
