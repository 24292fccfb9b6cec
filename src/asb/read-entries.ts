/** One backup file from its first byte to its last, entry by entry. */
import { Decoder, Entry, type Meta } from './decoder.js';
import { errorMessage, ToolError } from '../core/errors.js';
import type { ByteSource } from '../core/byte-stream.js';
import { RestoreFailure } from '../engine/restore/errors.js';
import type { MetadataEntry } from '../engine/restore/worker-protocol.js';

/** Takes what a file holds. */
export interface EntryVisitor {
  /** After each meta line: what they have said so far. May throw what makes the file unusable. */
  meta(meta: Readonly<Meta>): void;
  /** HOT PATH. May throw what makes the rest of the file unusable. */
  record(decoder: Decoder): void;
  /** After each record: a promise to wait for before the next one, if what was handed over piles up. */
  waitForDrain(): Promise<void> | undefined;
  /** Settles when the entry has been seen to. */
  global(entry: MetadataEntry): Promise<void>;
  /** Called for each chunk of text with its size: a promise to wait for before its entries are read. */
  chunk(bytes: number): Promise<void> | undefined;
  /** Asked after each stretch of records. True = read no further. */
  stopped(): boolean;
}

/** Reads `source` to its end, or until the handler has `stopped`. Throws FormatError and StorageError. */
export async function readEntries(source: ByteSource, bins: readonly string[], handler: EntryVisitor): Promise<void> {
  const decoder = new Decoder(bins.length > 0 ? { file: source.name, bins } : { file: source.name });
  let empty = true;
  while (!handler.stopped()) {
    const chunk = await source.read();
    if (handler.stopped()) return;
    if (chunk !== undefined) {
      empty = false;
      const pause = handler.chunk(chunk.length);
      if (pause !== undefined) {
        await pause;
        if (handler.stopped()) return;
      }
      decoder.write(chunk);
    } else if (empty) {
      // The decoder would complain about a missing first line; this says what really happened.
      throw new RestoreFailure('ASB_TRUNCATED', `${source.name} is empty: it holds no backup.`);
    } else {
      decoder.end();
    }
    if (await visitEntries(decoder, source, handler)) return;
  }
}

/** A file of another namespace than the one wanted (asrestore.md 5.1; C looks at the meta line only sometimes). */
export function checkNamespace(file: string, { namespace }: Readonly<Meta>, wanted: string | undefined): void {
  if (wanted === undefined || namespace === undefined || namespace === wanted) return;
  const text = `${file} is a backup of namespace "${namespace}", but --namespace says "${wanted}".`;
  throw new RestoreFailure('RESTORE_NAMESPACE', text);
}

/** Takes the entries that are there. Returns true at the end. */
async function visitEntries(decoder: Decoder, source: ByteSource, handler: EntryVisitor): Promise<boolean> {
  for (;;) {
    switch (decoder.next()) {
      case Entry.RECORD: {
        try {
          handler.record(decoder);
        } catch (error) {
          throw atPlace(error, decoder, source);
        }
        const pressure = handler.waitForDrain();
        if (pressure !== undefined) {
          await pressure;
          if (handler.stopped()) return true;
        }
        break;
      }
      case Entry.SINDEX:
        await handler.global({ kind: 'sindex', sindex: decoder.sindex });
        break;
      case Entry.UDF:
        await handler.global({ kind: 'udf', name: decoder.udf.name, content: decoder.udf.content });
        break;
      case Entry.META:
        handler.meta(decoder.meta);
        break;
      case Entry.NEED_DATA:
        return false;
      case Entry.END:
        return true;
    }
  }
}

function atPlace(error: unknown, decoder: Decoder, source: ByteSource): unknown {
  if (!(error instanceof ToolError)) return error;
  // The position is that of the entry after the record.
  const { line } = decoder.position;
  return new RestoreFailure(error.code, `${source.name}, record that ends above line ${line}: ${errorMessage(error)}.`);
}
