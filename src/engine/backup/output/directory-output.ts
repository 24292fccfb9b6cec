/** The files of one worker in a directory: compressed, encrypted, rotated at their size limit. */
import type { ByteSink } from '../../../core/byte-stream.js';
import type { Codecs } from '../../../codecs/codecs.js';
import { CountingSink } from '../../../storage/decorators/meter.js';
import { joinPath } from '../../../storage/paths.js';
import type { StorageAccess } from '../../../storage/registry.js';
import { mergeDeltas, type ProgressDelta } from '../checkpoint/progress-delta.js';
import type { FileLength, OutputPlan, ResumedFile } from '../worker-protocol.js';
import type { ChunkOutput, FinishedFile } from './chunk-output.js';
import { BlockHasher } from '../../catalog/block-hasher.js';
import { backupFileName, claimFileNumber } from './file-naming.js';
import { Tail, TAIL_BYTES } from './tail.js';

/** A file that is nearly full still gets a chunk of this size: smaller ones cost more than a slightly larger file. */
const MIN_CHUNK_BYTES = 64 * 1024;

interface OpenedFile {
  name: string;
  /** The name within the directory. */
  relative: string;
  /** As stored: compressed and encrypted. */
  bytes: number;
  /** Of `ByteSink.identity`, once closed. */
  identity: string | undefined;
  readonly tail: Tail;
  /** Absent = no manifest. */
  readonly hasher: BlockHasher | undefined;
}

/**
 * Files named `<prefix>_<number>.asb`. A file that has reached its limit is closed, and the next is opened by the first
 * chunk that follows, so that no file is without records for want of them.
 */
export class DirectoryOutput implements ChunkOutput {
  readonly transfersMemory = false;
  private sink: ByteSink | undefined;
  /** Under `sink`. */
  private storage: ByteSink | undefined;
  /** In the order of their opening; the last one is `sink`, or closed. */
  private readonly files: OpenedFile[] = [];
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
    private readonly onDurable: (delta: ProgressDelta, file: FileLength | undefined) => void,
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

  availableBytes(): number {
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

  write(chunk: Buffer, delta: ProgressDelta): Promise<Buffer> {
    this.begin();
    this.planned += chunk.length;
    const last = !this.pipeline.compresses && this.planned >= this.plan.fileLimitBytes;
    if (last) this.planned = 0;
    this.waiting += chunk.length;
    return this.enqueue(async () => {
      // A compressed file turns out to be full when chunks for it are waiting already.
      if (this.sink === undefined) await this.open(this.claim());
      await this.sink!.write(chunk);
      this.pending.push(delta);
      this.waiting -= chunk.length;
      this.rawTotal += chunk.length;
      if (last || (this.pipeline.compresses && this.stored() >= this.plan.fileLimitBytes)) await this.closeFile();
      return Buffer.from(chunk.buffer);
    });
  }

  recordProgress(delta: ProgressDelta): void {
    // Cannot fail; what failed before is reported by the next write, or by `finish`.
    this.enqueue(() => Promise.resolve(this.pending.push(delta))).catch(() => undefined);
  }

  checkpoint(): Promise<void> {
    return this.enqueue(async () => {
      if (this.pending.length === 0) return;
      const { sink } = this;
      if (sink === undefined) this.reportDurable(undefined);
      // Not every storage can make a few bytes durable; what is not stays pending.
      else if ((await sink.sync()) === this.stored()) this.reportDurable(this.stored());
    });
  }

  endJob(): Promise<void> {
    return this.enqueue(async () => this.sink?.endFrame?.());
  }

  async finish(): Promise<FinishedFile[]> {
    this.planned = 0;
    await this.enqueue(() => this.closeFile());
    return this.files.map(({ name, bytes, identity }) => ({
      name,
      bytes,
      ...(identity === undefined ? {} : { identity }),
    }));
  }

  async abort(): Promise<void> {
    await this.chain.catch(() => undefined);
    const { sink } = this;
    this.sink = undefined;
    await sink?.abort();
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
    const metered = this.throttle(this.meter(stored, name, 0));
    this.sink = this.pipeline.encode(metered, { storedBytes: 0, limitBytes: this.plan.fileLimitBytes });
    await this.sink.write(Buffer.from(header));
  }

  /** Goes on with a file of the run that was interrupted. */
  private async reopen({ name, bytes, token, vector }: ResumedFile): Promise<void> {
    const path = joinPath(this.plan.path, name);
    const point = token === undefined ? { bytes } : { bytes, token };
    const storage = await this.storages.forPath(path);
    const tail = (await storage.readTail?.(path, point, TAIL_BYTES)) ?? Buffer.alloc(0);
    const stored = await storage.resume(path, point);
    const metered = this.throttle(this.meter(stored, name, bytes, tail));
    const start = { storedBytes: bytes, vector, limitBytes: this.plan.fileLimitBytes };
    this.sink = this.pipeline.encode(metered, start);
  }

  private meter(storage: ByteSink, relative: string, bytesBefore: number, tailBefore?: Buffer): ByteSink {
    const tail = new Tail();
    if (tailBefore !== undefined) tail.append(tailBefore);
    const hasher = this.plan.checksums ? new BlockHasher() : undefined;
    const file: OpenedFile = { name: storage.name, relative, bytes: bytesBefore, identity: undefined, tail, hasher };
    this.files.push(file);
    this.storage = storage;
    const count = (bytes: number): void => {
      file.bytes += bytes;
      this.storedTotal += bytes;
      this.onBytes(bytes);
    };
    return new CountingSink(storage, count, (chunk) => {
      tail.append(chunk);
      hasher?.append(chunk);
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
    this.files.at(-1)!.identity = this.storage?.identity;
    this.reportDurable(this.stored());
    this.sink = undefined;
  }

  /** Everything written is durable; the current file has `bytes`. */
  private reportDurable(bytes: number | undefined): void {
    const delta = mergeDeltas(this.pending);
    this.pending = [];
    const file = this.files.at(-1);
    if (bytes === undefined || file === undefined) {
      this.onDurable(delta, undefined);
      return;
    }
    const token = this.storage?.token;
    const blocks = file.hasher?.drainBlocks();
    const length: FileLength = { name: file.relative, bytes, tail: file.tail.digest() };
    if (blocks !== undefined) length.blocks = blocks;
    this.onDurable(delta, token === undefined ? length : { ...length, token });
  }

  private enqueue<T>(work: () => Promise<T>): Promise<T> {
    const next = this.chain.then(work);
    this.chain = next;
    return next;
  }
}
