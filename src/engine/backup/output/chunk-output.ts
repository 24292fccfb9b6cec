/** Where a backup worker's chunks go: files of its own in a directory, or the one output of the main thread. */
import type { MessagePort } from 'node:worker_threads';
import type { ByteSink } from '../../../core/byte-stream.js';
import { CountingSink } from '../../../storage/decorators/meter.js';
import type { Codecs } from '../../../codecs/codecs.js';
import type { FrameCompressor } from '../../../codecs/zstd-encoder.js';
import { joinPath } from '../../../storage/paths.js';
import type { StorageAccess } from '../../../storage/registry.js';
import {
  backupFileName,
  claimFileNumber,
  type FileLength,
  type BackupWorkerMessage,
  type OutputPlan,
  type ResumedFile,
} from '../worker-protocol.js';

/** How far a run has come with a chunk: where its partitions stand when the chunk is written (partition-tracker.ts). */
export interface ProgressDelta {
  cursors: Uint8Array<ArrayBuffer>;
  records: number;
}

export interface ChunkOutput {
  /** How many bytes the current file may still take before it is to be followed by a new one. */
  room(): number;
  /** Makes sure that there is a file, be it without records. */
  begin(): void;
  /**
   * Takes a chunk of whole records. Chunks are written in order; the promise settles with memory for the next chunk
   * when this one's is free again.
   */
  write(chunk: Buffer, stretch: ProgressDelta): Promise<Buffer>;
  /** The scan has come further without a record. */
  note(stretch: ProgressDelta): void;
  /** Makes what was handed over so far durable. */
  checkpoint(): Promise<void>;
  /** Settles when all that was handed over has left the compression, which keeps something back for the next bytes. */
  endJob(): Promise<void>;
  /** Writes and makes durable what is under way. */
  finish(): Promise<{ name: string; bytes: number }[]>;
  /** Closes without promises; returns the names of files that were not finished. */
  abandon(): Promise<string[]>;
}

/** Of a file that is nearly full: smaller ones would cost more than a file that is a little larger. */
const MIN_CHUNK_BYTES = 64 * 1024;

/**
 * Files named `<prefix>_<number>.asb`. A file that has reached its limit is closed, and the next is opened by the first
 * chunk that follows, so that no file is without records for want of them.
 */
export class DirectoryOutput implements ChunkOutput {
  private sink: ByteSink | undefined;
  /** Under `sink`. */
  private storage: ByteSink | undefined;
  /** As they are stored: compressed and encrypted. `relative` is the name within the directory. */
  private readonly files: { name: string; relative: string; bytes: number }[] = [];
  /** Writes happen one after another at the end of this chain. */
  private chain: Promise<unknown> = Promise.resolve();
  /**
   * Size of the current file when everything handed over is written; 0 = the next chunk opens a new file. Of what is
   * compressed, only the storage knows the size.
   */
  private planned = 0;
  /** Bytes handed over, before compression: not yet written, and written. */
  private waiting = 0;
  private rawTotal = 0;
  private storedTotal = 0;
  /** Written, but not durable yet. */
  private pending: ProgressDelta[] = [];

  constructor(
    private readonly plan: Extract<OutputPlan, { kind: 'directory' }>,
    private readonly onBytes: (bytes: number) => void,
    /** A file has so many durable bytes, and with them the scan has come so far. */
    private readonly onDurable: (stretch: ProgressDelta, file: FileLength | undefined) => void,
    private readonly pipeline: Codecs,
    /** Puts what slows the bytes down around a new file. */
    private readonly throttle: (sink: ByteSink) => ByteSink,
    private readonly storages: StorageAccess,
  ) {
    const { resume } = plan;
    if (resume === undefined) return;
    this.planned = resume.bytes;
    this.enqueue(() => this.reopen(resume)).catch(() => undefined);
  }

  room(): number {
    // Number 0, with its longer header, is taken as soon as any file was opened; `begin` comes before.
    if (this.pipeline.compresses) {
      // What waits will be compressed about as well as what was.
      const waiting = this.waiting * (this.rawTotal === 0 ? 1 : this.storedTotal / this.rawTotal);
      return Math.max(MIN_CHUNK_BYTES, this.plan.fileLimitBytes - this.stored() - waiting);
    }
    const begun = this.planned === 0 ? this.plan.header.length + this.pipeline.overheadBytes : this.planned;
    return Math.max(1, this.plan.fileLimitBytes - begun);
  }

  begin(): void {
    if (this.planned === 0) this.openNext();
  }

  write(chunk: Buffer, stretch: ProgressDelta): Promise<Buffer> {
    this.begin();
    this.planned += chunk.length;
    const last = !this.pipeline.compresses && this.planned >= this.plan.fileLimitBytes;
    if (last) this.planned = 0;
    this.waiting += chunk.length;
    return this.enqueue(async () => {
      // A compressed file turns out to be full when chunks for it are waiting already.
      if (this.sink === undefined) await this.open(this.claim());
      await this.sink!.write(chunk);
      this.pending.push(stretch);
      this.waiting -= chunk.length;
      this.rawTotal += chunk.length;
      if (last || (this.pipeline.compresses && this.stored() >= this.plan.fileLimitBytes)) await this.closeFile();
      return Buffer.from(chunk.buffer);
    });
  }

  note(stretch: ProgressDelta): void {
    // Cannot fail; what failed before is reported by the next write, or by `finish`.
    this.enqueue(() => Promise.resolve(this.pending.push(stretch))).catch(() => undefined);
  }

  checkpoint(): Promise<void> {
    return this.enqueue(async () => {
      if (this.pending.length === 0) return;
      const { sink } = this;
      if (sink === undefined) this.tellDurable(undefined);
      // Not every storage can make a few bytes durable; what is not stays pending.
      else if ((await sink.sync()) === this.stored()) this.tellDurable(this.stored());
    });
  }

  endJob(): Promise<void> {
    return this.enqueue(async () => this.sink?.endFrame?.());
  }

  async finish(): Promise<{ name: string; bytes: number }[]> {
    this.planned = 0;
    await this.enqueue(() => this.closeFile());
    return this.files;
  }

  async abandon(): Promise<string[]> {
    await this.chain.catch(() => undefined);
    const { sink } = this;
    this.sink = undefined;
    if (sink === undefined) return [];
    await sink.abort();
    return [sink.name];
  }

  private openNext(): void {
    const claimed = this.claim();
    this.planned = claimed.header.length + this.pipeline.overheadBytes;
    // A failure stays in the chain: the next write, or `finish`, reports it.
    this.enqueue(() => this.open(claimed)).catch(() => undefined);
  }

  private claim(): { number: number; header: Uint8Array } {
    const number = claimFileNumber(this.plan.numbers);
    // Not tied to a certain worker: others may be done with all jobs before that one has connected.
    return { number, header: number === 0 ? this.plan.firstHeader : this.plan.header };
  }

  private async open({ number, header }: { number: number; header: Uint8Array }): Promise<void> {
    const name = backupFileName(this.plan.prefix, number);
    const path = joinPath(this.plan.path, name);
    const stored = await (await this.storages.forPath(path)).create(path, this.plan.fileLimitBytes);
    this.sink = this.pipeline.encode(this.throttle(this.meter(stored, name, 0)));
    await this.sink.write(Buffer.from(header));
  }

  /** Goes on with a file of the run that was interrupted. */
  private async reopen({ name, bytes, token, vector }: ResumedFile): Promise<void> {
    const path = joinPath(this.plan.path, name);
    const stored = await (
      await this.storages.forPath(path)
    ).resume(path, token === undefined ? { bytes } : { bytes, token });
    const from = vector === undefined ? undefined : { vector, offset: bytes - this.pipeline.overheadBytes };
    this.sink = this.pipeline.encode(this.throttle(this.meter(stored, name, bytes)), from);
  }

  private meter(storage: ByteSink, relative: string, bytesBefore: number): ByteSink {
    const file = { name: storage.name, relative, bytes: bytesBefore };
    this.files.push(file);
    this.storage = storage;
    return new CountingSink(storage, (bytes) => {
      file.bytes += bytes;
      this.storedTotal += bytes;
      this.onBytes(bytes);
    });
  }

  /** How much of the current file has reached the storage (asbackup.md 5.5). */
  private stored(): number {
    return this.sink === undefined ? 0 : this.files.at(-1)!.bytes;
  }

  private async closeFile(): Promise<void> {
    const { sink } = this;
    if (sink === undefined) return;
    await sink.close();
    this.tellDurable(this.stored());
    this.sink = undefined;
  }

  /** Everything written is durable; the current file has `bytes`. */
  private tellDurable(bytes: number | undefined): void {
    const cursors = new Uint8Array(Buffer.concat(this.pending.map((stretch) => stretch.cursors)));
    const records = this.pending.reduce((sum, stretch) => sum + stretch.records, 0);
    this.pending = [];
    const file = this.files.at(-1);
    if (bytes === undefined || file === undefined) {
      this.onDurable({ cursors, records }, undefined);
      return;
    }
    const token = this.storage?.token;
    const length = { name: file.relative, bytes };
    this.onDurable({ cursors, records }, token === undefined ? length : { ...length, token });
  }

  private enqueue<T>(work: () => Promise<T>): Promise<T> {
    const next = this.chain.then(work);
    this.chain = next;
    return next;
  }
}

/**
 * Chunks travel to the main thread without being copied; their memory comes back with `written`. What is compressed is
 * so here, each chunk in a frame of its own: the workers do it side by side, and the frames may come in any order.
 */
export class SharedOutput implements ChunkOutput {
  private readonly waiting: ((memory: ArrayBuffer) => void)[] = [];
  private broken: Error | undefined;
  /** Memory for frames. */
  private readonly spare: ArrayBuffer[] = [];

  constructor(
    private readonly port: MessagePort,
    private readonly compressor: FrameCompressor | undefined,
  ) {}

  room(): number {
    return Infinity;
  }

  begin(): void {
    // The main thread opened the output before the workers started.
  }

  async write(chunk: Buffer, stretch: ProgressDelta): Promise<Buffer> {
    if (this.broken !== undefined) throw this.broken;
    if (this.compressor === undefined) return Buffer.from(await this.send(chunk, stretch));
    let frame: Buffer;
    try {
      frame = this.compressor.frame(chunk, this.spare.pop());
    } catch (error) {
      // Later chunks would say that the scan has come further than what was written.
      this.broken = error instanceof Error ? error : new Error(String(error));
      throw this.broken;
    }
    this.spare.push(await this.send(frame, stretch));
    return Buffer.from(chunk.buffer);
  }

  note(stretch: ProgressDelta): void {
    if (this.broken !== undefined) return;
    const message: BackupWorkerMessage = { type: 'note', ...stretch };
    this.port.postMessage(message);
  }

  /** The main thread makes the one output durable. */
  checkpoint(): Promise<void> {
    return Promise.resolve();
  }

  private send(bytes: Buffer, stretch: ProgressDelta): Promise<ArrayBuffer> {
    const memory = bytes.buffer as ArrayBuffer;
    const message: BackupWorkerMessage = { type: 'chunk', memory, length: bytes.length, ...stretch };
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.port.postMessage(message, [memory]);
    });
  }

  endJob(): Promise<void> {
    return Promise.resolve();
  }

  /** The main thread says that the oldest chunk is written. */
  written(memory: ArrayBuffer): void {
    this.waiting.shift()?.(memory);
  }

  async finish(): Promise<{ name: string; bytes: number }[]> {
    return Promise.resolve([]);
  }

  abandon(): Promise<string[]> {
    return Promise.resolve([]);
  }
}
