/** The files of a backup, and the one way in which the tools that compare, merge, export and serve them read them. */
import { basename } from 'node:path';
import type { Decoder } from '../../asb/decoder.js';
import { visitEntries } from '../../asb/read-entries.js';
import type { Codecs } from '../../codecs/codecs.js';
import type { MetadataEntry } from '../../core/sindex.js';
import type { StorageAccess } from '../../storage/registry.js';
import { isBackupFileName, type BackupFile } from '../../storage/storage.js';
import type { BackupType } from './manifest.js';
import { collectInput, noFilesError } from '../input/input.js';
import { explainReadError, openInput } from '../input/open-input.js';

/** A backup as a list of files, in the order in which they are read. */
export interface BackupFiles {
  /** For messages: the path as the user gave it. */
  name: string;
  files: readonly BackupFile[];
  codecs: Codecs;
  storages: StorageAccess;
  /** False: it is known that records are missing. */
  isComplete?: boolean;
  /** Of its manifest; absent = unknown. */
  type?: BackupType;
  started?: string;
}

/** What receives the entries of a backup, file by file. */
export interface BackupVisitor {
  /**
   * HOT: `decoder.record` is valid during the call; its text is `record.input` from `decoder.textStart` to
   * `decoder.textEnd`.
   */
  visitRecord(decoder: Decoder, file: number): void;
  visitMetadata?(entry: MetadataEntry, file: number): void;
  /** After the meta lines of a file. */
  visitMeta?(decoder: { namespace?: string }, file: number): void;
  /** HOT: asked after each record. A promise to wait for before the next one; undefined = go on. */
  waitForDrain?(): Promise<void> | undefined;
  /** A number of bytes was read, as stored. */
  onBytes?(bytes: number): void;
}

/** Finds the files of a directory or takes a single one. Throws StorageError, or InputError if there is none. */
export async function findBackupFiles(
  path: string,
  { codecs, storages }: Pick<BackupFiles, 'codecs' | 'storages'>,
): Promise<BackupFiles> {
  const storage = await storages.forPath(path);
  // In object stores, a name without a slash at its end may be either.
  const isFile = isBackupFileName(basename(path)) && !(await storage.isDirectory(path));
  const source = { kind: isFile ? 'file' : 'directory', path } as const;
  const { parts } = await collectInput(
    source,
    storages,
    () => undefined,
    (error) => {
      throw error;
    },
  );
  const files = parts.flatMap((part) => part.files);
  if (files.length === 0) throw noFilesError(source);
  return { name: path, files, codecs, storages };
}

/** Stored bytes of all files. */
export function countStoredBytes({ files }: BackupFiles): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/**
 * Reads all entries of a backup, in bounded memory. Throws FormatError with the place where a file is damaged, the
 * StorageError or CodecError of reading, what the visitor throws, and the signal's reason.
 */
export async function readBackupFiles(
  backup: BackupFiles,
  visitor: BackupVisitor,
  signal: AbortSignal,
  bins?: readonly string[],
): Promise<void> {
  const { files, codecs, storages } = backup;
  for (let file = 0; file < files.length; file++) {
    signal.throwIfAborted();
    const { path } = files[file]!;
    const source = await openInput(codecs, storages, { path }, (bytes) => visitor.onBytes?.(bytes));
    try {
      await visitEntries(
        source,
        {
          visitMeta: (meta) => visitor.visitMeta?.(meta, file),
          visitRecord: (decoder) => visitor.visitRecord(decoder, file),
          visitMetadata: (entry) => {
            visitor.visitMetadata?.(entry, file);
            return undefined;
          },
          waitForDrain: () => visitor.waitForDrain?.(),
          beforeChunk: () => undefined,
          isStopped: () => signal.aborted,
        },
        bins === undefined ? {} : { bins },
      );
    } catch (error) {
      throw explainReadError(error, source);
    } finally {
      await source.close();
    }
  }
  signal.throwIfAborted();
}
