import type { ClusterOptions } from '../../aerospike/config.js';
import type { CodecConfig } from '../../codecs/codecs.js';
import type { Log } from '../../core/log.js';
import type { StorageAccess } from '../../storage/registry.js';
import type { ProgressDisplay } from '../../ui/progress/display.js';
import type { Chunks } from '../../storage/stream/reader.js';
import type { ProgressSignal } from '../../ui/progress/progress-signal.js';

export type RestoreSource =
  | { kind: 'directory'; path: string }
  | { kind: 'directories'; paths: readonly string[] }
  | { kind: 'file'; path: string }
  /** `expectedBytes` (`-i -:<bytes>`) is for progress only. */
  | { kind: 'stdin'; expectedBytes?: number }
  | { kind: 'stream'; stream: Chunks; expectedBytes?: number };

/** Everything one restore run needs to know. Names, ranges and defaults: asrestore.md 1. */
export interface RestoreOptions extends CodecConfig {
  cluster: ClusterOptions;
  /** For the log only: the host list as the user typed it. */
  hostText: string;
  source: RestoreSource;
  /** Absent: records go to the namespace they came from (asrestore.md 5.1). */
  namespace?: { from: string; to: string };
  /** Empty = all. */
  sets: string[];
  /** Empty = all. */
  bins: string[];
  unique: boolean;
  replace: boolean;
  noGeneration: boolean;
  noRecords: boolean;
  noIndexes: boolean;
  noUdfs: boolean;
  indexesLast: boolean;
  /** Wait until indexes are built and UDFs have reached every node. */
  wait: boolean;
  extraTtlS: number;
  ignoreRecordError: boolean;
  /** 1–4096. */
  parallel: number;
  disableBatchWrites: boolean;
  /** Rows per batch frame; absent = 128 with batch writes, 16 without. */
  batchSize?: number;
  /** Frames in flight over the whole run. */
  maxAsyncBatches: number;
  socketTimeoutMs: number;
  /** Of one write command, retries excluded. */
  totalTimeoutMs: number;
  maxRetries: number;
  /** Unit of the exponential backoff, microseconds. */
  retryScaleFactorUs: number;
  /** Of all files together, as they are stored; absent = no limit. */
  bandwidthBytesPerSecond?: number;
  /** Records read, whatever becomes of them; absent = no limit. */
  recordsPerSecond?: number;
  /** The storages of the run's paths; absent = local files only. Who made them closes them. */
  storages: StorageAccess;
  log: Log;
  /** The file of `--machine`, which is appended to. */
  machinePath?: string;
  /** Shows the progress in place of the counter lines, except for the last ones. */
  display?: ProgressDisplay;
  /** Asks for the progress out of turn. */
  progressRequests?: ProgressSignal;
  signal?: AbortSignal;
}

/**
 * Every record read ends in exactly one of expired, skipped, ignored, inserted, existed, fresher, failed.
 */
export interface RestoreResult {
  sindexes: number;
  udfs: number;
  /** Records read. */
  records: number;
  expired: number;
  skipped: number;
  /** Refused by the server for a reason of their own, and `ignoreRecordError` was set. */
  ignored: number;
  inserted: number;
  existed: number;
  fresher: number;
  /** Neither written nor explained by another counter; not zero = the run throws. */
  failed: number;
  /** Of `failed`: records that were sent and whose answer was lost, so that they may have been written. */
  failedInDoubt: number;
  retries: number;
  /**
   * Of `inserted`: records that were sent again after the answer to an earlier attempt was lost, and were found there.
   * The earlier attempt wrote them, unless somebody else wrote the same record in that moment.
   */
  inDoubt: number;
  /** As they are stored. */
  bytes: number;
  /** Decrypted and decompressed. */
  textBytes: number;
  durationMs: number;
}
