/** Random access to the text of records: in the files of a backup, or in a temporary copy of what cannot be read so. */
import { closeSync, openSync, readSync } from 'node:fs';
import { storageError } from '../../storage/errors.js';
import { storageCapabilities } from '../../storage/paths.js';
import type { BackupFiles } from './backup-files.js';
import { SpillFile } from './spill-file.js';

/** What is read at once where records follow each other. */
const READ_AHEAD_BYTES = 256 << 10;
const APPEND_BYTES = 1 << 20;

interface TextReader {
  /** At most `length` bytes from `offset` on. */
  read(offset: number, length: number): Buffer;
  close(): void;
}

/** Reads ranges and keeps the last block, so that a scan does not read each record by itself. */
export class RecordText {
  private block: Buffer = Buffer.alloc(0);
  private blockStart = 0;

  constructor(private readonly reader: TextReader) {}

  /** The bytes are valid until the next call. Throws StorageError. */
  read(offset: number, length: number): Buffer {
    const blockEnd = this.blockStart + this.block.length;
    if (offset < this.blockStart || offset + length > blockEnd) {
      // Whoever goes on behind the last block reads in order.
      const isNear = offset >= this.blockStart && offset <= blockEnd;
      this.block = this.reader.read(offset, isNear ? Math.max(length, READ_AHEAD_BYTES) : length);
      this.blockStart = offset;
    }
    const at = offset - this.blockStart;
    return this.block.subarray(at, at + length);
  }

  close(): void {
    this.reader.close();
  }
}

/** Whether the text of the files lies in them as it is, on a disk of this machine. */
export function isPlainLocal({ files, codecs }: BackupFiles): boolean {
  const isPlain = !codecs.compresses && codecs.overheadBytes === 0;
  return isPlain && files.every(({ path, kind }) => kind === 'regular' && storageCapabilities(path).hasDirectories);
}

/** A file of the backup itself. Throws StorageError. */
export function openPlainFile(path: string): RecordText {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw storageError('open', path, error);
  }
  return new RecordText({
    read: (offset, length) => {
      const bytes = Buffer.allocUnsafe(length);
      try {
        let done = 0;
        for (let got = -1; done < length && got !== 0; done += got) {
          got = readSync(descriptor, bytes, done, length - done, offset + done);
        }
        return bytes.subarray(0, done);
      } catch (error) {
        throw storageError('read', path, error);
      }
    },
    close: () => closeSync(descriptor),
  });
}

/** A copy of the records of compressed, encrypted or remote files: without a name, encrypted with a key in memory. */
export class SpilledText {
  private readonly spill: SpillFile;
  private buffer = Buffer.allocUnsafe(APPEND_BYTES);
  private used = 0;

  /** @param directory where the file is made; absent = the system's directory for temporary files */
  constructor(directory?: string) {
    this.spill = SpillFile.create(directory);
  }

  /** HOT: copies a text and returns its offset. Throws StorageError. */
  append(bytes: Buffer, start: number, end: number): number {
    if (this.used + end - start > this.buffer.length) {
      this.flush();
      if (end - start > this.buffer.length) return this.spill.append(bytes.subarray(start, end));
    }
    const offset = this.spill.length + this.used;
    this.used += bytes.copy(this.buffer, this.used, start, end);
    return offset;
  }

  private flush(): void {
    if (this.used > 0) this.spill.append(this.buffer.subarray(0, this.used));
    this.used = 0;
  }

  /** Nothing may be appended afterwards. */
  finish(): RecordText {
    this.flush();
    this.buffer = Buffer.alloc(0);
    const { spill } = this;
    return new RecordText({
      read: (offset, length) => spill.read(offset, Math.min(length, spill.length - offset)),
      close: () => spill.close(),
    });
  }

  close(): void {
    this.spill.close();
  }
}
