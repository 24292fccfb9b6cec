/**
 * Where a file of plain text can be cut so that each part can be read by itself. Values may hold anything, also text
 * that looks like a record, so that no place can be judged by what stands there: the file is read from its start, with
 * the decoder and the module that everyone reads with, and is cut where one of their entries begins.
 */
import { type Decoder, Entry, type EntryStart } from '../../asb/decoder.js';
import { readEntries } from '../../asb/read-entries.js';
import type { RecordScanner } from '../../asb/record-scanner.js';
import type { ByteSource } from '../../core/byte-stream.js';
import type { ByteRange } from '../../storage/storage.js';
import type { NamespaceCheck } from './namespace-check.js';

/** A part of a file: whole entries. */
export interface FileRange extends ByteRange {
  /** Of the first entry, with the namespace of the file's header; absent = the part begins with the file. */
  startAt?: EntryStart & { namespace?: string };
}

export interface RangeOptions {
  /** A part ends at the first entry behind so many bytes. */
  rangeBytes: number;
  /** One that only checks (`RecordScanner.createChecker`). */
  scanner: RecordScanner;
  /** For this file alone. */
  namespaces: NamespaceCheck;
}

/**
 * The parts of a file, in their order; all of its bytes are in one of them. Everything in a part but the last has been
 * found right; the last one ends with the file and holds what is wrong with it, if anything is, so that whoever reads
 * it finds that in its place, and nothing behind it is ever read. An index or module behind the first record ends the
 * search as well. Closes `source`. Never throws.
 */
export async function* findRanges(source: ByteSource, options: RangeOptions): AsyncGenerator<FileRange, void> {
  const { rangeBytes, scanner, namespaces } = options;
  let range: FileRange = { start: 0, end: Infinity };
  let isRest = true;
  namespaces.startFile();
  try {
    for await (const decoder of readEntries(source, { window: scanner.window })) {
      isRest = true;
      if (!takeEntries(decoder, scanner, namespaces)) break;
      const { offset, line } = decoder.position;
      isRest = offset !== range.start;
      // The header goes with the records behind it.
      if (decoder.namespace === '' || offset - range.start < rangeBytes) continue;
      yield { ...range, end: offset };
      const { version, meta } = decoder;
      const namespace = meta.namespace === undefined ? {} : { namespace: meta.namespace };
      range = { start: offset, end: Infinity, startAt: { offset, line, version, ...namespace } };
      isRest = false;
    }
  } catch {
    // The worker that reads the last part meets the same fault and reports it.
    isRest = true;
  } finally {
    await source.close();
  }
  if (range.start === 0 || isRest) yield range;
}

/** Takes the entries that are complete. False = one of them is none that parts may follow. Throws what is wrong. */
function takeEntries(decoder: Decoder, scanner: RecordScanner, namespaces: NamespaceCheck): boolean {
  for (;;) {
    scanner.followNamespace(decoder);
    while (decoder.scanRecords(scanner));
    switch (decoder.next()) {
      case Entry.META:
        namespaces.checkMeta('', decoder.meta);
        break;
      case Entry.RECORD:
        namespaces.checkRecord(decoder.record.namespace);
        break;
      case Entry.SINDEX:
      case Entry.UDF:
        if (decoder.namespace !== '') return false;
        break;
      case Entry.NEED_DATA:
      case Entry.END:
        return true;
    }
  }
}
