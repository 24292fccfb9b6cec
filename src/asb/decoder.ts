/**
 * A backup file's text, in chunks of any size, as entries (asb-format.md 1, 8). The caller pulls:
 *
 *     for await (const chunk of source) {
 *       decoder.write(chunk);
 *       while (decoder.next() !== Entry.NEED_DATA) { … }
 *     }
 *     decoder.end();
 *     while (decoder.next() !== Entry.END) { … }
 *
 * An entry is parsed when all of it is there, from its start. When more is needed, the next attempt waits for a quarter
 * more than there was, so that the total work stays linear in the input whatever the chunks; an entry may therefore be
 * given a little later than its last byte came in, at `end()` at the latest.
 */
import { DecodedRecord } from '../core/decoded-record.js';
import { Fields } from './fields.js';
import { HASH, MAX_METADATA_BYTES, MAX_METADATA_ENTRIES, PLUS, STAR } from './format.js';
import type { FormatVersion } from './metadata-encoder.js';
import { parseMetadata } from './metadata-parser.js';
import { parseMeta, parseVersion } from './header-parser.js';
import type { Meta } from './header-parser.js';
import { TextBuffer, MAX_ENTRY_BYTES, NEED_MORE } from './text-buffer.js';
import type { Sindex, Udf } from '../core/sindex.js';
import type { Position } from './errors.js';
import { RecordParser } from './record-parser.js';

export { FormatError } from './errors.js';
export type { FormatErrorCode, Position } from './errors.js';
export { DECODED_BIN_STRIDE, DecodedRecord, NAME_IN_ARENA, VALUE_IN_ARENA } from '../core/decoded-record.js';
export type { Meta } from './header-parser.js';
export type { FormatVersion } from './metadata-encoder.js';

/** What `next` has found. */
export const Entry = { NEED_DATA: 0, RECORD: 1, SINDEX: 2, UDF: 3, META: 4, END: 5 } as const;
export type EntryKind = (typeof Entry)[keyof typeof Entry];

export interface DecoderOptions {
  /** Name of the file, for messages. */
  file: string;
  /** Keep only the bins of these names; the others are checked and left out. */
  bins?: readonly string[];
  /** Longest entry, as text. */
  maxEntryBytes?: number;
  /** Where the text is to lie as long as there is room: the memory of the scanner that `scanRecords` gets. */
  window?: Buffer;
  /** The text begins there; absent = at the first byte of the file. */
  startAt?: EntryStart;
}

/** Where an entry of a file begins that is not in front of the first record. */
export interface EntryStart {
  /** Of the entry's first byte in the text of the file. */
  offset: number;
  /** Of the entry's first line. */
  line: number;
  /** Of the file. */
  version: FormatVersion;
}

/** Takes records of the text by itself (record-scanner.ts). */
export interface WindowScanner {
  /** Takes records from `start`, the beginning of an entry, on; `end` is that of the text in the window. */
  scan(start: number, end: number): boolean;
  /** After `scan`: where the entry begins that it has not taken, and the line feeds before that. */
  readonly position: number;
  readonly lineFeeds: number;
}

export class Decoder {
  /** The last record: valid until the next call of `next` or `write`. */
  readonly record = new DecodedRecord();
  /** The last index. */
  sindex: Sindex = {
    namespace: '',
    set: '',
    name: '',
    indexType: 'N',
    bin: '',
    dataType: 'N',
    context: '',
    expression: '',
  };
  /** The last UDF module; its content is the caller's to keep. */
  udf: Udf = { name: '', content: Buffer.alloc(0) };
  /** Where the text of the last record lies in `record.input`: from its `+` to behind its last line feed. */
  textStart = 0;
  textEnd = 0;
  /** What the meta lines so far have said. */
  readonly meta: Meta = {};
  /** Of the last record that `next` has given: its namespace, and that as it stands in the text, line feed included. */
  namespace = '';
  namespaceText: Buffer = Buffer.alloc(0);
  /** Of the version line, once it has been read. */
  version: FormatVersion = '3.1';
  private readonly input: TextBuffer;
  private readonly fields: Fields;
  private readonly records: RecordParser;
  private versionRead = false;
  private entriesBegun = false;
  /** Bytes from the start of the entry below which it is not worth trying. */
  private needed = 1;
  private failure: unknown = undefined;
  private metadataEntries = 0;
  private metadataBytes = 0;

  constructor(options: DecoderOptions) {
    this.input = new TextBuffer(
      options.file,
      options.maxEntryBytes ?? MAX_ENTRY_BYTES,
      options.window,
      options.startAt,
    );
    this.fields = new Fields(this.input);
    if (options.startAt !== undefined) this.skipHeader(options.startAt.version);
    this.records = new RecordParser(this.input, this.fields, this.record, options.bins);
  }

  /** Adds input. It is copied: the caller may reuse the chunk at once. */
  write(chunk: Uint8Array): void {
    if (this.input.ended) throw new Error('Decoder.write after end');
    this.input.append(chunk);
  }

  /** There is no more input. */
  end(): void {
    this.input.ended = true;
  }

  /** Where the next entry begins: line and column from 1, offset from 0, in the text as the decoder gets it. */
  get position(): Position {
    return this.input.getPosition(this.input.start);
  }

  /**
   * Lets `scanner` take what it can of the entries that are there, behind the first record. Returns what it returned;
   * false = the next entry is for `next`.
   */
  scanRecords(scanner: WindowScanner): boolean {
    const { input } = this;
    const { start, end } = input;
    if (this.namespaceText.length === 0 || this.failure !== undefined || !input.inWindow || start === end) return false;
    const more = scanner.scan(start, end);
    if (scanner.position !== start) {
      input.advance(scanner.position, scanner.lineFeeds);
      this.needed = 1;
    }
    return more;
  }

  /** Offset of the last record in the text, as the decoder gets it. */
  get textOffset(): number {
    return this.input.getOffset(this.textStart);
  }

  /** Parses one entry. Throws FormatError, and the same one again if called again. */
  next(): EntryKind {
    if (this.failure !== undefined) throw this.failure as Error;
    const input = this.input;
    const available = input.end - input.start;
    if (available < this.needed && !input.ended) return Entry.NEED_DATA;
    try {
      const kind = this.parse();
      this.needed = 1;
      return kind;
    } catch (error) {
      if (error === NEED_MORE) {
        // The version line may have been consumed meanwhile.
        const there = input.end - input.start;
        this.needed = Math.max(input.requiredEnd - input.start, there + (there >>> 2));
        return Entry.NEED_DATA;
      }
      this.failure = error;
      throw error;
    }
  }

  /** Readers keep indexes and modules in memory: a small compressed file must not fill it. */
  private checkMetadataLimits(at: number): void {
    if (this.metadataEntries >= MAX_METADATA_ENTRIES) {
      this.input.fail('ASB_LIMIT', at, `the file holds more than ${MAX_METADATA_ENTRIES} indexes and UDF modules`);
    }
    if (this.metadataBytes > MAX_METADATA_BYTES) {
      this.input.fail('ASB_LIMIT', at, `the UDF modules of the file have more than ${MAX_METADATA_BYTES} bytes`);
    }
  }

  private setVersion(version: FormatVersion): void {
    this.version = version;
    this.versionRead = true;
    if (version === '3.0') this.fields.setLegacy();
  }

  private skipHeader(version: FormatVersion): void {
    this.setVersion(version);
    this.entriesBegun = true;
  }

  private parse(): EntryKind {
    const { input, fields } = this;
    if (!this.versionRead) {
      input.entry = 'version line';
      this.setVersion(parseVersion(input));
    }
    const at = input.start;
    if (at === input.end) {
      if (input.ended) return Entry.END;
      input.requireMore(at + 1, 'an entry');
    }
    switch (input.buf[at]) {
      case PLUS:
        this.entriesBegun = true;
        input.entry = 'record';
        this.records.parse();
        // A record of which the rest is missing has changed its own already.
        this.namespace = this.record.namespace;
        this.namespaceText = this.records.namespaceText;
        this.textStart = at;
        this.textEnd = input.start;
        return Entry.RECORD;
      case STAR: {
        if (this.version === '3.0') input.failExpected(at, '"+" (a file of version 3.0 has records only)');
        this.entriesBegun = true;
        input.entry = 'index or UDF module';
        this.checkMetadataLimits(at);
        const metadata = parseMetadata(input, fields);
        this.metadataEntries++;
        if ('udf' in metadata) this.metadataBytes += metadata.udf.content.length;
        if ('udf' in metadata) {
          this.udf = metadata.udf;
          return Entry.UDF;
        }
        this.sindex = metadata.sindex;
        return Entry.SINDEX;
      }
      case HASH:
        if (this.entriesBegun)
          input.failExpected(at, '"+" (record) or "*" (index or UDF module); meta lines come before them');
        input.entry = 'meta line';
        parseMeta(input, fields, this.meta);
        return Entry.META;
      default:
        return input.failExpected(
          at,
          this.entriesBegun ? '"+" (record) or "*" (index or UDF module)' : '"#", "+" or "*" at the start of a line',
        );
    }
  }
}
