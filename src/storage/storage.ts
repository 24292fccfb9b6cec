/**
 * One kind of place where backups lie. A new kind is a folder beside this file that implements `Storage`, a line in
 * `storages.ts` that recognises its paths, and one in `paths.ts` if they are not joined with a slash.
 *
 * Every method throws StorageErrors, whose sentences say what to do. What can be tried again is tried again in here.
 */
import type { ByteSink } from '../core/byte-stream.js';
import type { ByteSource } from '../core/byte-stream.js';

/** A file that can be read. */
export interface BackupFile {
  path: string;
  /** 0 for what is not a regular file. */
  sizeBytes: number;
  /** Others can be read once only. */
  kind: 'regular' | 'fifo' | 'device';
}

/** How far a file had come when it was last made durable. */
export interface ResumePoint {
  bytes: number;
  /** `Sink.token` of that moment. */
  token?: string;
}

export interface Storage {
  /** A sentence why nothing of this kind can be written at `path`, if that can be told without trying. */
  validateTarget(kind: 'directory' | 'file', path: string): Promise<string | undefined>;
  exists(kind: 'directory' | 'file', path: string): Promise<boolean>;
  /** Creates the last component of `path` if that is needed here. */
  ensureDirectory(path: string): Promise<void>;
  /** The files directly in a directory, sorted by name, whatever they are. A directory that is missing is an error where there are directories. */
  list(directory: string): Promise<ListedFile[]>;
  /** Names of files in a directory that were begun and are not there yet: another run writes them, or was interrupted. */
  listUnfinished(directory: string): Promise<string[]>;
  /** Deletes files of a directory, and what there is unfinished of them. Throws if one cannot be deleted. */
  deleteFiles(directory: string, names: readonly string[]): Promise<void>;
  /** Deletes one file and what there is unfinished of it. */
  deleteFile(path: string, ifMissing: 'throw' | 'ignore'): Promise<void>;
  /** Removes a directory that is empty; resolves with half a sentence why it stays, or undefined. */
  removeDirectory(path: string): Promise<string | undefined>;

  /** A new file. `expectedBytes` is a guess, 0 = unknown. */
  create(path: string, expectedBytes: number): Promise<ByteSink>;
  /** A sentence why a file cannot be continued from `mark`; undefined = it can. Changes nothing. */
  checkResumable(path: string, mark: ResumePoint): Promise<string | undefined>;
  /** Takes from a file what was written after `mark`. Resolves with the mark to resume it from; undefined = it is closed for good. */
  truncateTo(path: string, mark: ResumePoint): Promise<ResumePoint | undefined>;
  /** Goes on with a file that was cut back. */
  resume(path: string, mark: ResumePoint): Promise<ByteSink>;
  /** The first bytes of a file that was cut back: 16, unless it is shorter. */
  readHead(path: string, mark: ResumePoint): Promise<Buffer>;

  /** Looks at a file without reading it. */
  stat(path: string): Promise<BackupFile>;
  open(path: string, options?: ReadOptions): Promise<ByteSource>;

  /** Reads a small file. `what` names it in messages: `the state file`. */
  readSmall(path: string, what: string): Promise<Buffer>;
  /** Replaces a small file in one step: a crash leaves the old one or the new one. Only its owner may read it. */
  writeSmall(path: string, text: string, what: string): Promise<void>;
}

export interface ListedFile {
  name: string;
  /** Absent = only `stat` tells, and what kind of file it is. */
  sizeBytes?: number;
}

export interface ReadOptions {
  /** How much is read at once, when only the first bytes are wanted. */
  chunkBytes?: number;
  /** How many files are read at the same time as this one; 1 = only this. */
  readers?: number;
}

/** A backup file's name: longer than its suffix, which is exact (asbackup.md 5.3). */
export function isBackupFileName(name: string): boolean {
  return name.length > SUFFIX.length && name.endsWith(SUFFIX);
}

const SUFFIX = '.asb';

/** Names of the backup files in a directory, sorted; not recursive. */
export async function listBackupFiles(storage: Storage, directory: string): Promise<string[]> {
  return (await storage.list(directory)).map(({ name }) => name).filter(isBackupFileName);
}
