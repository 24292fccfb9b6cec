/** What the main thread and the workers of a restore say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { ClusterOptions } from '../../aerospike/config.js';
import type { MetadataEntry } from '../../core/sindex.js';
import type { CodecConfig } from '../../codecs/codecs.js';
import type { LogLevel, LogLine } from '../../core/log.js';
import type { WorkerChannel } from '../../storage/registry.js';
import type { SerializedError } from './errors.js';
import type { RateLimits } from './rate-limiter.js';
import type { RecordRules } from './record-processor.js';
import type { UploadSettings } from './batch-writer.js';

export interface RestoreWorkerData {
  /** 0 for the first worker. */
  index: number;
  cluster: ClusterOptions;
  upload: UploadSettings;
  rules: RecordRules;
  /** Empty = all. */
  bins: readonly string[];
  noRecords: boolean;
  pipeline: CodecConfig;
  storage?: ReadingLink;
  /** Absent = none. */
  limits?: RateLimits;
  tallies: SharedArrayBuffer;
}

/** A worker that only reads. */
export interface ValidationSetup {
  index: number;
  /** Absent = any. */
  namespace?: string;
  pipeline: CodecConfig;
  storage?: ReadingLink;
  tallies: SharedArrayBuffer;
}

/** A worker's way to files that are not local; absent = all are. */
export interface ReadingLink extends WorkerChannel {
  /** How many workers read at the same time. */
  readers: number;
}

export interface FileJob {
  /** Absent = standard input. */
  path?: string;
  /** In place of standard input: where a stream of the main thread comes from. */
  port?: MessagePort;
  /** So many globals in front of the first record are restored already. */
  globalsDone: number;
  /** How the log speaks of the file. */
  announce: boolean;
}

export type RestoreWorkerRequest =
  | { type: 'file'; job: FileJob }
  /** The global last sent has been seen to. */
  | { type: 'globalDone' }
  /** No more files. */
  | { type: 'finish' }
  | { type: 'stop'; reason: SerializedError };

/** What one worker met that the end of the log speaks of. */
export interface WorkerResult {
  nullSetSeen: boolean;
  ttlsCut: number;
  persistBitsCleared: number;
  sorted: number;
}

/** What was found in a file. */
export interface FileContents {
  records: number;
  sindexes: number;
  udfs: number;
  /** As it is stored. */
  bytes: number;
}

export type RestoreWorkerMessage =
  | { type: 'idle' }
  /** A file could not be read to its end; what was in front of the fault goes its way. */
  | { type: 'fileFailed'; failure: SerializedError }
  /** Validation has come to the end of a file, or to its first fault. */
  | { type: 'fileChecked'; contents: FileContents }
  | { type: 'global'; entry: MetadataEntry }
  | { type: 'log'; level: LogLevel; line: LogLine }
  /** No record is written any more; all workers have to stop. */
  | { type: 'stopped'; failure: SerializedError }
  | { type: 'finished'; findings: WorkerResult };
