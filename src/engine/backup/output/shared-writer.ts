/** The main thread's end of the one output for all workers: a file, standard output, or a stream. */
import type { Codecs } from '../../../codecs/codecs.js';
import type { ByteSink } from '../../../core/byte-stream.js';
import { CountingSink } from '../../../storage/decorators/meter.js';
import type { StorageAccess } from '../../../storage/registry.js';
import { openStandardOutput } from '../../../storage/stdio/stdout.js';
import { StreamWriter } from '../../../storage/stream/writer.js';
import type { Checkpointer } from '../checkpoint/checkpointer.js';
import type { ProgressDelta } from '../checkpoint/progress-delta.js';
import { toResumePoint } from '../checkpoint/resume.js';
import type { BackupConfig } from '../config.js';
import type { Bandwidth, ResumedFile } from '../worker-protocol.js';
import { BlockHasher } from '../../catalog/block-hasher.js';
import { Tail, TAIL_BYTES } from './tail.js';
import { throttle } from './throttle.js';

export interface SharedWriterOptions {
  config: Pick<BackupConfig, 'target' | 'encryption'> & { storages: StorageAccess };
  codecs: Codecs;
  bandwidth: Bandwidth | undefined;
  checkpointer: Checkpointer;
  /** The file of the run that is continued. */
  resumed: ResumedFile | undefined;
  /** Of a new encrypted output whose start cannot be read again. */
  vector: Buffer | undefined;
  /** Size of the file; 0 = unknown. */
  expectedBytes: number;
  /** Called once, when a write fails. */
  onFailure: (error: unknown) => void;
  signal: AbortSignal;
}

/**
 * Appends the chunks of all workers in the order of their arrival, also those that workers post after the run was told
 * to stop. After a failed write nothing is appended any more.
 */
export class SharedWriter {
  /** As stored, of this run. */
  bytes = 0;
  private sink: ByteSink | undefined;
  /** The storage's end of `sink`. */
  private storage: ByteSink | undefined;
  private writing: Promise<void> = Promise.resolve();
  private failed = false;
  private readonly tail = new Tail();
  /** Absent = no manifest. */
  private readonly hasher: BlockHasher | undefined;

  constructor(private readonly options: SharedWriterOptions) {
    this.hasher = options.checkpointer.state.manifest === undefined ? undefined : new BlockHasher();
  }

  /** `header`: what a new output begins with. */
  async open(header: Buffer | undefined): Promise<void> {
    const { codecs, bandwidth, resumed, signal } = this.options;
    const storage = (this.storage = await this.openStorage());
    const count = (bytes: number): void => void (this.bytes += bytes);
    const metered = new CountingSink(storage, count, (chunk) => {
      this.tail.append(chunk);
      this.hasher?.append(chunk);
    });
    const throttled = throttle(metered, bandwidth, signal);
    const vector = resumed?.vector ?? this.options.vector;
    const bytesBefore = resumed?.bytes ?? 0;
    this.sink = codecs.encodeFrames(throttled, { storedBytes: bytesBefore, vector });
    if (header !== undefined) {
      await this.sink.write(codecs.createFrameCompressor()?.compressFrame(header) ?? header);
    }
  }

  /** Settles when the memory of the chunk is free again; never rejects. */
  append(memory: ArrayBuffer, length: number, delta: ProgressDelta): Promise<void> {
    return this.enqueue(async (sink) => {
      await sink.write(Buffer.from(memory, 0, length));
      this.options.checkpointer.written(delta);
    });
  }

  /** The scan has come further without a record, in the order of the chunks. */
  recordProgress(delta: ProgressDelta): void {
    void this.enqueue(() => {
      this.options.checkpointer.written(delta);
      return Promise.resolve();
    });
  }

  /** Makes everything appended durable, where the storage can do that. */
  checkpoint(): Promise<void> {
    return this.enqueue(async (sink) => {
      const durable = await sink.sync();
      // Some storages make only whole parts durable; then nothing new has become so.
      const written = (this.options.resumed?.bytes ?? 0) + this.bytes;
      if (durable === written) {
        const blocks = this.hasher?.drainBlocks() ?? [];
        this.options.checkpointer.sharedDurable(durable, this.tail.digest(), this.storage?.token, blocks);
      }
    });
  }

  /** Makes everything durable. */
  async close(): Promise<void> {
    await this.writing;
    await this.sink?.close();
    if (this.hasher === undefined) return;
    const bytes = (this.options.resumed?.bytes ?? 0) + this.bytes;
    this.options.checkpointer.sharedDurable(bytes, this.tail.digest(), undefined, this.hasher.drainBlocks());
  }

  /** For `Storage.verifyWritten`, after `close`. */
  get identity(): string | undefined {
    return this.storage?.identity;
  }

  async abort(): Promise<void> {
    await this.writing;
    await (this.sink ?? this.storage)?.abort();
  }

  private async openStorage(): Promise<ByteSink> {
    const { config, resumed, expectedBytes, signal } = this.options;
    const { target, storages } = config;
    const bytesBefore = resumed?.bytes ?? 0;
    switch (target.kind) {
      case 'stdout':
        return openStandardOutput(bytesBefore, signal);
      case 'stream':
        return new StreamWriter(target.stream);
      case 'file': {
        const storage = await storages.forPath(target.path);
        if (resumed === undefined || bytesBefore === 0) return storage.create(target.path, expectedBytes);
        const point = toResumePoint(resumed);
        this.tail.append((await storage.readTail?.(target.path, point, TAIL_BYTES)) ?? Buffer.alloc(0));
        return storage.resume(target.path, point);
      }
      default:
        throw new Error(`A target of the kind ${target.kind} has no shared output`);
    }
  }

  private enqueue(work: (sink: ByteSink) => Promise<void>): Promise<void> {
    this.writing = this.writing.then(async () => {
      if (this.failed || this.sink === undefined) return;
      try {
        await work(this.sink);
      } catch (error) {
        this.failed = true;
        this.options.onFailure(error);
      }
    });
    return this.writing;
  }
}
