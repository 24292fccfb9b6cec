/** One restore: what was asked for, how far it is and what became of it. */
import { errorMessage, ToolError } from '../../core/errors.js';
import { warningEvent, type Log } from '../../core/log.js';
import type { Semaphore } from '../../core/semaphore.js';
import type { RestoreJobStatus } from '../document/schema/job-status.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import { ServiceError } from '../errors.js';
import { findEmptyTargets } from './check-target.js';
import { planRestore, type PlannedNamespace } from './plan-restore.js';
import { restoreNamespace } from './restore-chain.js';
import { CountedRuns } from './counted-runs.js';
import { describeProgress, type JobCounters } from './restore-counters.js';
import { openRestore, type OpenedRestore, type RestoreEnvironment } from './restore-environment.js';
import type { PathTask, TimeTask } from './restore-request.js';

/** What a job needs of the runs of routines. */
export interface BackupRuns {
  isBackingUp(clusterName: string, namespaces: readonly string[]): boolean;
  /** Nothing of the routine is deleted before the function that it returns is called. */
  lockForRestore(routine: string): () => void;
  /** Resolves when a deletion that had begun before the lock is over. */
  settleRetention(routine: string): Promise<void>;
}

export interface RestoreJobOptions {
  task: PathTask | TimeTask;
  document: ServiceDocument;
  environment: RestoreEnvironment;
  runs: BackupRuns;
  /** Of all restores of the process. */
  turns: Semaphore;
  log: Log;
  now: () => number;
}

export class RestoreJob {
  readonly startedMs: number;
  private readonly controller = new AbortController();
  private readonly runs = new CountedRuns();
  private totalRecords = 0;
  private finishedMs: number | undefined;
  private outcome: Pick<RestoreJobStatus, 'status' | 'error'> = { status: 'running' };
  private isCanceled = false;

  constructor(private readonly options: RestoreJobOptions) {
    this.startedMs = options.now();
  }

  get isRunning(): boolean {
    return this.finishedMs === undefined;
  }

  get durationS(): number {
    return ((this.finishedMs ?? this.options.now()) - this.startedMs) / 1000;
  }

  get counters(): JobCounters {
    return this.runs.counters;
  }

  get status(): RestoreJobStatus {
    const { counters, outcome, startedMs, finishedMs, totalRecords: total } = this;
    const isComplete = outcome.status === 'success';
    const progress = describeProgress(counters, { total, startedMs, finishedMs, isComplete }, this.options.now());
    return { ...outcome, 'current-job': progress, ...counters };
  }

  /** Does nothing if the job has ended. */
  cancel(): void {
    if (!this.isRunning) return;
    this.isCanceled = true;
    this.controller.abort();
  }

  /** The service ends. */
  interrupt(): void {
    this.controller.abort();
  }

  /** Never rejects: the outcome is in the status. */
  async run(): Promise<void> {
    const { log, now } = this.options;
    try {
      await this.restore();
      this.outcome = { status: 'success' };
    } catch (error) {
      if (this.isCanceled) this.outcome = { status: 'canceled' };
      else {
        const isStopped = this.controller.signal.aborted;
        const text = isStopped ? 'the service was stopped while the job ran' : describeError(error);
        this.outcome = { status: 'failure', error: log.redact?.(text) ?? text };
      }
    }
    this.finishedMs = Math.max(this.startedMs, now());
  }

  private async restore(): Promise<void> {
    const { task, document, environment, log, runs, turns } = this.options;
    const { signal } = this.controller;
    const routine = this.findRoutine();
    const unlock = routine === undefined ? undefined : runs.lockForRestore(routine);
    let opened: OpenedRestore | undefined;
    let hasTurn = false;
    try {
      await turns.acquire(signal);
      hasTurn = true;
      if (routine !== undefined) await runs.settleRetention(routine);
      opened = await openRestore(task, document, environment, { log, signal });
      const plans = await planRestore(task, opened, log);
      signal.throwIfAborted();
      this.totalRecords = plans
        .flatMap(({ backups }) => backups)
        .reduce((sum, { metadata }) => sum + metadata.records, 0);
      await this.restoreAll(plans, opened);
    } finally {
      await opened?.base.storages.close();
      unlock?.();
      if (hasTurn) turns.release();
    }
  }

  private async restoreAll(plans: readonly PlannedNamespace[], { base }: OpenedRestore): Promise<void> {
    const { task, runs, log } = this.options;
    const { signal } = this.controller;
    const targets = [...new Set(plans.flatMap(({ target }) => (target === undefined ? [] : [target])))];
    refuseRunningBackup(task, targets, runs);
    const empty = await findEmptyTargets(targets, base, signal);
    // A backup may have begun meanwhile.
    refuseRunningBackup(task, targets, runs);
    const isInOrder = task.kind === 'time' && task.disableReordering;
    if (isInOrder && base.unique && plans.some(({ backups }) => backups.length > 1)) {
      const text = 'Records are created only, from the oldest backup on: later versions of them are not restored';
      log.info(warningEvent('message', text));
    }
    const failures: { namespace: string | undefined; error: unknown }[] = [];
    await Promise.all(
      plans.map(async ({ namespace, target, backups, unmarked }) => {
        const names = {
          ...(namespace === undefined ? {} : { namespace }),
          ...(target === undefined ? {} : { target }),
        };
        const isTargetEmpty = target !== undefined && empty.has(target);
        const order = isInOrder ? 'oldest-first' : 'newest-first';
        const own = { ...names, backups, unmarked, order, isTargetEmpty } as const;
        await restoreNamespace(own, base, (config) =>
          this.runs.follow(config, { hosts: base.hostText, log, signal }),
        ).catch((error: unknown) => {
          failures.push({ namespace, error });
        });
      }),
    );
    if (failures.length > 0) throw joinErrors(failures);
  }

  /** Whose backups must not be deleted meanwhile; undefined = those of a routine that is not configured. */
  private findRoutine(): string | undefined {
    const { task, document } = this.options;
    const routine = task.kind === 'time' ? task.routine : task.path.split('/', 1)[0]!;
    return Object.hasOwn(document['backup-routines'] ?? {}, routine) ? routine : undefined;
  }
}

/** A backup would have records from before and after the restore. Throws ServiceError SERVICE_CONFLICT. */
function refuseRunningBackup({ clusterName }: PathTask | TimeTask, targets: readonly string[], runs: BackupRuns): void {
  if (clusterName === undefined || targets.length === 0 || !runs.isBackingUp(clusterName, targets)) return;
  const text = `a backup of namespace ${targets.join(', ')} of cluster ${JSON.stringify(clusterName)} is running`;
  throw new ServiceError('SERVICE_CONFLICT', text);
}

function joinErrors(failures: readonly { namespace: string | undefined; error: unknown }[]): ServiceError {
  const texts = failures.map(({ namespace, error }) => {
    const text = describeError(error);
    return namespace === undefined ? text : `namespace ${namespace}: ${text}`;
  });
  return new ServiceError('SERVICE_FAILED', texts.join('; '), { cause: failures[0]!.error });
}

function describeError(error: unknown): string {
  const text = error instanceof ToolError ? error.messageFor('rest') : errorMessage(error);
  return text.replace(/\s*\n\s*/g, ' ');
}
