/**
 * Values as JSON text, without rounding. What JSON has no form for becomes an object whose name begins with `$`:
 *
 *     {"$string": base64}            a string that is not UTF-8
 *     {"$double": "NaN"}             also "Infinity" and "-Infinity"
 *     {"$map": [[key, value], …]}    a map with keys that are not strings, or nested very deeply; in its order
 *     {"$ext": [type, base64]}       a msgpack extension
 *
 * In the typed form, everything that plain JSON would confuse is marked so as well, and nothing else is lost:
 *
 *     {"$blob": base64}              also $hll, $java, $csharp, $python, $ruby, $php, $erlang
 *     {"$geojson": …}                the GeoJSON object, or its text if that is not JSON
 *     {"$list": […], "$order": n}    a list with order flags, and the same of a map
 *
 * In the plain form blobs are base64 strings and GeoJSON values objects. Integers are numbers with all digits, doubles
 * have a point or an exponent.
 */
import { isUtf8 } from 'node:buffer';
import { Particle } from '../../core/particle.js';
import {
  extTypeOffset,
  MalformedMsgpackError,
  readContainer,
  scalarEnd,
  type Container,
} from '../../aerospike/protocol/msgpack.js';

export interface JsonValueOptions {
  /** Integers beyond what a double holds exactly become strings. */
  largeIntegersAsStrings: boolean;
  typed: boolean;
}

const BLOB_NAMES = new Map<number, string>([
  [Particle.BLOB, '$blob'],
  [Particle.HLL, '$hll'],
  [Particle.JAVA, '$java'],
  [Particle.CSHARP, '$csharp'],
  [Particle.PYTHON, '$python'],
  [Particle.RUBY, '$ruby'],
  [Particle.PHP, '$php'],
  [Particle.ERLANG, '$erlang'],
]);
/** Maps that are nested deeper are written as pairs. */
const MAX_OBJECT_DEPTH = 32;
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** The JSON text of a bin's value or a key, given as wire bytes, GeoJSON as its bare text. Never throws. */
export function formatJsonValue(particle: number, bytes: Buffer, options: JsonValueOptions): string {
  switch (particle) {
    case Particle.NULL:
      return 'null';
    case Particle.BOOL:
      return bytes[0] === 0 ? 'false' : 'true';
    case Particle.INTEGER:
      return formatInteger(bytes.readBigInt64BE(0), options);
    case Particle.FLOAT:
      return formatDouble(bytes.readDoubleBE(0));
    case Particle.STRING:
      return formatString(bytes);
    case Particle.GEOJSON:
      return formatGeoJson(bytes, options);
    case Particle.LIST:
    case Particle.MAP:
      return formatCollection(particle, bytes, options);
    default:
      return formatBlob(particle, bytes, options);
  }
}

function formatInteger(value: bigint, { largeIntegersAsStrings }: JsonValueOptions): string {
  const isLarge = value > MAX_SAFE || value < -MAX_SAFE;
  return isLarge && largeIntegersAsStrings ? `"${value}"` : String(value);
}

function formatDouble(value: number): string {
  if (!Number.isFinite(value)) return `{"$double":"${value}"}`;
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function formatString(bytes: Buffer): string {
  return isUtf8(bytes) ? JSON.stringify(bytes.toString('utf8')) : `{"$string":"${bytes.toString('base64')}"}`;
}

function formatBlob(particle: number, bytes: Buffer, { typed }: JsonValueOptions): string {
  const text = `"${bytes.toString('base64')}"`;
  return typed ? `{"${BLOB_NAMES.get(particle) ?? `$type${particle}`}":${text}}` : text;
}

/** The text itself, so that no number in it is rounded; line feeds between its parts would end the line. */
function formatGeoJson(bytes: Buffer, { typed }: JsonValueOptions): string {
  let text: string;
  try {
    if (!isUtf8(bytes)) return `{"$geojson":${formatString(bytes)}}`;
    text = bytes.toString('utf8');
    JSON.parse(text);
    text = text.trim().replaceAll(/[\r\n]/g, ' ');
  } catch {
    return `{"$geojson":${formatString(bytes)}}`;
  }
  return typed ? `{"$geojson":${text}}` : text;
}

function formatCollection(particle: number, bytes: Buffer, options: JsonValueOptions): string {
  try {
    const writer = new CollectionWriter(bytes, options);
    return writer.write();
  } catch (error) {
    if (!(error instanceof MalformedMsgpackError)) throw error;
    // What the server stored is kept as it is.
    return `{"${particle === Particle.LIST ? '$list' : '$map'}":"${bytes.toString('base64')}"}`;
  }
}

interface Level extends Container {
  /** Elements that are still to come, a pair counting two. */
  left: number;
  /** Text behind the last element. */
  closing: string;
  /** A map as an object, whose keys are texts. */
  isObject: boolean;
}

/** Without recursion: nested collections of any depth must not exhaust the stack. */
class CollectionWriter {
  private readonly parts: string[] = [];
  private readonly levels: Level[] = [];
  private at = 0;

  constructor(
    private readonly buf: Buffer,
    private readonly options: JsonValueOptions,
  ) {}

  write(): string {
    const { buf, levels, parts } = this;
    this.element();
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      if (level.left === 0) {
        parts.push(level.closing);
        levels.pop();
      } else {
        this.nextElement(level);
      }
    }
    if (this.at !== buf.length) throw new MalformedMsgpackError();
    return parts.join('');
  }

  private nextElement(level: Level): void {
    const { parts } = this;
    const isFirst = level.left === level.elements;
    const isKey = level.isMap && level.left % 2 === 0;
    level.left--;
    if (!level.isMap) {
      if (!isFirst) parts.push(',');
      this.element();
      return;
    }
    if (isKey) parts.push((isFirst ? '' : ',') + (level.isObject ? '' : '['));
    this.element();
    // It belongs behind the key or value, which may be a collection that is only begun.
    const behind = isKey ? (level.isObject ? ':' : ',') : level.isObject ? '' : ']';
    const inner = this.levels.at(-1)!;
    if (inner === level) parts.push(behind);
    else inner.closing += behind;
  }

  /** Writes a scalar, or begins a collection. */
  private element(): void {
    const container = readContainer(this.buf, this.at);
    if (container === undefined) {
      this.scalar();
      return;
    }
    // A collection can have no more elements than bytes.
    if (container.elements > this.buf.length - container.bodyStart) throw new MalformedMsgpackError();
    const order = this.readOrder(container);
    const { isMap } = container;
    // Each level looks over everything in it: without a limit, the work would grow with the square of the depth.
    const isObject = isMap && this.levels.length < MAX_OBJECT_DEPTH && this.hasPlainKeys(container);
    const isMarked = this.options.typed && order !== 0;
    const closing = (isObject ? '}' : ']') + (isMarked ? `,"$order":${order}}` : isMap && !isObject ? '}' : '');
    const name = isMap ? '"$map":' : '"$list":';
    this.parts.push((isMarked || (isMap && !isObject) ? `{${name}` : '') + (isObject ? '{' : '['));
    this.levels.push({ ...container, left: container.elements, closing, isObject });
    this.at = container.bodyStart;
  }

  /** The flags of a leading extension, which is no element; 0 = there is none. */
  private readOrder(container: Container): number {
    const { buf } = this;
    const at = container.bodyStart;
    if (container.elements === 0 || at >= buf.length) return 0;
    const typeAt = extTypeOffset(buf, at);
    if (typeAt === 0) return 0;
    const end = scalarEnd(buf, at);
    container.bodyStart = container.isMap ? scalarEnd(buf, end) : end;
    container.elements -= container.isMap ? 2 : 1;
    return buf[typeAt]!;
  }

  /** Whether all keys are strings of UTF-8 that nobody takes for one of the names that begin with `$`. */
  private hasPlainKeys({ bodyStart, elements }: Container): boolean {
    const { buf } = this;
    let at = bodyStart;
    for (let i = 0; i < elements; i += 2) {
      if (at >= buf.length) throw new MalformedMsgpackError();
      const text = readText(buf, at);
      if (text?.type !== Particle.STRING) return false;
      const bytes = buf.subarray(text.start, text.end);
      if (!isUtf8(bytes) || bytes[0] === 0x24) return false;
      at = this.skip(this.skip(at));
    }
    return true;
  }

  private skip(at: number): number {
    const { buf } = this;
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

  private scalar(): void {
    const { buf, at, options, parts } = this;
    const end = scalarEnd(buf, at);
    this.at = end;
    const first = buf[at]!;
    const text = readText(buf, at);
    const typeAt = extTypeOffset(buf, at);
    if (text !== undefined) {
      const bytes = buf.subarray(text.start, text.end);
      parts.push(formatJsonValue(text.type, bytes, options));
    } else if (typeAt > 0) {
      parts.push(`{"$ext":[${buf[typeAt]!},"${buf.toString('base64', typeAt + 1, end)}"]}`);
    } else if (first === 0xc0) {
      parts.push('null');
    } else if (first === 0xc2 || first === 0xc3) {
      parts.push(first === 0xc3 ? 'true' : 'false');
    } else if (first === 0xca) {
      parts.push(formatDouble(buf.readFloatBE(at + 1)));
    } else if (first === 0xcb) {
      parts.push(formatDouble(buf.readDoubleBE(at + 1)));
    } else {
      parts.push(formatInteger(readInteger(buf, at), options));
    }
  }
}

/** A string or blob element: the first byte of its body is the particle type. */
function readText(buf: Buffer, at: number): { type: number; start: number; end: number } | undefined {
  const first = buf[at]!;
  const isFixed = first >= 0xa0 && first < 0xc0;
  const isBlob = first >= 0xc4 && first <= 0xc6;
  if (!isFixed && !isBlob && !(first >= 0xd9 && first <= 0xdb)) return undefined;
  const end = scalarEnd(buf, at);
  const head = isFixed ? 1 : 1 + 2 ** (first - (isBlob ? 0xc4 : 0xd9));
  const start = at + head;
  if (start === end) return { type: isBlob ? Particle.BLOB : Particle.STRING, start, end };
  const type = buf[start]!;
  // A collection or a number is never inside of one.
  const isKnown = type === Particle.STRING || type === Particle.GEOJSON || BLOB_NAMES.has(type);
  if (!isKnown) return { type: isBlob ? Particle.BLOB : Particle.STRING, start, end };
  return { type, start: start + 1, end };
}

function readInteger(buf: Buffer, at: number): bigint {
  const first = buf[at]!;
  if (first < 0x80) return BigInt(first);
  if (first >= 0xe0) return BigInt(first - 0x100);
  switch (first) {
    case 0xcc:
      return BigInt(buf.readUInt8(at + 1));
    case 0xcd:
      return BigInt(buf.readUInt16BE(at + 1));
    case 0xce:
      return BigInt(buf.readUInt32BE(at + 1));
    case 0xcf:
      return buf.readBigUInt64BE(at + 1);
    case 0xd0:
      return BigInt(buf.readInt8(at + 1));
    case 0xd1:
      return BigInt(buf.readInt16BE(at + 1));
    case 0xd2:
      return BigInt(buf.readInt32BE(at + 1));
    case 0xd3:
      return buf.readBigInt64BE(at + 1);
    default:
      throw new MalformedMsgpackError();
  }
}
