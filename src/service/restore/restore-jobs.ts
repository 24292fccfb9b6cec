/** The restore jobs of the service: those that run, and the last ones that have ended. */
import { randomBytes } from 'node:crypto';
import { errorMessage } from '../../core/errors.js';
import { errorEvent, logEvent, type Fields, type Log } from '../../core/log.js';
import type { Semaphore } from '../../core/semaphore.js';
import type { RestoreJobStatus } from '../document/schema/job-status.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import { ServiceError } from '../errors.js';
import type { RestoreMetrics } from '../metrics/metrics.js';
import { toAccessSettings, toRestoreSettings } from '../settings/settings.js';
import { JobDirectory } from './job-directory.js';
import { RESTORE_JOBS, type StoredJob } from './job-store.js';
import type { RestoreEnvironment } from './restore-environment.js';
import { RestoreJob, type BackupRuns } from './restore-job.js';
import { readPathTask, readTimeTask, type PathTask, type TimeTask } from './restore-request.js';
import { createRestoreTurns } from './restore-turns.js';

const DEFAULT_MOST_ENDED = 1000;
const PROGRESS_INTERVAL_MS = 1000;
/** Every client reads integers up to here exactly. */
const ID_BITS = 53n;

export type JobState = RestoreJobStatus['status'];

/** Jobs that started within the bounds (both included) and have one of the statuses; absent = any. */
export interface JobFilter {
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly statuses?: ReadonlySet<JobState>;
}

export interface RestoreJobsOptions {
  config: { readonly document: ServiceDocument };
  runner: BackupRuns;
  metrics: RestoreMetrics;
  log: Log & { withFields?(fields: Fields): Log };
  /** Where jobs are kept over restarts; absent = they are not. */
  dataDirectory?: string;
  /** The same in another place. */
  store?: JobKeeper;
  /** For tests. */
  environment?: RestoreEnvironment;
  /** Absent = the limit that a service has without a setting. */
  turns?: Semaphore;
  /** Jobs that have ended and are still known. */
  mostEnded?: number;
  now?: () => number;
}

/** Where jobs are kept. */
export type JobKeeper = Pick<JobDirectory<StoredJob>, 'readAll' | 'write' | 'delete'>;

interface Entry {
  readonly routine?: string;
  readonly startedMs: number;
  /** Absent = the job has ended. */
  job?: RestoreJob;
  /** Of a job that has ended. */
  status?: RestoreJobStatus;
}

export class RestoreJobs {
  /** In the order of their start. */
  private readonly entries = new Map<string, Entry>();
  private readonly work = new Set<Promise<void>>();
  private readonly turns: Semaphore;
  private isStopped = false;

  private constructor(
    private readonly options: RestoreJobsOptions,
    private readonly store: JobKeeper | undefined,
  ) {
    this.turns = options.turns ?? createRestoreTurns();
  }

  /** Reads the jobs of earlier processes: those that ran have failed. Throws StorageError. */
  static async open(options: RestoreJobsOptions): Promise<RestoreJobs> {
    const { dataDirectory, log } = options;
    const store =
      options.store ?? (dataDirectory === undefined ? undefined : await JobDirectory.open(dataDirectory, RESTORE_JOBS));
    const jobs = new RestoreJobs(options, store);
    for (const stored of (await store?.readAll(log)) ?? []) {
      const { id, routine, startedMs } = stored;
      let { status } = stored;
      if (status.status === 'running') {
        status = { ...status, status: 'failure', error: 'the service was restarted while the job ran' };
        await store?.write({ ...stored, status });
      }
      jobs.entries.set(id, { ...(routine === undefined ? {} : { routine }), startedMs, status });
    }
    await jobs.forgetOld();
    return jobs;
  }

  /** The id of the job. Throws ServiceError SERVICE_INVALID; all else is found by the job. */
  async startByPath(value: unknown): Promise<number> {
    const { document } = this.options.config;
    return this.start(await readPathTask(value, document), document);
  }

  /** The same for the state of a routine's namespaces at a time. */
  async startByTime(value: unknown): Promise<number> {
    const { document } = this.options.config;
    return this.start(await readTimeTask(value, document), document);
  }

  has(id: string): boolean {
    return this.entries.has(id);
  }

  get runningIds(): string[] {
    return [...this.entries].filter(([, { job }]) => job !== undefined).map(([id]) => id);
  }

  /** Keeps how far the jobs are that run. Throws StorageError. */
  async storeRunning(): Promise<void> {
    for (const [id, { routine, startedMs, job }] of this.entries) {
      if (job === undefined) continue;
      await this.store?.write({ id, ...(routine === undefined ? {} : { routine }), startedMs, status: job.status });
      // It may have ended while its state was written.
      const { status } = this.entries.get(id) ?? {};
      if (status === undefined) continue;
      await this.store?.write({ id, ...(routine === undefined ? {} : { routine }), startedMs, status });
    }
  }

  /** Throws ServiceError SERVICE_NOT_FOUND. */
  status(id: string): RestoreJobStatus {
    return toStatus(this.find(id));
  }

  /** By their ids. */
  list({ fromMs = -Infinity, toMs = Infinity, statuses }: JobFilter): Record<string, RestoreJobStatus> {
    const found: Record<string, RestoreJobStatus> = {};
    for (const [id, entry] of this.entries) {
      if (entry.startedMs < fromMs || entry.startedMs > toMs) continue;
      const status = toStatus(entry);
      if (statuses === undefined || statuses.has(status.status)) found[id] = status;
    }
    return found;
  }

  /** A job that has ended stays as it is. Throws ServiceError SERVICE_NOT_FOUND. */
  cancel(id: string): void {
    this.find(id).job?.cancel();
  }

  /** Ends the jobs that run: they fail. */
  async stop(): Promise<void> {
    this.isStopped = true;
    for (const { job } of this.entries.values()) job?.interrupt();
    await Promise.all(this.work);
  }

  private find(id: string): Entry {
    const entry = this.entries.get(id);
    if (entry === undefined) throw new ServiceError('SERVICE_NOT_FOUND', `job ${id} not found`);
    return entry;
  }

  private async start(task: PathTask | TimeTask, document: ServiceDocument): Promise<number> {
    const { runner: runs, now = Date.now, environment = { toAccessSettings, toRestoreSettings } } = this.options;
    if (this.isStopped) throw new ServiceError('SERVICE_FAILED', 'the service is being stopped');
    const id = this.createId();
    const log = this.options.log.withFields?.({ job: id }) ?? this.options.log;
    const job = new RestoreJob({ task, document, environment, runs, turns: this.turns, log, now });
    const routine = task.kind === 'time' ? { routine: task.routine } : {};
    const entry: Entry = { ...routine, startedMs: job.startedMs, job };
    this.entries.set(id, entry);
    try {
      await this.store?.write({ id, ...routine, startedMs: job.startedMs, status: job.status });
    } catch (error) {
      this.entries.delete(id);
      throw new ServiceError('SERVICE_FAILED', `the job cannot be kept: ${errorMessage(error)}`, { cause: error });
    }
    const work = this.follow(id, entry, job, log).finally(() => this.work.delete(work));
    this.work.add(work);
    return Number(id);
  }

  /** Never rejects. */
  private async follow(id: string, entry: Entry, job: RestoreJob, log: Log): Promise<void> {
    const { metrics } = this.options;
    metrics.start(id, entry.routine);
    log.info(logEvent('message', `Restore job ${id} has started.`));
    const timer = setInterval(() => reportProgress(id, job, metrics), PROGRESS_INTERVAL_MS);
    timer.unref();
    await job.run();
    clearInterval(timer);
    reportProgress(id, job, metrics);
    const { status } = job;
    entry.status = status;
    delete entry.job;
    metrics.finish(id, status.status === 'running' ? 'failure' : status.status, job.durationS);
    const text = `Restore job ${id}: ${status.status}${status.error === undefined ? '' : `: ${status.error}`}.`;
    if (status.status === 'failure') log.error(logEvent('message', text));
    else log.info(logEvent('message', text));
    try {
      const { routine, startedMs } = entry;
      await this.store?.write({ id, ...(routine === undefined ? {} : { routine }), startedMs, status });
      await this.forgetOld();
    } catch (error) {
      log.error(errorEvent(error));
    }
  }

  /** The oldest that have ended, beyond the number that is kept. */
  private async forgetOld(): Promise<void> {
    const { mostEnded = DEFAULT_MOST_ENDED } = this.options;
    const ended = [...this.entries].filter(([, { job }]) => job === undefined);
    for (const [id] of ended.slice(0, Math.max(0, ended.length - mostEnded))) {
      this.entries.delete(id);
      await this.store?.delete(id);
    }
  }

  private createId(): string {
    for (;;) {
      const id = String(randomBytes(8).readBigUInt64BE() & ((1n << ID_BITS) - 1n));
      if (!this.entries.has(id)) return id;
    }
  }
}

function toStatus({ job, status }: Entry): RestoreJobStatus {
  return job?.status ?? status!;
}

function reportProgress(id: string, job: RestoreJob, metrics: RestoreMetrics): void {
  const { 'current-job': current, 'read-records': records, 'total-bytes': bytes } = job.status;
  const end = current?.['estimated-end-time'];
  metrics.progress(id, {
    percent: current?.['percentage-done'],
    records,
    bytes,
    etaSeconds: end === undefined ? undefined : Math.max(0, (Date.parse(end) - Date.now()) / 1000),
  });
}
