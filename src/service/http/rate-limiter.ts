import { BlockList, isIP } from 'node:net';
import type { RateSettings } from '../document/schema/service-settings.js';

const DEFAULT_TPS = 1024;
const DEFAULT_SIZE = 1024;
/** Clients that are remembered at once: about 10 MB. */
export const MAX_CLIENTS = 65_536;

interface Bucket {
  tokens: number;
  /** When `tokens` was counted. */
  atMs: number;
}

/**
 * A token bucket for each address of a client: `tps` requests a second, and `size` at once. IPv6 clients of one /64
 * network share a bucket, since one machine has all of its addresses. Memory is bounded: the client that was heard of
 * least recently is forgotten first, whose bucket is the fullest.
 */
export class RateLimiter {
  /** The least recently used first. */
  private readonly buckets = new Map<string, Bucket>();
  private readonly tps: number;
  private readonly size: number;
  private readonly exempt: AddressList;

  constructor(
    rate: RateSettings = {},
    private readonly nowMs: () => number = () => performance.now(),
    private readonly maxClients = MAX_CLIENTS,
  ) {
    this.tps = rate.tps ?? DEFAULT_TPS;
    this.size = rate.size ?? DEFAULT_SIZE;
    this.exempt = new AddressList(rate['white-list'] ?? []);
  }

  get clients(): number {
    return this.buckets.size;
  }

  /** True if the request of that client may be served; takes a token then. */
  admit(address: string): boolean {
    if (this.exempt.has(address)) return true;
    const key = bucketKey(address);
    const now = this.nowMs();
    const known = this.buckets.get(key);
    const bucket = known ?? { tokens: this.size, atMs: now };
    bucket.tokens = Math.min(this.size, bucket.tokens + (Math.max(0, now - bucket.atMs) / 1000) * this.tps);
    bucket.atMs = now;
    this.buckets.delete(key);
    this.buckets.set(key, bucket);
    if (this.buckets.size > this.maxClients) this.forgetOldest();
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }

  private forgetOldest(): void {
    for (const key of this.buckets.keys()) {
      this.buckets.delete(key);
      return;
    }
  }
}

/** IP addresses and networks (`10.0.0.0/8`). One that holds every address of a family holds all clients. */
class AddressList {
  private readonly list = new BlockList();
  private readonly hasAll: boolean;
  private readonly isEmpty: boolean;

  /** What is no address or network is left out: the validation of the configuration reports it. */
  constructor(entries: readonly string[]) {
    this.hasAll = entries.some((entry) => entry === '0.0.0.0/0' || entry === '::/0');
    this.isEmpty = entries.length === 0;
    for (const entry of entries) {
      const [address = '', prefix] = entry.split('/');
      const family = isIP(address);
      if (family === 0) continue;
      const type = family === 4 ? 'ipv4' : 'ipv6';
      const maxBits = family === 4 ? 32 : 128;
      const bits = prefix === undefined ? maxBits : Number(prefix);
      if (Number.isInteger(bits) && bits >= 0 && bits <= maxBits) this.list.addSubnet(address, bits, type);
    }
  }

  has(address: string): boolean {
    if (this.hasAll) return true;
    if (this.isEmpty) return false;
    const plain = stripMapping(address);
    const family = isIP(plain);
    return family !== 0 && this.list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }
}

/** IPv4 addresses that a socket for both families reports: `::ffff:10.0.0.1`. */
function stripMapping(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

function bucketKey(address: string): string {
  const plain = stripMapping(address);
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = plain.replace(/%.*$/, '').split('::');
  const before = head === '' ? [] : head.split(':');
  if (tail === undefined) return before.slice(0, 4).join(':');
  const after = tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}
