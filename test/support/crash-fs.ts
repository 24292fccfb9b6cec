/**
 * A file system in memory that records every change and what makes it durable, and can be cut at any point: what
 * CrashMonkey and ALICE do for real ones. After a power cut,
 * - bytes and lengths written since the last sync of a file may be there, each write alone, in part, or not at all;
 * - names made, removed or renamed since the last sync of their directory may be so or not, each for itself.
 */
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FileSystem } from '../../src/storage/local/file-system.js';

interface FileData {
  bytes: Buffer;
}

type Change =
  | { kind: 'write'; file: number; at: number; bytes: Buffer }
  | { kind: 'truncate'; file: number; length: number }
  | { kind: 'link'; path: string; file: number }
  | { kind: 'unlink'; path: string }
  | { kind: 'rename'; from: string; to: string; file: number }
  | { kind: 'syncFile'; file: number }
  | { kind: 'syncDirectory'; path: string };

/** What a disk holds: names and the contents of files. */
export type DiskImage = ReadonlyMap<string, Buffer>;

export class CrashFileSystem {
  /** Everything that happened, in order. */
  readonly changes: Change[] = [];
  private readonly files: FileData[] = [];
  private readonly names = new Map<string, number>();

  /** @param image what is durable in the beginning */
  constructor(private readonly image: DiskImage = new Map()) {
    for (const [path, bytes] of image) {
      this.names.set(path, this.files.length);
      this.files.push({ bytes: Buffer.from(bytes) });
    }
  }

  /** As the programs see it, without a power cut. */
  current(): DiskImage {
    return new Map([...this.names].map(([path, file]) => [path, this.files[file]!.bytes]));
  }

  /**
   * What the disk holds after a power cut behind the first `count` changes. `random` (0 to 1) decides what of the
   * changes that were not synchronized is there.
   */
  cutAfter(count: number, random: () => number): DiskImage {
    const done = this.changes.slice(0, count);
    const isDurable = (change: Change, index: number): boolean =>
      done.slice(index + 1).some((later) => {
        switch (change.kind) {
          case 'write':
          case 'truncate':
            return later.kind === 'syncFile' && later.file === change.file;
          case 'link':
          case 'unlink':
            return later.kind === 'syncDirectory' && later.path === dirname(change.path);
          case 'rename':
            return later.kind === 'syncDirectory' && later.path === dirname(change.to);
          default:
            return true;
        }
      });
    const contents = new Map<number, Buffer>([...this.image.values()].map((bytes, file) => [file, Buffer.from(bytes)]));
    const names = new Map<string, number>([...this.image.keys()].map((path, file) => [path, file]));
    for (const [index, change] of done.entries()) {
      const isKept = isDurable(change, index);
      if (!isKept && random() < 0.5) continue;
      switch (change.kind) {
        case 'write': {
          const length = isKept ? change.bytes.length : Math.ceil(random() * change.bytes.length);
          contents.set(change.file, writeAt(contents.get(change.file) ?? Buffer.alloc(0), change, length));
          break;
        }
        case 'truncate':
          contents.set(change.file, resize(contents.get(change.file) ?? Buffer.alloc(0), change.length));
          break;
        case 'link':
          names.set(change.path, change.file);
          break;
        case 'unlink':
          names.delete(change.path);
          break;
        case 'rename':
          names.delete(change.from);
          names.set(change.to, change.file);
          break;
        default:
      }
    }
    return new Map([...names].map(([path, file]) => [path, contents.get(file) ?? Buffer.alloc(0)]));
  }

  /** For `LocalStorage`. Directories exist without being made. */
  get fileSystem(): FileSystem {
    const calls = {
      open: (path: string, flags: string | number) => this.open(path, flags),
      rename: (from: string, to: string) => this.later(() => this.rename(from, to)),
      link: (from: string, to: string) => this.later(() => this.link(from, to)),
      unlink: (path: string) => this.later(() => this.unlink(path)),
      stat: (path: string) => this.later(() => this.stat(this.find(path))),
      lstat: (path: string) => this.later(() => this.stat(this.find(path))),
      readFile: (path: string) => this.later(() => Buffer.from(this.files[this.find(path)]!.bytes)),
      readdir: (path: string) =>
        this.later(() =>
          [...this.names.keys()].filter((name) => dirname(name) === path).map((name) => name.slice(path.length + 1)),
        ),
      mkdir: () => Promise.resolve(undefined),
      rmdir: () => Promise.resolve(undefined),
      statfs: () => Promise.reject(systemError('ENOSYS')),
      utimes: () => Promise.resolve(undefined),
      openDirect: (handle: FileHandle) =>
        Promise.resolve({
          write: handle.write.bind(handle),
          readStats: () => ({ size: this.files[handle.fd]!.bytes.length, nlink: 1 }),
          close: () => Promise.resolve(),
        }),
    };
    // The overloads of node:fs are more than what is called here.
    return calls as unknown as FileSystem;
  }

  private async later<T>(work: () => T): Promise<T> {
    await Promise.resolve();
    return work();
  }

  private async open(path: string, flags: string | number): Promise<FileHandle> {
    await Promise.resolve();
    const isCreated = flags === 'wx' || (typeof flags === 'number' && (flags & 0o100) !== 0);
    let file = this.names.get(path);
    if (isCreated) {
      if (file !== undefined) throw systemError('EEXIST');
      file = this.files.length;
      this.files.push({ bytes: Buffer.alloc(0) });
      this.names.set(path, file);
      this.changes.push({ kind: 'link', path, file });
    }
    if (file === undefined && flags !== 'r') throw systemError('ENOENT');
    if (file === undefined && ![...this.names.keys()].some((name) => name.startsWith(`${path}/`))) {
      throw systemError('ENOENT');
    }
    return file === undefined ? this.directoryHandle(path) : this.fileHandle(file);
  }

  private directoryHandle(path: string): FileHandle {
    const handle = {
      sync: () => this.later(() => void this.changes.push({ kind: 'syncDirectory', path })),
      close: () => Promise.resolve(),
    };
    return handle as unknown as FileHandle;
  }

  private fileHandle(file: number): FileHandle {
    const data = this.files[file]!;
    const write = (bytes: Buffer, at: number): void => {
      const change = { kind: 'write' as const, file, at, bytes: Buffer.from(bytes) };
      data.bytes = writeAt(data.bytes, change, bytes.length);
      this.changes.push(change);
    };
    const sync = (): Promise<void> => this.later(() => void this.changes.push({ kind: 'syncFile', file }));
    const handle = {
      fd: file,
      write: (chunk: Buffer, from: number, length: number, at: number) =>
        this.later(() => {
          write(chunk.subarray(from, from + length), at);
          return { bytesWritten: length };
        }),
      writeFile: (text: string) => this.later(() => write(Buffer.from(text), 0)),
      read: (target: Buffer, offset: number, length: number, at: number) =>
        this.later(() => ({ bytesRead: data.bytes.copy(target, offset, at, at + length) })),
      truncate: (length: number) =>
        this.later(() => {
          data.bytes = resize(data.bytes, length);
          this.changes.push({ kind: 'truncate', file, length });
        }),
      stat: () => this.later(() => this.stat(file)),
      sync,
      datasync: sync,
      chmod: () => Promise.resolve(),
      utimes: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    return handle as unknown as FileHandle;
  }

  private rename(from: string, to: string): void {
    const file = this.find(from);
    this.names.delete(from);
    this.names.set(to, file);
    this.changes.push({ kind: 'rename', from, to, file });
  }

  private link(from: string, to: string): void {
    const file = this.find(from);
    if (this.names.has(to)) throw systemError('EEXIST');
    this.names.set(to, file);
    this.changes.push({ kind: 'link', path: to, file });
  }

  private unlink(path: string): void {
    this.find(path);
    this.names.delete(path);
    this.changes.push({ kind: 'unlink', path });
  }

  private find(path: string): number {
    const file = this.names.get(path);
    if (file === undefined) throw systemError('ENOENT');
    return file;
  }

  private stat(file: number): object {
    const is = (value: boolean) => (): boolean => value;
    return {
      size: this.files[file]!.bytes.length,
      dev: 1,
      ino: file,
      birthtimeNs: 0,
      mtimeNs: 0,
      mtimeMs: Date.now(),
      isFile: is(true),
      isDirectory: is(false),
      isSymbolicLink: is(false),
      isFIFO: is(false),
      isCharacterDevice: is(false),
      isBlockDevice: is(false),
    };
  }
}

function writeAt(before: Buffer, { at, bytes }: { at: number; bytes: Buffer }, length: number): Buffer {
  const after = resize(before, Math.max(before.length, at + length));
  bytes.copy(after, at, 0, length);
  return after;
}

/** Longer: with zeros, as a file whose length is durable before its bytes are. */
function resize(before: Buffer, length: number): Buffer {
  const after = Buffer.alloc(length);
  before.copy(after);
  return after;
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
