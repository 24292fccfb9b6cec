import { clientKey } from '../http/address-list.js';

const MAX_FAILURES = 10;
const WINDOW_MS = 60_000;
const MAX_CLIENTS = 10_000;

interface Failures {
  count: number;
  untilMs: number;
}

/**
 * Counts failed logins of each address. A token that was used from there before is not blocked with the others: one
 * program with an old token must not stop those beside it. Memory is bounded: the oldest is forgotten first.
 */
export class LoginLimiter {
  private readonly failures = new Map<string, Failures>();
  /** `address name` of logins that have succeeded. */
  private readonly known = new Set<string>();

  constructor(
    private readonly nowMs: () => number = () => performance.now(),
    private readonly maxFailures = MAX_FAILURES,
    private readonly windowMs = WINDOW_MS,
  ) {}

  /**
   * Seconds until the address may try again; undefined = it may now.
   *
   * @param name whose the valid token is; undefined = it is not valid
   */
  blockedSeconds(address: string, name?: string): number | undefined {
    const key = clientKey(address);
    const failed = this.failures.get(key);
    const leftMs = failed === undefined ? 0 : failed.untilMs - this.nowMs();
    if (failed === undefined || failed.count < this.maxFailures || leftMs <= 0) return undefined;
    return name !== undefined && this.known.has(`${key} ${name}`) ? undefined : Math.ceil(leftMs / 1000);
  }

  noteSuccess(address: string, name: string): void {
    this.known.add(`${clientKey(address)} ${name}`);
    forgetOldest(this.known);
  }

  countFailure(address: string): void {
    const key = clientKey(address);
    const now = this.nowMs();
    const known = this.failures.get(key);
    if (known !== undefined && known.untilMs > now) {
      known.count++;
      return;
    }
    this.failures.delete(key);
    this.failures.set(key, { count: 1, untilMs: now + this.windowMs });
    forgetOldest(this.failures);
  }
}

function forgetOldest(entries: Map<string, unknown> | Set<string>): void {
  if (entries.size <= MAX_CLIENTS) return;
  for (const oldest of entries.keys()) {
    entries.delete(oldest);
    return;
  }
}
