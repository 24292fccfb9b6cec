/** Jobs of all replicas in a storage of the configuration: each is known, and can be canceled, at every one. */
import { errorMessage } from '../../../core/errors.js';
import { warningEvent, type Log } from '../../../core/log.js';
import { joinPath } from '../../../storage/paths.js';
import type { Storage } from '../../../storage/storage.js';
import { LeaseWatch, SYSTEM_MONOTONIC, type MonotonicClock } from '../../replicas/lease-watch.js';
import type { Holder } from '../../replicas/ledger-state.js';
import { hasEnded } from '../../replicas/replica-identity.js';
import { parseJob } from '../../restore/job-directory.js';
import { ensureDirectory } from '../../routines/ensure-directory.js';
import type { OpenedStorage } from '../../settings/open-storage.js';
import { SERVICE_DIRECTORY } from '../backups/record-store.js';
import type { Job } from '../schema/job.js';
import { V2_JOBS } from './job-store.js';

const DIRECTORY = 'jobs';
const JOB = /^([a-z0-9-]{1,80})\.json$/;
const CANCEL = '.cancel';
/** Of all replicas together: the oldest that have ended are deleted. */
const MOST_JOBS = 2000;

export interface SharedJobsOptions {
  open: () => Promise<OpenedStorage>;
  /** This process. */
  holder: Holder;
  leaseMs: number;
  log: Log;
  /** For tests. */
  monotonic?: MonotonicClock;
}

export class SharedJobs {
  /** Jobs of others that have ended: they do not change. */
  private readonly ended = new Map<string, Job>();
  private readonly watch: LeaseWatch;
  private readonly monotonic: MonotonicClock;
  private isPrepared = false;
  private writes = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly options: SharedJobsOptions) {
    this.monotonic = options.monotonic ?? SYSTEM_MONOTONIC;
    this.watch = new LeaseWatch(options.leaseMs, this.monotonic);
  }

  get leaseMs(): number {
    return this.options.leaseMs;
  }

  /**
   * A job of this process, as it is when it is written: again and again as long as it runs. One write after another, so
   * that what it was before never replaces its end. Never rejects.
   */
  keep(job: Job): Promise<void> {
    const write = (): Promise<void> =>
      this.attempt(undefined, (storage, directory) => {
        const text = `${JSON.stringify({ holder: this.options.holder, count: ++this.writes, job })}\n`;
        return storage.writeSmall(joinPath(directory, `${job.id}.json`), text, 'the job');
      });
    this.writing = this.writing.then(write);
    return this.writing;
  }

  /** Never rejects. */
  async delete(id: string): Promise<void> {
    await this.attempt(undefined, async (storage, directory) => {
      await storage.deleteFile(joinPath(directory, `${id}.json`), 'ignore');
      await storage.deleteFile(joinPath(directory, `${id}${CANCEL}`), 'ignore');
    });
  }

  /** A job of another replica; undefined = there is none, or the storage does not answer. */
  read(id: string): Promise<Job | undefined> {
    return this.attempt(undefined, (storage, directory) => this.readJob(id, storage, directory));
  }

  /** Those of other replicas, and of earlier processes; none if the storage does not answer. */
  list(): Promise<Job[]> {
    return this.attempt<Job[]>([], async (storage, directory) => {
      const ids = (await storage.list(directory)).flatMap(({ name }) => JOB.exec(name)?.[1] ?? []);
      const found = await Promise.all(ids.map((id) => this.readJob(id, storage, directory).catch(() => undefined)));
      const jobs = found.filter((job) => job !== undefined).sort((a, b) => (a.created < b.created ? -1 : 1));
      for (const { id } of jobs.slice(0, Math.max(0, jobs.length - MOST_JOBS)).filter(hasFinished)) {
        this.ended.delete(id);
        await storage.deleteFile(joinPath(directory, `${id}.json`), 'ignore').catch(() => undefined);
      }
      return jobs;
    });
  }

  /** Asks the replica that makes the job to end it. Never rejects. */
  async requestCancel(id: string): Promise<void> {
    await this.attempt(undefined, async (storage, directory) => {
      await storage.createExclusive(joinPath(directory, `${id}${CANCEL}`), '');
    });
  }

  /** Which of the jobs somebody has asked to end. */
  findCanceled(ids: readonly string[]): Promise<string[]> {
    return this.attempt<string[]>([], async (storage, directory) => {
      const names = new Set((await storage.list(directory)).map(({ name }) => name));
      return ids.filter((id) => names.has(`${id}${CANCEL}`));
    });
  }

  private async readJob(id: string, storage: Storage, directory: string): Promise<Job | undefined> {
    const known = this.ended.get(id);
    if (known !== undefined) return known;
    const askedMs = this.monotonic.monotonicMs();
    const found = await storage.readVersion(joinPath(directory, `${id}.json`));
    if (found === undefined) return undefined;
    const { holder, job } = JSON.parse(found.text) as { holder: Holder; job: unknown };
    const parsed = parseJob(id, Buffer.from(JSON.stringify(job)), V2_JOBS);
    if (hasFinished(parsed)) {
      this.ended.set(id, parsed);
      return parsed;
    }
    const isGone = hasEnded(holder, this.options.holder) || this.watch.isExpired(id, found.text, askedMs);
    if (!isGone) return parsed;
    const message = `The replica ${holder.replica} has ended while the job ran`;
    return { ...parsed, state: 'FAILED', error: { code: 'stopping', message }, finished: parsed.updated };
  }

  private async attempt<T>(otherwise: T, work: (storage: Storage, directory: string) => Promise<T>): Promise<T> {
    const { open, log } = this.options;
    try {
      const opened = await open();
      try {
        const storage = await opened.storage.forPath(opened.root);
        const directory = joinPath(joinPath(opened.root, SERVICE_DIRECTORY), DIRECTORY);
        if (!this.isPrepared) await ensureDirectory(opened.root, directory, storage);
        this.isPrepared = true;
        return await work(storage, directory);
      } finally {
        await opened.close().catch(() => undefined);
      }
    } catch (error) {
      log.info(warningEvent('replica.storage', `Jobs of replicas are not known now: ${errorMessage(error)}`));
      return otherwise;
    }
  }
}

export function hasFinished({ state }: Job): boolean {
  return state !== 'STARTED' && state !== 'IN_PROGRESS';
}
