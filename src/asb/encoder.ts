/**
 * Records as text (asb-format.md 1.1, 2.1). HOT: `RecordEncoder.encode` runs once per record of a backup and allocates
 * nothing. It is one long pass over the record view with local copies of buffers and position, because a property
 * access per byte would dominate; constant text goes out as words of four bytes, ranges as `copyRange` does it.
 */
import { COPY_SLACK_BYTES, copyRange, dataView } from '../core/byte-copy.js';
import { DIGEST_BYTES } from '../core/partition.js';
import { Particle } from '../core/particle.js';
import { base64Length, writeBase64 } from './numbers/base64.js';
import { DOUBLE_TEXT_BYTES, writeDouble } from './numbers/double.js';
import { EncodeError } from './errors.js';
import { MUST_ESCAPE, escapeToken, nulError, writeEscaped } from './escape.js';
import {
  BACKSLASH,
  BANG,
  DIGIT_0,
  KIND_OF_PARTICLE,
  LETTER_OF_PARTICLE,
  LF,
  MAX_BIN_NAME_BYTES,
  MAX_GENERATION,
  MAX_SET_BYTES,
  SPACE,
  ValueKind,
} from './format.js';
import { writeInteger, writeUint } from './numbers/integer.js';
import { BIN_STRIDE } from '../core/record-view.js';
import type { RecordView } from '../core/record-view.js';

export { encodeHeader, encodeMetadataFile, encodeSindex, encodeUdf } from './metadata-encoder.js';

const DEFAULT_BUFFER_BYTES = 1 << 20;
/** Beyond `bufferBytes`, so that the record that fills a buffer seldom makes it grow. */
const HEADROOM_BYTES = 64 << 10;
/**
 * `- `, letter, `!`, two SP, a length of up to 10 digits, SP, LF, and a number (a double's is the longest): more than
 * any bin adds to name and value.
 */
const BIN_OVERHEAD_BYTES = 32 + DOUBLE_TEXT_BYTES + COPY_SLACK_BYTES;
/** The header lines but for namespace, set and key: more than `+ d`, `+ g`, `+ t`, `+ b` and their values take. */
const HEADER_OVERHEAD_BYTES = 128;
const NUMBER_BYTES = 8;

/** LF `+ s`, and the same of generation, expiration and bin count. */
const SET_LINE = 0x0a2b_2073;
const GENERATION_LINE = 0x0a2b_2067;
const EXPIRATION_LINE = 0x0a2b_2074;
const BINS_LINE = 0x0a2b_2062;
/** `+ k `; `- `, a gap for the letter, SP. */
const KEY_LINE = 0x2b20_6b20;
const BIN_LINE = 0x2d20_0020;
const TRUE_LETTER = 0x54;
const FALSE_LETTER = 0x46;

export interface EncoderOptions {
  namespace: string;
  /** The compact form: blobs raw behind a `!` instead of base64 (asb-format.md 2.2). */
  compact: boolean;
  /** What `full` measures, 1 MiB unless told. */
  bufferBytes?: number;
}

export class RecordEncoder {
  /** The text of the records encoded so far is `buffer[0, length)`: always whole records. */
  buffer: Buffer;
  length = 0;
  /** Keys left out because their type has no letter, as the C tool does (asb-format.md 2.1). */
  droppedKeys = 0;
  private readonly compact: boolean;
  private readonly bufferBytes: number;
  /** `+ n <namespace>` LF `+ d `. */
  private readonly prefix: Buffer;
  private readonly prefixView: DataView;
  private view: DataView;
  private source: Buffer;
  private sourceView: DataView;

  constructor(options: EncoderOptions) {
    this.compact = options.compact;
    this.bufferBytes = options.bufferBytes ?? DEFAULT_BUFFER_BYTES;
    this.buffer = Buffer.allocUnsafeSlow(this.bufferBytes + HEADROOM_BYTES);
    this.view = new DataView(this.buffer.buffer);
    const prefix = [Buffer.from('+ n '), escapeToken(options.namespace), Buffer.from('\n+ d ')];
    const slack = Buffer.alloc(COPY_SLACK_BYTES);
    this.prefix = Buffer.concat([...prefix, slack]).subarray(0, -COPY_SLACK_BYTES);
    this.prefixView = dataView(this.prefix);
    this.source = this.prefix;
    this.sourceView = this.prefixView;
  }

  /** True when `bufferBytes` are filled: the time to `take`. */
  get full(): boolean {
    return this.length >= this.bufferBytes;
  }

  /** Bytes that a buffer handed to `take` should have, so that it does not have to grow at once. */
  get capacity(): number {
    return this.bufferBytes + HEADROOM_BYTES;
  }

  /** Hands over the text so far and goes on in `replacement`, or in a new buffer. */
  drain(replacement?: Buffer): Buffer {
    const taken = this.buffer.subarray(0, this.length);
    this.grow(replacement ?? Buffer.allocUnsafeSlow(this.capacity));
    this.length = 0;
    return taken;
  }

  /** Appends one record. If it throws, the buffer holds what it held before. */
  encode(record: RecordView): void {
    const src = record.buf;
    if (src !== this.source) this.refreshView(src);
    const srcView = this.sourceView;
    const prefix = this.prefix;
    const keyBytes = record.keyEnd - record.keyStart;
    const setBytes = record.setEnd - record.setStart;
    if (record.generation > MAX_GENERATION || setBytes > MAX_SET_BYTES) throw headerLimitError(record);
    let at = this.length;
    let out = this.ensureCapacity(at, HEADER_OVERHEAD_BYTES + prefix.length + base64Length(keyBytes) + 2 * setBytes);
    let view = this.view;

    if (record.keyType !== 0) at = this.writeKey(record, out, view, at);

    // + n <namespace>, + d <digest>
    at = copyRange(prefix, this.prefixView, 0, prefix.length, out, view, at);
    at = writeBase64(src, srcView, record.digestStart, record.digestStart + DIGEST_BYTES, out, view, at);
    // [+ s <set>]
    if (setBytes > 0) {
      view.setUint32(at, SET_LINE);
      out[at + 4] = SPACE;
      at = writeEscaped(src, record.setStart, record.setEnd, out, at + 5);
    }
    // + g <generation>, + t <void time>, + b <bins>
    view.setUint32(at, GENERATION_LINE);
    at = writeCount(record.generation, out, at + 4);
    view.setUint32(at, EXPIRATION_LINE);
    at = writeCount(record.voidTime, out, at + 4);
    view.setUint32(at, BINS_LINE);
    at = writeCount(record.binCount, out, at + 4);
    out[at++] = LF;

    const bins = record.bins;
    const compact = this.compact;
    const last = record.binCount * BIN_STRIDE;
    for (let bin = 0; bin < last; bin += BIN_STRIDE) {
      const particle = bins[bin]!;
      const nameStart = bins[bin + 1]!;
      const nameEnd = bins[bin + 2]!;
      const start = bins[bin + 3]!;
      const size = bins[bin + 4]! - start;
      if (nameEnd - nameStart > MAX_BIN_NAME_BYTES) throw binNameError(record, nameStart, nameEnd);
      const letter = LETTER_OF_PARTICLE[particle]!;
      const kind = KIND_OF_PARTICLE[particle]!;
      // Twice the value covers base64, with the overhead for its padding.
      const most = at + BIN_OVERHEAD_BYTES + 2 * (nameEnd - nameStart + size);
      if (most > out.length) {
        out = this.ensureCapacity(at, most - at);
        view = this.view;
      }

      // "- " letter ["!"] " " name
      view.setUint32(at, BIN_LINE | (letter << 8));
      at += 4;
      if (compact && kind === ValueKind.BLOB) {
        out[at - 1] = BANG;
        out[at++] = SPACE;
      }
      for (let i = nameStart; i < nameEnd; i++) {
        const byte = src[i]!;
        if (MUST_ESCAPE[byte] !== 0) {
          if (byte === 0) throw nulError(src, nameStart, nameEnd);
          out[at++] = BACKSLASH;
        }
        out[at++] = byte;
      }
      if (kind === ValueKind.NULL) {
        out[at++] = LF;
        continue;
      }
      out[at++] = SPACE;

      if (kind === ValueKind.INTEGER) {
        if (size !== NUMBER_BYTES) throw wrongSize(record, particle, size);
        at = writeInteger(src, start, out, at);
      } else if (kind === ValueKind.RAW || (compact && kind === ValueKind.BLOB)) {
        at = writeUint(size, out, at);
        out[at++] = SPACE;
        at = copyRange(src, srcView, start, start + size, out, view, at);
      } else if (kind === ValueKind.BLOB) {
        at = writeUint(base64Length(size), out, at);
        out[at++] = SPACE;
        at = writeBase64(src, srcView, start, start + size, out, view, at);
      } else if (kind === ValueKind.FLOAT) {
        if (size !== NUMBER_BYTES) throw wrongSize(record, particle, size);
        at = writeDouble(src, start, out, at);
      } else if (kind === ValueKind.BOOL) {
        if (size !== 1) throw wrongSize(record, particle, size);
        out[at++] = src[start] === 0 ? FALSE_LETTER : TRUE_LETTER;
      } else {
        throw new EncodeError(
          `record ${digestText(record)}: bin "${src.toString('utf8', nameStart, nameEnd)}" has particle type ${particle}, ` +
            `which the backup format cannot hold`,
        );
      }
      out[at++] = LF;
    }
    this.length = at;
  }

  /** `+ k …` (asb-format.md 1.1); nothing for a type that cannot be a key line. */
  private writeKey(record: RecordView, out: Buffer, view: DataView, at: number): number {
    const src = record.buf;
    const start = record.keyStart;
    const end = record.keyEnd;
    const size = end - start;
    const particle = record.keyType;
    if (
      particle !== Particle.INTEGER &&
      particle !== Particle.STRING &&
      particle !== Particle.BLOB &&
      particle !== Particle.FLOAT
    ) {
      this.droppedKeys++;
      return at;
    }
    view.setUint32(at, KEY_LINE);
    out[at + 4] = LETTER_OF_PARTICLE[particle]!;
    at += 5;
    const raw = particle === Particle.STRING || (particle === Particle.BLOB && this.compact);
    if (raw && particle === Particle.BLOB) out[at++] = BANG;
    out[at++] = SPACE;
    if (raw) {
      at = writeUint(size, out, at);
      out[at++] = SPACE;
      at = copyRange(src, this.sourceView, start, end, out, view, at);
    } else if (particle === Particle.BLOB) {
      at = writeUint(base64Length(size), out, at);
      out[at++] = SPACE;
      at = writeBase64(src, this.sourceView, start, end, out, view, at);
    } else {
      if (size !== NUMBER_BYTES) throw wrongSize(record, particle, size);
      at = particle === Particle.INTEGER ? writeInteger(src, start, out, at) : writeDouble(src, start, out, at);
    }
    out[at] = LF;
    return at + 1;
  }

  /** The buffer, grown if it must be so that `bytes` fit at `at`, with what lies before `at` kept. */
  private ensureCapacity(at: number, bytes: number): Buffer {
    const needed = at + bytes;
    if (needed <= this.buffer.length) return this.buffer;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.buffer.length));
    this.buffer.copy(grown, 0, 0, at);
    this.grow(grown);
    return grown;
  }

  private grow(buffer: Buffer): void {
    this.buffer = buffer;
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  }

  /** The records come from another buffer than those before. */
  private refreshView(source: Buffer): void {
    this.source = source;
    this.sourceView = dataView(source);
  }
}

/** SP and a number, which is most often a single digit. */
function writeCount(value: number, out: Buffer, at: number): number {
  out[at] = SPACE;
  if (value >= 10) return writeUint(value, out, at + 1);
  out[at + 1] = DIGIT_0 + value;
  return at + 2;
}

/** What no reader accepts: a server that sends it has a fault, and a backup with it could not be restored. */
function headerLimitError(record: RecordView): EncodeError {
  const what =
    record.generation > MAX_GENERATION
      ? `generation ${record.generation} is beyond ${MAX_GENERATION}`
      : `its set name is longer than ${MAX_SET_BYTES} bytes`;
  return new EncodeError(`record ${digestText(record)} cannot be restored from a backup file: ${what}`);
}

function binNameError(record: RecordView, start: number, end: number): EncodeError {
  const name = record.buf.toString('utf8', start, end);
  return new EncodeError(
    `record ${digestText(record)} cannot be restored from a backup file: ` +
      `the bin name "${name}" is longer than ${MAX_BIN_NAME_BYTES} bytes`,
  );
}

function digestText(record: RecordView): string {
  return record.buf.toString('base64', record.digestStart, record.digestStart + DIGEST_BYTES);
}

function wrongSize(record: RecordView, particle: number, size: number): EncodeError {
  return new EncodeError(
    `record ${digestText(record)}: a value of particle type ${particle} cannot have ${size} byte${size === 1 ? '' : 's'}`,
  );
}
