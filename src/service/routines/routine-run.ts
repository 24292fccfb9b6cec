/** One run of a routine, from the reading of its history to the metadata that make it a backup. */
import { errorMessage } from '../../core/errors.js';
import { logEvent, warningEvent, type Log } from '../../core/log.js';
import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import { runPath } from '../backups/layout.js';
import type { BackupType, RunOutcome } from '../metrics/metrics.js';
import { resumeClaimed } from '../replicas/claimed-files.js';
import { FencedError, type RunClaim } from '../replicas/run-claim.js';
import { deleteFolder } from './delete-folder.js';
import { forwardEntry } from './engine-line.js';
import { ensureDirectory } from './ensure-directory.js';
import { resumeJobs, type LeftoverRun } from './leftovers.js';
import { runNamespace, type NamespaceJob, type NamespaceResult } from './namespace-run.js';
import { limitPreparation, retryAttempts, toAttemptLimits } from './retry-policy.js';
import { RoutineStore, type RunCache } from './routine-store.js';
import { completeRun } from './run-completion.js';
import type { OpenedStorage } from '../settings/open-storage.js';
import type { RunEnvironment } from './run-environment.js';
import type { RunPlan } from './run-plan.js';
import { countScans, prepareRun, SkipError } from './run-preparation.js';
import type { RunningJob } from '../document/schema/job-status.js';
import { RunEvents } from './run-events.js';
import { RunProgress } from './run-progress.js';
import { ScanBudget } from './scan-budget.js';

/** `stopped`: the service ends, and the next one goes on with the run. `fenced`: another replica has the run. */
export type RunEnd = Exclude<RunOutcome, 'retry'> | 'stopped' | 'fenced';

const STOP_TEXTS = {
  canceled: 'it was canceled',
  stopped: 'the service ends',
  fenced: 'another replica has taken it over',
} as const;
const STOP_EVENTS = { canceled: 'routine.canceled', stopped: 'routine.stopped', fenced: 'routine.fenced' } as const;

class StopError extends Error {
  constructor(readonly end: keyof typeof STOP_TEXTS) {
    super(STOP_TEXTS[end]);
  }
}

export interface RoutineRunOptions {
  plan: RunPlan;
  timestampMs: number;
  environment: RunEnvironment;
  cache: RunCache;
  /** Whether another run of this process writes to the folder. */
  isActive: (path: string) => boolean;
  /** A run that ended with the process before: it is finished. */
  leftover?: LeftoverRun | undefined;
  /** Of a service with replicas: the right to the run. */
  claim?: RunClaim | undefined;
}

export class RoutineRun {
  readonly type: BackupType;
  readonly timestampMs: number;
  private readonly startedMs: number;
  private readonly progress: RunProgress;
  private readonly events: RunEvents;
  private readonly stopping = new AbortController();
  private readonly log: Log;
  private folder: string | undefined;
  private known: readonly string[] | undefined;
  private leadMs: number | undefined;
  /** What the run has written could not be deleted. */
  private isLeftBehind = false;

  constructor(private readonly options: RoutineRunOptions) {
    const { plan, timestampMs, environment, leftover, claim } = options;
    this.type = plan.type;
    this.timestampMs = timestampMs;
    this.startedMs = environment.clock.nowMs();
    this.progress = new RunProgress(this.startedMs);
    this.log = environment.log;
    this.events = new RunEvents(plan, timestampMs, environment);
    this.folder = leftover?.path;
    if (claim === undefined) return;
    claim.progress = () => this.state();
    claim.onLost = () => this.stopping.abort(new StopError('fenced'));
    claim.onCancel = () => this.cancel();
  }

  /** The folder that the run writes to; undefined = it has chosen none yet. */
  get path(): string | undefined {
    return this.folder;
  }

  get clusterName(): string {
    return this.options.plan.routine['source-cluster'];
  }

  /** Undefined = all of a cluster that has not answered yet. */
  get namespaces(): readonly string[] | undefined {
    const { namespaces } = this.options.plan.routine;
    return namespaces.length > 0 ? namespaces : this.known;
  }

  cancel(): void {
    this.stopping.abort(new StopError('canceled'));
  }

  /** Leaves a checkpoint that a later process goes on from. */
  checkpoint(): void {
    this.stopping.abort(new StopError('stopped'));
  }

  state(): RunningJob {
    return this.progress.toRunningJob(this.options.environment.clock.nowMs());
  }

  /** Settles when nothing of the run is under way any more. Never rejects. */
  async execute(): Promise<RunEnd> {
    const { name, type } = this.options.plan;
    const { metrics, clock } = this.options.environment;
    const end = await this.run().then(
      () => this.settle('success'),
      (error: unknown) => this.settle(this.explain(error), error),
    );
    if (end === 'stopped' || end === 'fenced') return end;
    metrics.countEvent(name, type, end);
    if (end !== 'skip') {
      metrics.observeDuration(name, type, Math.max(0, clock.nowMs() - this.startedMs) / 1000, end);
    }
    return end;
  }

  /** Says what has ended the run. */
  private explain(error: unknown): RunEnd {
    const { name, type } = this.options.plan;
    const fields = { routine: name, type };
    if (error instanceof SkipError) {
      const text = `${this.title} is skipped: ${error.message}`;
      this.log.info(logEvent('routine.skipped', text, fields));
      this.events.publish('backup.skipped', text);
      return 'skip';
    }
    const stop: unknown = this.stopping.signal.reason;
    const reason = error instanceof FencedError ? new StopError('fenced') : stop;
    if (reason instanceof StopError) {
      const text = `${this.title} has ended before its time: ${reason.message}`;
      this.log.info(logEvent(STOP_EVENTS[reason.end], text, fields));
      if (reason.end === 'canceled') this.events.publish('backup.canceled', text);
      return reason.end;
    }
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL';
    const text = `${this.title} has failed: ${errorMessage(error)}`;
    this.log.error(logEvent('routine.failed', text, { ...fields, code }));
    this.events.publish('backup.failed', text);
    return 'failure';
  }

  /** Tells the other replicas what has become of the run. What could not be carried out is left to them. */
  private async settle(end: RunEnd, error?: unknown): Promise<RunEnd> {
    const { claim, plan } = this.options;
    if (claim === undefined || end === 'fenced') return end;
    // What was decided is made by whoever comes next, if it could not be made here.
    const isLeft = end === 'stopped' || (error !== undefined && claim.decided?.outcome === 'success');
    if (isLeft || (claim.decided !== undefined && this.isLeftBehind)) {
      await claim.release();
      return end;
    }
    const reason = error === undefined ? {} : { reason: errorMessage(error) };
    try {
      await claim.end({ outcome: end, ...reason });
      return end;
    } catch (failure) {
      if (failure instanceof FencedError) return 'fenced';
      const text = `${this.title}: the other replicas could not be told that it has ended: ${errorMessage(failure)}`;
      this.log.info(warningEvent('replica.storage', text, { routine: plan.name }));
      return end;
    }
  }

  private get title(): string {
    const { name, type } = this.options.plan;
    return `The ${type} backup of the routine ${name}`;
  }

  private async run(): Promise<void> {
    const { plan, environment } = this.options;
    const { routine, document } = plan;
    const opened = await this.retry('The storage', () => environment.openStorage(routine.storage, document));
    try {
      const storage = await opened.storage.forPath(opened.root);
      const jobs = await this.retry('Its preparation', () => this.prepare(opened, storage));
      try {
        await this.write(jobs, opened, storage);
      } catch (error) {
        if (await this.mayDiscard(error)) await this.discard(storage);
        throw error;
      }
    } finally {
      await opened.close().catch(() => undefined);
    }
  }

  private prepare({ root }: OpenedStorage, storage: Storage): Promise<NamespaceJob[]> {
    const { plan, timestampMs, environment, cache, isActive } = this.options;
    const { name } = plan;
    const report = (text: string): void => this.log.info(warningEvent('routine.damaged', text, { routine: name }));
    const store = new RoutineStore({ storage, root, routine: name, cache, isActive, report });
    const { signal } = this.stopping;
    const onNamespaces = (namespaces: readonly string[]): void => {
      this.known = namespaces;
    };
    const onLead = (leadMs: number): void => void (this.leadMs = leadMs);
    const knownLeadMs = this.options.claim?.knownLeadMs;
    return prepareRun({ plan, timestampMs, environment, store, signal, onNamespaces, knownLeadMs, onLead });
  }

  /** What is needed before anything is written is tried again as often as a namespace is. */
  private retry<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { plan, environment } = this.options;
    const { clock } = environment;
    const onRetry = (error: unknown, waitMs: number): void => this.reportRetry(what, error, waitMs);
    const { signal } = this.stopping;
    const limits = toAttemptLimits(plan.policy);
    return retryAttempts({ clock, limits, signal, onRetry }, () => limitPreparation({ clock, signal }, work()));
  }

  private reportRetry(what: string, error: unknown, waitMs: number): void {
    const { name, type } = this.options.plan;
    this.options.environment.metrics.countEvent(name, type, 'retry');
    const text = `${this.title}: ${what} is tried again in ${waitMs} ms: ${errorMessage(error)}`;
    this.log.info(warningEvent('routine.retry', text, { routine: name, type, waitMs }));
  }

  private async write(jobs: readonly NamespaceJob[], { root }: OpenedStorage, storage: Storage): Promise<void> {
    const { plan, timestampMs, environment, claim } = this.options;
    const { name, type, document } = plan;
    const { metrics } = environment;
    const format = document.service?.backup?.['timestamp-format'];
    const path = this.folder ?? runPath(root, name, type, timestampMs, format);
    this.folder = path;
    await ensureDirectory(root, joinPath(path, 'data'), storage);
    const namespaces = jobs.map(({ namespace }) => namespace);
    this.log.info(
      logEvent('routine.started', `${this.title} begins: ${path}`, { routine: name, type, namespaces, path }),
    );
    this.events.publish('backup.started', `${this.title} begins`);
    const { signal } = this.stopping;
    const { left, done } = await this.resumeJobs(jobs, storage);
    const results = [...done, ...(await this.runNamespaces(left, path))];
    const isKept = await completeRun(results, {
      ...{ plan, timestampMs, environment, storage, path, signal, claim },
      leadMs: this.leadMs,
    });
    const sum = (value: (result: NamespaceResult) => number): number =>
      results.reduce((total, result) => total + value(result), 0);
    const records = sum((result) => result.records);
    const bytes = sum((result) => result.bytes);
    metrics.setLastSuccess(name, type, timestampMs / 1000);
    metrics.setLastSize(name, type, { records, bytes });
    const text = isKept ? `is complete: ${records} record(s), ${bytes} byte(s)` : 'has found no change';
    this.log.info(
      logEvent('routine.completed', `${this.title} ${text}`, { routine: name, type, records, bytes, path }),
    );
    this.events.publish(isKept ? 'backup.completed' : 'backup.skipped', `${this.title} ${text}`);
  }

  private async resumeJobs(
    jobs: readonly NamespaceJob[],
    storage: Storage,
  ): Promise<{ done: NamespaceResult[]; left: readonly NamespaceJob[] }> {
    const { plan, leftover, claim } = this.options;
    if (leftover === undefined) return { left: jobs, done: [] };
    if (claim === undefined) return resumeJobs(jobs, leftover, storage);
    const report = (text: string): void =>
      this.log.info(warningEvent('routine.leftover', text, { routine: plan.name, path: leftover.path }));
    return resumeClaimed(jobs, leftover, storage, claim, report);
  }

  /** All at the same time. The first that fails ends the others: nothing of the run is kept then. */
  private async runNamespaces(jobs: readonly NamespaceJob[], path: string): Promise<NamespaceResult[]> {
    const { plan, environment } = this.options;
    const { name, type } = plan;
    const { metrics, budgets } = environment;
    const failing = new AbortController();
    const signal = AbortSignal.any([this.stopping.signal, failing.signal]);
    const scans = countScans(plan.policy);
    for (const { namespace } of jobs) this.progress.add(namespace);
    const options = {
      plan,
      environment,
      runPath: path,
      firstAttempt: this.options.claim?.firstAttempt ?? 1,
      limits: toAttemptLimits(plan.policy),
      budgets: [new ScanBudget(() => scans), budgets.ofCluster(this.clusterName), budgets.process],
      signal,
      onProgress: (namespace: string, event: Parameters<RunProgress['update']>[1]): void => {
        metrics.addVolume(name, type, this.progress.update(namespace, event));
        metrics.setProgress(name, type, this.progress.percent);
        this.events.publishProgress(this.progress);
      },
      onRetry: (namespace: string, error: unknown, waitMs: number): void => {
        this.progress.add(namespace);
        this.reportRetry(`The namespace ${namespace}`, error, waitMs);
      },
      onLog: (entry: Parameters<typeof forwardEntry>[1]): void => forwardEntry(this.log, entry, name),
    };
    let failure: { error: unknown } | undefined;
    const runs = jobs.map((job) =>
      runNamespace(job, options).catch((error: unknown) => {
        failure ??= { error };
        failing.abort(error);
        return undefined;
      }),
    );
    const results = await Promise.all(runs);
    if (failure !== undefined) throw failure.error;
    return results.filter((result) => result !== undefined);
  }

  /** What can be continued stays, and what another replica goes on with. */
  private async mayDiscard(error: unknown): Promise<boolean> {
    const { claim } = this.options;
    const reason: unknown = this.stopping.signal.reason;
    if (this.folder === undefined || error instanceof FencedError) return false;
    if (reason instanceof StopError && reason.end !== 'canceled') return false;
    if (claim === undefined) return true;
    if (claim.decided?.outcome === 'success') return false;
    const outcome = reason instanceof StopError ? 'canceled' : 'failure';
    try {
      await claim.decide({ outcome, reason: errorMessage(error).slice(0, 300) });
      return true;
    } catch {
      return false;
    }
  }

  /** Deletes what the run has written. */
  private async discard(storage: Storage): Promise<void> {
    await deleteFolder(this.folder!, storage).catch((error: unknown) => {
      this.isLeftBehind = true;
      const text = `What the run has left in ${this.folder!} could not be deleted: ${errorMessage(error)}`;
      this.log.info(warningEvent('routine.leftover', text, { routine: this.options.plan.name, path: this.folder! }));
    });
  }
}
