/**
 * The parser of records (asb-format.md 1.1). HOT: runs for every record of a restore and allocates nothing per record
 * or bin. The header's fixed bytes are compared one after the other, so that the first mismatch is the place to report,
 * and, at the end of the text, the place where more is needed (see input.ts).
 */
import { Particle } from '../core/particle.js';
import { readDigest } from './numbers/base64.js';
import { DECODED_BIN_STRIDE, NAME_IN_ARENA, VALUE_IN_ARENA } from '../core/decoded-record.js';
import type { DecodedRecord } from '../core/decoded-record.js';
import { hashByte } from './fields.js';
import type { Fields } from './fields.js';
import {
  BANG,
  DIGEST_CHARS,
  KIND_OF_LETTER,
  LF,
  MAX_BINS,
  MAX_BIN_NAME_BYTES,
  MAX_GENERATION,
  MAX_NAMESPACE_BYTES,
  MAX_SET_BYTES,
  MAX_VOID_TIME,
  MINUS,
  PARTICLE_OF_LETTER,
  PLUS,
  SPACE,
  ValueKind,
} from './format.js';
import { describeByte } from './text-buffer.js';
import type { TextBuffer } from './text-buffer.js';

const LETTER_K = 0x6b;
const LETTER_N = 0x6e;
const LETTER_D = 0x64;
const LETTER_S = 0x73;
const LETTER_G = 0x67;
const LETTER_T = 0x74;
const LETTER_B = 0x62;
const KEY_INTEGER = 0x49;
const KEY_FLOAT = 0x44;
const KEY_STRING = 0x53;
const KEY_BLOB = 0x42;
const KEY_BASE64_STRING = 0x58;
const TRUE_LETTER = 0x54;
const FALSE_LETTER = 0x46;
const LDT_LETTER = 0x55;

/** `+ d `, `+ t `, `+ b `. */
const DIGEST_LINE = 0x2b20_6420;
const EXPIRATION_LINE = 0x2b20_7420;
const BINS_LINE = 0x2b20_6220;

/** `+ n`, `+ d`, `+ g`, `+ t`, `+ b`: the lines that no record lacks. */
const FIXED_LINES = 5;
/** Up to here a name is looked for among the bins before it one by one, beyond that in a hash table. */
const LINEAR_SEARCH_MAX_BINS = 12;
const MAX_KEPT_TABLE = 1024;

export class RecordParser {
  private readonly input: TextBuffer;
  private readonly fields: Fields;
  private readonly record: DecodedRecord;
  /** The names to keep, by hash; undefined = all. */
  private readonly wanted: Map<number, Buffer[]> | undefined;
  /** The last namespace as it stood in the file, LF included, and the line feeds in it but for that one. */
  namespaceText: Buffer = Buffer.alloc(0);
  private namespaceLineFeeds = 0;
  /** Hashes of the names of the bins stored so far, and a table of bin numbers + 1 by hash, once there are many. */
  private hashes = new Int32Array(64);
  private table = new Int32Array(0);

  constructor(input: TextBuffer, fields: Fields, record: DecodedRecord, bins: readonly string[] | undefined) {
    this.input = input;
    this.fields = fields;
    this.record = record;
    if (bins !== undefined) {
      this.wanted = new Map();
      for (const name of bins) {
        const bytes = Buffer.from(name, 'utf8');
        const hash = bytes.reduce(hashByte, 0);
        this.wanted.set(hash, [...(this.wanted.get(hash) ?? []), bytes]);
      }
    }
  }

  /** Parses the record that starts at the input's `start`, whose first byte is `+`, and advances the input. */
  parse(): void {
    const { input, fields, record } = this;
    const buf = input.buf;
    fields.reset();
    let lines = FIXED_LINES;
    let setInArena = false;
    let keyInArena = false;
    record.setStart = record.setEnd = 0;
    record.keyType = record.keyStart = record.keyEnd = 0;

    let at = this.plus(input.start);
    if (buf[at] === LETTER_K) {
      at = this.key(at);
      keyInArena = fields.inArena;
      lines++;
      at = this.plus(at);
      if (buf[at] !== LETTER_N) input.failExpected(at, '"n" (namespace)');
    } else if (buf[at] !== LETTER_N) {
      input.failExpected(at, '"k" (key) or "n" (namespace)');
    }
    at = this.namespace(this.space(at + 1));

    at = this.digest(this.line(at, DIGEST_LINE, LETTER_D, '"d" (digest)'));

    at = this.plus(at);
    if (buf[at] === LETTER_S) {
      at = fields.readLine(this.space(at + 1), MAX_SET_BYTES, 'the set name');
      if (buf[at] !== LF) input.failExpected(at, 'the end of the line after the set name');
      record.setStart = fields.start;
      record.setEnd = fields.end;
      setInArena = fields.inArena;
      lines++;
      at = this.plus(at + 1);
      if (buf[at] !== LETTER_G) input.failExpected(at, '"g" (generation)');
    } else if (buf[at] !== LETTER_G) {
      input.failExpected(at, '"s" (set) or "g" (generation)');
    }
    at = fields.readUint(this.space(at + 1), LF, MAX_GENERATION, true, 'the generation');
    record.generation = fields.number;

    at = this.line(at, EXPIRATION_LINE, LETTER_T, '"t" (expiration)');
    at = fields.readUint(at, LF, MAX_VOID_TIME, true, 'the expiration');
    record.voidTime = fields.number;

    at = this.line(at, BINS_LINE, LETTER_B, '"b" (bin count)');
    at = fields.readUint(at, LF, MAX_BINS, true, 'the bin count');
    const count = fields.number;
    record.binsInFile = count;
    record.binCount = 0;
    for (let bin = 0; bin < count; bin++) at = this.bin(at);

    record.input = buf;
    record.arena = fields.arena;
    record.setBuf = setInArena ? fields.arena : buf;
    record.keyBuf = keyInArena ? fields.arena : buf;
    input.advance(at, lines + count + fields.lineFeeds);
  }

  /** `+ `, a letter, ` `: one comparison for what is right, and for what is not the place where it goes wrong. */
  private line(at: number, word: number, letter: number, what: string): number {
    if (this.input.view.getUint32(at) === word) return at + 4;
    at = this.plus(at);
    if (this.input.buf[at] !== letter) this.input.failExpected(at, what);
    return this.space(at + 1);
  }

  /** `+ ` */
  private plus(at: number): number {
    const buf = this.input.buf;
    if (buf[at] !== PLUS) this.input.failExpected(at, '"+" (the next line of the record header)');
    if (buf[at + 1] !== SPACE) this.input.failExpected(at + 1, 'a space after "+"');
    return at + 2;
  }

  private space(at: number): number {
    if (this.input.buf[at] !== SPACE) this.input.failExpected(at, 'a space');
    return at + 1;
  }

  /** `n` has been seen: the namespace, most often the same as before. */
  private namespace(at: number): number {
    const { input, fields, record } = this;
    const buf = input.buf;
    const text = this.namespaceText;
    let i = 0;
    while (i < text.length && buf[at + i] === text[i]) i++;
    if (i > 0 && i === text.length) {
      fields.lineFeeds += this.namespaceLineFeeds;
      return at + i;
    }
    const lineFeeds = fields.lineFeeds;
    const end = fields.readLine(at, MAX_NAMESPACE_BYTES, 'the namespace');
    if (buf[end] !== LF) input.failExpected(end, 'the end of the line after the namespace');
    const source = fields.inArena ? fields.arena : buf;
    record.namespaceBytes = Buffer.from(source.subarray(fields.start, fields.end));
    record.namespace = record.namespaceBytes.toString('utf8');
    this.namespaceText = Buffer.from(buf.subarray(at, end + 1));
    this.namespaceLineFeeds = fields.lineFeeds - lineFeeds;
    return end + 1;
  }

  private digest(at: number): number {
    const { input } = this;
    const result = readDigest(input.buf, at, this.record.digest);
    if (result < 0) {
      const offender = -1 - result;
      if (offender >= input.end) input.requireMore(offender + 1, 'the digest');
      const found = describeByte(input.buf[offender]!);
      input.fail(
        'ASB_BASE64',
        offender,
        `expected a digest of 20 bytes, that is 27 base64 characters and "=", found ${found} as character ` +
          `${offender - at + 1}`,
      );
    }
    if (input.buf[at + DIGEST_CHARS] !== LF) {
      input.failExpected(at + DIGEST_CHARS, 'the end of the line after the 28 characters of the digest');
    }
    return at + DIGEST_CHARS + 1;
  }

  /** `k` is at `at`: ` `, letter, value (asb-format.md 1.1, "key"). */
  private key(at: number): number {
    const { input, fields, record } = this;
    at = this.space(at + 1);
    const letter = input.buf[at]!;
    let raw = letter === KEY_STRING;
    switch (letter) {
      case KEY_INTEGER:
        record.keyType = Particle.INTEGER;
        break;
      case KEY_FLOAT:
        record.keyType = Particle.FLOAT;
        break;
      case KEY_STRING:
      case KEY_BASE64_STRING:
        record.keyType = Particle.STRING;
        break;
      case KEY_BLOB:
        record.keyType = Particle.BLOB;
        // Compact. No writer puts it behind another letter, and C does not take it there (2.2).
        if (input.buf[at + 1] === BANG) {
          raw = true;
          at++;
        }
        break;
      default:
        input.failExpected(at, 'a key type (I, D, S, B or X)');
    }
    at = this.space(at + 1);
    if (letter === KEY_INTEGER) at = fields.readInteger64(at, 'the integer key');
    else if (letter === KEY_FLOAT) at = fields.readFloat(at, 'the float key');
    else at = raw ? fields.readRaw(at, 'the key') : fields.readBase64Value(at, 'the key');
    record.keyStart = fields.start;
    record.keyEnd = fields.end;
    return at;
  }

  /** One bin line: `- `, letter, [`!`], ` `, name, and the value if it has one. */
  private bin(at: number): number {
    const { input, fields } = this;
    const buf = input.buf;
    if (buf[at] !== MINUS) input.failExpected(at, '"-" (the next bin, as the bin count says)');
    if (buf[at + 1] !== SPACE) input.failExpected(at + 1, 'a space after "-"');
    at += 2;
    const letter = buf[at]!;
    const kind = KIND_OF_LETTER[letter]!;
    if (kind === ValueKind.NONE) this.unknownLetter(at);
    at++;
    // Both readers take a `!` behind any bin letter; it means something for blobs only (2.2).
    const compact = buf[at] === BANG;
    if (compact) at++;
    if (buf[at] !== SPACE) input.failExpected(at, compact ? 'a space after "!"' : 'a space or "!" after the bin type');
    at = fields.readWord(at + 1, MAX_BIN_NAME_BYTES, 'the bin name');
    const nameStart = fields.start;
    const nameEnd = fields.end;
    const nameInArena = fields.inArena;
    const hash = fields.hash;

    if (kind === ValueKind.NULL) {
      if (buf[at] !== LF) input.failExpected(at, 'the end of the line after the name of a bin without value');
      at++;
      fields.start = fields.end = 0;
      fields.inArena = false;
    } else {
      if (buf[at] !== SPACE) input.failExpected(at, 'a space after the bin name');
      at++;
      switch (kind) {
        case ValueKind.INTEGER:
          at = fields.readInteger64(at, 'the integer');
          break;
        case ValueKind.FLOAT:
          at = fields.readFloat(at, 'the float');
          break;
        case ValueKind.BOOL:
          at = this.bool(at);
          break;
        case ValueKind.RAW:
          at = fields.readRaw(at, 'the value');
          break;
        case ValueKind.BLOB:
          at = compact ? fields.readRaw(at, 'the value') : fields.readBase64Value(at, 'the value');
          break;
        default:
          at = fields.readBase64Value(at, 'the value');
      }
    }
    this.store(PARTICLE_OF_LETTER[letter]!, nameStart, nameEnd, nameInArena, hash);
    return at;
  }

  private unknownLetter(at: number): never {
    if (this.input.buf[at] === LDT_LETTER) {
      this.input.fail(
        'ASB_LDT',
        at,
        'this bin is a large data type (LDT), which servers no longer have: the record cannot be restored',
      );
    }
    this.input.failExpected(at, 'a bin type (N, Z, I, D, S, G, X, B, J, C, P, R, H, E, Y, M or L)');
  }

  private bool(at: number): number {
    const { input, fields } = this;
    const letter = input.buf[at]!;
    if (letter !== TRUE_LETTER && letter !== FALSE_LETTER) input.failExpected(at, '"T" or "F"');
    if (input.buf[at + 1] !== LF) input.failExpected(at + 1, 'the end of the line after "T" or "F"');
    fields.byte(letter === TRUE_LETTER ? 1 : 0);
    return at + 2;
  }

  /** Puts a bin, whose value is the last field, into the table: in the place of one with the same name, if any. */
  private store(particle: number, nameStart: number, nameEnd: number, nameInArena: boolean, hash: number): void {
    const { fields, record } = this;
    const names = nameInArena ? fields.arena : this.input.buf;
    if (this.wanted !== undefined && !isWanted(this.wanted, hash, names, nameStart, nameEnd)) return;
    let bin = this.find(hash, names, nameStart, nameEnd);
    if (bin < 0) {
      bin = record.binCount++;
      if (record.binCount * DECODED_BIN_STRIDE > record.bins.length) this.grow();
      this.hashes[bin] = hash;
      if (record.binCount > LINEAR_SEARCH_MAX_BINS) this.index(bin);
    }
    const bins = record.bins;
    const base = bin * DECODED_BIN_STRIDE;
    bins[base] = particle;
    bins[base + 1] = nameStart;
    bins[base + 2] = nameEnd;
    bins[base + 3] = fields.start;
    bins[base + 4] = fields.end;
    bins[base + 5] = (nameInArena ? NAME_IN_ARENA : 0) | (fields.inArena ? VALUE_IN_ARENA : 0);
  }

  /** The bin of that name among those stored, or −1. A name that comes twice means its last value (8.3). */
  private find(hash: number, names: Buffer, start: number, end: number): number {
    const { record, hashes, table } = this;
    if (record.binCount <= LINEAR_SEARCH_MAX_BINS) {
      for (let bin = 0; bin < record.binCount; bin++) {
        if (hashes[bin] === hash && this.isNamed(bin, names, start, end)) return bin;
      }
      return -1;
    }
    const mask = table.length - 1;
    for (let slot = spread(hash) & mask; table[slot] !== 0; slot = (slot + 1) & mask) {
      const bin = table[slot]! - 1;
      if (hashes[bin] === hash && this.isNamed(bin, names, start, end)) return bin;
    }
    return -1;
  }

  private isNamed(bin: number, names: Buffer, start: number, end: number): boolean {
    const bins = this.record.bins;
    const base = bin * DECODED_BIN_STRIDE;
    const otherStart = bins[base + 1]!;
    if (bins[base + 2]! - otherStart !== end - start) return false;
    const others = (bins[base + 5]! & NAME_IN_ARENA) !== 0 ? this.fields.arena : this.input.buf;
    for (let i = start; i < end; i++) if (names[i] !== others[otherStart + i - start]) return false;
    return true;
  }

  /** Enters the newest bin into the hash table, and all of them when it is new or has become too full. */
  private index(bin: number): void {
    const count = this.record.binCount;
    let from = bin;
    const first = count === LINEAR_SEARCH_MAX_BINS + 1;
    if (first || count * 2 > this.table.length) {
      // The table of a record with thousands of bins would take too long to clear for each one after it.
      const clear = first && this.table.length > 0 && this.table.length <= MAX_KEPT_TABLE;
      if (clear) this.table.fill(0);
      else this.table = new Int32Array(4 * tableSize(count));
      from = 0;
    }
    const mask = this.table.length - 1;
    for (let i = from; i <= bin; i++) {
      let slot = spread(this.hashes[i]!) & mask;
      while (this.table[slot] !== 0) slot = (slot + 1) & mask;
      this.table[slot] = i + 1;
    }
  }

  private grow(): void {
    const bins = new Int32Array(2 * this.record.bins.length);
    bins.set(this.record.bins);
    this.record.bins = bins;
    const hashes = new Int32Array(2 * this.hashes.length);
    hashes.set(this.hashes);
    this.hashes = hashes;
  }
}

function isWanted(wanted: Map<number, Buffer[]>, hash: number, names: Buffer, start: number, end: number): boolean {
  const candidates = wanted.get(hash);
  if (candidates === undefined) return false;
  for (const name of candidates) {
    if (name.length === end - start && name.compare(names, start, end) === 0) return true;
  }
  return false;
}

/** The hash is a polynomial: its low bits alone say little about short names. */
function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}

/** The power of two at or above `count`. */
function tableSize(count: number): number {
  return 2 ** Math.ceil(Math.log2(count));
}
