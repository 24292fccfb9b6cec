/** The jobs of /v2: those that run, and the last ones that have ended. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../../../core/errors.js';
import { errorEvent, logEvent, type Log } from '../../../core/log.js';
import type { EventSink } from '../../events/event-bus.js';
import type { EventType } from '../../events/event.js';
import { Throttle } from '../../events/throttle.js';
import type { RestoreMetrics } from '../../metrics/metrics.js';
import { toV2Error, V2Error } from '../errors.js';
import type { JobListFilter, WaitOptions } from '../operations.js';
import type { Job, JobKind, JobPage, JobProgress } from '../schema/job.js';
import { JobDirectory } from '../../restore/job-directory.js';
import { V2_JOBS } from './job-store.js';
import { hasFinished, type SharedJobs } from './shared-jobs.js';

const MOST_ENDED = 1000;
/** In a lease, a replica shows so often that its jobs go on. */
const BEATS_PER_LEASE = 5;
/** Jobs of other replicas are looked at so often. */
const POLL_MS = 1000;
const STOPPED = 'The service was stopped while the job ran';

/** What a job is given: it may add to its document at any time. */
export interface JobHandle {
  readonly id: string;
  readonly signal: AbortSignal;
  report(progress: { percent?: number; totalRecords?: number; records: number; bytes: number }): void;
  update(facts: Partial<Job>): void;
}

/** What is known of a job when it begins. */
export type JobFacts = Pick<
  Job,
  'storage' | 'backup' | 'time' | 'routine' | 'cluster' | 'to' | 'phase' | 'mode' | 'trigger'
>;

export interface JobsOptions {
  metrics: RestoreMetrics;
  events: EventSink;
  log: Log;
  now: () => number;
  dataDirectory?: string;
  /** Of a service with replicas: the jobs of all. */
  shared?: SharedJobs;
}

interface Entry {
  job: Job;
  startedMs: number;
  /** Absent = it has ended. */
  stopping?: AbortController;
  ended: Promise<void>;
}

const NEVER = new AbortController().signal;

class CancelError extends Error {
  constructor() {
    super('It was canceled');
  }
}

export class Jobs {
  /** In the order of their start. */
  private readonly entries = new Map<string, Entry>();
  private isStopped = false;
  private beating: NodeJS.Timeout | undefined;

  private constructor(
    private readonly options: JobsOptions,
    private readonly store: JobDirectory<Job> | undefined,
  ) {}

  /** Reads the jobs of earlier processes: those that ran have failed. Throws StorageError. */
  static async open(options: JobsOptions): Promise<Jobs> {
    const { dataDirectory, log } = options;
    const store = dataDirectory === undefined ? undefined : await JobDirectory.open(dataDirectory, V2_JOBS);
    const jobs = new Jobs(options, store);
    for (const stored of (await store?.readAll(log)) ?? []) {
      const job = { ...stored };
      if (job.state === 'STARTED' || job.state === 'IN_PROGRESS') {
        const error = { code: 'stopping', message: 'The service was restarted while the job ran' };
        Object.assign(job, { state: 'FAILED', error, finished: job.updated });
        await store?.write(job);
      }
      jobs.entries.set(job.id, { job, startedMs: Date.parse(job.created), ended: Promise.resolve() });
    }
    await jobs.forgetOld();
    const { shared } = options;
    if (shared !== undefined) {
      jobs.beating = setInterval(() => void jobs.beat(), shared.leaseMs / BEATS_PER_LEASE).unref();
    }
    return jobs;
  }

  /** Resolves once the job is kept, with its document. Throws V2Error stopping, internal. */
  async start(kind: JobKind, facts: JobFacts, work: (handle: JobHandle) => Promise<Partial<Job>>): Promise<Job> {
    if (this.isStopped) throw new V2Error('stopping', 'The service is being stopped');
    const startedMs = this.options.now();
    const created = new Date(startedMs).toISOString();
    const id = `${kind.toLowerCase()}-${startedMs}-${randomBytes(4).toString('hex')}`;
    const job: Job = { id, kind, state: 'STARTED', ...facts, created, updated: created, href: `/v2/jobs/${id}` };
    const stopping = new AbortController();
    const entry: Entry = { job, startedMs, stopping, ended: Promise.resolve() };
    this.entries.set(id, entry);
    try {
      await this.store?.write(job);
    } catch (error) {
      this.entries.delete(id);
      throw new V2Error('internal', `The job cannot be kept: ${errorMessage(error)}`, { cause: error });
    }
    await this.options.shared?.keep(job);
    this.publish(entry, 'started', `The job ${id} begins`);
    if (isRestore(kind)) this.options.metrics.start(id, facts.routine);
    entry.ended = this.execute(entry, stopping, work);
    return { ...job };
  }

  /** Throws V2Error not-found. */
  async read(id: string): Promise<Job> {
    const own = this.entries.get(id);
    if (own !== undefined) return { ...own.job };
    const found = await this.options.shared?.read(id);
    if (found !== undefined) return found;
    throw new V2Error('not-found', `job "${id}" not found`, { facts: { id } });
  }

  /** Shows other replicas that the jobs go on, and ends those that somebody has canceled there. Never rejects. */
  async beat(): Promise<void> {
    const { shared } = this.options;
    const running = [...this.entries.values()].filter(({ stopping }) => stopping !== undefined);
    if (shared === undefined || running.length === 0) return;
    for (const id of await shared.findCanceled(running.map(({ job }) => job.id))) {
      this.entries.get(id)?.stopping?.abort(new CancelError());
    }
    for (const { job } of running) if (!hasFinished(job)) await shared.keep(job);
  }

  /** The newest first. Throws V2Error invalid-request. */
  async list({
    kinds,
    states,
    storage,
    backup,
    fromMs = -Infinity,
    toMs = Infinity,
    limit,
    after,
  }: JobListFilter): Promise<JobPage> {
    const all = (await this.listAll()).reverse();
    if (after !== undefined && !all.some(({ id }) => id === after)) {
      throw new V2Error('invalid-request', 'after is not what a page had as next');
    }
    const rest = after === undefined ? all : all.slice(all.findIndex(({ id }) => id === after) + 1);
    const found = rest.filter((job) => {
      const createdMs = Date.parse(job.created);
      if (createdMs < fromMs || createdMs >= toMs) return false;
      if (kinds?.includes(job.kind) === false || states?.includes(job.state) === false) return false;
      if (storage !== undefined && job.storage !== storage) return false;
      return backup === undefined || job.backup === backup;
    });
    const page = found.slice(0, limit);
    return { jobs: page.map((job) => ({ ...job })), ...(found.length > limit ? { next: page.at(-1)!.id } : {}) };
  }

  /** Resolves once nothing of the job is under way. One that has ended stays as it is. Throws V2Error not-found. */
  async cancel(id: string): Promise<Job> {
    const entry = this.entries.get(id);
    if (entry === undefined) {
      const { shared } = this.options;
      if (hasFinished(await this.read(id)) || shared === undefined) return this.read(id);
      await shared.requestCancel(id);
      return this.wait(id, { timeoutMs: 2 * shared.leaseMs, signal: NEVER });
    }
    entry.stopping?.abort(new CancelError());
    await entry.ended;
    return { ...entry.job };
  }

  /** The last job that has restored the backup. Throws V2Error not-found. */
  async latestRestore(storage: string, backup: string): Promise<Job> {
    const found = (await this.listAll()).findLast(
      (job) => isRestore(job.kind) && job.storage === storage && job.backup === backup,
    );
    if (found !== undefined) return { ...found };
    throw new V2Error('not-found', `The backup "${backup}" was not restored`, { facts: { id: backup, storage } });
  }

  /** Resolves when the job has ended, or with how it is when the time is up. Throws V2Error not-found. */
  async wait(id: string, { timeoutMs, signal }: WaitOptions): Promise<Job> {
    const entry = this.entries.get(id);
    if (entry === undefined) return this.waitForOther(id, { timeoutMs, signal });
    const waiting = new AbortController();
    const timer = sleep(timeoutMs, undefined, { signal: AbortSignal.any([signal, waiting.signal]) });
    await Promise.race([entry.ended, timer.catch(() => undefined)]);
    waiting.abort();
    return { ...entry.job };
  }

  /** Ends the jobs that run: they fail. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.beating);
    for (const { stopping } of this.entries.values()) stopping?.abort(new Error(STOPPED));
    await Promise.all([...this.entries.values()].map(({ ended }) => ended));
  }

  /** Of this process and of other replicas, by their start. */
  private async listAll(): Promise<Job[]> {
    const others = (await this.options.shared?.list()) ?? [];
    const own = [...this.entries.values()].map(({ job }) => job);
    const rest = others.filter(({ id }) => !this.entries.has(id));
    return rest.length === 0 ? own : [...own, ...rest].sort((a, b) => (a.created < b.created ? -1 : 1));
  }

  private async waitForOther(id: string, { timeoutMs, signal }: WaitOptions): Promise<Job> {
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const job = await this.read(id);
      const leftMs = endMs - performance.now();
      if (hasFinished(job) || leftMs <= 0 || signal.aborted) return job;
      await sleep(Math.min(POLL_MS, leftMs), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Never rejects. */
  private async execute(
    entry: Entry,
    stopping: AbortController,
    work: (handle: JobHandle) => Promise<Partial<Job>>,
  ): Promise<void> {
    const { metrics, log, now } = this.options;
    const { job, startedMs } = entry;
    const throttle = new Throttle(now);
    const update = (facts: Partial<Job>): void => {
      Object.assign(job, facts, { updated: new Date(now()).toISOString() });
    };
    const handle: JobHandle = {
      id: job.id,
      signal: stopping.signal,
      update,
      report: (progress) => {
        update({ progress: describeProgress(progress, startedMs, now()) });
        if (!throttle.isDue()) return;
        const { percent, records, bytes } = progress;
        if (isRestore(job.kind)) metrics.progress(job.id, { percent, records, bytes });
        this.publish(entry, 'progress', undefined, { ...(percent === undefined ? {} : { percent }), records, bytes });
      },
    };
    update({ state: 'IN_PROGRESS' });
    let outcome: 'completed' | 'failed' | 'canceled' = 'completed';
    try {
      update(await work(handle));
      update({ state: 'COMPLETED' });
    } catch (thrown) {
      const reason: unknown = stopping.signal.aborted ? stopping.signal.reason : thrown;
      outcome = reason instanceof CancelError ? 'canceled' : 'failed';
      const error = toV2Error(reason);
      const text = errorMessage(reason).replace(/\s*\n\s*/g, ' ');
      const message = log.redact?.(text) ?? text;
      const code = error instanceof V2Error ? error.machineCode : stopping.signal.aborted ? 'stopping' : 'internal';
      if (outcome === 'canceled') update({ state: 'CANCELED' });
      else update({ state: 'FAILED', error: { code, message } });
    }
    update({ finished: new Date(now()).toISOString() });
    if (job.progress !== undefined && job.state === 'COMPLETED') job.progress.percent = 100;
    const metric = { completed: 'success', failed: 'failure', canceled: 'canceled' } as const;
    if (isRestore(job.kind)) metrics.finish(job.id, metric[outcome], Math.max(0, now() - startedMs) / 1000);
    const message = `The job ${job.id} is ${job.state}${job.error === undefined ? '' : `: ${job.error.message}`}`;
    if (outcome === 'failed') log.error(logEvent('message', message));
    else log.info(logEvent('message', message));
    try {
      await this.store?.write(job);
    } catch (error) {
      log.error(errorEvent(error));
    }
    delete entry.stopping;
    await this.options.shared?.keep(job);
    this.publish(entry, outcome, message);
    await this.forgetOld().catch((error: unknown) => log.error(errorEvent(error)));
  }

  private publish(
    { job }: Entry,
    what: 'started' | 'progress' | 'completed' | 'failed' | 'canceled',
    message?: string,
    progress?: { percent?: number; records: number; bytes: number },
  ): void {
    const { storage, backup, routine, id, kind } = job;
    this.options.events.publish({
      type: `${kind.toLowerCase() as Lowercase<JobKind>}.${what}` satisfies EventType,
      job: id,
      ...(storage === undefined ? {} : { storage }),
      ...(backup === undefined ? {} : { backup }),
      ...(routine === undefined ? {} : { routine }),
      ...(message === undefined ? {} : { message }),
      ...(progress === undefined ? {} : { progress }),
    });
  }

  /** The oldest that have ended, beyond the number that is kept. */
  private async forgetOld(): Promise<void> {
    const ended = [...this.entries.values()].filter(({ stopping }) => stopping === undefined);
    for (const { job } of ended.slice(0, Math.max(0, ended.length - MOST_ENDED))) {
      this.entries.delete(job.id);
      await this.store?.delete(job.id);
      await this.options.shared?.delete(job.id);
    }
  }
}

function isRestore(kind: JobKind): boolean {
  return kind === 'RESTORE' || kind === 'CLONE';
}

function describeProgress(
  { percent, totalRecords, records, bytes }: Parameters<JobHandle['report']>[0],
  startedMs: number,
  nowMs: number,
): JobProgress {
  const seconds = Math.max(1, nowMs - startedMs) / 1000;
  const whole = percent === undefined ? undefined : Math.max(0, Math.min(100, Math.floor(percent)));
  const isEarly = percent === undefined || percent < 1;
  const leftMs = isEarly ? 0 : ((100 - percent) / percent) * (nowMs - startedMs);
  return {
    ...(whole === undefined ? {} : { percent: whole }),
    ...(totalRecords === undefined ? {} : { 'total-records': totalRecords }),
    records,
    bytes,
    'records-per-second': Math.round(records / seconds),
    ...(isEarly ? {} : { 'estimated-end': new Date(nowMs + leftMs).toISOString() }),
  };
}
