/** Bin values: what the server accepts, how it normalizes it (wire.md 1.5, 1.7), and their decoded form. */
import { ResultCode } from '../../aerospike/protocol/constants.js';
import { Particle } from '../../core/particle.js';
import { Bytes, Float, List, MsgpackError, OrderedMap, decode, encode, type Value } from '../protocol/msgpack.js';
import { ErrorReply } from '../protocol/reply.js';
import { isCanonicalCollection } from '../cdt/canonical-form.js';

const INTEGER_BYTES = 8;
const HLL_HEAD_BYTES = 11;
/** GEOJSON: flags and cell count lie in front of the cells (1.5). */
const GEO_HEAD_BYTES = 3;
const GEO_CELL_BYTES = 8;
const GEO_TYPES = new Set(['Point', 'Polygon', 'MultiPolygon', 'AeroCircle', 'Feature']);

/** A bin's value as particle type and wire bytes. */
export interface BinValue {
  type: number;
  value: Buffer;
}

/** `checkPlain`: the bytes can be stored as they are. */
export const IS_NORMALIZED = 0;
/** `checkPlain`: valid perhaps, but `normalize` must look and may change the bytes. */
export const NEEDS_NORMALIZING = -1;

/** Fast test of a written value: PLAIN, NOT_PLAIN, or a result code (> 0) that refuses it. */
export function checkNormalized(type: number, buf: Buffer, start: number, end: number): number {
  const length = end - start;
  switch (type) {
    case Particle.INTEGER:
      if (length === INTEGER_BYTES) return IS_NORMALIZED;
      return length === 1 || length === 2 || length === 4 ? NEEDS_NORMALIZING : ResultCode.PARAMETER;
    case Particle.FLOAT:
      return length === INTEGER_BYTES ? IS_NORMALIZED : ResultCode.PARAMETER;
    case Particle.STRING:
    case Particle.BLOB:
    case Particle.JAVA:
    case Particle.CSHARP:
    case Particle.PYTHON:
    case Particle.RUBY:
    case Particle.PHP:
    case Particle.ERLANG:
    case Particle.VECTOR:
      return IS_NORMALIZED;
    case Particle.BOOL:
      return length === 1 && buf[start]! <= 1 ? IS_NORMALIZED : ResultCode.PARAMETER;
    case Particle.HLL:
      return isHll(buf, start, length) ? IS_NORMALIZED : ResultCode.PARAMETER;
    case Particle.MAP:
    case Particle.LIST:
      return isCanonicalCollection(type, buf, start, end) ? IS_NORMALIZED : NEEDS_NORMALIZING;
    case Particle.GEOJSON:
      return NEEDS_NORMALIZING;
    default:
      return ResultCode.PARAMETER;
  }
}

/** The bytes to store for a written value. Throws ErrorReply. */
export function normalizeParticle(type: number, value: Buffer): Buffer {
  const result = checkNormalized(type, value, 0, value.length);
  if (result === IS_NORMALIZED) return value;
  if (result !== NEEDS_NORMALIZING) throw new ErrorReply(result);
  if (type === Particle.INTEGER) return Buffer.concat([Buffer.alloc(INTEGER_BYTES - value.length), value]);
  if (type === Particle.GEOJSON) return normalizeGeo(value);
  try {
    const decoded = decode(value, { strict: true });
    if (type === Particle.LIST ? decoded instanceof List : decoded instanceof OrderedMap) return encode(decoded);
  } catch (error) {
    if (!(error instanceof MsgpackError)) throw error;
  }
  throw new ErrorReply(ResultCode.SERVER_ERROR);
}

/** 1.5: the registers' bytes follow from the two bit counts. */
function isHll(buf: Buffer, start: number, length: number): boolean {
  if (length < HLL_HEAD_BYTES) return false;
  const indexBits = buf[start + 1]!;
  const minHashBits = buf[start + 2]!;
  if (indexBits < 4 || indexBits > 16) return false;
  if (minHashBits !== 0 && (minHashBits < 4 || minHashBits > 51)) return false;
  return length === HLL_HEAD_BYTES + Math.ceil((2 ** indexBits * (6 + minHashBits)) / 8);
}

/** The text of a GEOJSON value, without flags and cells; undefined if the head is wrong. */
export function geoText(value: Buffer): Buffer | undefined {
  if (value.length < GEO_HEAD_BYTES) return undefined;
  const skip = GEO_HEAD_BYTES + GEO_CELL_BYTES * value.readUInt16BE(1);
  return skip > value.length ? undefined : value.subarray(skip);
}

/** Cells of a request are ignored (1.5); this server computes none. */
function normalizeGeo(value: Buffer): Buffer {
  const text = geoText(value);
  if (text === undefined || !isGeometry(text)) throw new ErrorReply(ResultCode.INVALID_GEO);
  return Buffer.concat([Buffer.alloc(GEO_HEAD_BYTES), text]);
}

function isGeometry(text: Buffer): boolean {
  try {
    const parsed: unknown = JSON.parse(text.toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('type' in parsed)) return false;
    if (typeof parsed.type !== 'string' || !GEO_TYPES.has(parsed.type)) return false;
    if (parsed.type === 'Feature') {
      return 'geometry' in parsed && typeof parsed.geometry === 'object' && parsed.geometry !== null;
    }
    return 'coordinates' in parsed && Array.isArray(parsed.coordinates) && parsed.coordinates.length > 0;
  } catch {
    return false;
  }
}

/** A bin's value decoded, as list and map elements are; undefined for types that have no such form. */
export function toValue(type: number, value: Buffer): Value | undefined {
  switch (type) {
    case Particle.NULL:
      return null;
    case Particle.INTEGER:
      return value.length === INTEGER_BYTES ? value.readBigInt64BE(0) : undefined;
    case Particle.FLOAT:
      if (value.length !== INTEGER_BYTES) return undefined;
      return new Float(value.readDoubleBE(0), Buffer.concat([Buffer.from([0xcb]), value]));
    case Particle.BOOL:
      return value[0] === 1;
    case Particle.LIST:
    case Particle.MAP:
      return decode(value);
    case Particle.GEOJSON:
      return Bytes.of(type, geoText(value) ?? Buffer.alloc(0));
    default:
      return Bytes.of(type, value);
  }
}

/** A list or map element (or result of an expression) as a bin's value. */
export function fromValue(value: Value): BinValue {
  if (typeof value === 'bigint') {
    const out = Buffer.alloc(INTEGER_BYTES);
    out.writeBigUInt64BE(BigInt.asUintN(64, value));
    return { type: Particle.INTEGER, value: out };
  }
  if (typeof value === 'boolean') return { type: Particle.BOOL, value: Buffer.from([value ? 1 : 0]) };
  if (value instanceof Float) {
    const out = Buffer.alloc(INTEGER_BYTES);
    if (value.raw.length === out.length + 1) value.raw.copy(out, 0, 1);
    else out.writeDoubleBE(value.value);
    return { type: Particle.FLOAT, value: out };
  }
  if (value instanceof Bytes) {
    if (value.type !== Particle.GEOJSON) return { type: value.type, value: value.bytes };
    return { type: Particle.GEOJSON, value: Buffer.concat([Buffer.alloc(GEO_HEAD_BYTES), value.bytes]) };
  }
  if (value instanceof List) return { type: Particle.LIST, value: encode(value) };
  if (value instanceof OrderedMap) return { type: Particle.MAP, value: encode(value) };
  return { type: Particle.NULL, value: Buffer.alloc(0) };
}
