/**
 * Turns scanned records into chunks of file text.
 *
 * HOT PATH: `row` runs once per record and only encodes; everything that allocates happens once per chunk.
 */
import type { RecordSink } from '../../aerospike/commands/scan.js';
import type { RecordEncoder } from '../../asb/encoder.js';
import type { RecordView } from '../../core/record-view.js';
import type { ProgressDelta } from './checkpoint/progress-delta.js';
import type { ChunkOutput } from './output/chunk-output.js';

export const CHUNK_BYTES = 1024 * 1024;
/** Chunks that may wait to be written before the node is asked to pause. */
const MAX_INFLIGHT_CHUNKS = 2;

/** How far the scan has come that the records are from. */
export interface CursorSource {
  drainCursors(): Uint8Array<ArrayBuffer>;
}

const NO_CURSORS = new Uint8Array(0);

export class RecordWriter implements RecordSink {
  records = 0;
  /** Bytes encoded, whether written yet or not. */
  bytes = 0;
  private chunkEnd = CHUNK_BYTES;
  private recordsInChunks = 0;
  private scan: CursorSource | undefined;
  private readonly spare: Buffer[] = [];
  private readonly inFlight = new Set<Promise<void>>();
  private failure: Error | undefined;

  constructor(
    private readonly encoder: RecordEncoder,
    private readonly output: ChunkOutput,
  ) {
    this.planChunkEnd();
  }

  /** The records that follow are from another scan. */
  startPartition(scan: CursorSource): void {
    this.scan = scan;
  }

  row(record: RecordView): void {
    // Before the record, not after it: the scan's position moves when the record has been handled, and a chunk and the
    // position that is saved with it must agree to the record.
    if (this.encoder.length >= this.chunkEnd) this.endChunk();
    this.encoder.encode(record);
    this.records++;
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
  }

  private flushEncoder(): void {
    if (this.encoder.length > 0) {
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
    const chunk = this.encoder.drain(this.spare.pop());
    this.bytes += chunk.length;
    const written: Promise<void> = this.output.write(chunk, this.drainProgress()).then(
      (memory) => {
        this.inFlight.delete(written);
        this.spare.push(memory);
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
