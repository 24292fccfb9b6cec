/**
 * The settings of the library. Those of options are in option-settings.ts; defaults and bounds are the options' own.
 */
import type { Writable } from 'node:stream';
import type { Chunks } from '../storage/stream/reader.js';
import type { BackupOptionSettings, RestoreOptionSettings } from './option-settings.js';

export interface LogEntry {
  time: Date;
  level: 'error' | 'warn' | 'info' | 'debug';
  /** A stable name, as in docs/reference/log-events.md. */
  event: string;
  message: string;
  /** Numbers are numbers. `worker` is the number of the worker that the entry is of, if it is of one. */
  fields: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** Once a second while a run is under way, and at its end. */
export interface ProgressEvent {
  /** 0–100; undefined = the total is not known. */
  percent: number | undefined;
  records: number;
  /** As they are stored. */
  bytes: number;
  recordsPerSecond: number;
  bytesPerSecond: number;
  /** Seconds to the end; undefined = not known yet. */
  etaSeconds: number | undefined;
}

export interface RunSettings {
  /** Aborting stops the run in an orderly way; the promise then rejects. */
  signal?: AbortSignal;
  /** What the command would log, `debug` included. An error thrown here stops the run, which rejects with it. */
  log?: (entry: LogEntry) => void;
  /** The same holds for an error thrown here. */
  onProgress?: (progress: ProgressEvent) => void;
}

/** The output is exactly one of `directory`, `file` and `stream`. */
export interface BackupSettings extends BackupOptionSettings, RunSettings {
  /** Ended when everything is written, destroyed if the backup fails. */
  stream?: Writable;
}

/** The input is exactly one of `directory`, `directories`, `file` and `stream`. */
export interface RestoreSettings extends RestoreOptionSettings, RunSettings {
  /** A Readable, or any other iterable of bytes. */
  stream?: Chunks;
}

/** The input is exactly one of `path`, `directory`, `directories`, `file` and `stream`. */
export interface ReadSettings extends Pick<
  RestoreOptionSettings,
  'directory' | 'directories' | 'parentDirectory' | 'file' | 'bins' | 'compress' | 'encrypt' | 's3' | 'gcs' | 'azure'
> {
  /** A directory or a file, whichever it is. */
  path?: string;
  stream?: Chunks;
  signal?: AbortSignal;
  /** Called with the warnings of a restore: missing parts of a backup. */
  log?: (entry: LogEntry) => void;
}
