/** The bytes of parts, in blocks that are used again: parts may be larger than what one buffer holds. */
import { createHash } from 'node:crypto';
import { MIB } from '../object-store/part-size.js';

export const BLOCK_BYTES = MIB;

/** Filled but for the last. `length` counts all bytes. */
export interface Part {
  blocks: ArrayBuffer[];
  length: number;
  /** SHA-256 in hex. */
  hash: string;
}

/**
 * Memory that goes from one part to another, also of another file: what is left to the garbage collector stays for
 * long.
 */
export class BlockPool {
  private readonly spare: ArrayBuffer[] = [];

  take(): ArrayBuffer {
    return this.spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES).buffer;
  }

  give(blocks: readonly ArrayBuffer[]): void {
    this.spare.push(...blocks);
  }
}

export class BlockBuffer {
  private blocks: ArrayBuffer[] = [];
  length = 0;

  constructor(private readonly pool: BlockPool) {}

  append(chunk: Uint8Array): void {
    for (let done = 0; done < chunk.length;) {
      const at = this.length % BLOCK_BYTES;
      if (at === 0) this.blocks.push(this.pool.take());
      const count = Math.min(BLOCK_BYTES - at, chunk.length - done);
      new Uint8Array(this.blocks.at(-1)!, at, count).set(chunk.subarray(done, done + count));
      this.length += count;
      done += count;
    }
  }

  /** Takes the first bytes out: all, or a multiple of a block. */
  take(bytes = this.length): Part {
    const blocks = this.blocks.splice(0, Math.ceil(bytes / BLOCK_BYTES));
    this.length -= bytes;
    const hash = createHash('sha256');
    for (const view of viewsOf(blocks, bytes)) hash.update(view);
    return { blocks, length: bytes, hash: hash.digest('hex') };
  }
}

export function viewsOf(blocks: readonly ArrayBuffer[], length: number): Buffer[] {
  return blocks.map((block, i) => Buffer.from(block, 0, Math.min(BLOCK_BYTES, length - i * BLOCK_BYTES)));
}
