/**
 * Records as text (asb-format.md 1.1, 2.1). HOT: `RecordEncoder.encode` runs once per record of a backup and allocates
 * nothing. It is one long pass over the record view with local copies of buffer and position, because a property access
 * per byte would dominate; constant lines are copied from prepared bytes, short ranges in a loop (a native copy costs
 * more than 40 iterations), long ones natively.
 */
import { DIGEST_BYTES, Particle } from '../particle.js';
import { base64Length, writeBase64 } from './base64.js';
import { DOUBLE_TEXT_BYTES, writeDouble } from './double-text.js';
import { EncodeError } from './errors.js';
import { MUST_ESCAPE, escapeToken, writeEscaped } from './escape.js';
import { BACKSLASH, BANG, KIND_OF_PARTICLE, LETTER_OF_PARTICLE, LF, MINUS, PLUS, SPACE, ValueKind } from './format.js';
import { writeInteger, writeUint } from './integer-text.js';
import { BIN_STRIDE } from './model.js';
import type { RecordView } from './model.js';

export { encodeHeader, encodeSindex, encodeUdf } from './globals.js';

const DEFAULT_BUFFER_BYTES = 1 << 20;
/** Beyond `bufferBytes`, so that the record that fills a buffer seldom makes it grow. */
const HEADROOM_BYTES = 64 << 10;
/** Below this a byte loop beats a native copy. */
const NATIVE_COPY_BYTES = 40;
/**
 * `- `, letter, `!`, two SP, a length of up to 10 digits, SP, LF, and a number (a double's is the longest): more than any bin adds to
 * name and value.
 */
const BIN_OVERHEAD_BYTES = 32 + DOUBLE_TEXT_BYTES;
/** The header lines but for namespace, set and key: more than `+ d`, `+ g`, `+ t`, `+ b` and their values take. */
const HEADER_OVERHEAD_BYTES = 128;
const NUMBER_BYTES = 8;

const LETTER_S = 0x73;
const LETTER_G = 0x67;
const LETTER_T = 0x74;
const LETTER_B = 0x62;
const LETTER_K = 0x6b;
const TRUE_LETTER = 0x54;
const FALSE_LETTER = 0x46;

export interface EncoderOptions {
  namespace: string;
  /** `--compact`: blobs raw behind a `!` instead of base64 (asb-format.md 2.2). */
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

  constructor(options: EncoderOptions) {
    this.compact = options.compact;
    this.bufferBytes = options.bufferBytes ?? DEFAULT_BUFFER_BYTES;
    this.buffer = Buffer.allocUnsafeSlow(this.bufferBytes + HEADROOM_BYTES);
    this.prefix = Buffer.concat([Buffer.from('+ n '), escapeToken(options.namespace), Buffer.from('\n+ d ')]);
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
  take(replacement?: Buffer): Buffer {
    const taken = this.buffer.subarray(0, this.length);
    this.buffer = replacement ?? Buffer.allocUnsafeSlow(this.capacity);
    this.length = 0;
    return taken;
  }

  /** Appends one record. If it throws, the buffer holds what it held before. */
  encode(record: RecordView): void {
    const src = record.buf;
    const prefix = this.prefix;
    const keyBytes = record.keyEnd - record.keyStart;
    const setBytes = record.setEnd - record.setStart;
    let at = this.length;
    let out = this.room(at, HEADER_OVERHEAD_BYTES + prefix.length + base64Length(keyBytes) + 2 * setBytes);

    if (record.keyType !== 0) at = this.writeKey(record, out, at);

    // + n <namespace>, + d <digest>
    for (let i = 0; i < prefix.length; i++) out[at + i] = prefix[i]!;
    at = writeBase64(src, record.digestStart, record.digestStart + DIGEST_BYTES, out, at + prefix.length);
    out[at] = LF;
    out[at + 1] = PLUS;
    out[at + 2] = SPACE;
    at += 3;
    // [+ s <set>]
    if (setBytes > 0) {
      out[at] = LETTER_S;
      out[at + 1] = SPACE;
      at = writeEscaped(src, record.setStart, record.setEnd, out, at + 2);
      out[at] = LF;
      out[at + 1] = PLUS;
      out[at + 2] = SPACE;
      at += 3;
    }
    // + g <generation>, + t <void time>, + b <bins>
    out[at] = LETTER_G;
    out[at + 1] = SPACE;
    at = writeUint(record.generation, out, at + 2);
    out[at] = LF;
    out[at + 1] = PLUS;
    out[at + 2] = SPACE;
    out[at + 3] = LETTER_T;
    out[at + 4] = SPACE;
    at = writeUint(record.voidTime, out, at + 5);
    out[at] = LF;
    out[at + 1] = PLUS;
    out[at + 2] = SPACE;
    out[at + 3] = LETTER_B;
    out[at + 4] = SPACE;
    at = writeUint(record.binCount, out, at + 5);
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
      const letter = LETTER_OF_PARTICLE[particle]!;
      const kind = KIND_OF_PARTICLE[particle]!;
      // Twice the value covers base64, with the overhead for its padding.
      const most = at + BIN_OVERHEAD_BYTES + 2 * (nameEnd - nameStart + size);
      if (most > out.length) out = this.room(at, most - at);

      // "- " letter ["!"] " " name
      out[at] = MINUS;
      out[at + 1] = SPACE;
      out[at + 2] = letter;
      at += 3;
      if (compact && kind === ValueKind.BLOB) out[at++] = BANG;
      out[at++] = SPACE;
      for (let i = nameStart; i < nameEnd; i++) {
        const byte = src[i]!;
        if (MUST_ESCAPE[byte] !== 0) out[at++] = BACKSLASH;
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
        if (size < NATIVE_COPY_BYTES) for (let i = 0; i < size; i++) out[at + i] = src[start + i]!;
        else src.copy(out, at, start, start + size);
        at += size;
      } else if (kind === ValueKind.BLOB) {
        at = writeUint(base64Length(size), out, at);
        out[at++] = SPACE;
        at = writeBase64(src, start, start + size, out, at);
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
  private writeKey(record: RecordView, out: Buffer, at: number): number {
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
    out[at] = PLUS;
    out[at + 1] = SPACE;
    out[at + 2] = LETTER_K;
    out[at + 3] = SPACE;
    out[at + 4] = LETTER_OF_PARTICLE[particle]!;
    at += 5;
    const raw = particle === Particle.STRING || (particle === Particle.BLOB && this.compact);
    if (raw && particle === Particle.BLOB) out[at++] = BANG;
    out[at++] = SPACE;
    if (raw) {
      at = writeUint(size, out, at);
      out[at++] = SPACE;
      if (size < NATIVE_COPY_BYTES) for (let i = 0; i < size; i++) out[at + i] = src[start + i]!;
      else src.copy(out, at, start, end);
      at += size;
    } else if (particle === Particle.BLOB) {
      at = writeUint(base64Length(size), out, at);
      out[at++] = SPACE;
      at = writeBase64(src, start, end, out, at);
    } else {
      if (size !== NUMBER_BYTES) throw wrongSize(record, particle, size);
      at = particle === Particle.INTEGER ? writeInteger(src, start, out, at) : writeDouble(src, start, out, at);
    }
    out[at] = LF;
    return at + 1;
  }

  /** The buffer, grown if it must be so that `bytes` fit at `at`, with what lies before `at` kept. */
  private room(at: number, bytes: number): Buffer {
    const needed = at + bytes;
    if (needed <= this.buffer.length) return this.buffer;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.buffer.length));
    this.buffer.copy(grown, 0, 0, at);
    this.buffer = grown;
    return grown;
  }
}

function digestText(record: RecordView): string {
  return record.buf.toString('base64', record.digestStart, record.digestStart + DIGEST_BYTES);
}

function wrongSize(record: RecordView, particle: number, size: number): EncodeError {
  return new EncodeError(
    `record ${digestText(record)}: a value of particle type ${particle} cannot have ${size} byte${size === 1 ? '' : 's'}`,
  );
}
