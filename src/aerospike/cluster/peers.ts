/** The info values in which nodes list each other and themselves: `peers-*` and `service-*` (wire.md 2.3). */
import { ProtocolError } from '../errors.js';
import type { Seed } from '../config.js';

export interface Peer {
  name: string;
  tlsName: string;
  addresses: Seed[];
}

export interface PeerList {
  generation: number;
  peers: Peer[];
}

const DEFAULT_PORT = 3000;

/**
 * `<generation>,<default port>,[[<node>,<tls-name>,[<address>,…]],…]`
 *
 * Runs in linear time whatever the text. Throws ProtocolError.
 */
export function parsePeers(text: string): PeerList {
  const head = /^(-?\d{1,19}),(\d{0,5}),\[/.exec(text);
  if (head === null || !text.endsWith(']')) throw unreadable(text);
  const defaultPort = head[2] === '' ? DEFAULT_PORT : Number(head[2]);
  const peers: Peer[] = [];
  const end = text.length - 1;
  let at = head[0].length;
  while (at < end) {
    // [<node>,<tls-name>,[ … ]]
    const nameEnd = text.indexOf(',', at);
    const tlsEnd = nameEnd < 0 ? -1 : text.indexOf(',', nameEnd + 1);
    if (text[at] !== '[' || nameEnd === at + 1 || tlsEnd < 0 || text[tlsEnd + 1] !== '[') throw unreadable(text);
    const listEnd = findListEnd(text, tlsEnd + 2);
    if (listEnd < 0 || text[listEnd + 1] !== ']') throw unreadable(text);
    peers.push({
      name: text.slice(at + 1, nameEnd),
      tlsName: text.slice(nameEnd + 1, tlsEnd),
      addresses: parseAddresses(text.slice(tlsEnd + 2, listEnd), defaultPort),
    });
    at = listEnd + 2;
    if (at === end) break;
    if (text[at] !== ',' || ++at === end) throw unreadable(text);
  }
  return { generation: Number(head[1]), peers };
}

/** Where the list of addresses that starts at `at` has its closing bracket; an IPv6 address has brackets of its own. */
function findListEnd(text: string, at: number): number {
  let inAddress = false;
  for (; at < text.length; at++) {
    const char = text[at];
    if (char === '[') {
      if (inAddress) return -1;
      inAddress = true;
    } else if (char === ']') {
      if (!inAddress) return at;
      inAddress = false;
    }
  }
  return -1;
}

function unreadable(text: string): ProtocolError {
  return new ProtocolError(`Cannot read the peer list ${JSON.stringify(text.slice(0, 120))}`);
}

/** `host`, `host:port`, `[v6]`, `[v6]:port`, separated by commas. Parts of another form are skipped. */
export function parseAddresses(text: string, defaultPort: number): Seed[] {
  const addresses: Seed[] = [];
  for (const part of text.split(',')) {
    const match = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?$/.exec(part.trim());
    const host = match?.[1] ?? match?.[2] ?? '';
    const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
    if (host !== '' && port > 0 && port < 0x10000) addresses.push({ host, port });
  }
  return addresses;
}
