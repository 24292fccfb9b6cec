/**
 * Lists and maps that a server would not take as they are (wire.md 1.6, 1.7). Two faults can be mended without changing
 * a value: the "persist index" bit, which crashes servers when it comes with a write, and ordered collections whose
 * elements stand in another order. The first is looked for in every list and map, the second only after a refusal, so
 * that bytes the server accepts are never touched.
 */

/** Bits of the ext element that leads an ordered collection. */
const ORDERED = 0x01;
const PERSIST_INDEX = 0x10;
/** Ext types from here on are no flags (`ff` = wildcard, infinity). */
const FIRST_FOREIGN_EXT = 0x80;

/**
 * By first byte: bytes of an element that has no variable length, a container's header counting as such; for fixstr the
 * text included; 0 = look closer.
 */
const FIXED_BYTES = new Uint8Array(256);
/** By first byte: 1 = begins a list or a map. */
const CONTAINER = new Uint8Array(256);
for (let b = 0; b < 256; b++) {
  if (b < 0x80 || b >= 0xe0) FIXED_BYTES[b] = 1;
  else if (b < 0xa0) FIXED_BYTES[b] = CONTAINER[b] = 1;
  else if (b < 0xc0) FIXED_BYTES[b] = 1 + (b & 0x1f);
}
for (const b of [0xc0, 0xc2, 0xc3]) FIXED_BYTES[b] = 1;
for (const [b, bytes] of [
  [0xca, 5],
  [0xcb, 9],
  [0xcc, 2],
  [0xcd, 3],
  [0xce, 5],
  [0xcf, 9],
  [0xd0, 2],
  [0xd1, 3],
  [0xd2, 5],
  [0xd3, 9],
] as const) {
  FIXED_BYTES[b] = bytes;
}
for (const [b, bytes] of [
  [0xdc, 3],
  [0xdd, 5],
  [0xde, 3],
  [0xdf, 5],
] as const) {
  FIXED_BYTES[b] = bytes;
  CONTAINER[b] = 1;
}

/**
 * Clears the persist bit wherever a list or map in `buf[start, end)` has it. Returns whether there was one. HOT PATH:
 * containers need no nesting here, their elements simply follow the header.
 */
export function clearPersistBits(buf: Buffer, start: number, end: number): boolean {
  let changed = false;
  let afterHeader = 0;
  for (let at = start; at < end;) {
    const first = buf[at]!;
    let bytes = FIXED_BYTES[first]!;
    if (bytes === 0) {
      if (afterHeader === 1) {
        const typeAt = extTypeOffset(buf, at);
        if (typeAt > 0 && typeAt < end) {
          const flags = buf[typeAt]!;
          if (flags < FIRST_FOREIGN_EXT && (flags & PERSIST_INDEX) !== 0) {
            buf[typeAt] = flags & ~PERSIST_INDEX;
            changed = true;
          }
        }
      }
      bytes = variableBytes(buf, at);
      // Not msgpack: the server will say so.
      if (bytes === 0) return changed;
    }
    afterHeader = CONTAINER[first]!;
    at += bytes;
  }
  return changed;
}

/** Where the type byte of the ext element at `at` lies; 0 = it is none. */
function extTypeOffset(buf: Buffer, at: number): number {
  const first = buf[at]!;
  if (first === 0xc7) return at + 2;
  if (first === 0xc8) return at + 3;
  if (first === 0xc9) return at + 5;
  return first >= 0xd4 && first <= 0xd8 ? at + 1 : 0;
}

/** Bytes of a string, blob or ext element; 0 = no element begins like this, or its length is cut off. */
function variableBytes(buf: Buffer, at: number): number {
  const first = buf[at]!;
  const one = buf[at + 1] ?? 0;
  const two = (one << 8) | (buf[at + 2] ?? 0);
  const four = two * 0x10000 + (((buf[at + 3] ?? 0) << 8) | (buf[at + 4] ?? 0));
  switch (first) {
    case 0xc4:
    case 0xd9:
      return 2 + one;
    case 0xc5:
    case 0xda:
      return 3 + two;
    case 0xc6:
    case 0xdb:
      return 5 + four;
    case 0xc7:
      return 3 + one;
    case 0xc8:
      return 4 + two;
    case 0xc9:
      return 6 + four;
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return 2 + (1 << (first - 0xd4));
    default:
      return 0;
  }
}

/** Thrown inside this file for bytes that are no msgpack; nothing is changed then. */
class Malformed extends Error {}

/**
 * Sorts the elements of every ordered list and the pairs of every ordered map in `buf[start, end)`, in place, innermost
 * first. Returns whether the bytes changed; false also for what sorting cannot mend (malformed bytes, a key twice).
 */
export function repairCdt(buf: Buffer, start: number, end: number): boolean {
  const copy = Buffer.from(buf.subarray(start, end));
  try {
    if (sortElement(copy, 0) !== copy.length) return false;
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
  if (copy.equals(buf.subarray(start, end))) return false;
  copy.copy(buf, start);
  return true;
}

interface Container {
  map: boolean;
  /** Elements, a map's pairs counting two. */
  elements: number;
  bodyStart: number;
}

function containerAt(buf: Buffer, at: number): Container | undefined {
  const first = buf[at];
  if (first === undefined) throw new Malformed();
  if (CONTAINER[first] === 0) return undefined;
  const headerBytes = FIXED_BYTES[first]!;
  if (at + headerBytes > buf.length) throw new Malformed();
  const map = first < 0x90 || first >= 0xde;
  const count =
    headerBytes === 1 ? first & 0x0f : headerBytes === 3 ? buf.readUInt16BE(at + 1) : buf.readUInt32BE(at + 1);
  return { map, elements: map ? count * 2 : count, bodyStart: at + headerBytes };
}

function scalarEnd(buf: Buffer, at: number): number {
  const end = at + (FIXED_BYTES[buf[at]!]! || variableBytes(buf, at));
  if (end === at || end > buf.length) throw new Malformed();
  return end;
}

/** Sorts what is inside the element at `at`; returns its end. */
function sortElement(buf: Buffer, at: number): number {
  const container = containerAt(buf, at);
  if (container === undefined) return scalarEnd(buf, at);
  const step = container.map ? 2 : 1;
  const starts: number[] = [];
  let flags = 0;
  let pos = container.bodyStart;
  for (let i = 0; i < container.elements; i++) {
    const typeAt = i === 0 && pos < buf.length ? extTypeOffset(buf, pos) : 0;
    const isFlags = typeAt > 0 && typeAt < buf.length && buf[typeAt]! < FIRST_FOREIGN_EXT;
    if (isFlags) {
      flags = buf[typeAt]!;
      pos = scalarEnd(buf, pos);
      // A map's flags are the key of a pair whose value is nil.
      if (container.map) {
        pos = sortElement(buf, pos);
        i++;
      }
      continue;
    }
    if (i % step === 0) starts.push(pos);
    pos = sortElement(buf, pos);
  }
  if ((flags & ORDERED) !== 0) sortRanges(buf, starts, pos);
  return pos;
}

function sortRanges(buf: Buffer, starts: readonly number[], end: number): void {
  const ranges = starts.map((start, i) => ({ start, end: starts[i + 1] ?? end }));
  if (ranges.every((range, i) => i === 0 || compareElements(buf, ranges[i - 1]!.start, range.start) <= 0)) return;
  const sorted = [...ranges].sort((a, b) => compareElements(buf, a.start, b.start));
  const bytes = Buffer.concat(sorted.map((range) => buf.subarray(range.start, range.end)));
  bytes.copy(buf, ranges[0]!.start);
}

/** The server's order of types (wire.md 1.6). */
const Rank = {
  NIL: 0,
  FALSE: 1,
  TRUE: 2,
  INTEGER: 3,
  STRING: 4,
  LIST: 5,
  MAP: 6,
  BLOB: 7,
  DOUBLE: 8,
  GEOJSON: 9,
  EXT: 10,
};
/** Type byte in front of a string's or blob's bytes. */
const STRING_MARK = 3;
const GEOJSON_MARK = 23;

function rankOf(buf: Buffer, at: number): number {
  const first = buf[at]!;
  if (first < 0x80 || first >= 0xe0 || (first >= 0xcc && first <= 0xd3)) return Rank.INTEGER;
  if (CONTAINER[first] === 1) return first < 0x90 || first >= 0xde ? Rank.MAP : Rank.LIST;
  if (first === 0xc0) return Rank.NIL;
  if (first === 0xc2) return Rank.FALSE;
  if (first === 0xc3) return Rank.TRUE;
  if (first === 0xca || first === 0xcb) return Rank.DOUBLE;
  if (first >= 0xc4 && first <= 0xc6) return Rank.BLOB;
  if (extTypeOffset(buf, at) > 0) return Rank.EXT;
  const mark = buf[textStart(buf, at)];
  return mark === STRING_MARK ? Rank.STRING : mark === GEOJSON_MARK ? Rank.GEOJSON : Rank.BLOB;
}

/** Where a string's or blob's bytes begin, type byte included. */
function textStart(buf: Buffer, at: number): number {
  const first = buf[at]!;
  if (first < 0xc0) return at + 1;
  if (first === 0xd9 || first === 0xc4) return at + 2;
  return first === 0xda || first === 0xc5 ? at + 3 : at + 5;
}

function integerAt(buf: Buffer, at: number): number | bigint {
  const first = buf[at]!;
  if (first < 0x80) return first;
  switch (first) {
    case 0xcc:
      return buf.readUInt8(at + 1);
    case 0xcd:
      return buf.readUInt16BE(at + 1);
    case 0xce:
      return buf.readUInt32BE(at + 1);
    case 0xcf:
      return buf.readBigUInt64BE(at + 1);
    case 0xd0:
      return buf.readInt8(at + 1);
    case 0xd1:
      return buf.readInt16BE(at + 1);
    case 0xd2:
      return buf.readInt32BE(at + 1);
    case 0xd3:
      return buf.readBigInt64BE(at + 1);
    default:
      return first - 0x100;
  }
}

function doubleAt(buf: Buffer, at: number): number {
  return buf[at] === 0xca ? buf.readFloatBE(at + 1) : buf.readDoubleBE(at + 1);
}

function order(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Negative, zero, positive as the server orders the two elements. Both are known to be whole. */
function compareElements(buf: Buffer, a: number, b: number): number {
  const rank = rankOf(buf, a);
  const otherRank = rankOf(buf, b);
  if (rank !== otherRank) return rank - otherRank;
  switch (rank) {
    case Rank.INTEGER:
      return order(integerAt(buf, a), integerAt(buf, b));
    case Rank.DOUBLE:
      return order(doubleAt(buf, a), doubleAt(buf, b));
    case Rank.STRING:
    case Rank.BLOB:
    case Rank.GEOJSON:
      return buf.compare(buf, textStart(buf, b), scalarEnd(buf, b), textStart(buf, a), scalarEnd(buf, a));
    case Rank.LIST:
    case Rank.MAP:
      return compareContainers(buf, a, b);
    default:
      return 0;
  }
}

function compareContainers(buf: Buffer, a: number, b: number): number {
  const left = elementsOf(buf, a);
  const right = elementsOf(buf, b);
  // Maps: the number of pairs decides first; lists: only when one is the beginning of the other.
  const byCount = order(left.length, right.length);
  if (rankOf(buf, a) === Rank.MAP && byCount !== 0) return byCount;
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = compareElements(buf, left[i]!, right[i]!);
    if (difference !== 0) return difference;
  }
  return byCount;
}

/** Starts of a container's elements, its flags left out. */
function elementsOf(buf: Buffer, at: number): number[] {
  const container = containerAt(buf, at);
  const starts: number[] = [];
  if (container === undefined) return starts;
  let pos = container.bodyStart;
  for (let i = 0; i < container.elements; i++) {
    const isFlags = (i === 0 || (container.map && i === 1)) && extTypeOffset(buf, container.bodyStart) > 0;
    if (!isFlags) starts.push(pos);
    pos = elementEnd(buf, pos);
  }
  return starts;
}

function elementEnd(buf: Buffer, at: number): number {
  const container = containerAt(buf, at);
  if (container === undefined) return scalarEnd(buf, at);
  let pos = container.bodyStart;
  for (let i = 0; i < container.elements; i++) pos = elementEnd(buf, pos);
  return pos;
}
