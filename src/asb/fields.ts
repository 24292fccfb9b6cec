/**
 * The fields that entries are made of: names, numbers, lengths, raw and base64 values (asb-format.md 1.1). Each method
 * takes the position of a field and returns the one behind it; what it read is left in the object's properties.
 *
 * HOT: runs for every bin. Nothing is allocated; ranges point into the input or into the arena.
 */
import { isUtf8 } from 'node:buffer';
import { readBase64 } from './numbers/base64.js';
import { DOUBLE_INCOMPLETE, DOUBLE_RANGE, doubleEnd, readDouble } from './numbers/double.js';
import { COPY_SLACK_BYTES } from '../core/byte-copy.js';
import {
  BACKSLASH,
  DIGIT_0,
  LF,
  MAX_NUMBER_CHARS,
  MAX_VALUE_BYTES,
  MINUS,
  SPACE,
  UNSAFE_IN_COMMANDS,
  isBase64Text,
} from './format.js';
import { countLineFeeds, describeByte } from './text-buffer.js';
import type { TextBuffer } from './text-buffer.js';
import { EXACT_DIGITS, OUT_OF_RANGE, readInteger, writeExact } from './numbers/integer.js';

const NUMBER_BYTES = 8;
const INITIAL_ARENA_BYTES = 64 << 10;
const ARENA_KEEP_BYTES = 8 << 20;

/** Classes of bytes in a name. */
const PLAIN = 0;
const STOP = 1;
const ESCAPE = 2;

function classes(stops: readonly number[], escapes: boolean): Uint8Array {
  const table = new Uint8Array(256);
  // NUL cannot occur in a name (asb-format.md 1.6), and is what follows the text in the input buffer.
  table[0] = STOP;
  for (const byte of stops) table[byte] = STOP;
  if (escapes) table[BACKSLASH] = ESCAPE;
  return table;
}

/** A name that a space or a line feed ends, and one that only a line feed ends. */
const WORD = classes([SPACE, LF], true);
const LINE = classes([LF], true);
/** The same in version 3.0, where a backslash is a byte like any other (asb-format.md 1.5). */
const LEGACY_WORD = classes([SPACE, LF], false);
const LEGACY_LINE = classes([LF], false);

/** One step of the hash of a name. */
export function hashByte(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

export class Fields {
  /** Where values and names go that are not in the input as they are. */
  arena = Buffer.allocUnsafeSlow(INITIAL_ARENA_BYTES);
  arenaLength = 0;
  /** Range of the last name or value, in the arena if `inArena`, else in the input. */
  start = 0;
  end = 0;
  inArena = false;
  /** Where the last name stands in the input, and the position of the byte that ended it. */
  private at = 0;
  private stop = 0;
  /** Hash of the last name. */
  hash = 0;
  /** The last `uint`. */
  number = 0;
  /** Line feeds inside the names and raw values of this entry. */
  lineFeeds = 0;
  private readonly input: TextBuffer;
  private word = WORD;
  private line = LINE;

  constructor(input: TextBuffer) {
    this.input = input;
  }

  /** Version 3.0: names are not unescaped. */
  setLegacy(): void {
    this.word = LEGACY_WORD;
    this.line = LEGACY_LINE;
  }

  /** Forgets the entry before. */
  reset(): void {
    if (this.arena.length > ARENA_KEEP_BYTES) this.arena = Buffer.allocUnsafeSlow(INITIAL_ARENA_BYTES);
    this.arenaLength = 0;
    this.lineFeeds = 0;
  }

  /** A name that a space or line feed ends, of at most `limit` bytes. Returns the position of what ends it. */
  readWord(at: number, limit: number, what: string): number {
    return this.readToken(at, limit, what, this.word);
  }

  /** A name that goes on to the end of the line, spaces included. */
  readLine(at: number, limit: number, what: string): number {
    return this.readToken(at, limit, what, this.line);
  }

  private readToken(at: number, limit: number, what: string, table: Uint8Array): number {
    const buf = this.input.buf;
    let hash = 0;
    let i = at;
    let appendByte = buf[i]!;
    while (table[appendByte] === PLAIN) {
      hash = (Math.imul(hash, 31) + appendByte) | 0;
      appendByte = buf[++i]!;
    }
    if (i - at > limit) this.failTooLong(at + limit, limit, what);
    if (table[appendByte] === ESCAPE) return this.readEscapedToken(at, i, hash, limit, what, table);
    this.at = this.start = at;
    this.stop = this.end = i;
    this.inArena = false;
    this.hash = hash;
    return i;
  }

  /** The rest of a name from its first backslash, at `i`, on: the name is put together in the arena. */
  private readEscapedToken(
    at: number,
    i: number,
    hash: number,
    limit: number,
    what: string,
    table: Uint8Array,
  ): number {
    const buf = this.input.buf;
    const arena = this.ensureCapacity(limit);
    const start = this.arenaLength;
    let size = i - at;
    for (let k = 0; k < size; k++) arena[start + k] = buf[at + k]!;
    for (;;) {
      let byte = buf[i]!;
      const kind = table[byte]!;
      if (kind === STOP) break;
      if (kind === ESCAPE) {
        byte = buf[++i]!;
        if (byte === 0) this.input.failExpected(i, `the byte after a backslash in ${what}`);
        if (byte === LF) this.lineFeeds++;
      }
      if (size === limit) this.failTooLong(i, limit, what);
      arena[start + size++] = byte;
      hash = hashByte(hash, byte);
      i++;
    }
    this.at = at;
    this.stop = i;
    this.start = start;
    this.end = this.arenaLength = start + size;
    this.inArena = true;
    this.hash = hash;
    return i;
  }

  /**
   * The last name as a string. Names of indexes and modules become part of requests that are text; one that is not
   * UTF-8 would come out as another name, and is refused rather than changed.
   */
  decodeText(): string {
    if (this.stop >= this.input.end) this.input.requireMore(this.stop + 1, 'the end of a name');
    const bytes = (this.inArena ? this.arena : this.input.buf).subarray(this.start, this.end);
    if (!isUtf8(bytes))
      this.input.fail('ASB_SYNTAX', this.at, 'this name is not UTF-8, which the server would not take');
    return bytes.toString('utf8');
  }

  /** The last name as a string that may become part of a command to the server. */
  decodeName(what: string): string {
    const text = this.decodeText();
    const unsafe = UNSAFE_IN_COMMANDS.exec(text);
    if (unsafe !== null) {
      const at = this.findByte(Buffer.byteLength(text.slice(0, unsafe.index)));
      const byte = describeByte(unsafe[0].charCodeAt(0));
      this.input.fail('ASB_SYNTAX', at, `${what} holds ${byte}, which no command to a server may hold`);
    }
    return text;
  }

  /** The last name as a string, which has to be base64 text with padding. */
  decodeBase64Text(what: string): string {
    const text = this.decodeText();
    if (isBase64Text(text)) return text;
    const valid = /^[A-Za-z0-9+/]*/.exec(text)![0].length;
    const rest = text.slice(valid);
    const found = /^={0,2}$/.test(rest) ? 'the wrong number of characters' : describeByte(rest.charCodeAt(0));
    return this.input.fail('ASB_BASE64', this.findByte(valid), `${what} is not base64 text: there is ${found} in it`);
  }

  /** Where byte number `index` of the last name stands in the input, its backslash included. */
  private findByte(index: number): number {
    if (!this.inArena) return this.at + index;
    let at = this.at;
    for (let i = 0; i < index; i++) at += this.input.buf[at] === BACKSLASH ? 2 : 1;
    return at;
  }

  private failTooLong(at: number, limit: number, what: string): never {
    this.input.fail('ASB_LIMIT', at, `${what} is longer than ${limit} bytes`);
  }

  /**
   * Digits, then `delimiter`, which is consumed. `signed` lets `-0` pass and calls every other negative number out of
   * range instead of malformed, as C does for generation, expiration and bin count.
   */
  readUint(at: number, delimiter: number, max: number, signed: boolean, what: string, part = ''): number {
    const buf = this.input.buf;
    let i = at;
    const negative = signed && buf[i] === MINUS;
    if (negative) i++;
    const first = i;
    let value = 0;
    for (;;) {
      const digit = buf[i]! - DIGIT_0;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      i++;
    }
    if (i - at > MAX_NUMBER_CHARS) this.failTooLong(at + MAX_NUMBER_CHARS, MAX_NUMBER_CHARS, part + what);
    if (i === first) this.input.failExpected(i, part + what, 'ASB_NUMBER');
    if (buf[i] !== delimiter) {
      this.input.failExpected(i, `${delimiter === LF ? 'the end of the line' : 'a space'} after ${part}${what}`);
    }
    if (value > max || (negative && value !== 0)) {
      this.input.fail('ASB_NUMBER', i, `${part}${what} is out of range: it must be 0 to ${max}`);
    }
    this.number = value;
    return i + 1;
  }

  /** A signed 64-bit integer up to the end of the line, as 8 bytes in the arena (asb-format.md 2.3). */
  readInteger64(at: number, what: string): number {
    const buf = this.input.buf;
    const negative = buf[at] === MINUS;
    const first = negative ? at + 1 : at;
    let i = first;
    let value = 0;
    for (;;) {
      const digit = buf[i]! - DIGIT_0;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      i++;
    }
    if (i - at > MAX_NUMBER_CHARS) this.failTooLong(at + MAX_NUMBER_CHARS, MAX_NUMBER_CHARS, what);
    if (i === first) this.input.failExpected(i, what, 'ASB_NUMBER');
    if (buf[i] !== LF) this.input.failExpected(i, `a digit or the end of the line in ${what}`, 'ASB_NUMBER');
    const arena = this.ensureCapacity(NUMBER_BYTES);
    const to = this.arenaLength;
    if (i - first <= EXACT_DIGITS) {
      writeExact(value, negative, arena, to);
    } else if (readInteger(buf, first, i, negative, arena, to) === OUT_OF_RANGE) {
      this.input.fail('ASB_NUMBER', i, `${what} is out of range: it does not fit into 64 bits`);
    }
    this.setArenaRange(to, to + NUMBER_BYTES);
    return i + 1;
  }

  /** A double up to the end of the line, as 8 bytes in the arena (asb-format.md 2.4). */
  readFloat(at: number, what: string): number {
    const input = this.input;
    const i = doubleEnd(input.buf, at);
    if (i - at > MAX_NUMBER_CHARS) this.failTooLong(at + MAX_NUMBER_CHARS, MAX_NUMBER_CHARS, what);
    if (input.buf[i] !== LF) input.failExpected(i, `a decimal number, nan or inf for ${what}`, 'ASB_NUMBER');
    const arena = this.ensureCapacity(NUMBER_BYTES);
    const to = this.arenaLength;
    const result = readDouble(input.buf, at, i, arena, to);
    if (result === DOUBLE_INCOMPLETE) input.fail('ASB_NUMBER', i, `${what} is not a complete number`);
    if (result === DOUBLE_RANGE) input.fail('ASB_NUMBER', i, `${what} is out of range: no double is as large`);
    this.setArenaRange(to, to + NUMBER_BYTES);
    return i + 1;
  }

  /** A length, a space, that many raw bytes, the end of the line. The range stays in the input. */
  readRaw(at: number, what: string, maxBytes = MAX_VALUE_BYTES): number {
    const input = this.input;
    at = this.readLength(at, what);
    if (this.number > maxBytes) {
      input.fail('ASB_LIMIT', at - 1, `${what} has ${this.number} bytes; no server accepts more than ${maxBytes}`);
    }
    const end = at + this.number;
    if (end >= input.end) input.requireMore(end + 1, `${what} of ${this.number} bytes and the end of its line`);
    if (input.buf[end] !== LF) input.failExpected(end, `the end of the line after ${what} of ${this.number} bytes`);
    this.lineFeeds += countLineFeeds(input.buf, input.view, at, end);
    this.start = at;
    this.end = end;
    this.inArena = false;
    return end + 1;
  }

  /** A length, a space, that many base64 characters, the end of the line. Decoded into the arena. */
  readBase64Value(at: number, what: string): number {
    const input = this.input;
    at = this.readLength(at, what);
    const size = this.number;
    if (size % 4 !== 0)
      input.fail('ASB_BASE64', at - 1, `the base64 length of ${what}, ${size}, is not a multiple of 4`);
    const end = at + size;
    if (end >= input.end) input.requireMore(end + 1, `${what} of ${size} characters and the end of its line`);
    const arena = this.ensureCapacity(size);
    const to = this.arenaLength;
    const result = readBase64(input.buf, at, end, arena, to);
    if (result < 0) {
      const offender = -1 - result;
      const byte = input.buf[offender]!;
      input.fail('ASB_BASE64', offender, `${what} is not base64: byte 0x${byte.toString(16).padStart(2, '0')} in it`);
    }
    if (input.buf[end] !== LF) input.failExpected(end, `the end of the line after ${what} of ${size} characters`);
    this.setArenaRange(to, result);
    return end + 1;
  }

  /** A value of a single byte. */
  byte(value: number): void {
    const arena = this.ensureCapacity(1);
    arena[this.arenaLength] = value;
    this.setArenaRange(this.arenaLength, this.arenaLength + 1);
  }

  private readLength(at: number, what: string): number {
    const value = this.readUint(at, SPACE, MAX_VALUE_BYTES, false, what, 'the length of ');
    this.input.checkEntryLimit(value + this.number, value - 1);
    return value;
  }

  private setArenaRange(start: number, end: number): void {
    this.start = start;
    this.end = this.arenaLength = end;
    this.inArena = true;
  }

  /** The arena, with room for `bytes` more. */
  private ensureCapacity(bytes: number): Buffer {
    const needed = this.arenaLength + bytes + COPY_SLACK_BYTES;
    if (needed > this.arena.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.arena.length));
      this.arena.copy(grown, 0, 0, this.arenaLength);
      this.arena = grown;
    }
    return this.arena;
  }
}
