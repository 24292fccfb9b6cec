/** Files of the local file system. */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorMessage } from '../../core/errors.js';
import { storageError, StorageError } from '../errors.js';
import type { ByteSink, ByteSource } from '../../core/byte-stream.js';
import type { LocalSettings } from './config.js';
import { ensureDirectory, hasCode, notRegular, statIfExists, syncDirectory, unlinkRegularFile } from './directory.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';
import { openForLaterRelease, releaseFiles } from './later-release.js';
import { DeviceWriter, openFifo, openFifoForWriting } from './pipe.js';
import { LocalFileReader, statSourceFile } from './reader.js';
import { replaceContents } from './replace-contents.js';
import { createFile, deleteVersion, readVersion, refreshFile, replaceFile, replaceVersion } from './small-file.js';
import { compareIdentity, LocalFileWriter } from './writer.js';
import type {
  BackupFile,
  ListedFile,
  ReadOptions,
  ResumePoint,
  SmallFileOptions,
  Storage,
  StorageCapabilities,
  TargetProblem,
  VersionedText,
} from '../storage.js';

const HEAD_BYTES = 16;
const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

export const LOCAL_CAPABILITIES: StorageCapabilities = {
  hasFreeSpace: true,
  hasDirectories: true,
  atomicRename: true,
  resumable: true,
  conditionalCreate: true,
  besideState: true,
  needsMainThread: false,
};

export class LocalStorage implements Storage {
  readonly capabilities = LOCAL_CAPABILITIES;

  /** @param signal ends the wait for a reader of a FIFO that is written to */
  constructor(
    private readonly settings: LocalSettings = {},
    private readonly signal?: AbortSignal,
    private readonly fs: FileSystem = nodeFileSystem,
  ) {}

  async validateTarget(kind: 'directory' | 'file', path: string): Promise<TargetProblem | undefined> {
    const found = await this.fs.stat(path).catch(() => undefined);
    if (kind === 'file' && found?.isDirectory() === true) {
      return { reason: `${path} is a directory`, hint: 'name-file-or-directory' };
    }
    if (kind === 'directory' && found?.isDirectory() === false) {
      return { reason: `${path} is a file`, hint: 'name-file-or-directory' };
    }
    const parent = dirname(path);
    if (found === undefined && (await this.fs.stat(parent).catch(() => undefined))?.isDirectory() !== true) {
      return { reason: `There is no directory ${parent} to create ${path} in; create it first` };
    }
    return undefined;
  }

  /** A device or FIFO, or a link to one, is no file that a new one would replace: it is written to as it is. */
  async exists(kind: 'directory' | 'file', path: string): Promise<boolean> {
    try {
      const target = await statIfExists(this.fs, path);
      if (target !== undefined) return kind === 'directory' || target.isFile() || target.isDirectory();
      await this.fs.lstat(path);
      return true;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false;
      throw storageError('check', path, error);
    }
  }

  async isDirectory(path: string): Promise<boolean> {
    return (await this.fs.stat(path).catch(() => undefined))?.isDirectory() === true;
  }

  ensureDirectory(path: string): Promise<void> {
    return ensureDirectory(this.fs, path, this.settings.dirMode);
  }

  async list(directory: string): Promise<ListedFile[]> {
    try {
      return (await this.fs.readdir(directory)).sort().map((name) => ({ name }));
    } catch (error) {
      throw storageError('read directory', directory, error);
    }
  }

  async listDirectories(directory: string): Promise<string[]> {
    try {
      const entries = await this.fs.readdir(directory, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .sort();
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw storageError('read directory', directory, error);
    }
  }

  /** A file that is being written is visible from the start. */
  listUnfinished(): Promise<string[]> {
    return Promise.resolve([]);
  }

  async freeBytes(path: string): Promise<number | undefined> {
    const place = (await this.isDirectory(path)) ? path : dirname(path);
    try {
      const { bavail, bsize } = await this.fs.statfs(place);
      return bavail * bsize;
    } catch {
      return undefined;
    }
  }

  async deleteFiles(directory: string, names: readonly string[]): Promise<void> {
    const paths = names.map((name) => join(directory, name));
    const kept = await openForLaterRelease(this.fs, directory, paths);
    try {
      for (const path of paths) await this.deleteRegularFile(path, 'throw');
      if (names.length > 0) await this.syncDeletion(directory);
    } finally {
      releaseFiles(kept);
    }
  }

  async deleteFile(path: string, ifMissing: 'throw' | 'ignore'): Promise<void> {
    const kept = await openForLaterRelease(this.fs, dirname(path), [path]);
    try {
      if (await this.deleteRegularFile(path, ifMissing)) await this.syncDeletion(dirname(path));
    } finally {
      releaseFiles(kept);
    }
  }

  /** Returns whether it did. With `ignore`, what is no regular file stays: it is to be written to. */
  private async deleteRegularFile(path: string, ifMissing: 'throw' | 'ignore'): Promise<boolean> {
    try {
      const deleted = await unlinkRegularFile(this.fs, path);
      if (!deleted && ifMissing === 'throw') throw notRegular('delete', path);
      return deleted;
    } catch (error) {
      if (ifMissing === 'ignore' && hasCode(error, 'ENOENT')) return false;
      throw storageError('delete', path, error);
    }
  }

  private async syncDeletion(directory: string): Promise<void> {
    try {
      await syncDirectory(this.fs, directory);
    } catch (error) {
      throw storageError('delete files from', directory, error);
    }
  }

  async removeDirectory(path: string): Promise<string | undefined> {
    try {
      await this.fs.rmdir(path);
      return undefined;
    } catch (error) {
      return hasCode(error, 'ENOTEMPTY') || hasCode(error, 'EEXIST') ? 'it holds other files' : errorMessage(error);
    }
  }

  async create(path: string): Promise<ByteSink> {
    const existing = await this.fs.stat(path).catch(() => undefined);
    if (existing?.isFIFO() === true) return openFifoForWriting(path, this.signal);
    if (existing?.isCharacterDevice() === true || existing?.isBlockDevice() === true) return DeviceWriter.open(path);
    return LocalFileWriter.create(this.fs, path, this.settings);
  }

  async checkResumable(path: string, { bytes }: ResumePoint): Promise<string | undefined> {
    let found;
    try {
      found = await this.fs.lstat(path);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw storageError('check', path, error);
      return `${path} is missing`;
    }
    if (!found.isFile()) return `${path} is not a regular file`;
    return found.size < bytes ? `${path} has ${found.size} bytes, but had ${bytes}` : undefined;
  }

  replaceContents(path: string, contents: AsyncIterable<Buffer>): Promise<void> {
    return replaceContents(this.fs, path, contents);
  }

  async truncateTo(path: string, point: ResumePoint): Promise<ResumePoint> {
    const sink = await this.resume(path, point);
    await sink.close();
    return { bytes: point.bytes };
  }

  resume(path: string, { bytes }: ResumePoint): Promise<ByteSink> {
    return LocalFileWriter.resume(this.fs, path, bytes, this.settings);
  }

  async readHead(path: string): Promise<Buffer> {
    try {
      const handle = await this.fs.open(path, 'r');
      try {
        const head = Buffer.alloc(HEAD_BYTES);
        const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
        return head.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw storageError('read', path, error);
    }
  }

  async readTail(path: string, { bytes }: ResumePoint, length: number): Promise<Buffer> {
    const tail = Buffer.alloc(Math.min(bytes, length));
    try {
      const handle = await this.fs.open(path, 'r');
      try {
        const { bytesRead } = await handle.read(tail, 0, tail.length, bytes - tail.length);
        return tail.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw storageError('read', path, error);
    }
  }

  verifyWritten(path: string, identity: string): Promise<string | undefined> {
    return compareIdentity(this.fs, path, identity);
  }

  stat(path: string): Promise<BackupFile> {
    return statSourceFile(this.fs, path);
  }

  async open(path: string, { chunkBytes, range }: ReadOptions = {}): Promise<ByteSource> {
    const { kind } = await this.stat(path);
    return kind === 'fifo' ? openFifo(path) : LocalFileReader.open(this.fs, path, chunkBytes, range);
  }

  async readSmall(path: string, what: string): Promise<Buffer> {
    let handle: FileHandle | undefined;
    try {
      // A FIFO or a terminal would be waited for.
      handle = await this.fs.open(path, READ_FLAGS);
      const found = await handle.stat();
      if (!found.isFile() && !found.isDirectory()) throw notRegular(`read ${what}`, path);
      if (found.size > MAX_SMALL_BYTES) {
        throw new StorageError('IO_TOO_LARGE', `Cannot read ${what} ${path}: it has ${found.size} bytes`);
      }
      // The system says what is wrong with it.
      if (found.isDirectory()) return await this.fs.readFile(path);
      const bytes = Buffer.allocUnsafe(found.size);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read) {
        ({ bytesRead: read } = await handle.read(bytes, length, bytes.length - length, length));
      }
      return bytes.subarray(0, length);
    } catch (error) {
      throw storageError(`read ${what}`, path, error);
    } finally {
      await handle?.close().catch(() => undefined);
    }
  }

  writeSmall(path: string, text: string, what: string): Promise<void> {
    return replaceFile(this.fs, path, text, what);
  }

  createExclusive(path: string, text: string, options?: SmallFileOptions): Promise<boolean> {
    return createFile(this.fs, path, text, options);
  }

  readVersion(path: string): Promise<VersionedText | undefined> {
    return readVersion(this.fs, path);
  }

  refresh(path: string, version: string, text: string): Promise<string | undefined> {
    return refreshFile(this.fs, path, version, text);
  }

  replaceIfUnchanged(
    path: string,
    version: string,
    text: string,
    options?: SmallFileOptions,
  ): Promise<string | undefined> {
    return replaceVersion(this.fs, path, version, text, options);
  }

  deleteIfUnchanged(path: string, version: string, options?: SmallFileOptions): Promise<boolean> {
    return deleteVersion(this.fs, path, version, options);
  }
}

/** No state file or manifest is larger; what is may be another file by mistake. */
const MAX_SMALL_BYTES = 256 * 1024 * 1024;
