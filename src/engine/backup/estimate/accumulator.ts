/** Learns from sampled records how large they are, as text and as they would be stored (asbackup.md 6). */
import type { ByteSink } from '../../../core/byte-stream.js';
import type { Codecs } from '../../../codecs/codecs.js';
import { backupSizeBound, SizeStatistics } from './statistics.js';
import type { SampleHandler } from './sampler.js';

/** Where the bytes of an estimate go. */
class Discarded implements ByteSink {
  readonly name = '[none]';
  bytes = 0;

  write(chunk: Buffer): Promise<void> {
    this.bytes += chunk.length;
    return Promise.resolve();
  }

  sync(): Promise<number> {
    return Promise.resolve(this.bytes);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  abort(): Promise<void> {
    return Promise.resolve();
  }
}

export class SampleAccumulator implements SampleHandler {
  readonly sizes = new SizeStatistics();
  private readonly discarded = new Discarded();
  /** Only what is compressed has to be followed to its end; encryption adds the same to every file. */
  private readonly sink: ByteSink | undefined;
  private started = false;

  constructor(
    private readonly header: Buffer,
    private readonly pipeline: Codecs,
  ) {
    this.sink = pipeline.compresses ? pipeline.encode(this.discarded) : undefined;
  }

  record(bytes: number): void {
    this.sizes.add(bytes);
  }

  async text(chunk: Buffer): Promise<void> {
    if (!this.started) await this.sink?.write(this.header);
    this.started = true;
    await this.sink?.write(chunk);
  }

  /** To be called when no more samples come, so that the compression has nothing left inside. */
  async finish(): Promise<void> {
    await this.text(Buffer.alloc(0));
    await this.sink?.endFrame?.();
  }

  /** Of the head and the samples, as text. */
  get textBytes(): number {
    return this.header.length + this.sizes.total;
  }

  /** The same as a file; with compression up to date only after `finish`. */
  get storedBytes(): number {
    return this.sink === undefined ? this.textBytes + this.pipeline.overheadBytes : this.discarded.bytes;
  }

  /** Stored bytes per byte of text, 1 without compression. */
  get ratio(): number {
    return (this.storedBytes - this.pipeline.overheadBytes) / this.textBytes;
  }

  /** What a file of so many records will have at most. */
  estimateSize(records: number): number {
    const { overheadBytes } = this.pipeline;
    return overheadBytes + backupSizeBound(this.sizes, this.header.length, records, this.ratio);
  }
}
