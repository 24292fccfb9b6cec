import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { storageError, StorageError } from '../errors.js';
import { ALIGNMENT_BYTES, DirectWriter } from './direct-writer.js';
import { hasCode, syncDirectory } from './directory.js';
import type { LocalSettings } from './config.js';
import type { FileSystem } from './file-system.js';
import type { ByteSink } from '../../core/byte-stream.js';

/** Opened for writing behind what is there: never created, never through a symbolic link. */
const RESUME_FLAGS = constants.O_RDWR | constants.O_NOFOLLOW;

/** Smaller files are written by way of the page cache. */
const DIRECT_FROM_BYTES = 4 * 1024 * 1024;

/** So many bytes are handed to the disk early, so that the end of the file has less to wait for. */
const WRITEBACK_BYTES = 16 * 1024 * 1024;

/** Writes a local regular file from its start or from a resume point on. Durable when `sync` or `close` has settled. */
export class LocalFileWriter implements ByteSink {
  identity: string | undefined;
  /** Under way; never rejects. */
  private writeback: Promise<void> | undefined;
  /** Where the file ended when the last one began. */
  private writebackStart: number;
  /** The system reports a failure of the disk only once: from then on nothing can be made durable any more. */
  private writebackError: Error | undefined;
  /** From DIRECT_FROM_BYTES on; undefined = not yet, or not at all. */
  private direct: DirectWriter | undefined;
  private mayBeDirect: boolean;

  private constructor(
    readonly name: string,
    private readonly fs: FileSystem,
    private readonly handle: FileHandle,
    settings: LocalSettings,
    /** Where the next byte is written. */
    private position: number,
    /** Whether the entry in the directory, too, would survive a power cut. */
    private linkIsDurable: boolean,
  ) {
    this.writebackStart = position;
    this.mayBeDirect = settings.directWrites !== false;
  }

  /** Creates a file; fails if anything exists at the path, also a symbolic link that leads nowhere. */
  static async create(fs: FileSystem, path: string, settings: LocalSettings): Promise<LocalFileWriter> {
    const { fileMode: mode } = settings;
    try {
      const handle = await fs.open(path, 'wx', mode ?? 0o666);
      // The umask limits the mode of the creation; a mode that the user names is exact.
      if (mode !== undefined) await handle.chmod(mode);
      return new LocalFileWriter(path, fs, handle, settings, 0, false);
    } catch (error) {
      throw storageError('create', path, error);
    }
  }

  /** Continues a regular file after its first `bytes` bytes; what follows them is cut off. */
  static async resume(fs: FileSystem, path: string, bytes: number, settings: LocalSettings): Promise<LocalFileWriter> {
    let handle: FileHandle | undefined;
    try {
      handle = await fs.open(path, RESUME_FLAGS);
      const stats = await handle.stat();
      if (!stats.isFile()) throw new Error('it is not a regular file');
      if (stats.size < bytes) throw new Error(`it has ${stats.size} bytes, and had ${bytes} before`);
      await handle.truncate(bytes);
      return new LocalFileWriter(path, fs, handle, settings, bytes, true);
    } catch (error) {
      await handle?.close().catch(() => undefined);
      const cause = hasCode(error, 'ELOOP') ? new Error('it is a symbolic link, which is not followed') : error;
      throw storageError('continue', path, cause);
    }
  }

  async write(chunk: Buffer): Promise<void> {
    try {
      if (this.writebackError !== undefined) throw this.writebackError;
      await this.refuseForeignChanges();
      if (this.direct !== undefined) {
        await this.direct.append(chunk);
        this.position += chunk.length;
        return;
      }
      for (let done = 0; done < chunk.length;) {
        const { bytesWritten } = await this.handle.write(chunk, done, chunk.length - done, this.position);
        done += bytesWritten;
        this.position += bytesWritten;
      }
      this.startWriteback();
      await this.startDirectWrites(chunk);
    } catch (error) {
      throw storageError('write', this.name, error);
    }
  }

  /** What somebody else has cut off would become zeros: a file of the right length that is not what was written. */
  private async refuseForeignChanges(): Promise<void> {
    const { size, nlink } = this.direct?.readStats() ?? (await this.handle.stat());
    const change = nlink === 0 ? 'deleted' : `cut to ${size} of ${this.position} bytes`;
    if (nlink === 0 || size < (this.direct?.storedEnd ?? this.position)) {
      throw new StorageError('IO_CHANGED', `Cannot write ${this.name}: it was ${change} by another program`);
    }
  }

  /** `last`: what was written last. */
  private async startDirectWrites(last: Buffer): Promise<void> {
    if (!this.mayBeDirect || this.position < DIRECT_FROM_BYTES) return;
    const unaligned = this.position % ALIGNMENT_BYTES;
    if (last.length < unaligned) return;
    this.mayBeDirect = false;
    const bytes = last.subarray(last.length - unaligned);
    this.direct = await DirectWriter.open(this.fs, this.handle, this.position, bytes);
  }

  /** Nobody waits for it but `sync`, `close` and `abort`. */
  private startWriteback(): void {
    if (this.writeback !== undefined || this.position - this.writebackStart < WRITEBACK_BYTES) return;
    this.writebackStart = this.position;
    this.writeback = this.handle.datasync().then(
      () => {
        this.writeback = undefined;
      },
      (error: unknown) => {
        this.writeback = undefined;
        this.writebackError ??= error instanceof Error ? error : new Error(String(error));
      },
    );
  }

  private async waitForWriteback(): Promise<void> {
    await this.writeback;
    if (this.writebackError !== undefined) throw this.writebackError;
  }

  async sync(): Promise<number> {
    try {
      await this.waitForWriteback();
      await this.direct?.flush();
      await this.handle.datasync();
      await this.syncLink();
      return this.position;
    } catch (error) {
      throw storageError('write', this.name, error);
    }
  }

  async close(): Promise<void> {
    try {
      await this.waitForWriteback();
      await this.direct?.flush();
      await this.handle.sync();
      await this.syncLink();
      await this.direct?.close();
      this.identity = await readIdentity(this.handle, this.position);
      await this.handle.close();
    } catch (error) {
      throw storageError('finish', this.name, error);
    }
  }

  async abort(): Promise<void> {
    await this.writeback;
    await this.direct?.abort();
    await this.handle.close().catch(() => undefined);
  }

  private async syncLink(): Promise<void> {
    if (this.linkIsDurable) return;
    await syncDirectory(this.fs, dirname(this.name));
    this.linkIsDurable = true;
  }
}

/** `DEVICE:INODE:BIRTH_NS:BYTES:MTIME_NS` of a file that was written completely. */
async function readIdentity(handle: FileHandle, bytes: number): Promise<string> {
  const { dev, ino, birthtimeNs, mtimeNs } = await handle.stat({ bigint: true });
  return [dev, ino, birthtimeNs, bytes, mtimeNs].join(':');
}

/** Why the file at `path` is not the one of `identity`; undefined = it is. */
export async function compareIdentity(fs: FileSystem, path: string, identity: string): Promise<string | undefined> {
  const [dev, ino, birthNs, bytes, mtimeNs] = identity.split(':');
  let found;
  try {
    found = await fs.stat(path, { bigint: true });
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return `${path} was deleted after it had been written`;
    throw storageError('check', path, error);
  }
  if (!found.isFile()) return `${path} was replaced by something that is not a regular file`;
  if (String(found.size) !== bytes) return `${path} has ${found.size} bytes, but ${bytes} were written`;
  // The number of a deleted file is used again at once: the time of birth tells the two apart, where the system has it.
  const isSame = String(found.dev) === dev && String(found.ino) === ino && String(found.birthtimeNs) === birthNs;
  // Some network file systems number a file anew when it leaves their cache; the time of the last write stays.
  return isSame || String(found.mtimeNs) === mtimeNs ? undefined : `${path} was replaced after it had been written`;
}
