/** The operations behind /v2, put together. */
import { errorEvent } from '../../core/log.js';
import { cancelOne, holdOne, releaseOne, removeBackup } from './backups/change-backups.js';
import { beginBackup } from './backups/create-backups.js';
import { describeBackup, listItems } from './backups/read-backups.js';
import { deleteLeftovers, resumeBackups } from './backups/resume-backups.js';
import { V2Context, type V2Options } from './context.js';
import { toV2Error } from './errors.js';
import { Jobs } from './jobs/jobs.js';
import { copyOne } from './jobs/copy-jobs.js';
import { cloneCluster, restoreMoment, restoreOne } from './jobs/start-jobs.js';
import { verifyOne } from './jobs/verify-jobs.js';
import type { BackupChoice, BackupFilter, JobListFilter, V2Operations, WaitOptions } from './operations.js';
import { prepareBackup, prepareMoment } from './restore/prepare-restore.js';
import { describePlan } from './restore/run-restore.js';
import type { Backup, BackupPage } from './schema/backup.js';
import type { CreateBackup } from './schema/create-backup.js';
import type { Job, JobPage } from './schema/job.js';
import type { CloneRequest, CopyBackup, VerifyBackup } from './schema/requests.js';
import type { RestoreAtTime, RestoreBackup, RestorePlan } from './schema/restore-backup.js';
import type { RuntimeState, StorageRanges, StorageSummary } from './schema/runtime-state.js';
import type { RoutineSummary } from './schema/routine-summary.js';
import { describeRanges, describeState } from './state/ranges.js';
import { Upkeep } from './upkeep/upkeep.js';
import { waitUntil } from '../../core/abort.js';

const POLL_MS = 500;
/** What a storage may take to tell how its backups were verified. */
const STORAGE_MS = 2000;
const NEVER = new AbortController().signal;
/** Who asks for the status of a backup may get what another one got so long before, unless it was changed here. */
const SHARED_MS = 500;
/** Backups of processes that have died are looked for this often. */
const RESUME_MS = 60_000;

export class ServiceOperations implements V2Operations {
  /** Verifications and copies of routines. */
  readonly upkeep: Upkeep;
  private readonly unsubscribe: () => void;
  /** Answers that others may get, too. */
  private readonly reading = new Map<string, Promise<Backup>>();
  private timer: NodeJS.Timeout | undefined;
  private resuming: Promise<void> = Promise.resolve();

  private constructor(
    private readonly context: V2Context,
    private readonly jobs: Jobs,
  ) {
    this.upkeep = new Upkeep(context, jobs);
    this.unsubscribe = context.options.events.subscribe(context.records.listen);
  }

  /** Reads the jobs of earlier processes. Throws StorageError. */
  static async open(options: V2Options): Promise<ServiceOperations> {
    const context = new V2Context(options);
    const { metrics, events, log, dataDirectory, sharedJobs: shared } = options;
    const kept = {
      ...(dataDirectory === undefined ? {} : { dataDirectory }),
      ...(shared === undefined ? {} : { shared }),
    };
    return new ServiceOperations(context, await Jobs.open({ metrics, events, log, now: context.now, ...kept }));
  }

  /** Goes on with what was interrupted, now and again later. */
  start(): void {
    const resume = (): void => {
      this.resuming = this.resuming
        .then(() => resumeBackups(this.context))
        .catch((error: unknown) => this.context.options.log.error(errorEvent(error)));
    };
    resume();
    this.resuming = this.resuming.then(() => deleteLeftovers(this.context));
    this.upkeep.start();
    this.timer = setInterval(resume, RESUME_MS).unref();
  }

  /** Runs come to their end or leave a checkpoint, within 10 seconds. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all([this.context.backups.stop(), this.jobs.stop(), this.upkeep.stop()]);
    await this.context.records.settle();
    this.unsubscribe();
  }

  /** Whether a backup without a routine reads one of the namespaces. */
  isBackingUp(cluster: string, namespaces: readonly string[]): boolean {
    return this.context.backups.isBackingUp(cluster, namespaces);
  }

  createBackup(storage: string, request: CreateBackup): Promise<Backup> {
    return explained(() => beginBackup(this.context, storage, request));
  }

  readBackup(storage: string, id: string, { routine }: BackupChoice = {}): Promise<Backup> {
    const key = JSON.stringify([storage, id, routine, this.context.changes]);
    const reading = this.reading.get(key);
    if (reading !== undefined) return reading;
    const read = explained(() => this.context.view(storage, (view) => describeBackup(this.context, view, id, routine)));
    this.reading.set(key, read);
    const forget = (): void => void this.reading.delete(key);
    read.then(() => setTimeout(forget, SHARED_MS).unref(), forget);
    return read;
  }

  listBackups(storage: string, filter: BackupFilter): Promise<BackupPage> {
    return explained(() =>
      this.context.view(storage, (view) => Promise.resolve().then(() => listItems(this.context, view, filter))),
    );
  }

  deleteBackup(storage: string, id: string, options: BackupChoice & { cascade: boolean }): Promise<void> {
    return explained(() => removeBackup(this.context, storage, id, options));
  }

  cancelBackup(storage: string, id: string, choice: BackupChoice = {}): Promise<Backup> {
    return explained(() => cancelOne(this.context, storage, id, choice));
  }

  hold(storage: string, id: string, options: BackupChoice & { reason?: string } = {}): Promise<Backup> {
    return explained(() => holdOne(this.context, storage, id, options));
  }

  release(storage: string, id: string, choice: BackupChoice = {}): Promise<Backup> {
    return explained(() => releaseOne(this.context, storage, id, choice));
  }

  restoreBackup(storage: string, id: string, request: RestoreBackup, { routine }: BackupChoice = {}): Promise<Job> {
    return explained(() => restoreOne(this.context, this.jobs, storage, request, { id, routine }));
  }

  restoreAtTime(storage: string, request: RestoreAtTime): Promise<Job> {
    return explained(() => restoreMoment(this.context, this.jobs, storage, request));
  }

  planRestore(
    storage: string,
    id: string,
    request: RestoreBackup,
    { routine }: BackupChoice = {},
  ): Promise<RestorePlan> {
    const { context } = this;
    return explained(() =>
      context.view(storage, async (view) => {
        const prepared = await prepareBackup(context, view, request, { id, routine });
        return describePlan(context, view, prepared, undefined);
      }),
    );
  }

  planRestoreAtTime(storage: string, request: RestoreAtTime): Promise<RestorePlan> {
    const { context } = this;
    return explained(() =>
      context.view(storage, async (view) => {
        const prepared = await prepareMoment(context, view, request);
        return describePlan(context, view, prepared, new Date(request.time).toISOString());
      }),
    );
  }

  async latestRestore(storage: string, id: string, choice: BackupChoice = {}): Promise<Job> {
    const backup = await this.readBackup(storage, id, choice);
    return this.jobs.latestRestore(storage, backup.id);
  }

  copyBackup(storage: string, id: string, request: CopyBackup, choice: BackupChoice = {}): Promise<Job> {
    return explained(() => copyOne(this.context, this.jobs, storage, request, { id, ...choice }));
  }

  verifyBackup(storage: string, id: string, request: VerifyBackup, choice: BackupChoice = {}): Promise<Job> {
    return explained(() => verifyOne(this.context, this.jobs, storage, request, { id, ...choice }));
  }

  clone(request: CloneRequest): Promise<Job> {
    return explained(() => cloneCluster(this.context, this.jobs, request));
  }

  readJob(id: string): Promise<Job> {
    return explained(() => this.jobs.read(id));
  }

  listJobs(filter: JobListFilter): Promise<JobPage> {
    return explained(() => this.jobs.list(filter));
  }

  cancelJob(id: string): Promise<Job> {
    return explained(() => this.jobs.cancel(id));
  }

  waitForJob(id: string, wait: WaitOptions): Promise<Job> {
    return explained(() => this.jobs.wait(id, wait));
  }

  state(): Promise<RuntimeState> {
    return explained(() => describeState(this.context));
  }

  ranges(storage: string): Promise<StorageRanges> {
    return explained(() => this.context.view(storage, (view) => Promise.resolve(describeRanges(view))));
  }

  /**
   * Whether nobody has told yet that the routine misses its objective since that backup; from now on, somebody has.
   * Throws StorageError.
   */
  async claimMiss(routine: string, lastBackup: string): Promise<boolean> {
    const settings = this.context.document['backup-routines']?.[routine];
    if (settings === undefined) return false;
    return this.context.directory.use(settings.storage, (catalog) =>
      this.context.upkeep.update(catalog, routine, (document) => {
        if (document.missed === lastBackup) return false;
        document.missed = lastBackup;
        return true;
      }),
    );
  }

  describeUpkeep(routine: string): Promise<Pick<RoutineSummary, 'verify' | 'copies'>> {
    return explained(() => this.upkeep.describe({ kind: 'routine', name: routine }));
  }

  storages(): Promise<StorageSummary[]> {
    const { directory } = this.context;
    const addChecks = async (summary: StorageSummary): Promise<StorageSummary> => {
      let found: Pick<StorageSummary, 'verify'> = {};
      const reading = this.upkeep.describe({ kind: 'storage', name: summary.name }).then(
        ({ verify }) => void (found = verify === undefined ? {} : { verify }),
        () => undefined,
      );
      // One that does not answer does not hold up the list of all.
      await waitUntil(STORAGE_MS, NEVER, reading);
      return { ...summary, ...found };
    };
    return explained(() => Promise.all(directory.summarize().map(addChecks)));
  }

  async waitForBackup(
    storage: string,
    id: string,
    choice: BackupChoice,
    { timeoutMs, signal }: WaitOptions,
  ): Promise<Backup> {
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const backup = await this.readBackup(storage, id, choice);
      const leftMs = endMs - performance.now();
      if ((backup.state !== 'STARTED' && backup.state !== 'IN_PROGRESS') || leftMs <= 0 || signal.aborted)
        return backup;
      const isOwn = this.context.backups.find(storage, backup.id) !== undefined;
      // The end of one that this process makes is told: nobody has to look again and again.
      const ended = isOwn ? this.context.backups.settle(storage, backup.id) : undefined;
      await waitUntil(isOwn ? leftMs : Math.min(POLL_MS, leftMs), signal, ended);
    }
  }
}

/** What it rejects with is an error of /v2, or one that nobody expects. */
async function explained<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toV2Error(error);
  }
}
