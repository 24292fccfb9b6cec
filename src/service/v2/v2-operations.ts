/** The operations behind /v2, put together. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorEvent } from '../../core/log.js';
import { cancelOne, holdOne, releaseOne, removeBackup } from './backups/change-backups.js';
import { beginBackup } from './backups/create-backups.js';
import { describeBackup, listItems } from './backups/read-backups.js';
import { resumeBackups } from './backups/resume-backups.js';
import { V2Context, type V2Options } from './context.js';
import { toV2Error } from './errors.js';
import type { BackupChoice, BackupFilter, WaitOptions } from './operations.js';
import type { Backup, BackupPage } from './schema/backup.js';
import type { CreateBackup } from './schema/create-backup.js';
import type { StorageSummary } from './schema/runtime-state.js';

const POLL_MS = 500;
/** Backups of processes that have died are looked for this often. */
const RESUME_MS = 60_000;

export class ServiceOperations {
  private readonly unsubscribe: () => void;
  private timer: NodeJS.Timeout | undefined;
  private resuming: Promise<void> = Promise.resolve();

  constructor(private readonly context: V2Context) {
    this.unsubscribe = context.options.events.subscribe(context.records.listen);
  }

  static open(options: V2Options): ServiceOperations {
    return new ServiceOperations(new V2Context(options));
  }

  /** Goes on with what was interrupted, now and again later. */
  start(): void {
    const resume = (): void => {
      this.resuming = this.resuming
        .then(() => resumeBackups(this.context))
        .catch((error: unknown) => this.context.options.log.error(errorEvent(error)));
    };
    resume();
    this.timer = setInterval(resume, RESUME_MS).unref();
  }

  /** Runs come to their end or leave a checkpoint, within 10 seconds. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.context.backups.stop();
    await this.context.records.settle();
    this.unsubscribe();
  }

  /** Whether a backup without a routine reads one of the namespaces. */
  isBackingUp(cluster: string, namespaces: readonly string[]): boolean {
    return this.context.backups.isBackingUp(cluster, namespaces);
  }

  createBackup(storage: string, request: CreateBackup): Promise<Backup> {
    return explained(beginBackup(this.context, storage, request));
  }

  readBackup(storage: string, id: string, { routine }: BackupChoice = {}): Promise<Backup> {
    return explained(this.context.view(storage, (view) => describeBackup(this.context, view, id, routine)));
  }

  listBackups(storage: string, filter: BackupFilter): Promise<BackupPage> {
    return explained(
      this.context.view(storage, (view) => Promise.resolve().then(() => listItems(this.context, view, filter))),
    );
  }

  deleteBackup(storage: string, id: string, options: BackupChoice & { cascade: boolean }): Promise<void> {
    return explained(removeBackup(this.context, storage, id, options));
  }

  cancelBackup(storage: string, id: string, choice: BackupChoice = {}): Promise<Backup> {
    return explained(cancelOne(this.context, storage, id, choice));
  }

  hold(storage: string, id: string, options: BackupChoice & { reason?: string } = {}): Promise<Backup> {
    return explained(holdOne(this.context, storage, id, options));
  }

  release(storage: string, id: string, choice: BackupChoice = {}): Promise<Backup> {
    return explained(releaseOne(this.context, storage, id, choice));
  }

  storages(): Promise<StorageSummary[]> {
    const { directory, options } = this.context;
    return explained(Promise.resolve().then(() => directory.summarize(options.replicas?.() ?? 1)));
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
      const waiting = new AbortController();
      const timer = sleep(Math.min(POLL_MS, leftMs), undefined, {
        signal: AbortSignal.any([signal, waiting.signal]),
      }).catch(() => undefined);
      const isOwn = this.context.backups.find(storage, backup.id) !== undefined;
      await (isOwn ? Promise.race([timer, this.context.backups.settle(storage, backup.id)]) : timer);
      waiting.abort();
    }
  }
}

async function explained<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toV2Error(error);
  }
}
