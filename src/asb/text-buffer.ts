/**
 * The window on the file's text that the decoder parses in: what has arrived and is not yet consumed, in one piece, and
 * where in the file that is.
 *
 * HOT: behind the text there are always GUARD zero bytes. NUL is legal nowhere outside raw values, so the parsers need
 * no bounds check per byte: they stop at a byte they don't expect and only then ask whether the text ends there.
 */
import type { HintId } from '../core/hint.js';
import { LF } from './format.js';
import { FormatError } from './errors.js';
import type { FormatErrorCode, Position } from './errors.js';

/** More than the fixed-size pieces that are looked at in one go (a digest of 28). */
export const GUARD = 64;
const INITIAL_BYTES = 64 << 10;
/** A buffer that one huge entry has made larger than this is given back when it is far larger than what is needed. */
const KEEP_BYTES = 8 << 20;

/**
 * The longest entry that is taken, as text. The server's protocol ends at 128 MiB per record, which is 171 MiB of
 * base64; whatever claims to be larger is damage, and must not be waited for (asb-format.md 8.2).
 */
export const MAX_ENTRY_BYTES = 256 << 20;

/** Thrown to leave a parse that needs more input. One object for all: it says nothing and costs nothing. */
class NeedMore extends Error {}
export const NEED_MORE = new NeedMore('more input is needed');

export class TextBuffer {
  buf: Buffer;
  /** All of `buf`. */
  view: DataView;
  /** Start of the entry at work. */
  start = 0;
  /** End of the text. */
  end = 0;
  /** No more text will come. */
  ended = false;
  /** Line of `start`; its column is always 1. */
  line = 1;
  /** What the entry is, for the message that it was cut short. */
  entry = 'entry';
  /** The end of the bytes that the last NEED_MORE was thrown for. */
  requiredEnd = 0;
  private readonly file: string;
  private readonly maxEntryBytes: number;
  private readonly window: Buffer | undefined;
  /** Offset in the file of `buf[0]`. */
  private base = 0;

  /**
   * @param window memory of somebody who reads the text as well: the text lies there as long as there is room
   * @param start where in the file the text begins
   */
  constructor(file: string, maxEntryBytes: number, window?: Buffer, start?: { offset: number; line: number }) {
    this.file = file;
    this.maxEntryBytes = maxEntryBytes;
    this.window = window;
    this.buf = window ?? Buffer.alloc(INITIAL_BYTES + GUARD);
    this.view = viewAll(this.buf);
    this.buf.fill(0, 0, GUARD);
    if (start !== undefined) {
      this.base = start.offset;
      this.line = start.line;
    }
  }

  /** Whether the text lies in the window. */
  get inWindow(): boolean {
    return this.buf === this.window;
  }

  /** Appends a copy of `chunk`. Amortised linear for chunks of any size; memory follows what has arrived. */
  append(chunk: Uint8Array): void {
    const kept = this.end - this.start;
    const needed = kept + chunk.length + GUARD;
    const { window } = this;
    const fitsWindow = window !== undefined && needed <= window.length;
    if (this.end + chunk.length + GUARD > this.buf.length || (fitsWindow && !this.inWindow)) {
      this.move(fitsWindow ? window : this.chooseBuffer(needed), kept);
    }
    this.buf.set(chunk, this.end);
    this.end += chunk.length;
    this.buf.fill(0, this.end, this.end + GUARD);
  }

  /** Where `needed` bytes have room: what there is, or memory that is larger, or no longer far too large. */
  private chooseBuffer(needed: number): Buffer {
    // Moving the rest to the front pays only when that frees half of the buffer; otherwise it grows.
    const wanted = 2 * needed + INITIAL_BYTES;
    const { length } = this.buf;
    const keep = 2 * needed <= length && length <= Math.max(KEEP_BYTES, 4 * wanted);
    return keep ? this.buf : Buffer.allocUnsafeSlow(wanted);
  }

  /** Moves the text that is not consumed to the front of `target`. */
  private move(target: Buffer, kept: number): void {
    this.buf.copy(target, 0, this.start, this.end);
    if (target !== this.buf) {
      this.buf = target;
      this.view = viewAll(target);
    }
    this.base += this.start;
    this.start = 0;
    this.end = kept;
  }

  /** Goes on to the next entry, `lines` lines down. */
  advance(next: number, lines: number): void {
    this.start = next;
    this.line += lines;
  }

  /** The offset in the file of the byte at `index`. */
  getOffset(index: number): number {
    return this.base + index;
  }

  /**
   * Where `index` is in the file: line feeds belong to the line they end, also inside raw values (asb-format.md 8.1).
   */
  getPosition(index: number): Position {
    let line = this.line;
    let lineStart = this.start;
    for (let i = this.start; i < index; i++) {
      if (this.buf[i] === LF) {
        line++;
        lineStart = i + 1;
      }
    }
    return { line, column: index - lineStart + 1, offset: this.base + index };
  }

  /** The byte at `at` is not what the grammar wants there: an error, or the end of the text. */
  failExpected(at: number, what: string, code: FormatErrorCode = 'ASB_SYNTAX'): never {
    if (at >= this.end) this.requireMore(at + 1, what);
    this.fail(code, at, `expected ${what}, found ${describeByte(this.buf[at]!)}`);
  }

  /** Throws FormatError with the place of the byte at `at`. */
  fail(code: FormatErrorCode, at: number, detail: string, hint?: HintId): never {
    throw new FormatError(code, this.file, this.getPosition(at), detail, hint);
  }

  /** Text up to `end` is wanted and not there. */
  requireMore(end: number, what: string): never {
    if (this.ended) {
      this.fail(
        'ASB_TRUNCATED',
        this.end,
        `expected ${what}, found the end of the file: it is cut short in the middle of a ${this.entry}`,
      );
    }
    if (this.end - this.start >= this.maxEntryBytes) {
      this.fail('ASB_LIMIT', this.start, `this ${this.entry} is longer than ${this.maxEntryBytes} bytes`);
    }
    this.requiredEnd = end;
    throw NEED_MORE;
  }

  /** Refuses at `at` an entry that says it goes on to `end`, before anything is waited for or allocated. */
  checkEntryLimit(end: number, at: number): void {
    if (end - this.start > this.maxEntryBytes) {
      this.fail('ASB_LIMIT', at, `with this length the ${this.entry} is longer than ${this.maxEntryBytes} bytes`);
    }
  }
}

function viewAll(buf: Buffer): DataView {
  return new DataView(buf.buffer, buf.byteOffset, buf.byteLength);
}

/** A byte in a message. */
export function describeByte(byte: number): string {
  if (byte === LF) return 'the end of the line';
  if (byte === 0x20) return 'a space';
  if (byte > 0x20 && byte < 0x7f) return byte === 0x22 ? `'"'` : `"${String.fromCharCode(byte)}"`;
  return `byte 0x${byte.toString(16).padStart(2, '0')}`;
}

/** Each byte of a word: LF, 1, the highest bit. */
const FOUR_LF = 0x0a0a0a0a;
const FOUR_ONES = 0x01010101;
const FOUR_HIGH = 0x80808080;

/**
 * Line feeds in `buf[start, end)`, of which `view` is all; four bytes behind `end` must be there. HOT for text values:
 * four bytes at a time, with native searches where line feeds are far apart.
 */
export function countLineFeeds(buf: Buffer, view: DataView, start: number, end: number): number {
  let count = 0;
  let i = start;
  while (i < end) {
    const near = Math.min(end, i + LONG_LINE);
    let found = false;
    for (; i < near; i += 4) {
      const bits = view.getUint32(i) ^ FOUR_LF;
      // Not 0 if any of the four bytes is 0 now (Mycroft's test); it may then be one behind the end.
      if (((bits - FOUR_ONES) & ~bits & FOUR_HIGH) === 0) continue;
      for (let k = i; k < i + 4 && k < end; k++) {
        if (buf[k] !== LF) continue;
        count++;
        found = true;
      }
    }
    if (found || i >= end) continue;
    const next = buf.indexOf(LF, i);
    if (next < 0 || next >= end) return count;
    i = next;
  }
  return count;
}
const LONG_LINE = 128;
