/** Whether a request comes from this machine, and was meant for it. */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { stripMapping } from '../http/address-list.js';

/** Set by proxies: the peer is this machine, but who asks may be anywhere. */
const FORWARDING_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

export function isLoopback(address: string): boolean {
  const plain = stripMapping(address);
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'));
}

/**
 * The peer is this machine, no proxy stands between, and the client asks for this machine by a name that no name
 * server can give to another page (DNS rebinding).
 */
export function isFromThisMachine(address: string, headers: IncomingHttpHeaders): boolean {
  if (!isLoopback(address) || FORWARDING_HEADERS.some((name) => headers[name] !== undefined)) return false;
  const host = readHostName(headers.host ?? '');
  return host !== undefined && (host === 'localhost' || host.endsWith('.localhost') || isLoopback(host));
}

/**
 * False if a page of another origin has made a browser send the request. Programs that are no browsers send none of
 * the headers.
 */
export function isFromSameOrigin({ origin, host = '', 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (origin === undefined) return true;
  const sender = /^https?:\/\/([^/?#@]+)$/i.exec(origin)?.[1];
  return sender !== undefined && sender.toLowerCase() === host.toLowerCase();
}

/** Without its port; undefined = malformed. */
function readHostName(host: string): string | undefined {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@]+))(?::\d{1,5})?$/i.exec(host);
  return (found?.[1] ?? found?.[2])?.toLowerCase();
}
