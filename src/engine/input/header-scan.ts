/**
 * Reads the header of every file before any record of any file is written: indexes and UDF modules precede the records,
 * so that they can be restored first (asrestore.md 4.2), and what is missing shows early.
 */
import { Entry } from '../../asb/decoder.js';
import { readEntries } from '../../asb/read-entries.js';
import type { Codecs } from '../../codecs/codecs.js';
import type { ByteSource } from '../../core/byte-stream.js';
import type { MetadataEntry } from '../../core/sindex.js';
import type { StorageAccess } from '../../storage/registry.js';
import type { BackupFile } from '../../storage/storage.js';
import { openInput } from './open-input.js';
import { followAbort } from '../../core/abort.js';

const CHUNK_BYTES = 64 * 1024;

export interface FileHeader {
  path: string;
  /** Indexes and modules in front of the first record, as far as they were read. */
  metadataEntries: number;
  /** The mark of the file that holds the indexes and modules, or would (asb-format.md 1.2). */
  firstFile: boolean;
  /** The file is of a version that has such marks. */
  marked: boolean;
  /** Of the meta section; absent = unknown. */
  namespace?: string;
}

export interface HeaderScanOptions {
  codecs: Codecs;
  storages: StorageAccess;
  /** Aborting ends the scan with the headers read so far. */
  signal: AbortSignal;
  /** A number of stored bytes was read. */
  onBytes?: (bytes: number) => void;
  /** Awaited after each file. */
  afterFile?: (header: FileHeader) => Promise<void>;
  /** Awaited for each index and module, which is not kept. Resolves with false to read no more of the file. */
  onMetadata?: (entry: MetadataEntry, header: FileHeader) => Promise<boolean>;
}

/**
 * The headers of the regular files among `files`; others can be read only once. Never rejects: a fault of a file is
 * reported by the worker that reads the file to its end.
 */
export async function scanHeaders(files: readonly BackupFile[], options: HeaderScanOptions): Promise<FileHeader[]> {
  const headers: FileHeader[] = [];
  for (const { kind, path } of files) {
    if (options.signal.aborted) break;
    if (kind !== 'regular') continue;
    const header: FileHeader = { path, metadataEntries: 0, firstFile: false, marked: false };
    headers.push(header);
    await scanHeader(header, options);
    await options.afterFile?.(header);
  }
  return headers;
}

async function scanHeader(header: FileHeader, options: HeaderScanOptions): Promise<void> {
  let source: ByteSource | undefined;
  // A file may hold much that yields no text, so that the loop over its entries never gets to look at the signal.
  const stopFollowing = followAbort(options.signal, () => void source?.close());
  try {
    const { codecs, storages, onBytes = () => undefined } = options;
    source = await openInput(codecs, storages, { path: header.path }, onBytes, { chunkBytes: CHUNK_BYTES });
    await readHeader(source, header, options);
  } catch {
    // The worker that restores or validates the file meets the same fault and reports it.
  } finally {
    stopFollowing();
    await source?.close();
  }
}

async function readHeader(
  source: ByteSource,
  header: FileHeader,
  { onMetadata, signal }: HeaderScanOptions,
): Promise<void> {
  for await (const decoder of readEntries(source)) {
    for (let kind = decoder.next(); kind !== Entry.NEED_DATA; kind = decoder.next()) {
      if (signal.aborted) return;
      let entry: MetadataEntry;
      if (kind === Entry.META) {
        header.firstFile = decoder.meta.firstFile === true;
        if (decoder.meta.namespace !== undefined) header.namespace = decoder.meta.namespace;
        continue;
      } else if (kind === Entry.SINDEX) {
        entry = { kind: 'sindex', sindex: decoder.sindex };
      } else if (kind === Entry.UDF) {
        entry = { kind: 'udf', ...decoder.udf };
      } else {
        header.marked = decoder.version !== '3.0';
        return;
      }
      if (onMetadata !== undefined && !(await onMetadata(entry, header))) return;
      header.metadataEntries++;
    }
  }
}
