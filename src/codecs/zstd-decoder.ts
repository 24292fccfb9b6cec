/** Decompresses what comes from a source: any number of frames, also empty and skippable ones (asb-format.md 5). */
import { errorMessage, type ToolErrorOptions } from '../core/errors.js';
import type { ByteSource } from '../core/byte-stream.js';
import { EventLoopYielder } from '../core/event-loop.js';
import { StreamError } from './errors.js';
import { MAX_WINDOW_BYTES, type ZstdBackend, type ZstdDecompressor } from './zstd-backend.js';
import { ZstdFrameScanner } from './zstd-frame-scanner.js';

/** A block never holds more, so that each piece finds room for all it yields. */
const BLOCK_BYTES = 128 * 1024;
const OUTPUT_BYTES = 4 * BLOCK_BYTES;

/**
 * The library is given one block at a time: what comes before a damaged block is returned before the damage is
 * reported, and the report names the place of the block.
 */
export class ZstdDecoder implements ByteSource {
  readonly name: string;
  private readonly decompressor: ZstdDecompressor;
  private readonly scanner = new ZstdFrameScanner();
  private readonly output = Buffer.allocUnsafeSlow(OUTPUT_BYTES);
  private filled = 0;
  private input: Buffer = Buffer.alloc(0);
  private inputEnded = false;
  private closed = false;
  private failure: Error | undefined;
  private readonly eventLoop = new EventLoopYielder();

  constructor(
    private readonly inner: ByteSource,
    backend: ZstdBackend,
  ) {
    this.name = inner.name;
    this.decompressor = backend.createDecompressor();
  }

  /** Undefined at the end, and when `close` was called meanwhile. */
  async read(): Promise<Buffer | undefined> {
    this.filled = 0;
    if (this.failure !== undefined) throw this.failure;
    try {
      for (;;) {
        while (this.input.length > 0) {
          if (OUTPUT_BYTES - this.filled < BLOCK_BYTES) return this.getOutput();
          const pending = this.scanPiece();
          if (pending !== undefined) await pending;
          // Frames without contents fill no output, so that nothing else would end this loop.
          const turn = this.eventLoop.yieldIfDue();
          if (turn !== undefined) await turn;
          if (this.closed) return undefined;
        }
        // What is there is returned before waiting for more, which a pipe may not have.
        if (this.filled > 0) return this.getOutput();
        if (!(await this.readInput())) return undefined;
      }
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(errorMessage(error));
      if (this.filled === 0) throw this.failure;
      return this.getOutput();
    }
  }

  close(): Promise<void> {
    this.closed = true;
    this.decompressor.close();
    return this.inner.close();
  }

  private getOutput(): Buffer {
    return this.output.subarray(0, this.filled);
  }

  /** Returns false at the end. */
  private async readInput(): Promise<boolean> {
    if (this.inputEnded) return false;
    const chunk = await this.inner.read();
    if (chunk !== undefined) {
      this.input = chunk;
      return true;
    }
    this.inputEnded = true;
    if (!this.scanner.betweenFrames) {
      throw this.error(
        'ZSTD_TRUNCATED',
        this.scanner.offset,
        `the data end inside the frame that begins at byte ${this.scanner.frameStart}: a part of the file is missing`,
      );
    }
    return false;
  }

  /** Consumes a piece of the input and decompresses it; undefined = it is done. */
  private scanPiece(): Promise<void> | undefined {
    const { scanner } = this;
    const scanned = scanner.scan(this.input);
    if (scanned === 'no-frame') throw this.noFrameError();
    const { bytes, piece, windowBytes = 0 } = scanned;
    this.input = this.input.subarray(bytes);
    if (windowBytes > MAX_WINDOW_BYTES) {
      const text = 'it was compressed with a window of more than 128 MiB';
      throw this.error('ZSTD_CORRUPT', scanner.frameStart, text, { hint: 'decompress-first' });
    }
    return piece === undefined ? undefined : this.decompress(piece);
  }

  private decompress(piece: Buffer): Promise<void> | undefined {
    const output = this.output.subarray(this.filled);
    let produced: number | Promise<number>;
    try {
      produced = this.decompressor.decompress(piece, output);
    } catch (error) {
      throw this.damageError(error);
    }
    if (typeof produced === 'number') {
      this.filled += produced;
      return undefined;
    }
    return produced.then(
      (bytes) => {
        this.filled += bytes;
      },
      (error: unknown) => {
        throw this.damageError(error);
      },
    );
  }

  private damageError(error: unknown): StreamError {
    const text = `the compressed data are damaged (${errorMessage(error)})`;
    return this.error('ZSTD_CORRUPT', this.scanner.pieceStart, text, { cause: error });
  }

  private noFrameError(): StreamError {
    const { frameStart, unknownMagic } = this.scanner;
    const found = unknownMagic.toString('hex').replace(/..(?=.)/g, '$& ');
    const where =
      frameStart === 0 ? 'the data do not begin with a zstd frame' : 'what follows the last zstd frame is none';
    return this.error('ZSTD_FORMAT', frameStart, `${where} (its first bytes are ${found})`);
  }

  private error(
    code: 'ZSTD_TRUNCATED' | 'ZSTD_FORMAT' | 'ZSTD_CORRUPT',
    offset: number,
    detail: string,
    options?: ToolErrorOptions,
  ): StreamError {
    return new StreamError(code, this.name, offset, detail, options);
  }
}
