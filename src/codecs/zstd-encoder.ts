/** Compresses what is written to a sink (asb-format.md 5). */
import { errorMessage, ToolError } from '../core/errors.js';
import type { ByteSink } from '../core/byte-stream.js';
import { CodecError } from './errors.js';
import { newCompressor, type ZstdLibrary } from './zstd-library.js';

/** As much as C writes at once; what is here is not yet in the file (asbackup.md 5.5). */
const OUTPUT_BYTES = 128 * 1024;

/**
 * One frame from the first byte to `close`, unless `endFrame` ends it earlier. Compressing is synchronous, in the
 * thread of the caller; the compressed bytes of before are written meanwhile.
 */
export class ZstdEncoder implements ByteSink {
  readonly name: string;
  private readonly context: InstanceType<ZstdLibrary['CCtx']>;
  /** One is being filled while the other is being written. */
  private readonly outputs: [Buffer, Buffer] = [
    Buffer.allocUnsafeSlow(OUTPUT_BYTES),
    Buffer.allocUnsafeSlow(OUTPUT_BYTES),
  ];
  private turn: 0 | 1 = 0;
  private filled = 0;
  private frameOpen = false;
  private frames = 0;
  /** Settles with the error instead of rejecting, as nobody may be waiting yet. */
  private writing: Promise<{ error: unknown } | undefined> = Promise.resolve(undefined);

  constructor(
    private readonly inner: ByteSink,
    private readonly zstd: ZstdLibrary,
    level: number,
  ) {
    this.name = inner.name;
    this.context = newCompressor(zstd, level);
  }

  /** Settles when everything is compressed, though part of it is kept for the next bytes. */
  write(chunk: Buffer): Promise<void> {
    this.frameOpen = true;
    return this.compress(chunk, this.zstd.EndDirective.continue);
  }

  /**
   * Ends the frame and settles when all of it is written: what a checkpoint makes durable. The next byte begins another
   * one; without a byte since the last one there is nothing to end.
   */
  async endFrame(): Promise<void> {
    if (this.frameOpen) {
      await this.compress(Buffer.alloc(0), this.zstd.EndDirective.end);
      this.frameOpen = false;
      this.frames++;
    }
    await this.flush();
    await this.settled();
  }

  async sync(): Promise<number> {
    await this.endFrame();
    return this.inner.sync();
  }

  async close(): Promise<void> {
    // Compressed nothing is an empty frame, not an empty file, which no tool takes for compressed.
    if (this.frames === 0) this.frameOpen = true;
    await this.endFrame();
    await this.inner.close();
  }

  async abort(): Promise<void> {
    await this.writing;
    await this.inner.abort();
  }

  private async compress(chunk: Buffer, directive: number): Promise<void> {
    let input = chunk;
    for (;;) {
      const [left, produced, consumed] = this.step(input, directive);
      this.filled += produced;
      input = input.subarray(consumed);
      if (this.filled === OUTPUT_BYTES) await this.flush();
      if (directive === this.zstd.EndDirective.continue ? input.length === 0 : left === 0) return;
    }
  }

  private step(input: Buffer, directive: number): [left: number, produced: number, consumed: number] {
    try {
      return this.context.compressStream2(this.outputs[this.turn].subarray(this.filled), input, directive);
    } catch (error) {
      const text = `${this.name}: zstd cannot compress: ${errorMessage(error)}.`;
      throw new CodecError('ZSTD_COMPRESS', text, error);
    }
  }

  /** Begins to write what is there, when what was before is written. */
  private async flush(): Promise<void> {
    await this.settled();
    if (this.filled === 0) return;
    const bytes = this.outputs[this.turn].subarray(0, this.filled);
    this.turn = this.turn === 0 ? 1 : 0;
    this.filled = 0;
    this.writing = this.inner.write(bytes).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
  }

  private async settled(): Promise<void> {
    const failure = await this.writing;
    if (failure === undefined) return;
    throw failure.error instanceof Error ? failure.error : new ToolError('INTERNAL', errorMessage(failure.error));
  }
}

/** Bytes as one frame of their own, its size in its head: what several threads can put behind one another. */
export class FrameCompressor {
  private readonly context: InstanceType<ZstdLibrary['CCtx']>;

  constructor(
    private readonly zstd: ZstdLibrary,
    level: number,
  ) {
    this.context = newCompressor(zstd, level);
  }

  /** `memory` is used if it is large enough. */
  frame(bytes: Uint8Array, memory?: ArrayBuffer): Buffer {
    const bound = this.zstd.compressBound(bytes.length);
    const output =
      memory !== undefined && memory.byteLength >= bound ? Buffer.from(memory) : Buffer.allocUnsafeSlow(bound);
    try {
      return output.subarray(0, this.context.compress2(output, bytes));
    } catch (error) {
      throw new CodecError('ZSTD_COMPRESS', `zstd cannot compress: ${errorMessage(error)}.`, error);
    }
  }
}
