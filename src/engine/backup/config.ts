import type { Writable } from 'node:stream';
import type { ClusterOptions, PartitionFilter, Seed } from '../../aerospike/config.js';
import type { CodecConfig } from '../../codecs/codecs.js';
import type { Shard } from '../../core/shard.js';
import type { ManifestInfo } from '../catalog/manifest.js';
import type { StorageAccess } from '../../storage/registry.js';

export type BackupTarget =
  | { kind: 'directory'; path: string }
  | { kind: 'file'; path: string }
  | { kind: 'stdout' }
  /** Ended when everything is written. Such a run keeps no state unless it is told where. */
  | { kind: 'stream'; stream: Writable }
  /** Nothing is written: for `estimate`. */
  | { kind: 'none' };

/** What a new backup is called, and what it holds. */
export interface ManifestRequest extends Pick<ManifestInfo, 'type' | 'parent' | 'modifiedBefore'> {
  /** Absent = one is made. */
  id?: string;
}

/** Everything one backup run needs to know. Names, ranges and defaults: asbackup.md 1.2. */
export interface BackupConfig extends CodecConfig {
  cluster: ClusterOptions;
  namespace: string;
  /** Empty = the whole namespace. An empty name means records without a set, also if it is the only one. */
  sets: string[];
  /** Records of these sets are left out; an empty name means records without a set. Not with `filterExp`. */
  excludedSets?: readonly string[];
  /** Empty = all bins. */
  bins: string[];
  noBins: boolean;
  noRecords: boolean;
  noIndexes: boolean;
  noUdfs: boolean;
  target: BackupTarget;
  /** Base name of the files of a directory backup; default: the namespace. */
  prefix: string;
  /** A file of a directory backup that has reached this size is followed by a new one. */
  fileLimitBytes: number;
  /** Once the run has proved that it can start: delete the output file, or the backup files of the directory. */
  removeFiles: boolean;
  /** Of a directory, remove only files of this prefix; absent = all backup files. */
  removePrefix?: string;
  compact: boolean;
  /** 1–100. */
  parallel: number;
  /** Only partitions whose master is one of these nodes, in place of `partitions` (asbackup.md 5.7). */
  nodeList?: Seed[];
  /** Non-overlapping, sorted by partition; default: one range over all 4096. */
  partitions: PartitionFilter[];
  /**
   * Only this part of the partitions. Its prefix ends with the shard (shard/names.ts), and it keeps a manifest; with
   * an earlier state of its own, it continues.
   */
  shard?: Shard;
  /** Server filter expression (msgpack), in place of the filters below. */
  filterExp?: Buffer;
  /** Only records whose last update is at or after this / earlier than this; nanoseconds since 1970. */
  modifiedAfterNs?: bigint;
  modifiedBeforeNs?: bigint;
  /** Only records that never expire. */
  noTtlOnly?: boolean;
  /** Over all workers; 0 or absent = unlimited. */
  recordsPerSecond?: number;
  /** Stop after this many records; 0 or absent = all. */
  maxRecords?: number;
  /** Bytes of backup per second, over all workers; absent = unlimited. */
  bandwidthBytesPerSecond?: number;
  socketTimeoutMs: number;
  /** Deadline of one job's scan with all its retries; 0 = none. */
  totalTimeoutMs: number;
  maxRetries: number;
  /** Time without progress for which a scan that fails for a reason that passes is retried; absent = a minute. */
  retryBudgetMs?: number;
  sleepBetweenRetriesMs: number;
  /** Continue the run that this state file is of. */
  continueFrom?: string;
  /** Where to keep the state: a file, or a directory for a file of the usual name (asbackup.md 7.1). */
  stateFileDst?: string;
  /** How often the state is brought up to date; 0 = only when the run stops. Default: 10 seconds. */
  checkpointIntervalMs?: number;
  /** Records an estimate reads. Absent: 10 000, or 1000 for the one before a backup to a file. */
  estimateSamples?: number;
  /** Absent = records go through WebAssembly where the machine has it. */
  webAssembly?: false;
  /** Keep a manifest; absent = the state is deleted at the end. Not with a target that cannot be read again. */
  manifest?: ManifestRequest;
  /** The storages of the run's paths. Who made them closes them. */
  storages: StorageAccess;
}

export interface BackupResult {
  records: number;
  sindexes: number;
  udfs: number;
  /** As they are stored. */
  bytes: number;
  /** Before compression, of this run alone. */
  textBytes: number;
  /** Paths of all files of the backup, those of the runs that this one continues included. */
  files: string[];
  durationMs: number;
}
