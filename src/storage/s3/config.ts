/** Settings of S3; plain data. Names, ranges and defaults: asbackup.md 1.2, asrestore.md 1.7. */

export const LOG_LEVELS = ['Off', 'Fatal', 'Error', 'Warn', 'Info', 'Debug', 'Trace'] as const;
export type S3LogLevel = (typeof LOG_LEVELS)[number];

/** Whether a line of `level` is logged where `limit` is the setting. */
export function isLogged(limit: S3LogLevel, level: S3LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(limit);
}

export interface S3Settings {
  /** Absent: what the environment or the profile says; `us-east-1` if they say nothing and there is an endpoint. */
  region?: string;
  /** Credentials and region of this profile are preferred to those of the environment. */
  profile?: string;
  /** URL or HOST:PORT of a service other than AWS; without a scheme it is HTTP. */
  endpoint?: string;
  /** Of uploads: 5 MiB to 5 GiB; absent = from the expected size of each file. */
  minPartBytes?: number;
  /** Requests at a time, of all threads together. Default 16 and 32. */
  maxUploads?: number;
  maxDownloads?: number;
  /** 0 = no limit but the system's. Default 1000. */
  connectTimeoutMs?: number;
  /** Default Fatal. */
  logLevel?: S3LogLevel;
  /** Absent = no proxy is used. */
  proxy?: ProxySettings;
  /**
   * Time without progress after which a request is not retried any more, once the service was reached. Default 60 000.
   */
  retryBudgetMs?: number;
}

/** URLs by the scheme of the request, and hosts that are reached without a proxy. */
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
  logLevel: 'Fatal',
} as const;
