/**
 * A look at the head of every file before any record of any file is written: indexes and UDF modules stand in front of
 * the records, so that they can be restored first (asrestore.md 4.2), and what is missing shows early.
 */
import { Entry } from '../../asb/decoder.js';
import { readEntries } from '../../asb/read-entries.js';
import type { Codecs } from '../../codecs/codecs.js';
import type { ByteSource } from '../../core/byte-stream.js';
import type { StorageAccess } from '../../storage/registry.js';
import type { MetadataEntry } from '../../core/sindex.js';
import { openSource } from './open-input.js';

const HEAD_BYTES = 64 * 1024;

export interface FileHeader {
  /** In front of the first record. */
  globals: MetadataEntry[];
  /** The mark of the file that holds the globals, or would (asb-format.md 1.2). */
  firstFile: boolean;
  /** The file is of a version that has such marks. */
  marked: boolean;
  /** Of the meta section; absent = unknown. */
  namespace?: string;
}

/** Never rejects: what is wrong with a file is said by the worker that restores it. For regular files only. */
export async function readFileHeader(
  pipeline: Codecs,
  storages: StorageAccess,
  path: string,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<FileHeader> {
  const head: FileHeader = { globals: [], firstFile: false, marked: false };
  let source: ByteSource | undefined;
  try {
    source = await openSource(pipeline, storages, { path }, onBytes, { chunkBytes: HEAD_BYTES });
    for await (const decoder of readEntries(source)) {
      for (let kind = decoder.next(); kind !== Entry.NEED_DATA; kind = decoder.next()) {
        if (kind === Entry.META) {
          head.firstFile = decoder.meta.firstFile === true;
          if (decoder.meta.namespace !== undefined) head.namespace = decoder.meta.namespace;
        } else if (kind === Entry.SINDEX) head.globals.push({ kind: 'sindex', sindex: { ...decoder.sindex } });
        else if (kind === Entry.UDF) head.globals.push({ kind: 'udf', ...decoder.udf });
        else {
          head.marked = decoder.version !== '3.0';
          return head;
        }
      }
    }
    return head;
  } catch {
    return head;
  } finally {
    await source?.close();
  }
}
