/** Settings of S3; plain data. Names, ranges and defaults: asbackup.md 1.2, asrestore.md 1.7. */

import type { CredentialOrder, TransferSettings } from '../object-store/settings.js';

export const LOG_LEVELS = ['Off', 'Fatal', 'Error', 'Warn', 'Info', 'Debug', 'Trace'] as const;
export type S3LogLevel = (typeof LOG_LEVELS)[number];

/** Whether a line of `level` is logged where `limit` is the setting. */
export function isLogged(limit: S3LogLevel, level: S3LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(limit);
}

export interface S3Settings extends TransferSettings {
  /** Absent: what the environment or the profile says; `us-east-1` if they say nothing and there is an endpoint. */
  region?: string;
  /** Credentials and region of this profile are preferred to those of the environment. */
  profile?: string;
  /** URL or HOST:PORT of a service other than AWS; without a scheme it is HTTP. */
  endpoint?: string;
  /** Both, or neither: then the sources of the SDK count. */
  accessKeyId?: string;
  secretAccessKey?: string;
  /** Default static-first. */
  credentialOrder?: CredentialOrder;
  /** Certificates (PEM) of the authorities that the service is trusted by; absent = those of Node.js. */
  caFile?: string;
  /** Buckets are named in host names, not in paths. Default false. */
  virtualHost?: boolean;
  /** Of new objects; absent = what the bucket says. State and lock files keep the standard class. */
  storageClass?: StorageClass;
  serverSideEncryption?: 'AES256' | 'aws:kms' | 'aws:kms:dsse';
  kmsKeyId?: string;
  /** Base64 of the 32 bytes with which objects are encrypted and that the service does not store. */
  customerKey?: string;
  /** Both, or neither. State and lock files are not locked. */
  objectLockMode?: 'GOVERNANCE' | 'COMPLIANCE';
  objectLockDays?: number;
  /** `KEY=VALUE`, joined by `&`, as in a URL. */
  tags?: string;
  /** A CRC32C of every part is sent and stored. Default false. */
  calculateChecksum?: boolean;
  /** How archived objects are restored; absent = they are an error. */
  tier?: 'Standard' | 'Bulk' | 'Expedited';
  /** How often an archived object is looked at. Default 60 000. */
  restorePollMs?: number;
  /** 0 = no limit but the system's. Default 1000. */
  connectTimeoutMs?: number;
  /** Default Fatal. */
  logLevel?: S3LogLevel;
  /** Absent = no proxy is used. */
  proxy?: ProxySettings;
}

export type StorageClass =
  | 'STANDARD'
  | 'REDUCED_REDUNDANCY'
  | 'STANDARD_IA'
  | 'ONEZONE_IA'
  | 'INTELLIGENT_TIERING'
  | 'GLACIER'
  | 'DEEP_ARCHIVE'
  | 'OUTPOSTS'
  | 'GLACIER_IR'
  | 'SNOW'
  | 'EXPRESS_ONEZONE';

/** URLs by the scheme of the request, and hosts that are reached without a proxy. */
export interface ProxySettings {
  http?: string;
  https?: string;
  /** Host names, `.domain`, `*`; with or without a port. */
  exceptions: readonly string[];
}

export const DEFAULTS = {
  restorePollMs: 60_000,
  connectTimeoutMs: 1000,
  logLevel: 'Fatal',
} as const;
