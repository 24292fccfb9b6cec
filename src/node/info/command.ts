/** An info command in its parts, and the contract of the functions that answer it. */
import type { ClusterState, PeerAddress } from '../cluster-state.js';

export const InfoError = {
  UNKNOWN: 'ERROR:4:unrecognized command',
  ENTERPRISE: 'ERROR:25:enterprise only',
  NAMESPACE: 'ERROR:20:namespace not found on node',
  READ_ONLY: 'ERROR:22:read-only',
  NOT_AUTHENTICATED: 'ERROR:80:not authenticated',
} as const;

/** An info command taken apart: `name`, then what follows the first `/`, `:` or `;`. */
export interface InfoCommand {
  name: string;
  rest: string;
  /** `key=value` pairs of `rest`. */
  params: ReadonlyMap<string, string>;
}

/** The node that is asked. */
export interface InfoNode {
  /** Its number in the cluster. */
  index: number;
  address: PeerAddress;
  state: ClusterState;
  /** A connection may say who it is only once (2.2). */
  noteUserAgent(): boolean;
}

/** The value of a command, or undefined if the handler doesn't know it. */
export type InfoHandler = (command: InfoCommand, node: InfoNode) => string | undefined;

export function parseCommand(text: string): InfoCommand {
  const end = text.search(/[/:;]/);
  if (end < 0) return { name: text, rest: '', params: new Map() };
  const rest = text.slice(end + 1);
  const params = new Map<string, string>();
  for (const part of rest.split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0) params.set(part.slice(0, equals), part.slice(equals + 1));
  }
  return { name: text.slice(0, end), rest, params };
}

/** 9: both spellings are accepted, whatever the version. */
export function namespaceParam(params: ReadonlyMap<string, string>): string | undefined {
  return params.get('namespace') ?? params.get('ns') ?? params.get('id');
}
