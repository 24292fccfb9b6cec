/**
 * Lists and maps that a server does not accept as they are. Two faults can be corrected without changing a value: the
 * "persist index" bit, which crashes servers when it comes with a write, and ordered collections whose elements are in
 * another order (wire.md 1.6, 1.7). The first is searched in every list and map, the second only after a refusal, so
 * that bytes that the server accepts are never changed.
 */
import {
  CONTAINER,
  type Container,
  elementEnd,
  extTypeOffset,
  FIXED_BYTES,
  GEOJSON_TYPE,
  MalformedMsgpackError,
  readContainer,
  scalarEnd,
  STRING_TYPE,
  variableBytes,
} from './msgpack.js';

/** Bits of the ext element that leads an ordered collection. */
const ORDERED = 0x01;
const PERSIST_INDEX = 0x10;
/** Ext types from here on are no flags (`ff` = wildcard, infinity). */
const FIRST_FOREIGN_EXT = 0x80;
/** Deeper collections are not sorted; the refusal of the server stands. */
const MAX_DEPTH = 256;

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

/**
 * Sorts the elements of every ordered list and the pairs of every ordered map in `buf[start, end)`, in place, innermost
 * first. Returns whether the bytes changed; false also for what sorting cannot correct: malformed bytes, a key twice,
 * collections nested too deeply.
 */
export function repairCdt(buf: Buffer, start: number, end: number): boolean {
  const copy = Buffer.from(buf.subarray(start, end));
  try {
    if (!sortOrdered(copy)) return false;
  } catch (error) {
    if (error instanceof MalformedMsgpackError) return false;
    throw error;
  }
  if (copy.equals(buf.subarray(start, end))) return false;
  copy.copy(buf, start);
  return true;
}

/** A container without its flags. */
interface Contents extends Container {
  flags: number;
}

function readContents(buf: Buffer, at: number): Contents | undefined {
  const container = readContainer(buf, at);
  if (container === undefined) return undefined;
  const { isMap, elements, bodyStart } = container;
  const typeAt = elements > 0 && bodyStart < buf.length ? extTypeOffset(buf, bodyStart) : 0;
  if (typeAt === 0 || typeAt >= buf.length || buf[typeAt]! >= FIRST_FOREIGN_EXT) return { ...container, flags: 0 };
  const afterFlags = scalarEnd(buf, bodyStart);
  const flags = buf[typeAt]!;
  // The flags of a map are the key of a pair whose value is nil.
  return isMap
    ? { isMap, elements: elements - 2, bodyStart: elementEnd(buf, afterFlags), flags }
    : { isMap, elements: elements - 1, bodyStart: afterFlags, flags };
}

interface OpenContainer {
  contents: Contents;
  /** Elements read so far. */
  read: number;
  /** Where the elements of a list and the pairs of a map begin. */
  starts: number[];
}

/** Returns whether `buf` is one element, nested at most MAX_DEPTH deep, in which everything is sorted now. */
function sortOrdered(buf: Buffer): boolean {
  const open: OpenContainer[] = [];
  let at = 0;
  do {
    const contents = readContents(buf, at);
    if (contents === undefined) {
      at = scalarEnd(buf, at);
    } else {
      if (open.length === MAX_DEPTH) return false;
      open.push({ contents, read: 0, starts: [] });
      at = contents.bodyStart;
    }
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const { contents: parent, starts } = top;
      if (top.read < parent.elements) {
        if (!parent.isMap || top.read % 2 === 0) starts.push(at);
        top.read++;
        break;
      }
      if ((parent.flags & ORDERED) !== 0) sortRanges(buf, starts, at);
      open.pop();
    }
  } while (open.length > 0);
  return at === buf.length;
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
function typeRank(buf: Buffer, at: number): number {
  const first = buf[at]!;
  if (first < 0x80 || first >= 0xe0 || (first >= 0xcc && first <= 0xd3)) return Rank.INTEGER;
  if (CONTAINER[first] === 1) return first < 0x90 || first >= 0xde ? Rank.MAP : Rank.LIST;
  if (first === 0xc0) return Rank.NIL;
  if (first === 0xc2) return Rank.FALSE;
  if (first === 0xc3) return Rank.TRUE;
  if (first === 0xca || first === 0xcb) return Rank.DOUBLE;
  if (first >= 0xc4 && first <= 0xc6) return Rank.BLOB;
  if (extTypeOffset(buf, at) > 0) return Rank.EXT;
  const type = buf[textStart(buf, at)];
  return type === STRING_TYPE ? Rank.STRING : type === GEOJSON_TYPE ? Rank.GEOJSON : Rank.BLOB;
}

/** Where a string's or blob's bytes begin, type byte included. */
function textStart(buf: Buffer, at: number): number {
  const first = buf[at]!;
  if (first < 0xc0) return at + 1;
  if (first === 0xd9 || first === 0xc4) return at + 2;
  return first === 0xda || first === 0xc5 ? at + 3 : at + 5;
}

function readInteger(buf: Buffer, at: number): number | bigint {
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

function readDouble(buf: Buffer, at: number): number {
  return buf[at] === 0xca ? buf.readFloatBE(at + 1) : buf.readDoubleBE(at + 1);
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Negative, zero, positive as the server orders the two elements, both of which are complete. Walks through both at
 * the same time, so that the cost is that of reading them once.
 */
function compareElements(buf: Buffer, a: number, b: number): number {
  /** Of each pair of open containers: the elements left in the first, then in the second. */
  const left: number[] = [];
  for (;;) {
    const rank = typeRank(buf, a);
    const otherRank = typeRank(buf, b);
    if (rank !== otherRank) return rank - otherRank;
    const first = readContents(buf, a);
    const second = readContents(buf, b);
    if (first === undefined || second === undefined) {
      const difference = compareScalars(buf, rank, a, b);
      if (difference !== 0) return difference;
      a = scalarEnd(buf, a);
      b = scalarEnd(buf, b);
    } else {
      // The number of pairs of maps decides first; that of lists only when one is the beginning of the other.
      if (first.isMap && first.elements !== second.elements) return first.elements - second.elements;
      left.push(first.elements, second.elements);
      a = first.bodyStart;
      b = second.bodyStart;
    }
    for (;;) {
      if (left.length === 0) return 0;
      const ofSecond = left.pop()!;
      const ofFirst = left.pop()!;
      if (ofFirst > 0 && ofSecond > 0) {
        left.push(ofFirst - 1, ofSecond - 1);
        break;
      }
      if (ofFirst !== ofSecond) return ofFirst - ofSecond;
    }
  }
}

function compareScalars(buf: Buffer, rank: number, a: number, b: number): number {
  switch (rank) {
    case Rank.INTEGER:
      return compareNumbers(readInteger(buf, a), readInteger(buf, b));
    case Rank.DOUBLE:
      return compareNumbers(readDouble(buf, a), readDouble(buf, b));
    case Rank.STRING:
    case Rank.BLOB:
    case Rank.GEOJSON:
      return buf.compare(buf, textStart(buf, b), scalarEnd(buf, b), textStart(buf, a), scalarEnd(buf, a));
    default:
      return 0;
  }
}
