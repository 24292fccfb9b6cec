/**
 * Records as users of the library see them, made of the rows that the module `restore` writes for readers
 * (`RecordScanner.createReader`): index of the row (4), digest, info bits (4), generation (2), expiration (4), number
 * of fields (2), number of bins (2), fields without the namespace, bins as operations.
 *
 * HOT: everything is read where it lies. Each batch has memory of its own, of which `bytes` and `digest` are parts.
 */
import { Particle } from '../core/particle.js';
import { DIGEST_BYTES } from '../core/partition.js';
import { type BackupBin, type BackupEntry, type BackupValue, toBytesType, toExpiresAt } from './entries.js';

const DIGEST_AT = 4;
const GENERATION_AT = 28;
const VOID_TIME_AT = 30;
const FIELDS_AT = 34;
const BINS_AT = 36;
const ROW_HEADER_BYTES = 38;
/** Of set and namespace, which every row counts; the namespace is not there. */
const FIELDS_WITHOUT_KEY = 2;
const FIELD_HEADER_BYTES = 5;
const OP_HEADER_BYTES = 8;
/** In front of GeoJSON text; no cells are in it. */
const GEOJSON_PREFIX_BYTES = 3;

export interface Rows {
  buffer: Buffer;
  count: number;
  namespace: string;
}

export class RowReader {
  private readonly names = new NameCache();
  private buffer: Buffer = Buffer.alloc(0);
  private view = new DataView(this.buffer.buffer);

  constructor(private readonly file: string) {}

  /** Appends the records of `rows`, whose memory belongs to them from now on. */
  read({ buffer, count, namespace }: Rows, entries: BackupEntry[]): void {
    this.buffer = buffer;
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    let at = 0;
    for (let i = 0; i < count; i++) at = this.readRow(at, namespace, entries);
  }

  /** Returns where the row ends. */
  private readRow(start: number, namespace: string, entries: BackupEntry[]): number {
    const { buffer, view, names, file } = this;
    const hasKey = view.getUint16(start + FIELDS_AT) > FIELDS_WITHOUT_KEY;
    const binCount = view.getUint16(start + BINS_AT);
    let at = start + ROW_HEADER_BYTES;
    const setAt = at + FIELD_HEADER_BYTES;
    at += 4 + view.getUint32(at);
    const set = at === setAt ? undefined : names.get(buffer, setAt, at);
    let key: BackupValue | undefined;
    if (hasKey) {
      const keyAt = at + FIELD_HEADER_BYTES;
      at += 4 + view.getUint32(at);
      key = this.readValue(buffer[keyAt]!, keyAt + 1, at);
    }
    const bins = new Array<BackupBin>(binCount);
    for (let i = 0; i < binCount; i++) {
      const end = at + 4 + view.getUint32(at);
      const nameAt = at + OP_HEADER_BYTES;
      const valueAt = nameAt + buffer[at + 7]!;
      bins[i] = this.readBin(names.get(buffer, nameAt, valueAt), buffer[at + 5]!, valueAt, end);
      at = end;
    }
    const digest = buffer.subarray(start + DIGEST_AT, start + DIGEST_AT + DIGEST_BYTES);
    const generation = view.getUint16(start + GENERATION_AT);
    const voidTime = view.getUint32(start + VOID_TIME_AT);
    // Adding what is absent as a rule costs less than spreading it.
    const record: BackupEntry =
      set === undefined
        ? { kind: 'record', namespace, digest, generation, voidTime, bins, file }
        : { kind: 'record', namespace, set, digest, generation, voidTime, bins, file };
    if (key !== undefined) record.key = key;
    if (voidTime !== 0) record.expiresAt = toExpiresAt(voidTime);
    entries.push(record);
    return at;
  }

  private readBin(name: string, particle: number, start: number, end: number): BackupBin {
    const { buffer, view } = this;
    switch (particle) {
      case Particle.INTEGER:
        return { name, type: 'integer', value: view.getBigInt64(start) };
      case Particle.FLOAT:
        return { name, type: 'double', value: view.getFloat64(start), bytes: buffer.subarray(start, end) };
      case Particle.STRING:
        return { name, type: 'string', value: buffer.toString('utf8', start, end), bytes: buffer.subarray(start, end) };
    }
    return { name, ...this.readValue(particle, start, end) };
  }

  private readValue(particle: number, start: number, end: number): BackupValue {
    const { buffer, view } = this;
    switch (particle) {
      case Particle.INTEGER:
        return { type: 'integer', value: view.getBigInt64(start) };
      case Particle.FLOAT:
        return { type: 'double', value: view.getFloat64(start), bytes: buffer.subarray(start, end) };
      case Particle.BOOL:
        return { type: 'bool', value: buffer[start] !== 0 };
      case Particle.STRING:
        return { type: 'string', value: buffer.toString('utf8', start, end), bytes: buffer.subarray(start, end) };
      case Particle.GEOJSON: {
        const bytes = buffer.subarray(start + GEOJSON_PREFIX_BYTES, end);
        return { type: 'geojson', value: bytes.toString('utf8'), bytes };
      }
    }
    return { type: toBytesType(particle), bytes: buffer.subarray(start, end) };
  }
}

interface Name {
  bytes: Buffer;
  text: string;
}

const CACHED_NAMES = 256;

/** The strings of names of bins and sets, of which a file has few. The last one of each hash is kept. */
class NameCache {
  private readonly names: (Name | undefined)[] = new Array<Name | undefined>(CACHED_NAMES).fill(undefined);

  get(buffer: Buffer, start: number, end: number): string {
    const length = end - start;
    const hash = length === 0 ? 0 : (buffer[start]! * 7 + buffer[end - 1]! * 31 + length) & (CACHED_NAMES - 1);
    const known = this.names[hash];
    if (known !== undefined && known.bytes.length === length) {
      const { bytes } = known;
      let i = 0;
      while (i < length && bytes[i] === buffer[start + i]) i++;
      if (i === length) return known.text;
    }
    const text = buffer.toString('utf8', start, end);
    this.names[hash] = { bytes: Buffer.from(buffer.subarray(start, end)), text };
    return text;
  }
}
