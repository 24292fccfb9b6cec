/** How an object store is reached; plain data. Names, ranges and defaults: asbackup.md 1.2, asrestore.md 1.7. */

export const LOG_LEVELS = ['Off', 'Fatal', 'Error', 'Warn', 'Info', 'Debug', 'Trace'] as const;
export type S3LogLevel = (typeof LOG_LEVELS)[number];

export interface S3Settings {
  /** Absent: what the environment or the profile says; `us-east-1` if they say nothing and there is an endpoint. */
  region?: string;
  /** Where credentials and region come from, before everything in the environment. */
  profile?: string;
  /** URL or HOST:PORT of a service other than AWS; without a scheme it is HTTP. */
  endpoint?: string;
  /** Of uploads: 5 MiB to 5 GiB; absent = from the expected size of each file. */
  minPartBytes?: number;
  /** Requests at a time, over all threads. Default 16 and 32. */
  maxUploads?: number;
  maxDownloads?: number;
  /** 0 = no limit but the system's. Default 1000. */
  connectTimeoutMs?: number;
  /** Default Fatal. */
  logLevel?: S3LogLevel;
  /** Absent = no proxy is used. */
  proxy?: ProxySettings;
  /** How long a request is tried again after its first failure, once the store was reached. Default 60 000. */
  retryBudgetMs?: number;
}

/** URLs by the scheme of the request, and hosts that are reached without. */
export interface ProxySettings {
  http?: string;
  https?: string;
  /** Host names, `.domain`, `*`; with or without a port. */
  exceptions: readonly string[];
}

export const DEFAULTS = {
  maxUploads: 16,
  maxDownloads: 32,
  connectTimeoutMs: 1000,
  retryBudgetMs: 60_000,
} as const;
