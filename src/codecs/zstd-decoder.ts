/** Decompresses what comes from a source: any number of frames, also empty and skippable ones (asb-format.md 5). */
import { errorMessage } from '../core/errors.js';
import type { ByteSource } from '../core/byte-stream.js';
import { StreamError } from './errors.js';
import type { ZstdLibrary } from './zstd-library.js';

/** A block never holds more, so that each step finds room for all it yields. */
const BLOCK_BYTES = 128 * 1024;
const OUTPUT_BYTES = 4 * BLOCK_BYTES;
const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;

/**
 * The library is fed block by block, each block apart from the head of the next: what comes before a damaged block is
 * handed on before the damage is reported, and the report names the place of the block.
 */
export class ZstdDecoder implements ByteSource {
  readonly name: string;
  private readonly context: InstanceType<ZstdLibrary['DCtx']>;
  private readonly output = Buffer.allocUnsafeSlow(OUTPUT_BYTES);
  private filled = 0;
  private input: Buffer = Buffer.alloc(0);
  private inputEnded = false;
  /** Bytes taken from the input. */
  private offset = 0;
  private readonly magic = Buffer.alloc(MAGIC_BYTES);
  /** 0 = between two frames, fewer than 4 = in the magic number, 4 = in a frame. */
  private magicBytes = 0;
  private frameAt = 0;
  /** Rest of the block. */
  private wanted = 0;
  private failure: Error | undefined;

  constructor(
    private readonly inner: ByteSource,
    zstd: ZstdLibrary,
  ) {
    this.name = inner.name;
    this.context = new zstd.DCtx();
  }

  async read(): Promise<Buffer | undefined> {
    this.filled = 0;
    if (this.failure !== undefined) throw this.failure;
    try {
      for (;;) {
        while (this.input.length > 0) {
          if (OUTPUT_BYTES - this.filled < BLOCK_BYTES) return this.taken();
          this.step();
        }
        // What is there is handed on before waiting for more, which a pipe may not have.
        if (this.filled > 0) return this.taken();
        if (!(await this.fill())) return undefined;
      }
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(errorMessage(error));
      if (this.filled === 0) throw this.failure;
      return this.taken();
    }
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  private taken(): Buffer {
    return this.output.subarray(0, this.filled);
  }

  /** Returns false at the end. */
  private async fill(): Promise<boolean> {
    if (this.inputEnded) return false;
    const chunk = await this.inner.read();
    if (chunk !== undefined) {
      this.input = chunk;
      return true;
    }
    this.inputEnded = true;
    if (this.magicBytes > 0) {
      throw this.error(
        'ZSTD_TRUNCATED',
        `the data end inside the frame that begins at byte ${this.frameAt}: a part of the file is missing`,
      );
    }
    return false;
  }

  private step(): void {
    if (this.magicBytes < MAGIC_BYTES) {
      this.readMagic();
    } else {
      this.feed(this.input.subarray(0, Math.min(this.input.length, this.wanted)));
    }
  }

  private readMagic(): void {
    if (this.magicBytes === 0) this.frameAt = this.offset;
    const bytes = Math.min(MAGIC_BYTES - this.magicBytes, this.input.length);
    this.input.copy(this.magic, this.magicBytes, 0, bytes);
    this.magicBytes += bytes;
    if (!mayBeginFrame(this.magic.subarray(0, this.magicBytes))) {
      const found = this.magic.toString('hex', 0, this.magicBytes).replace(/..(?=.)/g, '$& ');
      const where =
        this.frameAt === 0 ? 'the data do not begin with a zstd frame' : 'what follows the last zstd frame is none';
      this.offset = this.frameAt;
      throw this.error('ZSTD_FORMAT', `${where} (its first bytes are ${found})`);
    }
    this.input = this.input.subarray(bytes);
    this.offset += bytes;
    if (this.magicBytes === MAGIC_BYTES) this.decompress(this.magic);
  }

  private feed(piece: Buffer): void {
    this.decompress(piece);
    this.offset += piece.length;
    this.input = this.input.subarray(piece.length);
  }

  /** All of `piece`, which holds no more than a block. */
  private decompress(piece: Buffer): void {
    for (let rest = piece; ;) {
      const [hint, produced, consumed] = this.call(rest);
      this.filled += produced;
      rest = rest.subarray(consumed);
      if (hint === 0) {
        this.magicBytes = 0;
        return;
      }
      if (rest.length === 0) {
        // The hint is for a block and the head of the next.
        this.wanted = hint > BLOCK_HEADER_BYTES ? hint - BLOCK_HEADER_BYTES : hint;
        return;
      }
    }
  }

  private call(piece: Buffer): [hint: number, produced: number, consumed: number] {
    try {
      return this.context.decompressStream(this.output.subarray(this.filled), piece);
    } catch (error) {
      const detail = errorMessage(error);
      const reason = /too much memory/i.test(detail)
        ? 'it was compressed with a window of more than 128 MiB, which no reader accepts unasked'
        : `the compressed data are damaged (${detail})`;
      throw this.error('ZSTD_CORRUPT', reason, error);
    }
  }

  private error(code: 'ZSTD_TRUNCATED' | 'ZSTD_FORMAT' | 'ZSTD_CORRUPT', detail: string, cause?: unknown): StreamError {
    return new StreamError(code, this.name, this.offset, detail, cause);
  }
}

/** Whether these first bytes, 1 to 4, can be those of a frame: 28 B5 2F FD, or 5x 2A 4D 18 for one to be skipped. */
export function mayBeginFrame(head: Uint8Array): boolean {
  return (
    begins(head, [0x28, 0xb5, 0x2f, 0xfd]) ||
    ((head[0]! & 0xf0) === 0x50 && begins(head.subarray(1), [0x2a, 0x4d, 0x18]))
  );
}

function begins(head: Uint8Array, magic: readonly number[]): boolean {
  return head.every((byte, i) => i >= magic.length || byte === magic[i]);
}
