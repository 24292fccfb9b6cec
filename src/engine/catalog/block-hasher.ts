import { createHash, type Hash } from 'node:crypto';
import { BLOCK_BYTES, type Block } from './manifest.js';

/** Computes the checksums of a file's blocks while its bytes are written or read. */
export class BlockHasher {
  private hash: Hash | undefined;
  private bytes = 0;
  private blocks: Block[] = [];

  constructor(private readonly blockBytes = BLOCK_BYTES) {}

  /** The file continues with `chunk`. */
  append(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + this.blockBytes - this.bytes);
      this.hash ??= createHash('sha256');
      this.hash.update(part);
      this.bytes += part.length;
      at += part.length;
      if (this.bytes === this.blockBytes) this.endBlock();
    }
  }

  /** Ends the block here; the blocks since the last call. They hold everything that was appended. */
  drainBlocks(): Block[] {
    this.endBlock();
    const { blocks } = this;
    this.blocks = [];
    return blocks;
  }

  private endBlock(): void {
    if (this.hash === undefined) return;
    this.blocks.push([this.bytes, this.hash.digest('base64')]);
    this.hash = undefined;
    this.bytes = 0;
  }
}
