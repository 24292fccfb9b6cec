import { isIP } from 'node:net';
import type { Seed } from '../../aerospike/config.js';
import { parseInteger } from './number.js';
import { ValueError } from './value-error.js';

export interface HostEntry {
  host: string;
  tlsName?: string;
  /** Absent: the value of --port. */
  port?: number;
}

export interface HostList {
  text: string;
  entries: HostEntry[];
}

/** `HOST[:TLSNAME][:PORT],...`; an IPv6 address stands in brackets. */
export function parseHosts(text: string): HostList {
  return { text, entries: text.split(',').map((entry) => parseHost(entry.trim())) };
}

export interface NodeEntry extends HostEntry {
  port: number;
}

export interface NodeList {
  text: string;
  entries: NodeEntry[];
}

/** `IP:PORT` or `IP:TLSNAME:PORT`, separated by commas or semicolons. */
export function parseNodes(text: string): NodeList {
  return { text, entries: text.split(/[,;]/).map((item) => parseNode(item.trim())) };
}

export function parseNode(text: string): NodeEntry {
  const entry = parseHost(text);
  if (isIP(entry.host) === 0) throw new ValueError(`a node is named by a numeric address, not by "${entry.host}"`);
  if (entry.port === undefined) throw new ValueError(`node ${entry.host} needs a port`);
  return { ...entry, port: entry.port };
}

/** The hosts, with `defaultPort` and `defaultTlsName` for those without. */
export function toSeeds(hosts: HostList | NodeList, defaultPort: number, defaultTlsName?: string): Seed[] {
  return hosts.entries.map(({ host, port, tlsName = defaultTlsName }) => ({
    host,
    port: port ?? defaultPort,
    ...(tlsName === undefined ? {} : { tlsName }),
  }));
}

export function parseHost(text: string): HostEntry {
  const [host, rest] = splitAddress(text);
  if (host === '') throw new ValueError('a host is empty');
  if (rest === undefined) return { host };
  const fields = rest.split(':');
  const [first = '', second] = fields;
  if (fields.length > 2) {
    throw new ValueError(`"${text}" has too many parts; an IPv6 address must be in brackets, as in [::1]:3000`);
  }
  // A lone second field is a port if it looks like one.
  if (second === undefined && /^[0-9]/.test(first)) return { host, port: parsePort(first) };
  if (first === '') throw new ValueError(`"${text}" has an empty part`);
  return second === undefined ? { host, tlsName: first } : { host, tlsName: first, port: parsePort(second) };
}

/** The address and what follows its colon, if there is one. */
function splitAddress(text: string): [string, string | undefined] {
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    const host = text.slice(1, end);
    const after = text.slice(end + 1);
    if (end < 0 || isIP(host) !== 6 || (after !== '' && !after.startsWith(':'))) {
      throw new ValueError(`"${text}" is not an IPv6 address in brackets`);
    }
    return [host, after === '' ? undefined : after.slice(1)];
  }
  if (isIP(text) === 6) throw new ValueError(`an IPv6 address must be in brackets, as in [${text}]:3000`);
  const colon = text.indexOf(':');
  return colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}

function parsePort(text: string): number {
  if (!/^[0-9]+$/.test(text)) throw new ValueError(`"${text}" is not a port`);
  try {
    return parseInteger(text, 1, 65535);
  } catch {
    throw new ValueError(`port ${text} is not from 1 to 65535`);
  }
}
