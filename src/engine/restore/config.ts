import type { ClusterOptions } from '../../aerospike/config.js';
import type { CodecConfig } from '../../codecs/codecs.js';
import type { RestoreTotals } from '../../core/events/restore.js';
import type { Shard } from '../../core/shard.js';
import type { StorageAccess } from '../../storage/registry.js';
import type { InputSource } from '../input/source.js';
import type { SplitSizes } from '../input/split-files.js';
import type { RenamedSet } from './set-renamer.js';
import type { RestoreHistory } from './version-history.js';

export type RestoreSource = InputSource;

/** Everything one restore needs to know. Names, ranges and defaults: asrestore.md 1. */
export interface RestoreConfig extends CodecConfig {
  cluster: ClusterOptions;
  source: InputSource;
  /** Only every N-th file of the directories; the first shard restores the indexes and modules for all. */
  shard?: Shard;
  /** How long the other shards wait for these; absent = ten minutes. */
  metadataWaitMs?: number;
  /** Absent: records go to the namespace they came from (asrestore.md 5.1). */
  namespace?: { from: string; to: string };
  /** Empty = all. */
  sets: string[];
  /** Whose records and indexes are left out; absent = none. */
  excludedSets?: readonly string[];
  /** Records and indexes of these sets go to others; `sets` and `excludedSets` have the names of the backup. */
  renamedSets?: readonly RenamedSet[];
  /** Of a chain of backups that is restored from the newest to the oldest: what the newer ones had. */
  history?: RestoreHistory;
  /** Empty = all. */
  bins: string[];
  /** Only records that do not exist yet. */
  unique: boolean;
  /** Bins that are not in the backup do not outlive a record that is written. */
  replace: boolean;
  /** Write whatever the generation of the stored record. */
  noGeneration: boolean;
  /**
   * The input is newer than what the namespace has: every record replaces the stored one, whatever its generation.
   * Means
   * `replace` and `noGeneration`.
   */
  applyIncrement?: boolean;
  noRecords: boolean;
  noIndexes: boolean;
  noUdfs: boolean;
  indexesLast: boolean;
  /** Wait until indexes are built and UDFs have reached every node. */
  wait: boolean;
  extraTtlS: number;
  ignoreRecordError: boolean;
  /**
   * A backup of which parts are known to be missing is restored with a warning; by default the run fails in the end.
   */
  allowIncomplete?: boolean;
  /** Worker threads, 1–4096. */
  parallel: number;
  disableBatchWrites: boolean;
  /** Rows per batch frame; absent = 128 to 512 with batch writes, 16 without. */
  batchSize?: number;
  /** Frames in flight over the whole run. */
  maxAsyncBatches: number;
  socketTimeoutMs: number;
  /** Of one write command, retries excluded. */
  totalTimeoutMs: number;
  /**
   * Attempts to write a record again. Those that fail for a reason that passes go on until `retryBudgetMs` is over,
   * too.
   */
  maxRetries: number;
  /** Unit of the exponential backoff, microseconds. */
  retryScaleFactorUs: number;
  /** How long a worker goes on without writing any record; absent = 60 s. */
  retryBudgetMs?: number;
  /** Of all files together, as they are stored; absent = no limit. */
  bandwidthBytesPerSecond?: number;
  /** Records read, whatever becomes of them; absent = no limit. */
  recordsPerSecond?: number;
  /** From which size on a file is read by several workers; absent = see input/split-files.ts. */
  splitSizes?: SplitSizes;
  /** Absent = records go through WebAssembly where the machine has it. */
  webAssembly?: false;
  /** The storages of the run's paths. Whoever opened them closes them. */
  storages: StorageAccess;
}

export const DEFAULT_RETRY_BUDGET_MS = 60_000;

/**
 * Counters of a run. Every record read ends in one of expired, skipped, ignored, inserted, inDoubt, existed, fresher,
 * failed.
 */
export interface RestoreCounts extends RestoreTotals {
  /**
   * Records that were sent again after the answer to an earlier attempt was lost, and were found present: the earlier
   * attempt wrote them, or somebody else did, or they were there before.
   */
  inDoubt: number;
  /** Neither written nor explained by another counter; not zero = the run throws. */
  failed: number;
  /** Of `failed`: records that were sent and whose answer was lost, so that they may have been written. */
  failedInDoubt: number;
  /** Decrypted and decompressed. */
  textBytes: number;
}

export interface RestoreResult extends RestoreCounts {
  durationMs: number;
}
