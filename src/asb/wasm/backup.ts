// Records of a scan's answer (wire.md 1.2–1.5, 5.2) as backup text (asb-format.md 1.1, 2.1), from memory to memory.
//
// Only the ordinary record is handled. At anything else `transcode` stops, and TypeScript takes the message: it has
// every check with its error, of which this has the condition only. All bytes come from the network: nothing is read
// before it is known to have arrived.
import { base64Length, initBase64, writeBase64, writeDigest } from './base64';
import { writeDouble } from './double';
import { copyRange, LF, SPACE, writeInt, writeUint } from './text';

/** What ends `transcode`. TypeScript takes the message at `getPosition`, which may not have arrived completely. */
const STOPPED: i32 = 0;
/** The chunk is full: `setChunk`, then again. If it is empty, a record is too large for any chunk. */
const FULL: i32 = 1;
/** Of `transcodeRecord` alone. */
const DONE: i32 = 2;

const PARTITIONS: usize = 4096;
const DIGEST_BYTES: usize = 20;
const MESSAGE_HEADER_BYTES: usize = 22;

// The state of the scan as TypeScript keeps it (scan-tables.ts), which has these values.
const REQUEST_OPEN: u8 = 1;
const FROM_START: u8 = 1;
const AFTER_DIGEST: u8 = 2;
const STATES: usize = memory.data(4096, 64);
const REQUESTS: usize = memory.data(4096, 64);
const MOVED: usize = memory.data(4096, 64);
const MOVED_LIST: usize = memory.data(8192, 64);
const MOVED_COUNT: usize = memory.data(64, 64);
/** With bytes behind it that are read and mean nothing. */
const DIGESTS: usize = memory.data(81984, 64);

/** `+ n <namespace>` LF `+ d `, the namespace, and the only set that is accepted; each with bytes behind it to read. */
const PREFIX: usize = memory.data(256, 16);
const NAMESPACE: usize = memory.data(96, 16);
const SET: usize = memory.data(96, 16);

/** By particle type: the letter, and in the upper byte the kind of the value. 0 = for TypeScript. */
const LETTERS: usize = memory.data(512, 16);
const KIND_NULL: u32 = 1;
const KIND_BOOL: u32 = 2;
const KIND_INTEGER: u32 = 3;
const KIND_FLOAT: u32 = 4;
const KIND_TEXT: u32 = 5;
const KIND_GEOJSON: u32 = 6;
const KIND_BLOB: u32 = 7;

const MAX_GENERATION: u32 = 0xffff;
const MAX_SET_BYTES: usize = 63;
const MAX_BIN_NAME_BYTES: usize = 15;
const FIELD_NAMESPACE: u8 = 0;
const FIELD_SET: u8 = 1;
const FIELD_KEY: u8 = 2;
const FIELD_DIGEST: u8 = 4;
const OP_READ: u32 = 1;
/** More than the lines of a record take besides prefix, set, key and bins, and what is written behind them. */
const RECORD_OVERHEAD_BYTES: usize = 512;
const BIN_OVERHEAD_BYTES: usize = 128;

// LF, the key line and the others as they begin, in the order of memory.
const KEY_INTEGER: u64 = 0x2049206b202b;
const KEY_FLOAT: u64 = 0x2044206b202b;
const KEY_STRING: u64 = 0x2053206b202b;
const KEY_BLOB: u64 = 0x2042206b202b;
const SET_LINE: u64 = 0x2073202b0a;
const GENERATION_LINE: u32 = 0x67202b0a;
const EXPIRATION_LINE: u32 = 0x74202b0a;
const BINS_LINE: u32 = 0x62202b0a;

let chunkEnd: usize = 0;
let chunkLimit: usize = 0;
let cutAt: usize = 0;
let position: usize = 0;
let recordEnd: usize = 0;
let prefixBytes: usize = 0;
let namespaceBytes: usize = 0;
let setBytes: usize = 0;
let anySet: bool = true;
let isCompact: bool = false;

/** To be called once, first. Returns where the memory begins that the module does not use. */
export function init(): usize {
  initBase64();
  setLetter(0, 0x4e, KIND_NULL);
  setLetter(17, 0x5a, KIND_BOOL);
  setLetter(1, 0x49, KIND_INTEGER);
  setLetter(2, 0x44, KIND_FLOAT);
  setLetter(3, 0x53, KIND_TEXT);
  setLetter(23, 0x47, KIND_GEOJSON);
  setLetter(4, 0x42, KIND_BLOB);
  setLetter(7, 0x4a, KIND_BLOB);
  setLetter(8, 0x43, KIND_BLOB);
  setLetter(9, 0x50, KIND_BLOB);
  setLetter(10, 0x52, KIND_BLOB);
  setLetter(11, 0x48, KIND_BLOB);
  setLetter(12, 0x45, KIND_BLOB);
  setLetter(18, 0x59, KIND_BLOB);
  setLetter(19, 0x4d, KIND_BLOB);
  setLetter(20, 0x4c, KIND_BLOB);
  return __heap_base;
}

function setLetter(type: u32, letter: u32, kind: u32): void {
  store<u16>(LETTERS + (type << 1), u16(letter | (kind << 8)));
}

// Where TypeScript finds the tables, and puts the names.
export function statesAt(): usize {
  return STATES;
}
export function requestsAt(): usize {
  return REQUESTS;
}
export function movedAt(): usize {
  return MOVED;
}
export function movedListAt(): usize {
  return MOVED_LIST;
}
export function movedCountAt(): usize {
  return MOVED_COUNT;
}
export function digestsAt(): usize {
  return DIGESTS;
}
export function prefixAt(): usize {
  return PREFIX;
}
export function namespaceAt(): usize {
  return NAMESPACE;
}
export function setAt(): usize {
  return SET;
}

/** Bytes of prefix and namespace, and whether blobs are written as they are. */
export function setFormat(prefix: usize, namespace: usize, compact: bool): void {
  prefixBytes = prefix;
  namespaceBytes = namespace;
  isCompact = compact;
}

/** Accepts records of the set of `bytes` bytes alone; −1 = of any set. */
export function setSet(bytes: i32): void {
  anySet = bytes < 0;
  setBytes = anySet ? 0 : usize(bytes);
}

/** Text goes to `end` until it reaches `cut`; `limit` is where the memory for it ends. */
export function setChunk(end: usize, cut: usize, limit: usize): void {
  chunkEnd = end;
  cutAt = cut;
  chunkLimit = limit;
}

export function getChunkEnd(): usize {
  return chunkEnd;
}

/** Where the next message begins. */
export function getPosition(): usize {
  return position;
}

let records: u32 = 0;

/** Records that the last `transcode` has handled. */
export function getRecords(): u32 {
  return records;
}

/** Handles at most `most` records of `start`–`end`, which is a range of one frame's body that has arrived. */
export function transcode(start: usize, end: usize, most: u32): i32 {
  let at = start;
  let result = STOPPED;
  records = 0;
  while (at < end && records < most) {
    if (chunkEnd >= cutAt) {
      result = FULL;
      break;
    }
    result = transcodeRecord(at, end);
    if (result != DONE) break;
    at = recordEnd;
    records++;
  }
  position = at;
  return result == FULL ? FULL : STOPPED;
}

function loadBe32(at: usize): u32 {
  return bswap<u32>(load<u32>(at));
}

function transcodeRecord(start: usize, limit: usize): i32 {
  if (limit - start < MESSAGE_HEADER_BYTES) return STOPPED;
  // The header has its size, is no end of a partition or of the scan, and the result is 0.
  if ((load<u64>(start) & 0x0000ff00050000ff) != MESSAGE_HEADER_BYTES) return STOPPED;
  const generation = loadBe32(start + 6);
  if (generation > MAX_GENERATION) return STOPPED;
  const voidTime = loadBe32(start + 10);
  const counts = loadBe32(start + 18);
  const fields = counts >> 16;
  const bins = counts & 0xffff;
  let from = start + MESSAGE_HEADER_BYTES;
  let digest: usize = 0;
  let namespace: usize = 0;
  let namespaceLength: usize = 0;
  let set: usize = 0;
  let setLength: usize = 0;
  let key: usize = 0;
  let keyLength: usize = 0;
  for (let i: u32 = 0; i < fields; i++) {
    if (limit - from < 5) return STOPPED;
    const size = usize(loadBe32(from));
    if (size == 0 || size > limit - from - 4) return STOPPED;
    const id = load<u8>(from, 4);
    const data = from + 5;
    const bytes = size - 1;
    if (id == FIELD_DIGEST) {
      if (bytes != DIGEST_BYTES) return STOPPED;
      digest = data;
    } else if (id == FIELD_SET) {
      if (bytes > MAX_SET_BYTES) return STOPPED;
      set = data;
      setLength = bytes;
    } else if (id == FIELD_NAMESPACE) {
      namespace = data;
      namespaceLength = bytes;
    } else if (id == FIELD_KEY) {
      if (bytes < 1) return STOPPED;
      key = data;
      keyLength = bytes - 1;
    } else {
      return STOPPED;
    }
    from = data + bytes;
  }
  if (digest == 0 || namespace == 0 || namespaceLength != namespaceBytes) return STOPPED;
  if (!isEqual(namespace, NAMESPACE, namespaceBytes)) return STOPPED;
  if (!anySet && (setLength != setBytes || !isEqual(set, SET, setBytes))) return STOPPED;
  const partition = usize(load<u16>(digest)) & (PARTITIONS - 1);
  if (!isExpected(digest, partition)) return STOPPED;

  let at = chunkEnd;
  if (at + RECORD_OVERHEAD_BYTES + prefixBytes + 2 * (setLength + keyLength) > chunkLimit) return FULL;
  if (key != 0) {
    at = writeKey(at, key, keyLength);
    if (at == 0) return STOPPED;
  }
  copyRange(PREFIX, prefixBytes, at);
  at += prefixBytes;
  writeDigest(digest, at);
  at += 28;
  if (setLength > 0) {
    store<u64>(at, SET_LINE);
    at = writeName(at + 5, set, setLength);
    if (at == 0) return STOPPED;
  }
  at = writeCounts(at, generation, voidTime, bins);

  for (let i: u32 = 0; i < bins; i++) {
    if (limit - from < 8) return STOPPED;
    const size = usize(loadBe32(from));
    if (size > limit - from - 4) return STOPPED;
    // Op, particle type, flags, bytes of the name.
    const op = load<u32>(from, 4);
    if ((op & 0xff) != OP_READ) return STOPPED;
    const nameLength = usize(op >> 24);
    if (nameLength > MAX_BIN_NAME_BYTES) return STOPPED;
    const name = from + 8;
    // Flag 1: 8 bytes stand between name and value.
    const value = name + nameLength + (((op >> 16) & 1) << 3);
    from += 4 + size;
    if (value > from) return STOPPED;
    const bytes = from - value;
    if (at + BIN_OVERHEAD_BYTES + 2 * (nameLength + bytes) > chunkLimit) return FULL;
    at = writeBin(at, (op >> 8) & 0xff, name, nameLength, value, bytes);
    if (at == 0) return STOPPED;
  }

  chunkEnd = at;
  recordEnd = from;
  moveCursor(digest, partition);
  return DONE;
}

/** `bytes` is at most 64; 16 bytes behind each range are read. */
function isEqual(a: usize, b: usize, bytes: usize): bool {
  let i: usize = 0;
  while (bytes - i >= 16) {
    if (v128.any_true(v128.xor(v128.load(a + i), v128.load(b + i)))) return false;
    i += 16;
  }
  if (i == bytes) return true;
  const equal = i8x16.bitmask(i8x16.eq(v128.load(a + i), v128.load(b + i)));
  return (~equal & ((1 << i32(bytes - i)) - 1)) == 0;
}

/** The partition was requested and is not done, and the digest is below the one before: nodes send them descending. */
function isExpected(digest: usize, partition: usize): bool {
  if (load<u8>(REQUESTS + partition) != REQUEST_OPEN) return false;
  const state = load<u8>(STATES + partition);
  if (state == FROM_START) return true;
  if (state != AFTER_DIGEST) return false;
  const last = DIGESTS + partition * DIGEST_BYTES;
  const a = bswap<u64>(load<u64>(digest));
  const b = bswap<u64>(load<u64>(last));
  if (a != b) return a < b;
  const c = bswap<u64>(load<u64>(digest, 8));
  const d = bswap<u64>(load<u64>(last, 8));
  if (c != d) return c < d;
  return loadBe32(digest + 16) < loadBe32(last + 16);
}

function moveCursor(digest: usize, partition: usize): void {
  const at = DIGESTS + partition * DIGEST_BYTES;
  store<u64>(at, load<u64>(digest));
  store<u64>(at, load<u64>(digest, 8), 8);
  store<u32>(at, load<u32>(digest, 16), 16);
  store<u8>(STATES + partition, AFTER_DIGEST);
  if (load<u8>(MOVED + partition) != 0) return;
  store<u8>(MOVED + partition, 1);
  const count = load<u32>(MOVED_COUNT);
  store<u16>(MOVED_LIST + (usize(count) << 1), u16(partition));
  store<u32>(MOVED_COUNT, count + 1);
}

/** The key line. Returns 0 for a key of a type that has no line. */
function writeKey(at: usize, key: usize, bytes: usize): usize {
  const type = load<u8>(key++);
  if (type == 1) {
    if (bytes != 8) return 0;
    store<u64>(at, KEY_INTEGER);
    at = writeInt(at + 6, bswap<u64>(load<u64>(key)));
  } else if (type == 3) {
    store<u64>(at, KEY_STRING);
    at = writeText(at + 6, key, bytes);
  } else if (type == 2) {
    if (bytes != 8) return 0;
    store<u64>(at, KEY_FLOAT);
    at = writeDouble(at + 6, bswap<u64>(load<u64>(key)));
  } else if (type == 4 && !isCompact) {
    store<u64>(at, KEY_BLOB);
    at = writeBlob(at + 6, key, bytes);
  } else {
    return 0;
  }
  store<u8>(at, LF);
  return at + 1;
}

/** Generation, void time and number of bins, each a line; the LF of the line before comes first. */
function writeCounts(at: usize, generation: u32, voidTime: u32, bins: u32): usize {
  if (generation < 10 && voidTime < 10 && bins < 10) {
    // In one piece, the digits put into their places.
    store<u64>(at, 0x2b0a302067202b0a + (u64(generation) << 40));
    store<u64>(at, 0x62202b0a30207420 + (u64(voidTime) << 24), 8);
    store<u32>(at, 0x0a3020 + (bins << 8), 16);
    return at + 19;
  }
  at = writeCount(at, GENERATION_LINE, generation);
  at = writeCount(at, EXPIRATION_LINE, voidTime);
  at = writeCount(at, BINS_LINE, bins);
  store<u8>(at, LF);
  return at + 1;
}

function writeCount(at: usize, line: u32, value: u32): usize {
  store<u32>(at, line);
  store<u8>(at, SPACE, 4);
  return writeUint(at + 5, value);
}

/** A bin's line. Returns 0 for what TypeScript has to judge. */
function writeBin(at: usize, type: u32, name: usize, nameLength: usize, value: usize, bytes: usize): usize {
  const entry = u32(load<u16>(LETTERS + (type << 1)));
  const kind = entry >> 8;
  // "- ", letter, SP
  store<u32>(at, 0x2000202d | ((entry & 0xff) << 16));
  at += 4;
  if (kind == KIND_BLOB && isCompact) {
    store<u16>(at - 1, 0x2021);
    at++;
  }
  at = writeName(at, name, nameLength);
  if (at == 0) return 0;
  store<u8>(at, SPACE);
  switch (kind) {
    case KIND_NULL:
      break;
    case KIND_BOOL:
      if (bytes != 1) return 0;
      store<u8>(at, load<u8>(value) == 0 ? 0x46 : 0x54, 1);
      at += 2;
      break;
    case KIND_INTEGER:
      if (bytes != 8) return 0;
      at = writeInt(at + 1, bswap<u64>(load<u64>(value)));
      break;
    case KIND_FLOAT:
      if (bytes != 8) return 0;
      at = writeDouble(at + 1, bswap<u64>(load<u64>(value)));
      break;
    case KIND_TEXT:
      at = writeText(at + 1, value, bytes);
      break;
    case KIND_GEOJSON: {
      // Flags, number of cells, cells; the text follows.
      if (bytes < 3) return 0;
      const head: usize = 3 + 8 * ((usize(load<u8>(value, 1)) << 8) | usize(load<u8>(value, 2)));
      if (head > bytes) return 0;
      at = writeText(at + 1, value + head, bytes - head);
      break;
    }
    case KIND_BLOB:
      at = isCompact ? writeText(at + 1, value, bytes) : writeBlob(at + 1, value, bytes);
      break;
    default:
      return 0;
  }
  store<u8>(at, LF);
  return at + 1;
}

/** The length, SP, and the bytes as they are. */
function writeText(at: usize, from: usize, bytes: usize): usize {
  at = writeUint(at, bytes);
  store<u8>(at, SPACE);
  copyRange(from, bytes, at + 1);
  return at + 1 + bytes;
}

/** The length of the base64 text, SP, and that text. */
function writeBlob(at: usize, from: usize, bytes: usize): usize {
  at = writeUint(at, base64Length(bytes));
  store<u8>(at, SPACE);
  return writeBase64(from, bytes, at + 1);
}

/** A name of at most 64 bytes, with a backslash before what needs one. Returns 0 if it contains NUL. */
function writeName(at: usize, from: usize, bytes: usize): usize {
  if (bytes <= 16) {
    const v = v128.load(from);
    if ((findSpecial(v) & ((1 << i32(bytes)) - 1)) == 0) {
      v128.store(at, v);
      return at + bytes;
    }
  }
  const end = from + bytes;
  while (from < end) {
    const byte = load<u8>(from++);
    if (byte == 0) return 0;
    if (byte == 0x20 || byte == 0x0a || byte == 0x5c) store<u8>(at++, 0x5c);
    store<u8>(at++, byte);
  }
  return at;
}

/** A bit for each byte that is SP, LF, backslash or NUL. */
function findSpecial(v: v128): i32 {
  const blank = v128.or(i8x16.eq(v, i8x16.splat(0x20)), i8x16.eq(v, i8x16.splat(0x0a)));
  const other = v128.or(i8x16.eq(v, i8x16.splat(0x5c)), i8x16.eq(v, i8x16.splat(0)));
  return i8x16.bitmask(v128.or(blank, other));
}
