/** Restore jobs of this replica, and those of the others as the storage has them. */
import { errorMessage } from '../../core/errors.js';
import { warningEvent, type Log } from '../../core/log.js';
import type { RestoreJobStatus } from '../document/schema/job-status.js';
import { ServiceError } from '../errors.js';
import type { JobFilter, RestoreJobs } from '../restore/restore-jobs.js';
import { LeaseWatch, SYSTEM_MONOTONIC, type MonotonicClock } from './lease-watch.js';
import type { SharedJobStore } from './shared-job-store.js';

/** In a lease, so often the others are told how far the jobs are. */
const LOOKS_PER_LEASE = 5;

export interface SharedRestoreJobsOptions {
  jobs: RestoreJobs;
  store: SharedJobStore;
  leaseMs: number;
  log: Log;
  /** For tests. */
  monotonic?: MonotonicClock;
}

export class SharedRestoreJobs {
  private readonly leases: LeaseWatch;
  private readonly monotonic: MonotonicClock;
  private timer: NodeJS.Timeout | undefined;
  private exchanging: Promise<void> | undefined;
  private problem: string | undefined;

  constructor(private readonly options: SharedRestoreJobsOptions) {
    this.monotonic = options.monotonic ?? SYSTEM_MONOTONIC;
    this.leases = new LeaseWatch(options.leaseMs, this.monotonic);
  }

  start(): void {
    this.timer = setInterval(() => void this.exchangeStates(), this.options.leaseMs / LOOKS_PER_LEASE);
    this.timer.unref();
  }

  /** Resolves when nothing is written any more. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.exchanging;
  }

  startByPath(value: unknown): Promise<number> {
    return this.options.jobs.startByPath(value);
  }

  startByTime(value: unknown): Promise<number> {
    return this.options.jobs.startByTime(value);
  }

  /** Throws ServiceError SERVICE_NOT_FOUND, StorageError. */
  async status(id: string): Promise<RestoreJobStatus> {
    const { jobs, store } = this.options;
    if (jobs.has(id)) return jobs.status(id);
    const job = await store.read(id);
    if (job === undefined) throw new ServiceError('SERVICE_NOT_FOUND', `job ${id} not found`);
    return job.status;
  }

  /** By their ids. Throws StorageError. */
  async list(filter: JobFilter): Promise<Record<string, RestoreJobStatus>> {
    const { jobs, store, log } = this.options;
    const { fromMs = -Infinity, toMs = Infinity, statuses } = filter;
    const found: Record<string, RestoreJobStatus> = {};
    for (const { id, startedMs, status } of await store.list(log)) {
      if (startedMs < fromMs || startedMs > toMs || jobs.has(id)) continue;
      if (statuses === undefined || statuses.has(status.status)) found[id] = status;
    }
    return { ...found, ...jobs.list(filter) };
  }

  /** Throws ServiceError SERVICE_NOT_FOUND, StorageError. */
  async cancel(id: string): Promise<void> {
    const { jobs, store } = this.options;
    if (jobs.has(id)) jobs.cancel(id);
    else if ((await this.status(id)).status === 'running') await store.requestCancel(id);
  }

  /** Tells the others how far the jobs are, ends those that they have canceled, and those of replicas that are gone. */
  exchangeStates(): Promise<void> {
    this.exchanging ??= this.exchangeOnce()
      .then(() => (this.problem = undefined))
      .catch((error: unknown) => this.report(errorMessage(error)))
      .then(() => (this.exchanging = undefined));
    return this.exchanging;
  }

  private async exchangeOnce(): Promise<void> {
    const { jobs, store, log } = this.options;
    await jobs.storeRunning();
    for (const id of await store.findCanceled(jobs.runningIds)) jobs.cancel(id);
    const askedMs = this.monotonic.monotonicMs();
    const keys = new Set<string>();
    for (const job of await store.list(log)) {
      if (job.status.status !== 'running' || jobs.has(job.id)) continue;
      keys.add(job.id);
      if (!this.leases.isExpired(job.id, job.text, askedMs)) continue;
      await store.fail(job, `the replica ${job.replica}, which made it, is gone`);
    }
    this.leases.keep(keys);
  }

  private report(problem: string): void {
    if (problem === this.problem) return;
    this.problem = problem;
    const text = `Restore jobs of other replicas cannot be seen at the moment: ${problem}`;
    this.options.log.info(warningEvent('replica.storage', text, {}));
  }
}
