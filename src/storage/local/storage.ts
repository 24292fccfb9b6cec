/** Files of the local file system. */
import { open, readdir, readFile, rename, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorMessage } from '../../core/errors.js';
import { storageError } from '../errors.js';
import {
  deleteBackupFiles,
  deleteExistingFile,
  deleteFile,
  ensureDirectory,
  pathExists,
  syncDirectory,
} from './directory.js';
import { LocalFileWriter } from './writer.js';
import type { ByteSink } from '../../core/byte-stream.js';
import { LocalFileReader, statSourceFile } from './reader.js';
import { openFifo } from '../stdio/pipe-reader.js';
import type { ByteSource } from '../../core/byte-stream.js';
import type { BackupFile, ListedFile, ResumePoint, ReadOptions, Storage } from '../storage.js';

const HEAD_BYTES = 16;

export class LocalStorage implements Storage {
  async validateTarget(kind: 'directory' | 'file', path: string): Promise<string | undefined> {
    const found = await stat(path).catch(() => undefined);
    if (kind === 'file' && found?.isDirectory() === true) {
      return `${path} is a directory; give it with --directory, or name a file in it.`;
    }
    if (kind === 'directory' && found?.isDirectory() === false) {
      return `${path} is a file; give it with --output-file, or name a directory.`;
    }
    const parent = dirname(path);
    if (found === undefined && (await stat(parent).catch(() => undefined))?.isDirectory() !== true) {
      return `There is no directory ${parent} to put ${path} into; create it first.`;
    }
    return undefined;
  }

  exists(_kind: 'directory' | 'file', path: string): Promise<boolean> {
    return pathExists(path);
  }

  async ensureDirectory(path: string): Promise<void> {
    await ensureDirectory(path);
  }

  async list(directory: string): Promise<ListedFile[]> {
    try {
      return (await readdir(directory)).sort().map((name) => ({ name }));
    } catch (error) {
      throw storageError('read directory', directory, error);
    }
  }

  /** A file that is being written is there from the start. */
  listUnfinished(): Promise<string[]> {
    return Promise.resolve([]);
  }

  deleteFiles(directory: string, names: readonly string[]): Promise<void> {
    return deleteBackupFiles(directory, names);
  }

  deleteFile(path: string, ifMissing: 'throw' | 'ignore'): Promise<void> {
    return ifMissing === 'throw' ? deleteExistingFile(path) : deleteFile(path);
  }

  async removeDirectory(path: string): Promise<string | undefined> {
    try {
      await rmdir(path);
      return undefined;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'ENOTEMPTY' || code === 'EEXIST' ? 'it holds other files' : errorMessage(error);
    }
  }

  create(path: string): Promise<ByteSink> {
    return LocalFileWriter.create(path);
  }

  async checkResumable(path: string, { bytes }: ResumePoint): Promise<string | undefined> {
    let length: number;
    try {
      const found = await stat(path);
      length = found.isFile() ? found.size : -1;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw storageError('look at', path, error);
      return `${path} is missing`;
    }
    return length < bytes ? `${path} has ${length} bytes, but had ${bytes}` : undefined;
  }

  async truncateTo(path: string, mark: ResumePoint): Promise<ResumePoint> {
    const sink = await this.resume(path, mark);
    await sink.close();
    return { bytes: mark.bytes };
  }

  resume(path: string, { bytes }: ResumePoint): Promise<ByteSink> {
    return LocalFileWriter.resume(path, bytes);
  }

  async readHead(path: string): Promise<Buffer> {
    try {
      const handle = await open(path, 'r');
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

  stat(path: string): Promise<BackupFile> {
    return statSourceFile(path);
  }

  async open(path: string, { chunkBytes }: ReadOptions = {}): Promise<ByteSource> {
    const { kind } = await statSourceFile(path);
    return kind === 'fifo' ? openFifo(path) : LocalFileReader.open(path, chunkBytes);
  }

  async readSmall(path: string, what: string): Promise<Buffer> {
    try {
      return await readFile(path);
    } catch (error) {
      throw storageError(`read ${what}`, path, error);
    }
  }

  async writeSmall(path: string, text: string, what: string): Promise<void> {
    const temporary = `${path}.tmp`;
    try {
      const handle = await open(temporary, 'w', 0o600);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
      await syncDirectory(dirname(path));
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw storageError(`save ${what}`, path, error);
    }
  }
}
