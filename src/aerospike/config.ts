/** An address of a node. */
export interface Seed {
  host: string;
  port: number;
  /** With TLS: the name that the node's certificate must bear; absent = the host. */
  tlsName?: string;
}

/**
 * Who logs in (wire.md 3.2). `credential` is `hashPassword(password)`; the password itself is present only in the modes
 * in which the server needs it.
 */
export type AuthOptions =
  | { mode: 'INTERNAL'; user: string; credential: string }
  | { mode: 'EXTERNAL' | 'EXTERNAL_INSECURE'; user: string; credential: string; password: string }
  /** The certificate of the TLS connection identifies the user. */
  | { mode: 'PKI' };

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** A certificate that is refused, whoever has signed it. */
export interface BlacklistEntry {
  /** Upper-case hex without leading zeros. */
  serial: string;
  /** `/C=US/O=Example/CN=CA`; absent = any. */
  issuer?: string;
}

/** How to speak TLS (wire.md 4). Certificates are texts, so that a worker thread needs no file. */
export interface TlsOptions {
  /** Certificates to trust, PEM. */
  ca: string[];
  minVersion: TlsVersion;
  maxVersion: TlsVersion;
  /** The client's own certificate with its chain, and its key, PEM. */
  certificate?: { chain: string; key: string; passphrase?: string };
  /** OpenSSL cipher list. */
  ciphers?: string;
  /** Revocation lists, PEM; present = every certificate of a node's chain must be covered by one. */
  crls?: string[];
  blacklist?: BlacklistEntry[];
  /** Emit `cluster.tls` for the first connection to each node. */
  logSessions?: boolean;
}

/** A node that others list and that no address of leads to. */
export interface UnreachableNode {
  name: string;
  /** host:port. */
  addresses: string[];
  /** Why the last of them does not. */
  reason: string;
  /** It gave no answer in time; the other failures are told at once. */
  silent: boolean;
}

/** How to reach a cluster. It is passed to worker threads, so everything in it can be cloned. */
export interface ClusterOptions {
  seeds: Seed[];
  /** Use the alternate-access addresses of the nodes. */
  servicesAlternate: boolean;
  connectTimeoutMs: number;
  /** Absent = no login. */
  auth?: AuthOptions;
  /** Absent = plain TCP. */
  tls?: TlsOptions;
  /** Limit for one info command, and for one step of a login. */
  infoTimeoutMs: number;
  /** Scans read from nodes of these racks where there is a choice, the first one rather than the second, and so on. */
  preferRacks?: readonly number[];
  /** Nodes that another thread could not reach a moment ago: the first discovery names them without another attempt. */
  unreachable?: readonly UnreachableNode[];
}

export type { PartitionFilter } from '../core/partition.js';
