/** The last bytes of a file: what a continued run compares before it believes that a file is the one it wrote. */
import { createHash } from 'node:crypto';

export const TAIL_BYTES = 1024;

export class Tail {
  private readonly bytes = Buffer.alloc(TAIL_BYTES);
  private length = 0;

  /** The file continues with `chunk`. */
  append(chunk: Uint8Array): void {
    const { bytes } = this;
    if (chunk.length >= TAIL_BYTES) {
      bytes.set(chunk.subarray(chunk.length - TAIL_BYTES));
      this.length = TAIL_BYTES;
      return;
    }
    const kept = Math.min(this.length, TAIL_BYTES - chunk.length);
    bytes.copyWithin(0, this.length - kept, this.length);
    bytes.set(chunk, kept);
    this.length = kept + chunk.length;
  }

  /** Hex of the SHA-256 of the last KiB, or of all bytes if there are fewer. */
  digest(): string {
    return hashTail(this.bytes.subarray(0, this.length));
  }
}

export function hashTail(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
