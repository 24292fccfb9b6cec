/** Compresses what is written to a sink (asb-format.md 5). */
import { errorMessage, ToolError } from '../core/errors.js';
import type { ByteSink } from '../core/byte-stream.js';
import { CodecError } from './errors.js';
import { checkZstdLevel, type CompressStep, type ZstdBackend, type ZstdCompressor } from './zstd-backend.js';

/** As much as C writes at once; what is here is not yet in the file (asbackup.md 5.5). */
const OUTPUT_BYTES = 128 * 1024;
const NOTHING = Buffer.alloc(0);
/** A thread has up to 4 MiB of text that are not stored, by which a file can become larger than its limit. */
const MIN_LIMIT_WITH_THREAD_BYTES = 64 * 1024 * 1024;

/**
 * One frame from the first byte to `close`, unless `endFrame` ends it earlier. While bytes are compressed, the
 * compressed bytes of before are written.
 */
export class ZstdEncoder implements ByteSink {
  readonly name: string;
  private readonly compressor: ZstdCompressor;
  /** One is being filled while the other is being written. */
  private readonly outputs: [Buffer, Buffer] = [
    Buffer.allocUnsafeSlow(OUTPUT_BYTES),
    Buffer.allocUnsafeSlow(OUTPUT_BYTES),
  ];
  private turn: 0 | 1 = 0;
  private filled = 0;
  private frameOpen = false;
  private frames = 0;
  /** Resolves with the error instead of rejecting, as nothing may wait for it yet. */
  private writing: Promise<{ error: unknown } | undefined> = Promise.resolve(undefined);

  /** Throws CodecError ZSTD_LEVEL. */
  constructor(
    private readonly inner: ByteSink,
    backend: ZstdBackend,
    level: number,
    /** Of `WriterStart`. */
    limitBytes = Infinity,
  ) {
    checkZstdLevel(level);
    this.name = inner.name;
    this.compressor = backend.createCompressor(level, { allowThread: limitBytes >= MIN_LIMIT_WITH_THREAD_BYTES });
  }

  /** Settles when everything is compressed, though part of it is kept for the next bytes. */
  write(chunk: Buffer): Promise<void> {
    this.frameOpen = true;
    return this.compress(chunk, false);
  }

  /**
   * Ends the frame and settles when all of it is written: what a checkpoint makes durable. The next byte begins another
   * one; without a byte since the last one there is nothing to end.
   */
  async endFrame(): Promise<void> {
    if (this.frameOpen) {
      await this.compress(NOTHING, true);
      this.frameOpen = false;
      this.frames++;
    }
    await this.startWrite();
    await this.waitForWrite();
  }

  async sync(): Promise<number> {
    await this.endFrame();
    return this.inner.sync();
  }

  async close(): Promise<void> {
    // Compressed nothing is an empty frame, not an empty file, which no tool recognizes as compressed.
    if (this.frames === 0) this.frameOpen = true;
    await this.endFrame();
    this.compressor.close();
    await this.inner.close();
  }

  async abort(): Promise<void> {
    await this.writing;
    this.compressor.close();
    await this.inner.abort();
  }

  private async compress(chunk: Buffer, end: boolean): Promise<void> {
    let input = chunk;
    for (;;) {
      let step: CompressStep | Promise<CompressStep>;
      try {
        step = this.compressor.step(input, end, this.outputs[this.turn].subarray(this.filled));
        if (step instanceof Promise) step = await step;
      } catch (error) {
        throw new CodecError('ZSTD_COMPRESS', `${this.name}: zstd cannot compress: ${errorMessage(error)}`, {
          cause: error,
        });
      }
      this.filled += step.produced;
      if (this.filled === OUTPUT_BYTES) await this.startWrite();
      if (step.finished) return;
      input = input.subarray(step.consumed);
    }
  }

  /** Begins to write what is there, when what was before is written. */
  private async startWrite(): Promise<void> {
    await this.waitForWrite();
    if (this.filled === 0) return;
    const bytes = this.outputs[this.turn].subarray(0, this.filled);
    this.turn = this.turn === 0 ? 1 : 0;
    this.filled = 0;
    this.writing = this.inner.write(bytes).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
  }

  private async waitForWrite(): Promise<void> {
    const failure = await this.writing;
    if (failure === undefined) return;
    throw failure.error instanceof Error ? failure.error : new ToolError('INTERNAL', errorMessage(failure.error));
  }
}
