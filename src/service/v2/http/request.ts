import type { IncomingHttpHeaders } from 'node:http';
import type { Identity } from '../../access/identity.js';
import type { QueryReader } from './query.js';

export interface V2Request {
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: QueryReader;
  /** The document of the body, which has the form of its schema; undefined = the endpoint has none. */
  readonly document: unknown;
  readonly headers: IncomingHttpHeaders;
  readonly identity: Identity;
  /** Whether access is restricted by the configuration. */
  readonly isRestricted: boolean;
  /** Aborts when the client has gone, or the service ends. */
  readonly signal: AbortSignal;
}

export interface V2Answer {
  /** Absent = the first of the endpoint. */
  readonly status?: number;
  readonly document?: unknown;
  /** A path below the context path. */
  readonly location?: string;
  readonly tag?: string;
  /** The document, or what it lists, is the same object for other requests, and never changes: its text is kept. */
  readonly kept?: 'document' | 'backups';
}

export type V2Handler = (request: V2Request) => V2Answer | Promise<V2Answer>;
