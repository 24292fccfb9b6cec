/** What library users give. Everything not given has the default of the command line's option of the same meaning. */
import type { Writable } from 'node:stream';
import type { Chunks } from '../storage/stream/reader.js';

/** A node to connect to first. */
export interface HostAddress {
  host: string;
  /** Default: `port` of the settings. */
  port?: number;
  /** The name in the node's certificate, if that is not its host. */
  tlsName?: string;
}

export interface Credentials {
  user?: string;
  /** The password itself. */
  password?: string;
  /** Default: INTERNAL. PKI logs in with the client certificate and needs no user. */
  mode?: 'INTERNAL' | 'EXTERNAL' | 'EXTERNAL_INSECURE' | 'PKI';
}

/** One of `ca`, `caFile` and `caPath` at least. */
export interface TlsSettings {
  /** Certificates to trust: PEM text, a file, a directory of files. */
  ca?: string;
  caFile?: string;
  caPath?: string;
  /** The client's certificate with its chain, and its key: PEM text or files. */
  cert?: string;
  certFile?: string;
  key?: string;
  keyFile?: string;
  /** The passphrase itself. */
  keyPassword?: string;
  /** TLS name of the hosts that have none. */
  name?: string;
  /** `-all +TLSv1.2` */
  protocols?: string;
  /** OpenSSL cipher list. */
  ciphers?: string;
  /** Refuse revoked certificates: the server's own, or all of its chain. */
  crlCheck?: 'leaf' | 'all';
}

export interface ClusterSettings {
  /** `'localhost:3000'`, several with commas, or a list. Default: 127.0.0.1. */
  hosts?: string | readonly (string | HostAddress)[];
  /** Port of hosts that name none. Default: 3000. */
  port?: number;
  servicesAlternate?: boolean;
  auth?: Credentials;
  /** Absent = plain TCP. */
  tls?: TlsSettings;
}

/** The key comes from a PEM private key, as text or in a file, or from an environment variable with base64 text. */
export interface EncryptSettings {
  mode: 'aes128' | 'aes256';
  keyFile?: string;
  keyPem?: string;
  keyEnv?: string;
}

export interface StorageSettings {
  compress?: 'zstd';
  encrypt?: EncryptSettings;
}

export interface LogEntry {
  time: Date;
  level: 'error' | 'warn' | 'info' | 'debug';
  /** A stable name, as in docs/reference/log-events.md. */
  event: string;
  message: string;
  /** Numbers are numbers. `worker` is there if a worker speaks. */
  fields: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** Once a second while a run is under way, and at its end. */
export interface ProgressEvent {
  /** 0–100; undefined = nobody knows how much there is. */
  percent: number | undefined;
  records: number;
  /** As they are stored. */
  bytes: number;
  recordsPerSecond: number;
  bytesPerSecond: number;
  /** Seconds to the end; undefined while nothing can be said. */
  etaSeconds: number | undefined;
}

export interface RunSettings {
  /** Aborting stops the run in an orderly way; the promise then rejects. */
  signal?: AbortSignal;
  /** What the command line would log, `debug` included. An error thrown here stops the run, which rejects with it. */
  log?: (entry: LogEntry) => void;
  /** The same holds for an error thrown here. */
  onProgress?: (progress: ProgressEvent) => void;
}

/** Exactly one of the three. */
export interface BackupTargetSettings {
  /** A directory of files `<prefix>_NNNNN.asb`. */
  directory?: string;
  file?: string;
  /** Ended when everything is written, destroyed if the backup fails. */
  stream?: Writable;
}

export interface BackupSettings extends ClusterSettings, StorageSettings, RunSettings, BackupTargetSettings {
  namespace: string;
  /** Default: the whole namespace. */
  sets?: readonly string[];
  /** Default: all. */
  bins?: readonly string[];
  noBins?: boolean;
  noRecords?: boolean;
  noIndexes?: boolean;
  noUdfs?: boolean;
  /** Records last changed at or after this, and before that. */
  modifiedAfter?: Date;
  modifiedBefore?: Date;
  noTtlOnly?: boolean;
  /** A server filter expression: msgpack, or its base64 text. */
  filterExp?: Uint8Array | string;
  maxRecords?: number;
  /** `'0-1024,2000'`: BEGIN, BEGIN-COUNT or a digest in base64. */
  partitions?: string;
  /** A digest of 20 bytes, or its base64 text: what comes after it. */
  afterDigest?: Uint8Array | string;
  /** `'10.0.0.1:3000'` …: only what these nodes master. */
  nodes?: readonly string[];
  preferRacks?: readonly number[];
  /** Scans at a time, 1 to 100. */
  parallel?: number;
  recordsPerSecond?: number;
  bandwidthMiB?: number;
  compressionLevel?: number;
  compact?: boolean;
  prefix?: string;
  fileLimitMiB?: number;
  /** Replace an earlier backup at the target. */
  removeFiles?: boolean;
  /** Where to keep the state of the run. Default: beside the output; for a stream none is kept. */
  stateFile?: string;
  /** Resume the backup that left this state file. */
  continueFrom?: string;
  checkpointIntervalS?: number;
  socketTimeoutMs?: number;
  totalTimeoutMs?: number;
  maxRetries?: number;
  sleepBetweenRetriesMs?: number;
}

/** Exactly one of the four. */
export interface BackupSourceSettings {
  directory?: string;
  directories?: readonly string[];
  file?: string;
  /** A Readable, or anything that gives bytes. */
  stream?: Chunks;
}

export interface RestoreSettings extends ClusterSettings, StorageSettings, RunSettings, BackupSourceSettings {
  /** The namespace of the backup, or where its records go instead. Default: where they came from. */
  namespace?: string | { from: string; to: string };
  sets?: readonly string[];
  bins?: readonly string[];
  /** Only records that are missing. */
  unique?: boolean;
  /** Replace records instead of merging their bins. */
  replace?: boolean;
  /** Write whatever the generation on the server is. */
  noGeneration?: boolean;
  noRecords?: boolean;
  noIndexes?: boolean;
  noUdfs?: boolean;
  indexesLast?: boolean;
  wait?: boolean;
  extraTtlS?: number;
  ignoreRecordError?: boolean;
  parallel?: number;
  recordsPerSecond?: number;
  bandwidthMiB?: number;
  disableBatchWrites?: boolean;
  batchSize?: number;
  maxAsyncBatches?: number;
  timeoutMs?: number;
  socketTimeoutMs?: number;
  totalTimeoutMs?: number;
  maxRetries?: number;
  retryScaleFactorUs?: number;
}

export interface ReadSettings extends StorageSettings, BackupSourceSettings {
  /** A directory or a file, whichever it is. */
  path?: string;
  /** Only these bins of each record. */
  bins?: readonly string[];
  signal?: AbortSignal;
  /** Told what a restore would warn of: missing parts of a backup. */
  log?: (entry: LogEntry) => void;
}
