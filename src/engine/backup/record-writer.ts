/**
 * Turns scanned records into chunks of file text. With a transcoder most of them never come here one by one.
 *
 * HOT PATH: `row` runs once per record and only encodes; everything that allocates happens once per chunk.
 */
import type { BulkSink, RecordSink } from '../../aerospike/commands/record-sink.js';
import type { RecordEncoder } from '../../asb/encoder.js';
import type { RecordView } from '../../core/record-view.js';
import type { ProgressDelta } from './checkpoint/progress-delta.js';
import type { ChunkOutput } from './output/chunk-output.js';
import type { RecordTranscoder } from './record-transcoder.js';

export const CHUNK_BYTES = 1024 * 1024;
/** Chunks that may wait to be written before the node is asked to pause. */
const MAX_INFLIGHT_CHUNKS = 2;

/** How far the scan has come that the records are from. */
export interface CursorSource {
  drainCursors(): Uint8Array<ArrayBuffer>;
}

const NO_CURSORS = new Uint8Array(0);

export class RecordWriter implements RecordSink {
  /** Bytes encoded, whether written yet or not. */
  bytes = 0;
  readonly bulk: BulkSink | undefined;
  private chunkEnd = CHUNK_BYTES;
  /** Records of `row`. */
  private rows = 0;
  private recordsInChunks = 0;
  private scan: CursorSource | undefined;
  private readonly spare: Buffer[] = [];
  private readonly inFlight = new Set<Promise<void>>();
  private failure: Error | undefined;

  /**
   * With a transcoder the text of a chunk lies there. The encoder then makes the text of the records that the
   * transcoder leaves, and keeps that of a record which has no room there: as a chunk of its own.
   */
  constructor(
    private readonly encoder: RecordEncoder,
    private readonly output: ChunkOutput,
    private readonly transcoder?: RecordTranscoder,
  ) {
    if (transcoder !== undefined) {
      transcoder.onFull = () => this.endChunk();
      this.bulk = this.createBulk(transcoder);
    }
    this.planChunkEnd();
  }

  get records(): number {
    return this.rows + (this.transcoder?.records ?? 0);
  }

  /** The records that follow are from another scan. */
  startPartition(scan: CursorSource): void {
    this.scan = scan;
  }

  row(record: RecordView): void {
    const { encoder, transcoder } = this;
    // Before the record, not after it: the scan's position moves when the record has been handled, and a chunk and the
    // position that is saved with it must agree to the record.
    if (this.chunkBytes() >= this.chunkEnd || (transcoder !== undefined && encoder.length > 0)) this.endChunk();
    encoder.encode(record);
    if (transcoder !== undefined) this.moveToTranscoder(transcoder);
    this.rows++;
  }

  /** Records whose user key has no line in the format. */
  get droppedKeys(): number {
    return this.encoder.droppedKeys;
  }

  waitForDrain(): Promise<void> | undefined {
    if (this.failure !== undefined) throw this.failure;
    return this.inFlight.size < MAX_INFLIGHT_CHUNKS ? undefined : Promise.race(this.inFlight);
  }

  /** Makes everything handled so far durable. Not to be called within `row`. */
  async checkpoint(): Promise<void> {
    this.flushEncoder();
    await this.output.checkpoint();
  }

  /** Writes everything encoded and waits until the output has it. */
  async flush(): Promise<void> {
    this.flushEncoder();
    while (this.inFlight.size > 0) await Promise.race(this.inFlight);
    if (this.failure !== undefined) throw this.failure;
  }

  /** Sets the size of the next chunk; a new job may write to another file. */
  planChunkEnd(): void {
    this.chunkEnd = Math.min(CHUNK_BYTES, this.output.availableBytes());
    this.transcoder?.setCut(this.chunkEnd);
  }

  /** The transcoder, which does not know that the encoder may hold a chunk. */
  private createBulk(transcoder: RecordTranscoder): BulkSink {
    return {
      receiveBuffer: transcoder.receiveBuffer,
      expect: (namespace, set) => transcoder.expect(namespace, set),
      consume: (start, end, most) => {
        if (this.encoder.length > 0) this.endChunk();
        return transcoder.consume(start, end, most);
      },
      get consumedRecords() {
        return transcoder.consumedRecords;
      },
    };
  }

  /** The record in the encoder joins those of the transcoder, if it is not too large. */
  private moveToTranscoder(transcoder: RecordTranscoder): void {
    const { encoder } = this;
    const text = encoder.buffer.subarray(0, encoder.length);
    if (!transcoder.append(text)) {
      // A chunk that was not empty ends before this record.
      if (transcoder.length === 0) return;
      this.endTranscodedChunk(transcoder);
      if (!transcoder.append(text)) return;
    }
    encoder.length = 0;
  }

  private chunkBytes(): number {
    return this.encoder.length + (this.transcoder?.length ?? 0);
  }

  private flushEncoder(): void {
    if (this.chunkBytes() > 0) {
      this.endChunk();
      return;
    }
    const delta = this.drainProgress();
    if (delta.cursors.length > 0) this.output.recordProgress(delta);
  }

  private drainProgress(): ProgressDelta {
    const records = this.records - this.recordsInChunks;
    this.recordsInChunks = this.records;
    return { cursors: this.scan?.drainCursors() ?? NO_CURSORS, records };
  }

  private endChunk(): void {
    const { transcoder } = this;
    if (transcoder !== undefined && transcoder.length > 0) this.endTranscodedChunk(transcoder);
    else this.write(this.encoder.drain(this.spare.pop()), (memory) => this.spare.push(memory));
  }

  private endTranscodedChunk(transcoder: RecordTranscoder): void {
    if (!transcoder.isLastSlot && !this.output.transfersMemory) {
      const { text, slot } = transcoder.detachChunk();
      this.write(text, () => transcoder.release(slot));
      return;
    }
    const { text } = transcoder;
    const memory = this.spare.pop();
    const copy = memory !== undefined && memory.length >= text.length ? memory : allocateChunk(text.length);
    text.copy(copy);
    transcoder.clear();
    this.write(copy.subarray(0, text.length), (free) => this.spare.push(free));
  }

  /** `free` gets the memory that the output does not need any more. */
  private write(chunk: Buffer, free: (memory: Buffer) => void): void {
    this.bytes += chunk.length;
    const written: Promise<void> = this.output.write(chunk, this.drainProgress()).then(
      (memory) => {
        this.inFlight.delete(written);
        free(memory);
      },
      (error: unknown) => {
        this.inFlight.delete(written);
        this.failure ??= error instanceof Error ? error : new Error(String(error));
      },
    );
    this.inFlight.add(written);
    this.planChunkEnd();
  }
}

/** Memory of its own, as it may be transferred to another thread. */
function allocateChunk(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(Math.max(bytes, CHUNK_BYTES));
}
