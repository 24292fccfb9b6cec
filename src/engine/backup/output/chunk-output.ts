/** Where a backup worker's chunks go: files of its own in a directory, or the one output of the main thread. */
import type { ProgressDelta } from '../checkpoint/progress-delta.js';

export interface FinishedFile {
  /** Path of the file, as the storage names it. */
  name: string;
  /** As stored. */
  bytes: number;
  /** For `Storage.verifyWritten`; absent = nothing can be verified. */
  identity?: string;
}

export interface ChunkOutput {
  /** `write` moves the chunk's memory to another thread: it must belong to nothing else. */
  readonly transfersMemory: boolean;
  /** How many bytes can still be written to the current file before the next file begins. */
  availableBytes(): number;
  /** Creates a file if there is none yet, so that a job without records has one. */
  begin(): void;
  /**
   * Writes a chunk of whole records. Chunks are written in order; the promise settles with the memory of a chunk that
   * is free again.
   */
  write(chunk: Buffer, delta: ProgressDelta): Promise<Buffer>;
  /** The scan has come further without a record. */
  recordProgress(delta: ProgressDelta): void;
  /** Makes everything written so far durable, where the storage can do that. */
  checkpoint(): Promise<void>;
  /** Ends the compression frame, so that all bytes of the job reach the storage. */
  endJob(): Promise<void>;
  /** Writes and makes durable everything; resolves with the files written. */
  finish(): Promise<FinishedFile[]>;
  /** Closes everything without making it durable. */
  abort(): Promise<void>;
}
