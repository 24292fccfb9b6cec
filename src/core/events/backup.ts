/** Events of backups, estimates and the removal of backups. Bytes are bytes as stored; times are milliseconds. */
import type { SerializedError } from '../errors.js';
import type { PartitionFilter } from '../partition.js';

/** What a backup holds so far. */
export interface BackupTotals {
  records: number;
  sindexes: number;
  udfs: number;
  bytes: number;
}

/** Where a backup goes, as far as a log shows it. */
export type TargetDescription = { kind: 'directory' | 'file'; path: string } | { kind: 'stdout' | 'stream' | 'none' };

/** What there was too little of for all the workers asked for. */
export type LimitingFactor = 'partitions' | 'filters' | 'records';

export type BackupEvent =
  | {
      type: 'backup.start';
      namespace: string;
      /** Empty = all. */
      sets: readonly string[];
      bins: readonly string[];
      /** Milliseconds since the epoch; absent = no limit. */
      modifiedAfter?: number;
      modifiedBefore?: number;
      noTtlOnly: boolean;
      /** 0 = no limit. */
      maxRecords: number;
      target: TargetDescription;
    }
  /** All nodes that are read, in the order of the table. */
  | { type: 'cluster.table'; nodes: readonly { id: string; objects: number; replication: number }[] }
  | { type: 'cluster.records'; namespace: string; sets: readonly string[]; records: number }
  /** `differs`: the nodes have different replication factors; `zero`: one has none, which counts as 1. */
  | { type: 'cluster.replication'; problem: 'differs' | 'zero' }
  /** Nodes that do not report their rack, so that a preferred rack cannot be chosen among them. */
  | { type: 'cluster.racks'; nodes: readonly string[] }
  | { type: 'target.create'; path: string }
  | { type: 'target.ready'; path: string }
  /** Files of an earlier backup are removed. `foreign`: those that are not of this backup's `prefix`. */
  | { type: 'target.remove'; path: string; files: number; prefix: string; foreign: readonly string[] }
  /** Files that stay beside the new backup. */
  | { type: 'target.others'; path: string; prefix: string; files: readonly string[] }
  | { type: 'target.space'; path: string; freeBytes: number; neededBytes: number }
  | { type: 'backup.sindexes'; sindexes: number }
  | { type: 'backup.sindexes.skipped'; sindexes: number }
  /** An index that the files cannot hold; `reason` is the end of a sentence. */
  | { type: 'backup.sindex.left'; name: string; reason: string }
  /**
   * Indexes on expressions and whole sets need a version of the format that older tools cannot read: of `file`, or,
   * where that is absent, of the whole backup.
   */
  | { type: 'backup.format'; version: string; file?: string }
  | { type: 'backup.udfs'; udfs: number }
  | { type: 'backup.workers'; asked: number; workers: number; scarce: LimitingFactor }
  | { type: 'job.start'; filter: PartitionFilter }
  | { type: 'job.done' | 'job.interrupted'; filter: PartitionFilter; records: number; bytes: number }
  | { type: 'job.time'; filter: PartitionFilter; records: number; bytes: number; durationMs: number }
  | { type: 'scan.retry'; partitions: number; reason: string }
  /** Records whose user key has no line in the format. */
  | { type: 'backup.keys-dropped'; records: number }
  /** The backup has far more or fewer records than the namespace said it has. */
  | { type: 'backup.count'; records: number; expected: number }
  | ({ type: 'backup.summary' } & BackupTotals)
  /** Nothing is done: an earlier run has completed the shard. `path`: of its manifest. */
  | { type: 'shard.complete'; path: string; records: number }
  | { type: 'resume.start'; records: number }
  /** What was written to standard output so far has to be cut to its first `bytes` bytes. */
  | { type: 'resume.cut'; bytes: number }
  | { type: 'resume.delete'; files: readonly string[] }
  | { type: 'state.saved'; path: string }
  /** The run cannot be continued: the usual path of its state is another run's, or cannot be written. */
  | { type: 'state.missing'; path: string; error?: SerializedError }
  /** `ending`: the run ends anyway; otherwise it goes on. */
  | { type: 'checkpoint.failed'; error: SerializedError; ending: boolean }
  /** What the backup to one file will hold, before it begins. */
  | { type: 'backup.expected'; records: number; bytesPerRecord: number }
  /** `ratio`: stored bytes per byte of text; absent without compression. `records` are expected in the whole backup. */
  | { type: 'estimate.record'; records: number; bytesPerRecord: number; ratio?: number }
  | { type: 'estimate.total'; bytes: number }
  | { type: 'remove.start'; kind: 'directory' | 'file'; path: string }
  /** The directory stays because of `reason`. */
  | { type: 'remove.kept'; path: string; files: number; reason: string };
