/**
 * The msgpack dialect inside LIST and MAP particles and in filter expressions (wire.md 1.6): strings carry a type byte,
 * ordered containers an ext element. Decoding keeps every byte that matters; encoding writes the server's normal form.
 */
import { Particle } from '../../core/particle.js';

/** Strings, blobs, GeoJSON, HLL: `raw` is the type byte and the bytes. */
export class Bytes {
  constructor(
    readonly raw: Buffer,
    /** Came with a `c4`–`c6` header, which the server keeps from 32 bytes on (1.7). */
    readonly bin = false,
  ) {}

  static of(type: number, bytes: Buffer): Bytes {
    return new Bytes(Buffer.concat([Buffer.from([type]), bytes]));
  }

  static string(text: string): Bytes {
    return Bytes.of(Particle.STRING, Buffer.from(text));
  }

  get type(): number {
    return this.raw.length === 0 ? Particle.STRING : this.raw[0]!;
  }

  get bytes(): Buffer {
    return this.raw.subarray(1);
  }
}

/** A float keeps its bytes (header included): NaN payloads and 32-bit floats survive. */
export class Float {
  constructor(
    readonly value: number,
    readonly raw: Buffer,
  ) {}

  static of(value: number): Float {
    const raw = Buffer.alloc(9);
    raw[0] = 0xcb;
    raw.writeDoubleBE(value, 1);
    return new Float(value, raw);
  }
}

export class List {
  constructor(
    readonly items: Value[],
    public ordered = false,
  ) {}
}

/** `order`: 0 unordered, 1 K-ordered, 3 KV-ordered, 8 preserve order (only in answers). Entries are sorted by key. */
export class OrderedMap {
  constructor(
    readonly entries: Entry[],
    public order = 0,
  ) {}
}
export type Entry = [Value, Value];

/** Arguments of operations only, never stored: `d4 ff 00` matches anything, `d4 ff 01` is greater than anything. */
export class Special {
  constructor(readonly kind: 'wildcard' | 'infinity') {}
}
export const WILDCARD = new Special('wildcard');
export const INFINITY = new Special('infinity');

/** An ext element other than the leading one of a container. */
export class Ext {
  constructor(
    readonly type: number,
    readonly data: Buffer,
  ) {}
}

export type Value = null | boolean | bigint | Float | Bytes | List | OrderedMap | Special | Ext;

export const Order = { UNORDERED: 0, KEY: 1, KEY_VALUE: 3, PRESERVE: 8, PERSIST_INDEX: 16 } as const;

export class MsgpackError extends Error {}

/** Deeper nesting than this is taken as malformed rather than allowed to exhaust the stack. */
export const MAX_DEPTH = 512;
const EXT_SPECIAL = 0xff;

export interface DecodeOptions {
  /**
   * Stored values are checked (1.7): ordered containers must be sorted, keys unique and of a legal type, wildcards are
   * not allowed, the persist bit on an unordered list is refused.
   */
  strict: boolean;
}

/** Decodes exactly one value. Throws MsgpackError. */
export function decode(buf: Buffer, options: DecodeOptions = { strict: false }): Value {
  const reader = new MsgpackReader(buf, options);
  const value = reader.value(0);
  if (reader.pos !== buf.length) throw new MsgpackError('trailing bytes');
  return value;
}

/** A header read ahead of its content. */
export class MsgpackReader {
  pos = 0;
  constructor(
    readonly buf: Buffer,
    private readonly options: DecodeOptions = { strict: false },
  ) {}

  private skipBytes(bytes: number): number {
    const at = this.pos;
    if (at + bytes > this.buf.length) throw new MsgpackError('cut short');
    this.pos += bytes;
    return at;
  }

  private uint(bytes: 1 | 2 | 4): number {
    const at = this.skipBytes(bytes);
    return this.buf.readUIntBE(at, bytes);
  }

  private bytes(length: number): Buffer {
    const at = this.skipBytes(length);
    return this.buf.subarray(at, at + length);
  }

  /** Element count if the next value is an array header, which is then consumed; otherwise undefined. */
  arrayHeader(): number | undefined {
    const head = this.buf[this.pos];
    if (head === undefined) throw new MsgpackError('cut short');
    if (head >= 0x90 && head <= 0x9f) {
      this.pos++;
      return head & 0x0f;
    }
    if (head !== 0xdc && head !== 0xdd) return undefined;
    this.pos++;
    return this.uint(head === 0xdc ? 2 : 4);
  }

  value(depth: number): Value {
    if (depth > MAX_DEPTH) throw new MsgpackError('nested too deeply');
    const { buf } = this;
    const start = this.skipBytes(1);
    const head = buf[start]!;
    if (head < 0x80) return BigInt(head);
    if (head >= 0xe0) return BigInt(head - 0x100);
    if (head < 0x90) return this.map(head & 0x0f, depth);
    if (head < 0xa0) return this.list(head & 0x0f, depth);
    if (head < 0xc0) return new Bytes(this.bytes(head & 0x1f));
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return new Bytes(this.bytes(this.uint(1)), true);
      case 0xc5:
        return new Bytes(this.bytes(this.uint(2)), true);
      case 0xc6:
        return new Bytes(this.bytes(this.uint(4)), true);
      case 0xc7:
        return this.ext(this.uint(1));
      case 0xc8:
        return this.ext(this.uint(2));
      case 0xc9:
        return this.ext(this.uint(4));
      case 0xca:
        return new Float(buf.readFloatBE(this.skipBytes(4)), buf.subarray(start, start + 5));
      case 0xcb:
        return new Float(buf.readDoubleBE(this.skipBytes(8)), buf.subarray(start, start + 9));
      case 0xcc:
        return BigInt(this.uint(1));
      case 0xcd:
        return BigInt(this.uint(2));
      case 0xce:
        return BigInt(this.uint(4));
      case 0xcf:
        return buf.readBigUInt64BE(this.skipBytes(8));
      case 0xd0:
        return BigInt(buf.readInt8(this.skipBytes(1)));
      case 0xd1:
        return BigInt(buf.readInt16BE(this.skipBytes(2)));
      case 0xd2:
        return BigInt(buf.readInt32BE(this.skipBytes(4)));
      case 0xd3:
        return buf.readBigInt64BE(this.skipBytes(8));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.ext(1 << (head - 0xd4));
      case 0xd9:
        return new Bytes(this.bytes(this.uint(1)));
      case 0xda:
        return new Bytes(this.bytes(this.uint(2)));
      case 0xdb:
        return new Bytes(this.bytes(this.uint(4)));
      case 0xdc:
        return this.list(this.uint(2), depth);
      case 0xdd:
        return this.list(this.uint(4), depth);
      case 0xde:
        return this.map(this.uint(2), depth);
      case 0xdf:
        return this.map(this.uint(4), depth);
      default:
        throw new MsgpackError(`unknown head byte ${head}`);
    }
  }

  private ext(length: number): Value {
    const type = this.buf[this.skipBytes(1)]!;
    const data = this.bytes(length);
    if (type === EXT_SPECIAL && length === 1) {
      if (this.options.strict) throw new MsgpackError('wildcard in a stored value');
      return data[0] === 0 ? WILDCARD : INFINITY;
    }
    return new Ext(type, data);
  }

  private list(count: number, depth: number): Value {
    // Every element takes at least a byte: a count that can't be true must not make room for it.
    if (count > this.buf.length - this.pos) throw new MsgpackError('cut short');
    const items: Value[] = [];
    let flags = 0;
    for (let i = 0; i < count; i++) {
      const item = this.value(depth + 1);
      if (!(item instanceof Ext)) items.push(item);
      else if (i === 0) flags = item.type;
    }
    const ordered = (flags & Order.KEY) !== 0;
    if (this.options.strict) {
      if (!ordered && (flags & Order.PERSIST_INDEX) !== 0)
        throw new MsgpackError('persisted index of an unordered list');
      if (ordered) {
        for (let i = 1; i < items.length; i++) {
          if (compare(items[i - 1]!, items[i]!) > 0) throw new MsgpackError('ordered list is not sorted');
        }
      }
    }
    return new List(items, ordered);
  }

  private map(count: number, depth: number): Value {
    if (count * 2 > this.buf.length - this.pos) throw new MsgpackError('cut short');
    const entries: Entry[] = [];
    let flags = 0;
    for (let i = 0; i < count; i++) {
      const key = this.value(depth + 1);
      const value = this.value(depth + 1);
      if (!(key instanceof Ext)) {
        if (this.options.strict && !isLegalKey(key)) throw new MsgpackError('illegal map key');
        entries.push([key, value]);
      } else if (i === 0) flags = key.type;
    }
    const order = flags & Order.KEY_VALUE;
    const sorted = isSortedByKey(entries);
    if (!sorted) {
      if (this.options.strict && order !== 0) throw new MsgpackError('ordered map is not sorted');
      entries.sort((a, b) => compare(a[0], b[0]));
      if (this.options.strict && !isSortedByKey(entries)) throw new MsgpackError('duplicate map key');
    }
    return new OrderedMap(entries, order === 2 ? Order.KEY_VALUE : order);
  }
}

/** Strictly ascending, that is also: no duplicates. */
function isSortedByKey(entries: readonly Entry[]): boolean {
  for (let i = 1; i < entries.length; i++) if (compare(entries[i - 1]![0], entries[i]![0]) >= 0) return false;
  return true;
}

/** 1.7: only integers, strings and blobs may be keys. */
export function isLegalKey(key: Value): boolean {
  if (typeof key === 'bigint') return true;
  return key instanceof Bytes && key.type !== Particle.GEOJSON && key.type !== Particle.HLL;
}

/** 1.6: nil < false < true < integer < string < list < map < blob < double < geojson < ext < infinity. */
function rank(value: Value): number {
  if (value === null) return 0;
  if (typeof value === 'boolean') return value ? 2 : 1;
  if (typeof value === 'bigint') return 3;
  if (value instanceof Bytes) return value.type === Particle.STRING ? 4 : value.type === Particle.GEOJSON ? 9 : 7;
  if (value instanceof List) return 5;
  if (value instanceof OrderedMap) return 6;
  if (value instanceof Float) return 8;
  if (value instanceof Ext) return 10;
  return 11;
}

/** The total order of values (1.6). A wildcard equals whatever it is compared with. */
export function compare(a: Value, b: Value): number {
  if (a === WILDCARD || b === WILDCARD) return 0;
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0;
  const byType = rank(a) - rank(b);
  if (byType !== 0) return byType;
  if (a instanceof Bytes && b instanceof Bytes) return a.bytes.compare(b.bytes) || a.type - b.type;
  if (a instanceof Float && b instanceof Float) return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
  if (a instanceof List && b instanceof List) {
    const n = Math.min(a.items.length, b.items.length);
    for (let i = 0; i < n; i++) {
      if (a.items[i] === WILDCARD || b.items[i] === WILDCARD) return 0;
      const c = compare(a.items[i]!, b.items[i]!);
      if (c !== 0) return c;
    }
    return a.items.length - b.items.length;
  }
  if (a instanceof OrderedMap && b instanceof OrderedMap) {
    if (a.entries.length !== b.entries.length) return a.entries.length - b.entries.length;
    for (let i = 0; i < a.entries.length; i++) {
      const c = compare(a.entries[i]![0], b.entries[i]![0]) || compare(a.entries[i]![1], b.entries[i]![1]);
      if (c !== 0) return c;
    }
    return 0;
  }
  return 0;
}

/** The value in the server's normal form (1.7). Throws MsgpackError if operations have nested it too deeply. */
export function encode(value: Value): Buffer {
  const parts: Buffer[] = [];
  encodeInto(value, parts, 0);
  return Buffer.concat(parts);
}

/** Header of an array or map with `count` elements. */
export function containerHeader(count: number, kind: 'array' | 'map'): Buffer {
  if (count < 16) return Buffer.from([(kind === 'array' ? 0x90 : 0x80) | count]);
  const wide = count > 0xffff;
  const out = Buffer.alloc(wide ? 5 : 3);
  out[0] = (kind === 'array' ? 0xdc : 0xde) + (wide ? 1 : 0);
  out.writeUIntBE(count, 1, wide ? 4 : 2);
  return out;
}

const NIL = Buffer.from([0xc0]);
const FALSE = Buffer.from([0xc2]);
const TRUE = Buffer.from([0xc3]);

function orderExt(type: number): Buffer {
  return Buffer.from([0xc7, 0x00, type]);
}

function encodeInto(value: Value, parts: Buffer[], depth: number): void {
  if (depth > MAX_DEPTH) throw new MsgpackError('nested too deeply');
  if (value === null) parts.push(NIL);
  else if (typeof value === 'boolean') parts.push(value ? TRUE : FALSE);
  else if (typeof value === 'bigint') parts.push(encodeInt(value));
  else if (value instanceof Float) parts.push(value.raw);
  else if (value instanceof Bytes) parts.push(bytesHeader(value.raw.length, value.bin), value.raw);
  else if (value instanceof List) {
    parts.push(containerHeader(value.items.length + (value.ordered ? 1 : 0), 'array'));
    if (value.ordered) parts.push(orderExt(Order.KEY));
    for (const item of value.items) encodeInto(item, parts, depth + 1);
  } else if (value instanceof OrderedMap) {
    parts.push(containerHeader(value.entries.length + (value.order === 0 ? 0 : 1), 'map'));
    if (value.order !== 0) parts.push(orderExt(value.order), NIL);
    for (const [key, item] of value.entries) {
      encodeInto(key, parts, depth + 1);
      encodeInto(item, parts, depth + 1);
    }
  } else if (value instanceof Ext) {
    parts.push(Buffer.from([0xc7, value.data.length, value.type]), value.data);
  } else parts.push(Buffer.from([0xd4, EXT_SPECIAL, value.kind === 'wildcard' ? 0 : 1]));
}

function bytesHeader(length: number, bin: boolean): Buffer {
  if (length < 32) return Buffer.from([0xa0 | length]);
  const base = bin ? 0xc4 : 0xd9;
  const size = length <= 0xff ? 1 : length <= 0xffff ? 2 : 4;
  const out = Buffer.alloc(1 + size);
  out[0] = base + (size === 4 ? 2 : size - 1);
  out.writeUIntBE(length, 1, size);
  return out;
}

/** The shortest form; negative numbers as signed, others as unsigned. */
export function encodeInt(value: bigint): Buffer {
  if (value >= 0n) {
    if (value < 0x80n) return Buffer.from([Number(value)]);
    if (value <= 0xffn) return sized(0xcc, 1, value);
    if (value <= 0xffffn) return sized(0xcd, 2, value);
    if (value <= 0xffff_ffffn) return sized(0xce, 4, value);
    return sized(0xcf, 8, value);
  }
  if (value >= -32n) return Buffer.from([Number(value) & 0xff]);
  if (value >= -0x80n) return sized(0xd0, 1, value);
  if (value >= -0x8000n) return sized(0xd1, 2, value);
  if (value >= -0x8000_0000n) return sized(0xd2, 4, value);
  return sized(0xd3, 8, value);
}

function sized(head: number, bytes: number, value: bigint): Buffer {
  const wide = Buffer.alloc(8);
  wide.writeBigUInt64BE(BigInt.asUintN(64, value));
  return Buffer.concat([Buffer.from([head]), wide.subarray(8 - bytes)]);
}
