/** How the worker threads of restores and validations read their files, one after another. */
import { type EntryVisitor, type ReadEntriesOptions, visitEntries } from '../../asb/read-entries.js';
import type { Codecs } from '../../codecs/codecs.js';
import type { ByteSource } from '../../core/byte-stream.js';
import type { EmitEvent } from '../../core/events.js';
import { StorageRegistry } from '../../storage/registry.js';
import type { FileJob, ReadChannel } from './input.js';
import type { NamespaceCheck } from './namespace-check.js';
import { explainReadError, openInput } from './open-input.js';

/** Counters of all files of the worker, which the visitor and the reader add to. */
export interface ReadCounts {
  records: number;
  /** As stored. */
  bytes: number;
}

export interface FileReaderOptions {
  codecs: Codecs;
  /** Absent: all files are local. */
  storage: ReadChannel | undefined;
  namespaces: NamespaceCheck;
  counts: ReadCounts;
  emit: EmitEvent;
  /** Keep only the bins of these names; none = all. */
  bins?: readonly string[];
  /** As `visitEntries` takes it. */
  window?: ReadEntriesOptions['window'];
  /** In place of `file.read`: a part of a file has been read to its end. */
  onRangeRead?: (contents: ReadCounts) => void;
  /** Gets the size of each piece as stored, when it is counted. */
  onBytes?: (bytes: number) => void;
}

export class FileReader {
  private readonly storages: StorageRegistry;
  private source: ByteSource | undefined;

  constructor(private readonly options: FileReaderOptions) {
    this.storages = StorageRegistry.forWorker(options.storage);
  }

  /** Name of the file that is being read; empty between files. */
  get fileName(): string {
    return this.source?.name ?? '';
  }

  /** Ends a read under way, which might never end by itself: that of a silent pipe. */
  close(): void {
    void this.source?.close();
  }

  /**
   * Reads a file to its end, or until the visitor `isStopped`, and emits `file.opened` and `file.read`. Of a part of a
   * file, only the first emits `file.opened`, and `onRangeRead` is called. Throws as `openInput` and `visitEntries` do.
   */
  async read(job: FileJob, visitor: EntryVisitor): Promise<void> {
    const { codecs, storage, namespaces, counts, emit, bins = [], window, onRangeRead } = this.options;
    const startedAt = performance.now();
    const { records, bytes } = counts;
    const { range } = job;
    const source = await openInput(codecs, this.storages, job, this.countBytes, {
      readers: storage?.readers ?? 1,
      ...(range === undefined ? {} : { range }),
    });
    this.source = source;
    try {
      if (job.path !== undefined && (range === undefined || range.start === 0))
        emit({ type: 'file.opened', path: source.name });
      namespaces.startFile();
      const startAt = range?.startAt;
      if (startAt !== undefined) namespaces.checkMeta(source.name, startAt);
      await visitEntries(source, visitor, { bins, window, startAt });
      if (range !== undefined) {
        onRangeRead?.({ records: counts.records - records, bytes: counts.bytes - bytes });
        return;
      }
      emit({
        type: 'file.read',
        path: source.name,
        records: counts.records - records,
        bytes: counts.bytes - bytes,
        durationMs: performance.now() - startedAt,
      });
    } catch (error) {
      throw explainReadError(error, source);
    } finally {
      this.source = undefined;
      await source.close();
    }
  }

  private readonly countBytes = (bytes: number): void => {
    this.options.counts.bytes += bytes;
    this.options.onBytes?.(bytes);
  };
}
