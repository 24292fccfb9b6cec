/** Who works on a verification or a copy: one process at a time, and another one if that has died. */
import { errorMessage } from '../../../core/errors.js';
import { logEvent } from '../../../core/log.js';
import { DEFAULT_LEASE_SECONDS } from '../../replicas/replica-coordinator.js';
import { LeaseWatch, SYSTEM_MONOTONIC } from '../../replicas/lease-watch.js';
import type { V2Context } from '../context.js';
import type { OpenedCatalog } from '../storages/storage-directory.js';
import type { Claim } from './upkeep-document.js';

const BEATS_PER_LEASE = 5;

export class Claims {
  private readonly watch: LeaseWatch;
  private readonly hasReplicas: boolean;
  private readonly leaseMs: number;
  /** How much work of this process shows life in a storage, by its name. */
  private readonly working = new Map<string, number>();

  constructor(private readonly context: V2Context) {
    const { replicas } = context.document.service ?? {};
    this.hasReplicas = replicas !== undefined;
    this.leaseMs = (replicas?.['lease-seconds'] ?? DEFAULT_LEASE_SECONDS) * 1000;
    this.watch = new LeaseWatch(this.leaseMs, SYSTEM_MONOTONIC);
  }

  /** How often it is looked for work of others that has to be resumed. */
  get resumeIntervalMs(): number {
    return Math.min(60_000, Math.max(1000, this.leaseMs / 2));
  }

  /**
   * Whether nobody works on it any more. Without replicas, this process is the only one; with them, the other shows no
   * sign of life for a lease. To be called when this process does not work on it itself. Throws StorageError.
   */
  async isAbandoned(claim: Claim, catalog: OpenedCatalog): Promise<boolean> {
    // Its end could not be written.
    if (!this.hasReplicas || claim.owner === this.context.owner) return true;
    const askedMs = SYSTEM_MONOTONIC.monotonicMs();
    const beat = await this.context.upkeep.readBeat(catalog, claim.owner);
    return this.watch.isExpired(`${catalog.name} ${claim.owner}`, beat, askedMs);
  }

  /** Shows that this process works, as long as `work` does. */
  async showLife<T>(catalog: OpenedCatalog, work: () => Promise<T>): Promise<T> {
    if (!this.hasReplicas) return work();
    const { upkeep, options } = this.context;
    const beat = (): Promise<void> =>
      upkeep
        .writeBeat(catalog)
        .catch((error: unknown) => options.log.verbose(logEvent('message', errorMessage(error))));
    const { name } = catalog;
    this.working.set(name, (this.working.get(name) ?? 0) + 1);
    await beat();
    const timer = setInterval(() => void beat(), this.leaseMs / BEATS_PER_LEASE);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      const left = this.working.get(name)! - 1;
      this.working.set(name, left);
      // Other work of this process is not abandoned.
      if (left === 0) await upkeep.removeBeat(catalog).catch(() => undefined);
    }
  }
}
