/** What the main thread and the workers of a backup send each other. */
import type { PartitionFilter } from '../../core/partition.js';
import type { WasmModule } from '../../core/webassembly.js';
import type { ClusterOptions } from '../../aerospike/config.js';
import type { ScanSelection } from '../../aerospike/protocol/scan-request.js';
import type { CodecConfig } from '../../codecs/codecs.js';
import type { WorkerChannel } from '../../storage/registry.js';
import type { Block } from '../catalog/manifest.js';
import type { ProgressDelta } from './checkpoint/progress-delta.js';

/** How many bytes of a file are durable. Of a directory's file, the name within the directory. */
export interface FileLength {
  name: string;
  bytes: number;
  /** What the storage needs to go on behind them; absent = nothing, or the file is closed. */
  token?: string;
  /** Of the last of these bytes (output/tail.ts). */
  tail?: string;
  /** Checksums of the bytes that have become durable since the last report; only with a manifest. */
  blocks?: readonly Block[];
}

/** A file to go on with. */
export interface ResumedFile extends FileLength {
  /** Of its encryption; absent = it is not encrypted. */
  vector?: Uint8Array;
  /** Nothing can be added to it any more. */
  closed?: true;
}

export type OutputPlan =
  | {
      kind: 'directory';
      path: string;
      prefix: string;
      fileLimitBytes: number;
      /** Whether checksums are computed. */
      checksums: boolean;
      /** `fileNumbers`. */
      numbers: SharedArrayBuffer;
      /** What every file begins with. */
      header: Uint8Array;
      /**
       * What file number 0 begins with, indexes and UDFs included, whoever opens it. Shared memory: it may be large.
       */
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
  /** Turns ordinary records into text; absent = there is no WebAssembly, or it is not wanted. */
  module?: WasmModule;
  maxRetries: number;
  /** Absent = the default of a scan. */
  retryBudgetMs?: number;
  sleepBetweenRetriesMs: number;
  output: OutputPlan;
  pipeline: CodecConfig;
  /** Absent = local files only. */
  storage?: WorkerChannel;
  bandwidth?: Bandwidth;
  /** A CounterBlock of BACKUP_COUNTERS. */
  counters: SharedArrayBuffer;
}

/**
 * Counters of the workers. `records` and `textBytes` are encoded; `bytes` are those of files as stored, 0 with one
 * output for all workers.
 */
export const BACKUP_COUNTERS = ['records', 'bytes', 'textBytes'] as const;
export type BackupCounter = (typeof BACKUP_COUNTERS)[number];

/** A partition filter without Buffer, which does not survive the way between threads. */
export type JobFilter = { kind: 'range'; begin: number; count: number } | { kind: 'digest'; digest: Uint8Array };

/** The filter with a Buffer again, on the other side. */
export function toPartitionFilter(filter: JobFilter): PartitionFilter {
  return filter.kind === 'range' ? filter : { kind: 'digest', digest: Buffer.from(filter.digest) };
}

export interface BackupJob {
  filter: JobFilter;
  /** Absent = all. */
  maxRecords: number | undefined;
  /** How far the job has come in an earlier run. */
  cursors: Uint8Array | undefined;
}

export type BackupRequest =
  | { type: 'checkpoint' }
  /** A chunk was written; its memory is returned for reuse. */
  | { type: 'written'; memory: ArrayBuffer };

export type BackupMessage =
  /** A job has reached its part of the record limit, and its partitions hold more. */
  | { type: 'unfinished'; filter: JobFilter; cursors: Uint8Array<ArrayBuffer> }
  /** A chunk for the one output of all workers. */
  | ({ type: 'chunk'; memory: ArrayBuffer; length: number } & ProgressDelta)
  /** The scan has come further without a record, in the order of the chunks. */
  | ({ type: 'progress' } & ProgressDelta)
  /** What a file of this worker holds for good, and how far the scan has come with it. */
  | ({ type: 'durable'; file: FileLength | undefined } & ProgressDelta);

/** What a worker has written by its end. */
export interface BackupWorkerResult {
  /** Records whose user key has no line in the format. */
  droppedKeys: number;
  files: { name: string; bytes: number }[];
}
