/** The one loop that reads a backup file from its first byte to its last. */
import type { ByteSource } from '../core/byte-stream.js';
import { errorMessage, ToolError } from '../core/errors.js';
import { EventLoopYielder } from '../core/event-loop.js';
import type { MetadataEntry } from '../core/sindex.js';
import { Decoder, Entry, type EntryStart, type Meta } from './decoder.js';

export interface ReadEntriesOptions {
  /** Keep only the bins of these names; none = all. */
  bins?: readonly string[];
  /** For `Decoder.scanRecords`: where the text is to lie. Its size says how much is read before entries are given. */
  window?: Buffer | undefined;
  /** Where in its file the source begins; absent = at the first byte. */
  startAt?: EntryStart | undefined;
  /** Called for each chunk of text with its size in bytes: a promise to wait for before its entries are parsed. */
  beforeChunk?: (bytes: number) => Promise<void> | undefined;
}

/**
 * Yields the decoder once per chunk of text, ready to be asked for the entries that have become complete:
 *     for await (const decoder of readEntries(source)) {
 *       for (let kind = decoder.next(); kind !== Entry.NEED_DATA && kind !== Entry.END; kind = decoder.next()) { … }
 *     }
 *
 * The caller takes entries until `next` returns NEED_DATA or END, or leaves the loop to read no further. The event
 * loop runs at least every few milliseconds between chunks, also when the source never waits. Does not close `source`.
 * Throws ASB_TRUNCATED for an empty file, and the StorageError, CodecError or FormatError that reading or parsing
 * meets.
 */
export async function* readEntries(
  source: ByteSource,
  { bins = [], window, startAt, beforeChunk }: ReadEntriesOptions = {},
): AsyncGenerator<Decoder, void, undefined> {
  const decoder = new Decoder({
    file: source.name,
    ...(bins.length > 0 ? { bins } : {}),
    ...(window === undefined ? {} : { window }),
    ...(startAt === undefined ? {} : { startAt }),
  });
  // Half of the window is for an entry of which the rest is missing.
  const pieceBytes = window === undefined ? Infinity : window.length >>> 1;
  const eventLoop = new EventLoopYielder();
  let empty = true;
  for (;;) {
    await eventLoop.yieldIfDue();
    const chunk = await source.read();
    if (chunk === undefined) break;
    empty = false;
    await beforeChunk?.(chunk.length);
    for (let at = 0; at < chunk.length; at += pieceBytes) {
      decoder.write(at === 0 && chunk.length <= pieceBytes ? chunk : chunk.subarray(at, at + pieceBytes));
      yield decoder;
    }
  }
  // The decoder would report a missing first line, which hides what happened.
  if (empty) throw new ToolError('ASB_TRUNCATED', `${source.name} is empty: it holds no backup`);
  decoder.end();
  yield decoder;
}

/** Receives the entries of a file in their order. */
export interface EntryVisitor {
  /** After each meta line, with what all of them said so far. May throw what makes the file unusable. */
  visitMeta(meta: Readonly<Meta>): void;
  /**
   * Takes what it can of the records that are there, without `visitRecord` (`Decoder.scanRecords`). True = it can go on
   * after `waitForDrain`; false = the next entry is for the decoder.
   */
  scanRecords?(decoder: Decoder): boolean;
  /** HOT: `decoder.record` is valid during the call. May throw what makes the rest of the file unusable. */
  visitRecord(decoder: Decoder): void;
  /** An index or a UDF module. Settles when the next entry may be read. */
  visitMetadata(entry: MetadataEntry): Promise<void> | undefined;
  /** HOT: asked after each record. A promise to wait for before the next one; undefined = go on. */
  waitForDrain(): Promise<void> | undefined;
  /** Called for each chunk of text with its size in bytes: a promise to wait for before its entries are parsed. */
  beforeChunk(bytes: number): Promise<void> | undefined;
  /** Asked after each wait and each chunk. True = read no further. */
  isStopped(): boolean;
}

/**
 * Reads `source` to its end, or until the visitor `isStopped`. Throws as `readEntries` does, and what the visitor
 * throws, with the place of the record.
 */
export async function visitEntries(
  source: ByteSource,
  visitor: EntryVisitor,
  options: Pick<ReadEntriesOptions, 'bins' | 'window' | 'startAt'> = {},
): Promise<void> {
  if (visitor.isStopped()) return;
  const beforeChunk = (bytes: number): Promise<void> | undefined =>
    visitor.isStopped() ? undefined : visitor.beforeChunk(bytes);
  for await (const decoder of readEntries(source, { ...options, beforeChunk })) {
    if (visitor.isStopped()) return;
    await visitChunk(decoder, source, visitor);
    if (visitor.isStopped()) return;
  }
}

/** Visits the entries that are complete, until the visitor has to wait and is stopped meanwhile. */
async function visitChunk(decoder: Decoder, source: ByteSource, visitor: EntryVisitor): Promise<void> {
  for (;;) {
    while (visitor.scanRecords?.(decoder) === true) {
      const drained = visitor.waitForDrain();
      if (drained === undefined) continue;
      await drained;
      if (visitor.isStopped()) return;
    }
    switch (decoder.next()) {
      case Entry.RECORD: {
        try {
          visitor.visitRecord(decoder);
        } catch (error) {
          throw withPlace(error, decoder, source);
        }
        const drained = visitor.waitForDrain();
        if (drained !== undefined) {
          await drained;
          if (visitor.isStopped()) return;
        }
        break;
      }
      case Entry.SINDEX:
        await visitor.visitMetadata({ kind: 'sindex', sindex: decoder.sindex });
        break;
      case Entry.UDF:
        await visitor.visitMetadata({ kind: 'udf', ...decoder.udf });
        break;
      case Entry.META:
        visitor.visitMeta(decoder.meta);
        break;
      case Entry.NEED_DATA:
      case Entry.END:
        return;
    }
  }
}

function withPlace(error: unknown, decoder: Decoder, source: ByteSource): unknown {
  if (!(error instanceof ToolError)) return error;
  // The position is that of the entry after the record.
  const { line } = decoder.position;
  const { code, hint, details } = error;
  return new ToolError(code, `${source.name}, record that ends above line ${line}: ${errorMessage(error)}`, {
    cause: error,
    hint,
    details: { ...details, file: source.name },
  });
}
