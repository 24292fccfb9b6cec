/** The worker's end of the one output for all workers, which the main thread owns (shared-writer.ts). */
import type { Transferable } from 'node:worker_threads';
import type { FrameCompressor } from '../../../codecs/codec.js';
import type { ProgressDelta } from '../checkpoint/progress-delta.js';
import type { BackupMessage } from '../worker-protocol.js';
import type { ChunkOutput, FinishedFile } from './chunk-output.js';

/**
 * Chunks travel to the main thread without being copied; their memory comes back with `written`. What is compressed is
 * so here, each chunk in a frame of its own: the workers do it side by side, and the frames may come in any order.
 */
export class SharedOutput implements ChunkOutput {
  readonly transfersMemory: boolean;
  private readonly waiting: ((memory: ArrayBuffer) => void)[] = [];
  private broken: Error | undefined;
  /** Memory for frames. */
  private readonly spare: ArrayBuffer[] = [];

  constructor(
    private readonly post: (message: BackupMessage, transfer?: readonly Transferable[]) => void,
    private readonly compressor: FrameCompressor | undefined,
  ) {
    this.transfersMemory = compressor === undefined;
  }

  availableBytes(): number {
    return Infinity;
  }

  begin(): void {
    // The main thread opened the output before the workers started.
  }

  async write(chunk: Buffer, delta: ProgressDelta): Promise<Buffer> {
    if (this.broken !== undefined) throw this.broken;
    if (this.compressor === undefined) return Buffer.from(await this.send(chunk, delta));
    let frame: Buffer;
    try {
      frame = this.compressor.compressFrame(chunk, this.spare.pop());
    } catch (error) {
      // Later chunks would say that the scan has come further than what was written.
      this.broken = error instanceof Error ? error : new Error(String(error));
      throw this.broken;
    }
    this.spare.push(await this.send(frame, delta));
    return Buffer.from(chunk.buffer);
  }

  recordProgress(delta: ProgressDelta): void {
    if (this.broken !== undefined) return;
    this.post({ type: 'progress', ...delta });
  }

  /** The main thread makes the one output durable. */
  checkpoint(): Promise<void> {
    return Promise.resolve();
  }

  private send(bytes: Buffer, delta: ProgressDelta): Promise<ArrayBuffer> {
    const memory = bytes.buffer as ArrayBuffer;
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.post({ type: 'chunk', memory, length: bytes.length, ...delta }, [memory]);
    });
  }

  endJob(): Promise<void> {
    return Promise.resolve();
  }

  /** The oldest chunk is written; its memory can be used again. */
  release(memory: ArrayBuffer): void {
    this.waiting.shift()?.(memory);
  }

  finish(): Promise<FinishedFile[]> {
    return Promise.resolve([]);
  }

  abort(): Promise<void> {
    return Promise.resolve();
  }
}
