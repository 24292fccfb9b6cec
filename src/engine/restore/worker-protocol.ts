/**
 * What the main thread and the workers of a restore send each other, besides what every pool sends (core/worker-
 * pool.ts).
 */
import type { ClusterOptions } from '../../aerospike/config.js';
import type { CodecConfig } from '../../codecs/codecs.js';
import type { SerializedError } from '../../core/errors.js';
import type { MetadataEntry } from '../../core/sindex.js';
import type { WasmModule } from '../../core/webassembly.js';
import type { ReadCounts } from '../input/file-reader.js';
import type { ReadChannel } from '../input/input.js';
import type { BatchWriterSettings } from './batch-writer.js';
import type { RateLimits } from './rate-limiter.js';
import type { RecordRules } from './record-processor.js';
import type { RenamedSet } from './set-renamer.js';
import type { Remembered } from './version-history.js';

/** `workerData` of a restore worker. */
export interface RestoreWorkerData {
  /** 0 for the first worker. */
  index: number;
  cluster: ClusterOptions;
  writer: BatchWriterSettings;
  rules: RecordRules;
  /** Empty = all. */
  bins: readonly string[];
  noRecords: boolean;
  renamedSets: readonly RenamedSet[];
  /** What to remember for older backups; absent = there are none. */
  remembered?: Remembered;
  /** Of a DigestTable: records of which newer backups had a version. */
  newer?: SharedArrayBuffer;
  codecs: CodecConfig;
  /** Absent = all files are local. */
  storage?: ReadChannel;
  /** Absent = none. */
  limits?: RateLimits;
  /** Absent = no two directories can hold the same records. `directory` is its number, from 1. */
  overlap?: { map: SharedArrayBuffer; directory: number };
  /** Of a CounterBlock of RESTORE_COUNTERS. */
  counters: SharedArrayBuffer;
  /** Takes ordinary records; absent = the decoder takes all. */
  scannerModule?: WasmModule;
}

/** The index or module that was sent last has been restored, or has failed. */
export interface MetadataDone {
  type: 'metadata-done';
}

export type RestoreWorkerMessage =
  /** A file could not be read to its end; what precedes the fault is restored. */
  | { type: 'file-failed'; error: SerializedError }
  /** A part of a file was read to its end. */
  | { type: 'range-read'; contents: ReadCounts }
  /** `namespace`: of the file; absent = unknown. */
  | { type: 'metadata'; entry: MetadataEntry; namespace?: string };

/** What one worker met that the end of the log reports. */
export interface WorkerResult {
  nullSetSeen: boolean;
  ttlsCut: number;
  persistBitsCleared: number;
  sorted: number;
  generationZero: number;
  /** Records that could not be moved to another set. */
  unmovable: number;
  /** For the history, one behind the other. */
  digests: Uint8Array;
}
