/**
 * The contract of a storage: one kind of location that backups are written to and read from. A new storage is a folder
 * beside this file and a line in drivers.ts; test/storage/conformance.ts checks that it obeys this contract.
 *
 * Every method rejects with StorageErrors. A storage retries what is worth retrying itself: callers do not.
 */
import type { ByteSink, ByteSource } from '../core/byte-stream.js';
import type { HintId } from '../core/hint.js';

/** What a storage can do, known without opening it. */
export interface StorageCapabilities {
  /** `freeBytes` is known. */
  readonly hasFreeSpace: boolean;
  /** Directories exist by themselves: they can be missing and have to be created. Else they are parts of names. */
  readonly hasDirectories: boolean;
  /** `writeSmall` replaces a file in one step: a reader sees the old or the new contents. */
  readonly atomicRename: boolean;
  /** Unfinished files can be continued by another run. */
  readonly resumable: boolean;
  /** `createExclusive` is atomic among all processes and hosts that use the storage. */
  readonly conditionalCreate: boolean;
  /** The state of a backup is kept beside its files unless the user names another location. */
  readonly besideState: boolean;
  /** The client lives in the main thread: worker threads reach it through a port (worker-bridge.ts). */
  readonly needsMainThread: boolean;
}

/** A file that can be read. */
export interface BackupFile {
  path: string;
  /** 0 unless the file is a regular file. */
  sizeBytes: number;
  /** FIFOs and devices can be read once only. */
  kind: 'regular' | 'fifo' | 'device';
  /** Of a regular local file: another one when it was written to, or another file has its name. */
  version?: string;
}

/** How far a file had been written when it was last made durable. */
export interface ResumePoint {
  bytes: number;
  /** `ByteSink.token` at that time. */
  token?: string;
}

/** The contents of a small file together with what tells whether it was changed since. */
export interface VersionedText {
  text: string;
  /** Opaque; differs whenever the contents were replaced by other contents. */
  version: string;
  /** Time since the last write by the clock of the storage if it tells it, in ms; never negative. */
  ageMs: number;
}

/** Why a path cannot be written to. */
export interface TargetProblem {
  /** A sentence without a full stop. */
  reason: string;
  hint?: HintId;
}

export interface SmallFileOptions {
  /** A power cut may undo the change: nobody waits for the disk. */
  volatile?: boolean;
}

export interface Storage {
  readonly capabilities: StorageCapabilities;

  /** Why nothing can be written at `path`, if that is known without trying. */
  validateTarget(kind: 'directory' | 'file', path: string): Promise<TargetProblem | undefined>;
  exists(kind: 'directory' | 'file', path: string): Promise<boolean>;
  /** Whether `path` names a directory; without directories of its own, whether its name can only be that of one. */
  isDirectory(path: string): Promise<boolean>;
  /** Creates the last component of `path` if the storage has directories and it is missing. */
  ensureDirectory(path: string): Promise<void>;
  /**
   * The entries directly in a directory, sorted by name, of any kind. Rejects if the directory is missing, where there
   * are directories.
   */
  list(directory: string): Promise<ListedFile[]>;
  /** Asks for archived files of a directory to be made readable, all at once: reading them waits until they are. */
  thaw?(directory: string, names: readonly string[]): Promise<void>;
  /**
   * Names of the directories directly in a directory, sorted; without directories of its own, the parts of names up to
   * the next slash. Empty if there is no such directory.
   */
  listDirectories(directory: string): Promise<string[]>;
  /**
   * Names of files in a directory that were begun and are not visible yet: another run writes them, or was interrupted.
   */
  listUnfinished(directory: string): Promise<string[]>;
  /** Bytes that can still be written at `path`; undefined = unknown. */
  freeBytes(path: string): Promise<number | undefined>;
  /**
   * Deletes files of a directory and their unfinished uploads. Never deletes anything but regular files. Rejects if one
   * cannot be deleted.
   */
  deleteFiles(directory: string, names: readonly string[]): Promise<void>;
  /** Deletes one file and its unfinished uploads. What is no regular file (device, FIFO, link to one) is left alone. */
  deleteFile(path: string, ifMissing: 'throw' | 'ignore'): Promise<void>;
  /** Removes an empty directory; resolves with the reason why it stays, without a full stop, or undefined. */
  removeDirectory(path: string): Promise<string | undefined>;

  /** Creates a file; rejects if a regular file exists there. `expectedBytes` is an estimate; 0 = unknown. */
  create(path: string, expectedBytes: number): Promise<ByteSink>;
  /**
   * The reason why a file cannot be continued from `point`, without a full stop; undefined = it can. Changes nothing.
   */
  checkResumable(path: string, point: ResumePoint): Promise<string | undefined>;
  /**
   * Truncates the file to `point`. Resolves with the point to resume from; undefined = the file is already finalized.
   */
  truncateTo(path: string, point: ResumePoint): Promise<ResumePoint | undefined>;
  /** Continues a file that was truncated. */
  resume(path: string, point: ResumePoint): Promise<ByteSink>;
  /** The first 16 bytes of a file that was truncated; fewer if it is shorter. */
  readHead(path: string, point: ResumePoint): Promise<Buffer>;
  /**
   * The last `length` bytes before `point`, fewer if the file is shorter: of a file that is still to be truncated.
   * Absent where unfinished files cannot be read.
   */
  readTail?(path: string, point: ResumePoint, length: number): Promise<Buffer>;
  /**
   * Replaces the contents of an unfinished file in one step, whatever ends the process meanwhile. Absent where nobody
   * can read what an unfinished file has behind its resume point.
   */
  replaceContents?(path: string, contents: AsyncIterable<Buffer>): Promise<void>;
  /**
   * Checks that a closed file is still at `path` as it was written. `identity` is `ByteSink.identity` after `close`.
   * Resolves with the reason why it is not, without a full stop; undefined = it is.
   */
  verifyWritten(path: string, identity: string): Promise<string | undefined>;

  /** Size and kind of a file, without reading it. */
  stat(path: string): Promise<BackupFile>;
  open(path: string, options?: ReadOptions): Promise<ByteSource>;

  /** Reads a small file. `what` names it in messages: `the state file`. */
  readSmall(path: string, what: string): Promise<Buffer>;
  /**
   * Creates or replaces a small file in one step: after a crash it has the old or the new contents. Only its owner may
   * read it. Rejects if something other than a regular file is at `path`.
   */
  writeSmall(path: string, text: string, what: string): Promise<void>;

  /**
   * Creates a small file with its contents; false = something exists at `path`. Only its owner may read it. Of callers
   * in any number of processes exactly one gets true (see `capabilities.conditionalCreate`).
   */
  createExclusive(path: string, text: string, options?: SmallFileOptions): Promise<boolean>;
  /** Reads a file that others may replace; undefined = it is missing. */
  readVersion(path: string): Promise<VersionedText | undefined>;
  /**
   * The owner of a small file writes it anew (a heartbeat): it never disappears meanwhile. Resolves with its new
   * version; undefined = it has another version or is missing: the caller owns it no more.
   */
  refresh(path: string, version: string, text: string): Promise<string | undefined>;
  /**
   * Replaces a small file of somebody else if it still has `version`. Of several callers at most one succeeds. Resolves
   * with the new version; undefined = it was replaced or removed meanwhile.
   */
  replaceIfUnchanged(
    path: string,
    version: string,
    text: string,
    options?: SmallFileOptions,
  ): Promise<string | undefined>;
  /** Deletes a small file if it still has `version`; false = it has another or is missing. */
  deleteIfUnchanged(path: string, version: string, options?: SmallFileOptions): Promise<boolean>;
}

export interface ListedFile {
  name: string;
  /** Absent = `stat` has to be called for the size and the kind. */
  sizeBytes?: number;
  /** It lies in an archive, and cannot be read before it is thawed. */
  archived?: boolean;
}

export interface ReadOptions {
  /** Bytes per read, for a caller that needs the first bytes only. */
  chunkBytes?: number;
  /** How many files are read at the same time as this one; 1 = only this. */
  readers?: number;
  /** Only these bytes. Regular local files only; other storages read all. */
  range?: ByteRange;
}

/** Bytes of a file from `start` to before `end`, which may lie behind the end of the file. */
export interface ByteRange {
  start: number;
  end: number;
  /** That of `BackupFile`: a file that has another one is refused. */
  version?: string;
}

/** Whether a name is that of a backup file: longer than its suffix, which is case-sensitive (asbackup.md 5.3). */
export function isBackupFileName(name: string): boolean {
  return name.length > SUFFIX.length && name.endsWith(SUFFIX);
}

const SUFFIX = '.asb';

/** Names of the backup files in a directory, sorted; not recursive. */
export async function listBackupFiles(storage: Storage, directory: string): Promise<string[]> {
  return (await storage.list(directory)).map(({ name }) => name).filter(isBackupFileName);
}
