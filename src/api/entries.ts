/** Records, indexes and UDF modules of a backup as library users see them. Nothing is rounded, nothing is lost. */
import { DECODED_BIN_STRIDE, type DecodedRecord, NAME_IN_ARENA, VALUE_IN_ARENA } from '../asb/decoder.js';
import type { Sindex } from '../core/sindex.js';
import { Particle } from '../core/particle.js';
import { VOID_TIME_EPOCH_S } from '../core/void-time.js';

/** A value of a bin, or a user key. `bytes` are those of the wire: 8, big-endian, for numbers. */
export type BackupValue =
  | { type: 'null' }
  | { type: 'bool'; value: boolean }
  | { type: 'integer'; value: bigint }
  /** `bytes` tell one NaN from another. */
  | { type: 'double'; value: number; bytes: Buffer }
  /** What is not UTF-8 shows as U+FFFD in `value`. */
  | { type: 'string' | 'geojson'; value: string; bytes: Buffer }
  /** `bytes` are msgpack with the server's extensions (orders of lists and maps). */
  | { type: 'list' | 'map'; bytes: Buffer }
  | { type: 'blob' | 'hll' | 'java' | 'csharp' | 'python' | 'ruby' | 'php' | 'erlang'; bytes: Buffer };

export type BackupBin = { name: string } & BackupValue;

export interface BackupRecord {
  kind: 'record';
  namespace: string;
  /** Absent = none. */
  set?: string;
  /** 20 bytes. */
  digest: Buffer;
  /** Absent = the server has not stored it. */
  key?: BackupValue;
  generation: number;
  /** Absent = never. */
  expiresAt?: Date;
  /** As in the file: seconds since 2010-01-01T00:00:00Z, 0 = never expires. */
  voidTime: number;
  /** In the order of the file. */
  bins: BackupBin[];
  /** Where it was read. */
  file: string;
}

export interface BackupIndex {
  kind: 'index';
  namespace: string;
  set?: string;
  name: string;
  /** Empty for an index on an expression or on a set. */
  bin: string;
  /** `none` for an index on a set. */
  type: 'numeric' | 'string' | 'geo2dsphere' | 'blob' | 'none';
  /** What of the bin is indexed; `set` = every record of the set. */
  of: 'value' | 'list' | 'mapkeys' | 'mapvalues' | 'set';
  /** Base64 of the msgpack context or expression. */
  context?: string;
  expression?: string;
  file: string;
}

export interface BackupUdf {
  kind: 'udf';
  name: string;
  content: Buffer;
  file: string;
}

export type BackupEntry = BackupRecord | BackupIndex | BackupUdf;

type BytesType = 'list' | 'map' | 'blob' | 'hll' | 'java' | 'csharp' | 'python' | 'ruby' | 'php' | 'erlang';

const BYTES_OF = new Map<number, BytesType>([
  [Particle.BLOB, 'blob'],
  [Particle.HLL, 'hll'],
  [Particle.MAP, 'map'],
  [Particle.LIST, 'list'],
  [Particle.JAVA, 'java'],
  [Particle.CSHARP, 'csharp'],
  [Particle.PYTHON, 'python'],
  [Particle.RUBY, 'ruby'],
  [Particle.PHP, 'php'],
  [Particle.ERLANG, 'erlang'],
]);

/** `bytes` are copied: the decoder uses its own again. */
function toValue(particle: number, shared: Uint8Array): BackupValue {
  const bytes = Buffer.from(shared);
  switch (particle) {
    case Particle.NULL:
      return { type: 'null' };
    case Particle.BOOL:
      return { type: 'bool', value: bytes[0] !== 0 };
    case Particle.INTEGER:
      return { type: 'integer', value: bytes.readBigInt64BE(0) };
    case Particle.FLOAT:
      return { type: 'double', value: bytes.readDoubleBE(0), bytes };
    case Particle.STRING:
      return { type: 'string', value: bytes.toString('utf8'), bytes };
    case Particle.GEOJSON:
      return { type: 'geojson', value: bytes.toString('utf8'), bytes };
  }
  return { type: toBytesType(particle), bytes };
}

/** The type of a value that consists of `bytes` only. */
export function toBytesType(particle: number): BytesType {
  const type = BYTES_OF.get(particle);
  if (type === undefined) throw new Error(`unknown particle type ${particle}`);
  return type;
}

/** The Date of an expiration in seconds since 2010. */
export function toExpiresAt(voidTime: number): Date {
  return new Date((voidTime + VOID_TIME_EPOCH_S) * 1000);
}

export function toRecordEntry(view: DecodedRecord, file: string): BackupRecord {
  const bins: BackupBin[] = [];
  for (let i = 0; i < view.binCount; i++) {
    const at = i * DECODED_BIN_STRIDE;
    const [particle, nameStart, nameEnd, start, end, flags] = view.bins.subarray(at, at + DECODED_BIN_STRIDE);
    const names = (flags! & NAME_IN_ARENA) !== 0 ? view.arena : view.input;
    const values = (flags! & VALUE_IN_ARENA) !== 0 ? view.arena : view.input;
    bins.push({ name: names.toString('utf8', nameStart, nameEnd), ...toValue(particle!, values.subarray(start, end)) });
  }
  const { setBuf, setStart, setEnd, keyType, keyBuf, keyStart, keyEnd, voidTime } = view;
  return {
    kind: 'record',
    namespace: view.namespace,
    ...(setStart === setEnd ? {} : { set: setBuf.toString('utf8', setStart, setEnd) }),
    digest: Buffer.from(view.digest),
    ...(keyType === 0 ? {} : { key: toValue(keyType, keyBuf.subarray(keyStart, keyEnd)) }),
    generation: view.generation,
    ...(voidTime === 0 ? {} : { expiresAt: toExpiresAt(voidTime) }),
    voidTime,
    bins,
    file,
  };
}

const TYPES = { N: 'numeric', S: 'string', G: 'geo2dsphere', B: 'blob', E: 'none' } as const;
const PARTS = { N: 'value', L: 'list', K: 'mapkeys', V: 'mapvalues', S: 'set' } as const;

export function toIndexEntry({ namespace, set, name, bin, ...index }: Sindex, file: string): BackupIndex {
  return {
    kind: 'index',
    namespace,
    ...(set === '' ? {} : { set }),
    name,
    bin,
    type: TYPES[index.dataType],
    of: PARTS[index.indexType],
    ...(index.context === '' ? {} : { context: index.context }),
    ...(index.expression === '' ? {} : { expression: index.expression }),
    file,
  };
}
