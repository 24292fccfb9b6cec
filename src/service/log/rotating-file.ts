/** A log file that is followed by a new one when it has reached its size. */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  writeSync,
  createReadStream,
  createWriteStream,
} from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export interface RotatingFileOptions {
  path: string;
  maxBytes: number;
  /** Older files are deleted; 0 = whatever their age. */
  maxAgeMs: number;
  /** More are deleted, the oldest first; 0 = any number. */
  maxBackups: number;
  compress: boolean;
  now?: () => Date;
  /** What can be said nowhere else: the disk is full, a file cannot be deleted. */
  onError: (error: unknown) => void;
}

/** The time in the name of an earlier file: sorts by age, and has no character that a file system refuses. */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}$/;

/**
 * Lines are written at once, as they are few: what is logged before a crash is in the file. Earlier files are
 * `NAME-TIME.EXT`, with `.gz` if they are compressed.
 */
export class RotatingFile {
  private fd: number | undefined;
  private bytes = 0;
  /** Files are compressed and deleted one rotation after another. */
  private tidying: Promise<void> = Promise.resolve();
  private lastTime = '';

  /** Throws the error of the system if the file cannot be opened. */
  constructor(private readonly options: RotatingFileOptions) {
    mkdirSync(dirname(options.path), { recursive: true, mode: 0o750 });
    this.open();
    this.tidy();
  }

  /** Never throws: a full disk must not end the service. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    try {
      if (this.fd === undefined) this.open();
      if (this.bytes > 0 && this.bytes + bytes.length > this.options.maxBytes) this.rotate();
      for (let at = 0; at < bytes.length;) at += writeSync(this.fd!, bytes, at);
      this.bytes += bytes.length;
    } catch (error) {
      this.options.onError(error);
    }
  }

  /** Resolves when earlier files are compressed and deleted as they have to be. */
  async close(): Promise<void> {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
    await this.tidying;
  }

  private open(): void {
    this.fd = openSync(this.options.path, 'a', 0o640);
    this.bytes = fstatSync(this.fd).size;
  }

  private rotate(): void {
    closeSync(this.fd!);
    this.fd = undefined;
    const { path } = this.options;
    const extension = extname(path);
    // Two rotations may happen within a millisecond.
    let at = (this.options.now?.() ?? new Date()).getTime();
    while (toName(at) <= this.lastTime) at++;
    this.lastTime = toName(at);
    renameSync(path, `${path.slice(0, path.length - extension.length)}-${this.lastTime}${extension}`);
    this.open();
    this.tidy();
  }

  private tidy(): void {
    this.tidying = this.tidying
      .then(() => this.removeOldFiles())
      .catch((error: unknown) => this.options.onError(error));
  }

  private async removeOldFiles(): Promise<void> {
    const { path, maxAgeMs, maxBackups, compress } = this.options;
    const extension = extname(path);
    const prefix = `${basename(path, extension)}-`;
    const earlier = (await readdir(dirname(path)))
      .flatMap((name) => {
        const plain = name.endsWith('.gz') ? name.slice(0, -'.gz'.length) : name;
        if (!plain.startsWith(prefix) || !plain.endsWith(extension)) return [];
        const time = plain.slice(prefix.length, plain.length - extension.length);
        return TIME.test(time) ? [{ name, time }] : [];
      })
      .sort((a, b) => (a.time < b.time ? 1 : -1));
    const oldest = toName((this.options.now?.() ?? new Date()).getTime() - maxAgeMs);
    for (const [index, { name, time }] of earlier.entries()) {
      const file = join(dirname(path), name);
      const isOld = (maxBackups > 0 && index >= maxBackups) || (maxAgeMs > 0 && time < oldest);
      if (isOld) await rm(file, { force: true });
      else if (compress && !name.endsWith('.gz')) await compressFile(file);
    }
  }
}

async function compressFile(path: string): Promise<void> {
  const temporary = `${path}.gz.tmp`;
  await pipeline(createReadStream(path), createGzip(), createWriteStream(temporary, { mode: 0o640 }));
  await rename(temporary, `${path}.gz`);
  await rm(path);
}

/** The milliseconds since 1970 as a part of a file's name. */
function toName(ms: number): string {
  return new Date(ms).toISOString().slice(0, -1).replaceAll(':', '-');
}
