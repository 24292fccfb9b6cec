/**
 * Turns scanned records into chunks of file text.
 *
 * HOT PATH: `row` runs once per record and only encodes; everything that allocates happens once per chunk.
 */
import type { RecordSink } from '../../aerospike/commands/scan.js';
import type { RecordEncoder } from '../../asb/encoder.js';
import type { RecordView } from '../../core/record-view.js';
import type { ChunkOutput, ProgressDelta } from './output/chunk-output.js';

export const CHUNK_BYTES = 1024 * 1024;
/** Chunks that may wait to be written before the node is asked to pause. */
const MAX_INFLIGHT_CHUNKS = 2;

/** Tells how far the scan has come that the records are from. */
export interface CursorSource {
  drainCursors(): Uint8Array<ArrayBuffer>;
}

const NO_CURSORS = new Uint8Array(0);

export class RecordWriter implements RecordSink {
  records = 0;
  /** Bytes encoded, whether written yet or not. */
  bytes = 0;
  private cutAt = CHUNK_BYTES;
  private recordsCut = 0;
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
    if (this.encoder.length >= this.cutAt) this.endChunk();
    this.encoder.encode(record);
    this.records++;
  }

  waitForDrain(): Promise<void> | undefined {
    if (this.failure !== undefined) throw this.failure;
    return this.inFlight.size < MAX_INFLIGHT_CHUNKS ? undefined : Promise.race(this.inFlight);
  }

  /** Makes everything handled so far durable. Not to be called within `row`. */
  async checkpoint(): Promise<void> {
    this.handOver();
    await this.output.checkpoint();
  }

  /** Hands everything encoded to the output and waits until it is written. */
  async flush(): Promise<void> {
    this.handOver();
    while (this.inFlight.size > 0) await Promise.race(this.inFlight);
    if (this.failure !== undefined) throw this.failure;
  }

  /** Asks the output how much the next chunk may hold; at a new job the file may be another one. */
  planChunkEnd(): void {
    this.cutAt = Math.min(CHUNK_BYTES, this.output.room());
  }

  private handOver(): void {
    if (this.encoder.length > 0) {
      this.endChunk();
      return;
    }
    const stretch = this.stretch();
    if (stretch.cursors.length > 0) this.output.note(stretch);
  }

  private stretch(): ProgressDelta {
    const records = this.records - this.recordsCut;
    this.recordsCut = this.records;
    return { cursors: this.scan?.drainCursors() ?? NO_CURSORS, records };
  }

  private endChunk(): void {
    const chunk = this.encoder.drain(this.spare.pop());
    this.bytes += chunk.length;
    const written: Promise<void> = this.output.write(chunk, this.stretch()).then(
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
