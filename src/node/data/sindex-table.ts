/** Secondary indexes: definitions, and answering a query by looking at every record (wire.md 5.9, 9.1). */
import { createHash } from 'node:crypto';
import { Particle } from '../../core/particle.js';
import { List, OrderedMap, compare, type Value } from '../protocol/msgpack.js';
import { toValue } from './particle-value.js';
import type { BinValue } from './particle-value.js';

export type SindexType = 'numeric' | 'string' | 'blob' | 'geo2dsphere';
/** `set`: all records of a set, without a bin. */
export type CollectionType = 'default' | 'list' | 'mapkeys' | 'mapvalues' | 'set';

/** Names are latin1 text, one character per byte. */
export interface Sindex {
  namespace: string;
  name: string;
  /** Undefined: all records of the namespace. */
  set: string | undefined;
  bin: string;
  /** `none`: of a set index. */
  type: SindexType | 'none';
  collection: CollectionType;
  /** Base64 of the msgpack context. */
  context: string | undefined;
  /** Base64 of the indexed expression. */
  expression: string | undefined;
}

/** 5.9 INDEX_TYPE codes, in order. */
export const COLLECTIONS: readonly CollectionType[] = ['default', 'list', 'mapkeys', 'mapvalues'];

export class SindexTable {
  private readonly indexes: Sindex[] = [];

  in(namespace: string): Sindex[] {
    return this.indexes.filter((index) => index.namespace === namespace);
  }

  find(namespace: string, name: string): Sindex | undefined {
    return this.indexes.find((index) => index.namespace === namespace && index.name === name);
  }

  add(index: Sindex): void {
    this.indexes.push(index);
  }

  remove(namespace: string, name: string): void {
    const at = this.indexes.findIndex((index) => index.namespace === namespace && index.name === name);
    if (at >= 0) this.indexes.splice(at, 1);
  }
}

export function isSameDefinition(a: Sindex, b: Sindex): boolean {
  return (
    a.set === b.set &&
    a.bin === b.bin &&
    a.type === b.type &&
    a.collection === b.collection &&
    a.context === b.context &&
    a.expression === b.expression
  );
}

/** What an index query asks for. */
export interface IndexRange {
  bin: string;
  collection: CollectionType;
  /** Particle type of the bounds. */
  type: number;
  begin: Buffer;
  end: Buffer;
}

/** Decodes INDEX_RANGE (5.9); undefined if it is malformed. */
export function parseIndexRange(data: Buffer, collection: CollectionType): IndexRange | undefined {
  if (data.length < 2 || data[0] !== 1) return undefined;
  let at = 2 + data[1]!;
  if (at + 1 > data.length) return undefined;
  const bin = data.toString('latin1', 2, at);
  const type = data[at++]!;
  const bounds: Buffer[] = [];
  for (let i = 0; i < 2; i++) {
    if (at + 4 > data.length) return undefined;
    const end = at + 4 + data.readUInt32BE(at);
    if (end > data.length) return undefined;
    bounds.push(data.subarray(at + 4, end));
    at = end;
  }
  const [begin, end] = bounds as [Buffer, Buffer];
  if (type === Particle.INTEGER && (begin.length !== 8 || end.length !== 8)) return undefined;
  return { bin, collection, type, begin, end };
}

const INDEX_TYPES: ReadonlyMap<number, SindexType> = new Map([
  [Particle.INTEGER, 'numeric'],
  [Particle.STRING, 'string'],
  [Particle.BLOB, 'blob'],
  [Particle.GEOJSON, 'geo2dsphere'],
]);

/** The index that serves a query; undefined: rc 201. */
export function chooseIndex(
  indexes: readonly Sindex[],
  range: IndexRange,
  set: string | undefined,
  name: string | undefined,
  context: string | undefined,
): Sindex | undefined {
  return indexes.find(
    (index) =>
      index.type === INDEX_TYPES.get(range.type) &&
      index.collection === range.collection &&
      (index.set === undefined || index.set === set) &&
      (name === undefined
        ? index.bin === range.bin && index.context === context && index.expression === undefined
        : index.name === name),
  );
}

/** A test of bin values against a range: the index value ("bval") of the match, or undefined. */
export type Matcher = (bin: BinValue | undefined) => bigint | undefined;

/** Geo queries would need geometry; they match nothing. */
export function createMatcher(range: IndexRange): Matcher {
  const isMatch = scalarTest(range);
  return (bin) => {
    if (bin === undefined) return undefined;
    const { collection } = range;
    if (collection === 'default') {
      return bin.type === range.type ? isMatch(toValue(bin.type, bin.value)) : undefined;
    }
    const container = toValue(bin.type, bin.value);
    let elements: Value[] = [];
    if (collection === 'list' && container instanceof List) elements = container.items;
    else if (collection !== 'list' && container instanceof OrderedMap) {
      elements = container.entries.map(([key, value]) => (collection === 'mapkeys' ? key : value));
    }
    let least: bigint | undefined;
    for (const element of elements) {
      const bval = isMatch(element);
      if (bval !== undefined && (least === undefined || bval < least)) least = bval;
    }
    return least;
  };
}

function scalarTest(range: IndexRange): (value: Value | undefined) => bigint | undefined {
  if (range.type === Particle.INTEGER) {
    const from = range.begin.readBigInt64BE(0);
    const to = range.end.readBigInt64BE(0);
    return (value) => (typeof value === 'bigint' && value >= from && value <= to ? value : undefined);
  }
  if (range.type !== Particle.STRING && range.type !== Particle.BLOB) return () => undefined;
  const wanted = toValue(range.type, range.begin)!;
  // 5.3: the index holds a hash of the string; which one doesn't matter to clients.
  const bval = createHash('sha1').update(range.begin).digest().readBigInt64LE(0);
  return (value) => (value !== undefined && value !== null && compare(value, wanted) === 0 ? bval : undefined);
}
