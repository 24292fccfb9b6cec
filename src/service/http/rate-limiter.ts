import type { RateSettings } from '../document/schema/service-settings.js';
import { AddressList, clientKey } from './address-list.js';

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
    const key = clientKey(address);
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
