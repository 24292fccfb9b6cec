/** Events of restores and validations. Bytes are bytes as stored, unless noted; times are milliseconds. */

/** Where a restore reads from, as far as a log shows it. */
export type SourceDescription =
  | { kind: 'directory' | 'file'; path: string }
  | { kind: 'directories'; paths: readonly string[] }
  | { kind: 'stdin' | 'stream' };

/** What was found in files. */
export interface ContentTotals {
  records: number;
  sindexes: number;
  udfs: number;
  bytes: number;
}

/** Counters of a restore since its start. Every record ends in one of expired to fresher, or failed. */
export interface RestoreTotals extends ContentTotals {
  expired: number;
  skipped: number;
  ignored: number;
  inserted: number;
  existed: number;
  fresher: number;
  retries: number;
}

/** A secondary index as log fields name it. */
export interface SindexName {
  namespace: string;
  set: string;
  name: string;
  bin: string;
}

export type RestoreEvent =
  | { type: 'restore.start'; bins: readonly string[]; sets: readonly string[]; source: SourceDescription }
  | { type: 'validate.start' | 'restore.input' | 'validate.input'; source: SourceDescription }
  | { type: 'input.files'; files: number; path: string }
  /** A part of the backup is missing; `part` names it. */
  | { type: 'input.missing'; part: string }
  /** Directories that hold backups of one namespace are restored in their order; of one record, `winner` counts. */
  | { type: 'input.overlap'; directories: readonly string[]; winner: 'first' | 'last' }
  /** The server reports no batch threads, so that records are written one by one. */
  | { type: 'restore.write-mode'; reason: string }
  | { type: 'restore.records' | 'restore.finished' | 'validate.files' | 'validate.finished' }
  /** A worker begins with one of several files. */
  | { type: 'file.start'; doing: 'restoring' | 'validating'; path: string }
  | { type: 'file.opened'; path: string }
  | { type: 'file.read'; path: string; records: number; bytes: number; durationMs: number }
  /** `bytes` of the module's text. */
  | { type: 'restore.udf'; name: string; bytes: number }
  /** Indexes and modules that the first shard has to restore before this one begins. */
  | { type: 'shard.waiting'; missing: readonly string[] }
  | ({ type: 'restore.sindex' | 'restore.sindex.replace' | 'restore.sindex.skip' } & SindexName)
  /** The set "null" of an index, which C writes for none, is taken for none. */
  | { type: 'restore.sindex.no-set'; name: string }
  | {
      type: 'restore.sindexes.skipped' | 'restore.sindexes.matched' | 'restore.sindexes.mismatched';
      sindexes: number;
    }
  /** The server refused one record; `digest` is base64. */
  | { type: 'record.ignored'; digest: string; resultCode: number; reason: string }
  | { type: 'write.retry'; records: number; attempt: number; pauseMs: number; reason: string }
  | {
      type:
        | 'records.ttl-cut'
        | 'records.persist-cleared'
        | 'records.sorted'
        | 'records.fresher'
        | 'records.existed'
        | 'records.in-doubt'
        | 'records.generation-zero';
      records: number;
    }
  /** Most records have expired. `clockAheadS`: seconds that the clock of this host is ahead of the server's. */
  | { type: 'records.expired'; records: number; expired: number; clockAheadS?: number }
  /** More records were written than the namespaces hold. */
  | { type: 'records.replaced'; inserted: number; objects: number; namespaces: readonly string[] }
  | ({ type: 'restore.summary' } & RestoreTotals)
  /** `fault`: one was found, at byte `offset` of the text if that is known. */
  | ({ type: 'file.checked'; path: string; fault?: { offset?: number } } & ContentTotals)
  /** `sound`: no fault was found. */
  | ({ type: 'validate.summary'; files: number; sound: boolean } & ContentTotals);
