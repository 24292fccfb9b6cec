/**
 * msgpack as the server uses it in lists, maps and filter expressions (wire.md 1.6). Elements are read in place, as
 * offsets into a buffer, without recursion: nested lists of any depth must not exhaust the stack.
 */

/** Type byte in front of the bytes of a string or a GeoJSON text. */
export const STRING_TYPE = 3;
export const GEOJSON_TYPE = 23;

/**
 * By first byte: bytes of an element that has no variable length, a container's header counting as such; for fixstr the
 * text included; 0 = the length is in the bytes that follow (`variableBytes`).
 */
export const FIXED_BYTES = new Uint8Array(256);
/** By first byte: 1 = begins a list or a map. */
export const CONTAINER = new Uint8Array(256);
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

/** Where the type byte of the ext element at `at` lies; 0 = it is not an ext element. */
export function extTypeOffset(buf: Buffer, at: number): number {
  const first = buf[at]!;
  if (first === 0xc7) return at + 2;
  if (first === 0xc8) return at + 3;
  if (first === 0xc9) return at + 5;
  return first >= 0xd4 && first <= 0xd8 ? at + 1 : 0;
}

/** Bytes of a string, blob or ext element; 0 = no element begins like this, or its length is cut off. */
export function variableBytes(buf: Buffer, at: number): number {
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

/** Thrown for bytes that are not msgpack, or that end within an element. */
export class MalformedMsgpackError extends Error {}

/** A list or a map. */
export interface Container {
  isMap: boolean;
  /** Elements that follow the header, a pair of a map counting two. */
  elements: number;
  bodyStart: number;
}

/** The container that begins at `at`; undefined = another element does. Throws MalformedMsgpackError. */
export function readContainer(buf: Buffer, at: number): Container | undefined {
  const first = buf[at];
  if (first === undefined) throw new MalformedMsgpackError();
  if (CONTAINER[first] === 0) return undefined;
  const headerBytes = FIXED_BYTES[first]!;
  if (at + headerBytes > buf.length) throw new MalformedMsgpackError();
  const isMap = first < 0x90 || first >= 0xde;
  const count =
    headerBytes === 1 ? first & 0x0f : headerBytes === 3 ? buf.readUInt16BE(at + 1) : buf.readUInt32BE(at + 1);
  return { isMap, elements: isMap ? count * 2 : count, bodyStart: at + headerBytes };
}

/** The end of the element at `at`, which is no container. Throws MalformedMsgpackError. */
export function scalarEnd(buf: Buffer, at: number): number {
  const end = at + (FIXED_BYTES[buf[at]!]! || variableBytes(buf, at));
  if (end === at || end > buf.length) throw new MalformedMsgpackError();
  return end;
}

/** The end of the element at `at` with everything in it. Throws MalformedMsgpackError. */
export function elementEnd(buf: Buffer, at: number): number {
  for (let left = 1; left > 0; left--) {
    const container = readContainer(buf, at);
    if (container === undefined) {
      at = scalarEnd(buf, at);
    } else {
      left += container.elements;
      at = container.bodyStart;
    }
  }
  return at;
}

/** An array of encoded items. */
export function encodeList(...items: Buffer[]): Buffer {
  const { length } = items;
  if (length < 16) return Buffer.concat([Buffer.of(0x90 | length), ...items]);
  const head = Buffer.allocUnsafe(length < 0x10000 ? 3 : 5);
  head[0] = length < 0x10000 ? 0xdc : 0xdd;
  head.writeUIntBE(length, 1, head.length - 1);
  return Buffer.concat([head, ...items]);
}

/** An integer from −32 to 127. */
export function encodeSmallInt(value: number): Buffer {
  return Buffer.of(value & 0xff);
}

/** A 64-bit integer that is not negative, in the shortest form. */
export function encodeUnsigned(value: bigint): Buffer {
  if (value < 0x80n) return Buffer.of(Number(value));
  const bytes = value < 0x100n ? 1 : value < 0x10000n ? 2 : value < 0x100000000n ? 4 : 8;
  const out = Buffer.alloc(1 + bytes);
  out[0] = 0xcc + Math.log2(bytes);
  if (bytes === 8) out.writeBigUInt64BE(value, 1);
  else out.writeUIntBE(Number(value), 1, bytes);
  return out;
}

/** A string of less than 255 bytes, with the type byte that the server expects in front of the text. */
export function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = bytes.length + 1;
  const head = length < 32 ? Buffer.of(0xa0 | length) : Buffer.of(0xd9, length);
  return Buffer.concat([head, Buffer.of(STRING_TYPE), bytes]);
}
