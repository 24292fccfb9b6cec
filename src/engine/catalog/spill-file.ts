/**
 * A temporary file that only this process can read: its name is removed as soon as it is open, so that nothing remains
 * however the process ends, and its contents are encrypted with a key that is kept in memory alone, because the backup
 * whose records pass through it may be encrypted itself.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { createCipheriv, randomBytes, type Cipher } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storageError } from '../../storage/errors.js';

const KEY_BYTES = 32;
const BLOCK_BYTES = 16;
const OWNER_ONLY = 0o600;

export class SpillFile {
  /** Bytes written so far. */
  length = 0;
  private readonly key = randomBytes(KEY_BYTES);
  private readonly cipher: Cipher;
  private closed = false;

  private constructor(
    private readonly descriptor: number,
    /** Where the file was, for messages, and what is still to be removed where an open file keeps its name. */
    private readonly directory: string,
  ) {
    this.cipher = this.createCipher(0);
  }

  /** Creates a file in `directory`, by default the one of the system for temporary files. Throws StorageError. */
  static create(directory = tmpdir()): SpillFile {
    let own: string | undefined;
    try {
      // Only the owner may enter a directory that mkdtemp makes.
      own = mkdtempSync(join(directory, 'asb-'));
      const descriptor = openSync(join(own, 'spill'), 'wx+', OWNER_ONLY);
      const file = new SpillFile(descriptor, own);
      file.removeName();
      return file;
    } catch (error) {
      if (own !== undefined) rmSync(own, { recursive: true, force: true });
      throw storageError('create', join(directory, 'asb-*'), error);
    }
  }

  /** Appends bytes and returns their offset. The caller may reuse `bytes`. Throws StorageError. */
  append(bytes: Uint8Array): number {
    const offset = this.length;
    const stored = this.cipher.update(bytes);
    try {
      for (let done = 0; done < stored.length;) {
        done += writeSync(this.descriptor, stored, done, stored.length - done, offset + done);
      }
    } catch (error) {
      throw storageError('write', join(this.directory, 'spill'), error);
    }
    this.length += bytes.length;
    return offset;
  }

  /** Reads `length` bytes from `offset` on, in memory of their own. Throws StorageError. */
  read(offset: number, length: number): Buffer {
    const stored = Buffer.allocUnsafe(length);
    try {
      for (let done = 0; done < length;) {
        const bytes = readSync(this.descriptor, stored, done, length - done, offset + done);
        if (bytes === 0) throw new Error('it ends too early');
        done += bytes;
      }
    } catch (error) {
      throw storageError('read', join(this.directory, 'spill'), error);
    }
    return this.createCipher(offset).update(stored);
  }

  /** Gives the space back. Idempotent. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.descriptor);
    this.removeName();
  }

  private removeName(): void {
    try {
      rmSync(this.directory, { recursive: true, force: true });
    } catch {
      // Where an open file keeps its name, `close` removes it.
    }
  }

  /** The key stream from `offset` on; the counter starts at 0, as the key is used for this file only. */
  private createCipher(offset: number): Cipher {
    const counter = Buffer.alloc(BLOCK_BYTES);
    counter.writeBigUInt64BE(BigInt(Math.floor(offset / BLOCK_BYTES)), BLOCK_BYTES / 2);
    const cipher = createCipheriv('aes-256-ctr', this.key, counter);
    const used = offset % BLOCK_BYTES;
    if (used > 0) cipher.update(Buffer.alloc(used));
    return cipher;
  }
}
