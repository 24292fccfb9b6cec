/** Texts in which nodes tell of each other: `peers-*`, `service-*`, `replicas`, `build` (wire.md 2.3). */
import { PARTITIONS } from '../../core/partition.js';
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

/** `<generation>,<default port>,[[<node>,<tls-name>,[<addr>,…]],…]` */
export function parsePeers(text: string): PeerList {
  const head = /^(-?\d+),(\d*),\[/.exec(text);
  if (head === null || !text.endsWith(']'))
    throw new ProtocolError(`Cannot read the peer list "${text.slice(0, 120)}".`);
  const defaultPort = head[2] === '' ? 3000 : Number(head[2]);
  const peers: Peer[] = [];
  const inner = text.slice(head[0].length, -1);
  const peerPattern = /\[([^,\][]*),([^,\][]*),\[((?:[^\][]|\[[^\]]*\])*)\]\]/g;
  for (const match of inner.matchAll(peerPattern)) {
    const addresses = splitAddresses(match[3] ?? '', defaultPort);
    peers.push({ name: match[1] ?? '', tlsName: match[2] ?? '', addresses });
  }
  if (inner !== '' && peers.length === 0) throw new ProtocolError(`Cannot read the peer list "${text.slice(0, 120)}".`);
  return { generation: Number(head[1]), peers };
}

/** `host`, `host:port`, `[v6]`, `[v6]:port`, separated by commas. */
export function splitAddresses(text: string, defaultPort: number): Seed[] {
  const seeds: Seed[] = [];
  for (const part of text.split(',')) {
    const match = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(part.trim());
    const host = match?.[1] ?? match?.[2] ?? '';
    if (host !== '') seeds.push({ host, port: match?.[3] === undefined ? defaultPort : Number(match[3]) });
  }
  return seeds;
}

export interface NamespaceReplicas {
  namespace: string;
  /** 0 for namespaces without strong consistency; the higher one is the newer view. */
  regime: number;
  /** Bitmap k: the partitions of which this node holds replica k (0 = master). */
  bitmaps: Buffer[];
}

/** `<ns>:<regime>,<count>,<base64>[,<base64>…];<ns>:…` */
export function parseReplicas(text: string): NamespaceReplicas[] {
  return text
    .split(';')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const colon = entry.lastIndexOf(':');
      const [regime, count, ...bitmaps] = entry.slice(colon + 1).split(',');
      const decoded = bitmaps.map((bitmap) => Buffer.from(bitmap, 'base64'));
      if (colon < 1 || Number(count) !== decoded.length || decoded.some((bitmap) => bitmap.length !== PARTITIONS / 8)) {
        throw new ProtocolError(`Cannot read the partition map "${entry.slice(0, 80)}".`);
      }
      return { namespace: entry.slice(0, colon), regime: Number(regime), bitmaps: decoded };
    });
}

/** Compares `8.1.0.3` with thresholds such as `[6, 0]`; suffixes are ignored. */
export function buildAtLeast(build: string, ...threshold: number[]): boolean {
  const parts = build.split('.').map((part) => Number.parseInt(part, 10) || 0);
  for (let i = 0; i < threshold.length; i++) {
    const difference = (parts[i] ?? 0) - threshold[i]!;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
