/** The entries of one file as users of the library see them, some hundred at a time. */
import { type Decoder, Entry } from '../asb/decoder.js';
import { readEntries } from '../asb/read-entries.js';
import { RecordScanner } from '../asb/record-scanner.js';
import type { DecodedSource } from '../codecs/codecs.js';
import type { WasmModule } from '../core/webassembly.js';
import { explainReadError } from '../engine/input/open-input.js';
import { type BackupEntry, toIndexEntry, toRecordEntry } from './entries.js';
import { RowReader } from './row-entries.js';

/** More entries take no less time, and whoever keeps a digest keeps the memory of its batch. */
const BATCH_ENTRIES = 256;
const BATCH_BYTES = 16 << 10;
const NO_FIELD = Buffer.alloc(0);

export interface BatchOptions {
  /** Keep only the bins of these names; none = all. */
  bins: readonly string[];
  /** Reads ordinary records; undefined = the decoder reads all. */
  module: WasmModule | undefined;
  signal: AbortSignal | undefined;
}

/**
 * The entries of `source`, which is closed at the end. A batch is made of text that has been read already, so that
 * memory is constant. What precedes a fault is given before the error is thrown.
 */
export async function* readBatches(
  source: DecodedSource,
  { bins, module, signal }: BatchOptions,
): AsyncGenerator<BackupEntry[], void, undefined> {
  const reader = new BatchReader(source.name, bins, module);
  try {
    signal?.throwIfAborted();
    for await (const decoder of readEntries(source, { bins, window: reader.window })) {
      for (let batch = reader.read(decoder); batch.length > 0; batch = reader.read(decoder)) {
        yield batch;
        signal?.throwIfAborted();
      }
      if (reader.failure !== undefined) throw reader.failure.error;
      signal?.throwIfAborted();
    }
  } catch (error) {
    throw explainReadError(error, source);
  } finally {
    await source.close();
  }
}

class BatchReader {
  /** What the decoder has thrown, behind the entries of the last batch. */
  failure: { error: unknown } | undefined;
  private readonly scanner: RecordScanner | undefined;
  private readonly rows: RowReader;
  private namespaceText: Buffer | undefined;

  constructor(
    private readonly file: string,
    bins: readonly string[],
    module: WasmModule | undefined,
  ) {
    this.rows = new RowReader(file);
    if (module === undefined) return;
    const scanner = RecordScanner.createReader(module, { rows: BATCH_ENTRIES, bytes: BATCH_BYTES });
    const names = bins.map((bin) => Buffer.from(bin));
    if (scanner?.setFilters([], names) === true) this.scanner = scanner;
  }

  get window(): Buffer | undefined {
    return this.scanner?.window;
  }

  /** The next entries that are there; none = more text is needed. */
  read(decoder: Decoder): BackupEntry[] {
    const entries: BackupEntry[] = [];
    if (this.failure !== undefined) return entries;
    try {
      while (entries.length < BATCH_ENTRIES) {
        if (this.scan(decoder, entries)) break;
        if (!this.readNext(decoder, entries)) break;
      }
    } catch (error) {
      this.failure = { error };
    }
    return entries;
  }

  /** Takes records with the module. True = a batch is full. */
  private scan(decoder: Decoder, entries: BackupEntry[]): boolean {
    const { scanner } = this;
    if (scanner === undefined) return false;
    const { namespaceText } = decoder;
    if (namespaceText !== this.namespaceText) {
      this.namespaceText = namespaceText;
      scanner.setNamespace(namespaceText, NO_FIELD);
    }
    const full = decoder.scanRecords(scanner);
    const count = scanner.getSlotRows(0);
    if (count > 0) {
      const frame = scanner.frames[0]!;
      const length = scanner.getSlotLength(0);
      const buffer = Buffer.allocUnsafeSlow(length);
      frame.buffer.copy(buffer, 0, 0, length);
      scanner.setSlot(0, frame, 0, 0);
      this.rows.read({ buffer, count, namespace: decoder.namespace }, entries);
    }
    return full;
  }

  /** False = more text is needed. */
  private readNext(decoder: Decoder, entries: BackupEntry[]): boolean {
    const { file } = this;
    switch (decoder.next()) {
      case Entry.RECORD:
        entries.push(toRecordEntry(decoder.record, file));
        return true;
      case Entry.SINDEX:
        entries.push(toIndexEntry(decoder.sindex, file));
        return true;
      case Entry.UDF:
        entries.push({ kind: 'udf', ...decoder.udf, file });
        return true;
      case Entry.META:
        return true;
      default:
        return false;
    }
  }
}
