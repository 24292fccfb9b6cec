/** What the main thread and the workers of a backup say to each other. */
import type { ClusterOptions } from '../../aerospike/config.js';
import type { ScanSelection } from '../../aerospike/protocol/scan-request.js';
import type { CodecConfig } from '../../codecs/codecs.js';
import type { LogLevel, LogLine } from '../../core/log.js';
import type { WorkerChannel } from '../../storage/registry.js';

/** How many bytes of a file are durable. Of a directory's file, the name within the directory. */
export interface FileLength {
  name: string;
  bytes: number;
  /** What the storage needs to go on behind them; absent = nothing, or the file is closed. */
  token?: string;
}

/** A file to go on with. */
export interface ResumedFile extends FileLength {
  /** Of its encryption; absent = it is not encrypted. */
  vector?: Uint8Array;
  /** Nothing can be added to it any more. */
  closed?: true;
}

export function backupFileName(prefix: string, number: number): string {
  return `${prefix}_${String(number).padStart(5, '0')}.asb`;
}

/**
 * The numbers of a directory's files, shared by all workers: the next number, and whether number 0, which holds the
 * indexes and UDFs, is still to be written. A continued run may have kept file 1 and not file 0.
 */
export function fileNumbers(kept: readonly number[]): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  const numbers = new Int32Array(shared);
  numbers[0] = Math.max(0, ...kept) + 1;
  numbers[1] = kept.includes(0) ? 0 : 1;
  return shared;
}

/** Takes a number of `fileNumbers`: 0 for whoever comes first, if it is free. */
export function claimFileNumber(shared: SharedArrayBuffer): number {
  const numbers = new Int32Array(shared);
  return Atomics.exchange(numbers, 1, 0) === 1 ? 0 : Atomics.add(numbers, 0, 1);
}

export type OutputPlan =
  | {
      kind: 'directory';
      path: string;
      prefix: string;
      fileLimitBytes: number;
      /** `fileNumbers`. */
      numbers: SharedArrayBuffer;
      /** What every file begins with. */
      header: Uint8Array;
      /** What file number 0 begins with, indexes and UDFs included, whoever opens it. Shared memory: it may be large. */
      firstHeader: Uint8Array;
      /** A file of the run that is continued, which this worker goes on with. */
      resume?: ResumedFile;
    }
  /** Chunks of whole records go to the main thread, which owns the one output. */
  | { kind: 'shared' };

/** A limit that all threads share. */
export interface Bandwidth {
  bytesPerSecond: number;
  state: SharedArrayBuffer;
}

export interface BackupWorkerData {
  /** 0 for the first worker. */
  index: number;
  cluster: ClusterOptions;
  selection: Omit<ScanSelection, 'filter'> & { filter?: Uint8Array };
  noRecords: boolean;
  compact: boolean;
  maxRetries: number;
  sleepBetweenRetriesMs: number;
  output: OutputPlan;
  pipeline: CodecConfig;
  /** Absent = local files only. */
  storage?: WorkerChannel;
  bandwidth?: Bandwidth;
  /** Float64 per worker: `COUNTERS_PER_WORKER` values from `index * COUNTERS_PER_WORKER` on. */
  counters: SharedArrayBuffer;
}

/** Written by one worker, read by the main thread. */
export const COUNTERS_PER_WORKER = 3;
/** BYTES: of files, as they are stored; 0 with one output for all. TEXT_BYTES: of records, before compression. */
export const Counter = { RECORDS: 0, BYTES: 1, TEXT_BYTES: 2 } as const;

/** A partition filter without Buffer, which does not survive the way between threads. */
export type JobFilter = { kind: 'range'; begin: number; count: number } | { kind: 'digest'; digest: Uint8Array };

export type BackupWorkerRequest =
  /** `cursors`: how far the job has come in an earlier run. */
  | { type: 'job'; filter: JobFilter; maxRecords: number | undefined; cursors: Uint8Array | undefined }
  | { type: 'checkpoint' }
  | { type: 'finish' }
  /** A chunk was written; its memory comes back for reuse. */
  | { type: 'written'; memory: ArrayBuffer }
  | { type: 'stop' };

export type BackupWorkerMessage =
  | { type: 'idle' }
  | { type: 'jobDone' | 'jobStopped'; filter: JobFilter; records: number; bytes: number }
  | { type: 'chunk'; memory: ArrayBuffer; length: number; cursors: Uint8Array; records: number }
  /** The scan has come further without a record, in the order of the chunks. */
  | { type: 'note'; cursors: Uint8Array; records: number }
  /** What a file of this worker holds for good, and how far the scan has come with it. */
  | { type: 'durable'; cursors: Uint8Array; records: number; file: FileLength | undefined }
  | { type: 'finished'; files: { name: string; bytes: number }[] }
  | { type: 'log'; level: LogLevel; line: LogLine }
  /** The worker has closed what it had open and ends. */
  | { type: 'failed'; code: string; message: string; stack: string; openFiles: string[] };
