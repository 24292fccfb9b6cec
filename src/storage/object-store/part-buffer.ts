/** The bytes of parts, in blocks that are used again: a part may be larger than the largest buffer. */
import { createHash } from 'node:crypto';
import { MIB } from './part-size.js';

export const BLOCK_BYTES = MIB;

/** All blocks but the last are full. `length` counts all bytes. */
export interface Part {
  blocks: ArrayBuffer[];
  length: number;
  /** Of the kind that the store wants, in hex. */
  hash: string;
}

/** Recycles the memory of parts, also between files: the garbage collector would free it late. */
export class BlockPool {
  private readonly spare: ArrayBuffer[] = [];

  allocate(): ArrayBuffer {
    return this.spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES).buffer;
  }

  recycle(blocks: readonly ArrayBuffer[]): void {
    this.spare.push(...blocks);
  }
}

export class PartBuffer {
  private blocks: ArrayBuffer[] = [];
  length = 0;

  constructor(
    private readonly pool: BlockPool,
    private readonly algorithm: 'sha256' | 'md5' = 'sha256',
  ) {}

  append(chunk: Uint8Array): void {
    for (let done = 0; done < chunk.length;) {
      const at = this.length % BLOCK_BYTES;
      if (at === 0) this.blocks.push(this.pool.allocate());
      const count = Math.min(BLOCK_BYTES - at, chunk.length - done);
      new Uint8Array(this.blocks.at(-1)!, at, count).set(chunk.subarray(done, done + count));
      this.length += count;
      done += count;
    }
  }

  /** Removes the first bytes: all, or a multiple of a block. */
  drain(bytes = this.length): Part {
    const blocks = this.blocks.splice(0, Math.ceil(bytes / BLOCK_BYTES));
    this.length -= bytes;
    const hash = createHash(this.algorithm);
    for (const view of viewBlocks(blocks, bytes)) hash.update(view);
    return { blocks, length: bytes, hash: hash.digest('hex') };
  }
}

export function viewBlocks(blocks: readonly ArrayBuffer[], length: number): Buffer[] {
  return blocks.map((block, i) => Buffer.from(block, 0, Math.min(BLOCK_BYTES, length - i * BLOCK_BYTES)));
}
