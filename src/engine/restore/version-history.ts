/**
 * Which records were met in the newer backups of a chain that is restored from the newest to the oldest. Of each record
 * the newest version counts, also where it was not written because it has expired: an older one must not take its
 * place.
 */
import { DIGEST_BYTES } from '../../core/partition.js';

/**
 * `unwritten`: records that exist are left alone, so that only those have to be remembered that were not written.
 * `all`: whatever was met.
 */
export type Remembered = 'unwritten' | 'all';

const WORDS = DIGEST_BYTES / Int32Array.BYTES_PER_ELEMENT;
const MIN_SLOTS = 64;
const INITIAL_BYTES = 64 * DIGEST_BYTES;

/** What a worker has met in the files of one backup. */
export class DigestLog {
  private bytes = Buffer.alloc(INITIAL_BYTES);
  private length = 0;

  add(digest: Buffer): void {
    if (this.length + DIGEST_BYTES > this.bytes.length) this.bytes = Buffer.concat([this.bytes], this.bytes.length * 2);
    digest.copy(this.bytes, this.length, 0, DIGEST_BYTES);
    this.length += DIGEST_BYTES;
  }

  /** All digests, one behind the other. */
  take(): Uint8Array {
    return new Uint8Array(this.bytes.subarray(0, this.length));
  }
}

/** A set of digests that all workers look into. */
export class DigestTable {
  private readonly words: Int32Array;
  private readonly mask: number;

  constructor(readonly shared: SharedArrayBuffer) {
    this.words = new Int32Array(shared);
    this.mask = this.words.length / WORDS - 1;
  }

  static create(digests: number): DigestTable {
    // At most half full.
    const slots = Math.max(MIN_SLOTS, 2 ** Math.ceil(Math.log2(digests * 2)));
    return new DigestTable(new SharedArrayBuffer(slots * DIGEST_BYTES));
  }

  /** HOT */
  has(digest: Buffer): boolean {
    return this.findSlot(digest, 0) < 0;
  }

  /** False = it was there already. */
  add(digest: Buffer, start: number): boolean {
    const at = this.findSlot(digest, start);
    if (at < 0) return false;
    for (let i = 0; i < WORDS; i++) this.words[at + i] = digest.readInt32LE(start + i * 4);
    return true;
  }

  /** Index of the free place for the digest; negative = it is there. A digest of zeros is never there. */
  private findSlot(digest: Buffer, start: number): number {
    const { words, mask } = this;
    const first = digest.readInt32LE(start);
    // The first bytes decide on the partition, so that a file may have few values of them.
    for (let slot = digest.readInt32LE(start + 4) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * WORDS;
      if (isFree(words, at)) return at;
      if (words[at] === first && isEqual(words, at, digest, start)) return -1;
    }
  }
}

/** Of the backups that were restored so far. */
export interface RestoreHistory {
  readonly remembered: Remembered;
  /** Of a DigestTable, for the workers; absent = nothing is remembered yet. */
  readonly shared: SharedArrayBuffer | undefined;
  /** `digests`: one behind the other, as of one or several workers. */
  add(digests: readonly Uint8Array[]): void;
}

export class VersionHistory implements RestoreHistory {
  private table: DigestTable | undefined;
  private count = 0;

  constructor(readonly remembered: Remembered) {}

  get shared(): SharedArrayBuffer | undefined {
    return this.table?.shared;
  }

  add(digests: readonly Uint8Array[]): void {
    const bytes = digests.reduce((sum, { length }) => sum + length, 0);
    if (bytes === 0) return;
    const table = DigestTable.create(this.count + bytes / DIGEST_BYTES);
    const before = this.table === undefined ? [] : [new Uint8Array(this.table.shared)];
    this.count = 0;
    for (const part of [...before, ...digests]) {
      const buf = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
      for (let at = 0; at < buf.length; at += DIGEST_BYTES) {
        if (!isZero(buf, at) && table.add(buf, at)) this.count++;
      }
    }
    this.table = table;
  }
}

function isFree(words: Int32Array, at: number): boolean {
  for (let i = 0; i < WORDS; i++) if (words[at + i] !== 0) return false;
  return true;
}

function isEqual(words: Int32Array, at: number, digest: Buffer, start: number): boolean {
  for (let i = 1; i < WORDS; i++) if (words[at + i] !== digest.readInt32LE(start + i * 4)) return false;
  return true;
}

function isZero(buf: Buffer, at: number): boolean {
  for (let i = 0; i < DIGEST_BYTES; i++) if (buf[at + i] !== 0) return false;
  return true;
}
