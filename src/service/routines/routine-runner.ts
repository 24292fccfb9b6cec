/** Makes the runs of all routines: when they are due, and when somebody asks for one. */
import { setMaxListeners } from 'node:events';
import type { backup } from '../../api/backup.js';
import { errorMessage } from '../../core/errors.js';
import { logEvent, warningEvent, type Log } from '../../core/log.js';
import type { ConfigChange, ConfigStore } from '../config-source/config-store.js';
import type { BackupRoutine } from '../document/schema/backup-routine.js';
import type { RoutineState, RunningJob } from '../document/schema/job-status.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import { ServiceError } from '../errors.js';
import type { EventSink } from '../events/event-bus.js';
import type { BackupType, RunMetrics } from '../metrics/metrics.js';
import { ReplicaCoordinator, type ReplicaCoordinatorOptions } from '../replicas/replica-coordinator.js';
import { startLongTimer } from '../schedule/clock.js';
import { explainRefusal } from './admission.js';
import { createEnvironment } from './create-environment.js';
import { expireRuns } from './expire-runs.js';
import { readLastRuns } from './last-runs.js';
import type { LeftoverRun } from './leftovers.js';
import type { LastRuns } from './missed-firings.js';
import { recoverRoutine } from './recover-routine.js';
import { RoutineEntry } from './routine-entry.js';
import { RoutineRun, type RoutineRunOptions } from './routine-run.js';
import { RunCache } from './routine-store.js';
import { describeSchedule, RoutineSchedule } from './routine-schedule.js';
import type { RunEnvironment } from './run-environment.js';
import { findOwn, planRun, type RunPlan } from './run-plan.js';

/** A run that is asked for begins so much later at least, so that who asked has the answer by then. */
const LEAST_DELAY_MS = 50;
/** When the service ends, runs may come to their end for so long, and then have so long for a checkpoint. */
const FINISH_MS = 3000;
const CHECKPOINT_MS = 6000;
/** So long the storage may take to tell the history; the state then says nothing about it. */
const HISTORY_MS = 15_000;
const NO_HISTORY: LastRuns = { full: undefined, incremental: undefined };

export interface RoutineRunnerOptions {
  config: Pick<ConfigStore, 'document' | 'onChange'>;
  metrics: RunMetrics;
  /** Told about runs; absent = nobody is. */
  events?: EventSink;
  log: Log;
  /** For tests. */
  libraryBackup?: typeof backup;
  /** For tests: parts of what runs are made with. */
  environment?: Partial<RunEnvironment>;
  /** For tests: how replicas tell the time, and who this one is. */
  replica?: Pick<ReplicaCoordinatorOptions, 'monotonic' | 'holder'>;
}

/** Backups beside those of routines. */
export interface AttachedBackups {
  start(): void;
  /** Within 10 seconds. */
  stop(): Promise<void>;
  isBackingUp(clusterName: string, namespaces: readonly string[]): boolean;
}

export class RoutineRunner {
  private readonly config: RoutineRunnerOptions['config'];
  private readonly environment: RunEnvironment;
  private readonly log: Log;
  private readonly entries = new Map<string, RoutineEntry>();
  private readonly stopping = new AbortController();
  /** Absent = this process is the only one. */
  private readonly replicas: ReplicaCoordinator | undefined;
  private unsubscribe: () => void = () => undefined;
  private attached: AttachedBackups | undefined;

  constructor({ config, metrics, events, log, libraryBackup, environment = {}, replica }: RoutineRunnerOptions) {
    this.config = config;
    this.log = log;
    // Each routine waits for it: Node.js would warn of more than ten.
    setMaxListeners(0, this.stopping.signal);
    this.environment = createEnvironment(
      { log, metrics, events, readDocument: () => config.document },
      { ...(libraryBackup === undefined ? {} : { backup: libraryBackup }), ...environment },
    );
    const settings = config.document.service?.replicas;
    if (settings === undefined) return;
    this.replicas = new ReplicaCoordinator({
      ...{ settings, environment: this.environment, log, signal: this.stopping.signal },
      storages: config.document.storage ?? {},
      ...replica,
      planRun: (name, type) => {
        const plan = planRun(name, type, this.config.document);
        return plan?.routine.disabled === true ? undefined : plan;
      },
      listRoutines: () => Object.keys(this.config.document['backup-routines'] ?? {}),
      startRun: (plan, run) => this.run(plan, this.entry(plan.name), run),
      inBackground: (name, work) => this.inBackground(name, work),
    });
  }

  /** Schedules all routines. What the process before has left is looked at in the background. */
  start(): Promise<void> {
    const { document } = this.config;
    const startedMs = this.environment.clock.nowMs();
    this.unsubscribe = this.config.onChange((change) => this.follow(change));
    for (const [name, routine] of Object.entries(document['backup-routines'] ?? {})) {
      if (routine.disabled === true) continue;
      this.schedule(name, routine, document);
      this.inBackground(name, this.recover(name, startedMs));
      this.inBackground(name, this.makeUp(name));
    }
    this.replicas?.start();
    this.attached?.start();
    return Promise.resolve();
  }

  /** Throws ServiceError SERVICE_NOT_FOUND if there is no such routine, or it is disabled. */
  trigger(name: string, type: BackupType, delayMs: number): void {
    if (this.findRoutine(name).disabled === true) {
      throw new ServiceError('SERVICE_NOT_FOUND', `routine "${name}" is disabled`);
    }
    if (this.stopping.signal.aborted) throw new ServiceError('SERVICE_FAILED', 'the service is stopping');
    const { triggers } = this.entry(name);
    const cancelTimer = startLongTimer(this.environment.clock, Math.max(LEAST_DELAY_MS, delayMs), () => {
      triggers.delete(cancel);
      this.fire(name, type);
    });
    const cancel = (): void => {
      cancelTimer();
      triggers.delete(cancel);
    };
    triggers.add(cancel);
  }

  /**
   * Begins a run at once. Returns its start, which names its folder; or why it is not made, and the start of the run
   * that is in its way, if it is one. Throws ServiceError SERVICE_NOT_FOUND as trigger does, and StorageError if there
   * are replicas that cannot agree.
   */
  async begin(
    name: string,
    type: BackupType,
  ): Promise<{ timestampMs: number } | { refusal: string; runningMs?: number }> {
    const { disabled } = this.findRoutine(name);
    if (disabled === true) throw new ServiceError('SERVICE_NOT_FOUND', `routine "${name}" is disabled`);
    if (this.stopping.signal.aborted) throw new ServiceError('SERVICE_FAILED', 'the service is stopping');
    const plan = planRun(name, type, this.config.document)!;
    if (this.replicas !== undefined) return this.replicas.begin(plan);
    const entry = this.entry(name);
    const running = [...entry.runs];
    const { policy } = plan;
    const isConcurrent = policy['concurrent-incremental'];
    const types = running.map((run) => run.type);
    const refusal = explainRefusal({ type, running: types, isConcurrent, isFullDue: () => false });
    if (refusal !== undefined) {
      const runningMs = running.at(-1)?.timestampMs;
      return { refusal, ...(runningMs === undefined ? {} : { runningMs }) };
    }
    const timestampMs = entry.nextTimestamp(this.environment.clock.nowMs());
    this.run(plan, entry, { timestampMs });
    return { timestampMs };
  }

  /** The runs that are under way. */
  get running(): { routine: string; type: BackupType; timestampMs: number; state: RunningJob }[] {
    const own = [...this.entries].flatMap(([routine, { runs }]) =>
      [...runs].map((run) => ({ routine, type: run.type, timestampMs: run.timestampMs, state: run.state() })),
    );
    return [...own, ...(this.replicas?.remoteRuns ?? [])];
  }

  /** Ends the run that has begun at that time, if it is under way. */
  cancelRun(name: string, timestampMs: number): void {
    for (const run of this.entries.get(name)?.runs ?? []) if (run.timestampMs === timestampMs) run.cancel();
    const plan = planRun(name, 'full', this.config.document);
    if (plan === undefined || this.replicas === undefined) return;
    this.inBackground(name, this.replicas.cancel(plan, timestampMs));
  }

  /** For scans beside those of routines. */
  get budgets(): RunEnvironment['budgets'] {
    return this.environment.budgets;
  }

  /** Ends what runs, and what was asked for and has not begun. Throws ServiceError SERVICE_NOT_FOUND. */
  cancel(name: string): void {
    this.findRoutine(name);
    this.cancelRuns(name);
    const plan = planRun(name, 'full', this.config.document);
    if (plan !== undefined && this.replicas !== undefined) this.inBackground(name, this.replicas.cancel(plan));
  }

  /** Throws ServiceError SERVICE_NOT_FOUND. */
  async state(name: string): Promise<RoutineState> {
    this.findRoutine(name);
    const entry = this.entries.get(name);
    const { full, incremental } = await this.readHistory(name);
    const find = (type: BackupType): RunningJob | undefined =>
      entry?.findRun(type)?.state() ?? this.replicas?.findRemote(name, type);
    const running = { full: find('full'), incremental: find('incremental') };
    const next = { full: entry?.schedule?.next('full'), incremental: entry?.schedule?.next('incremental') };
    return {
      ...(running.full === undefined ? {} : { full: running.full }),
      ...(running.incremental === undefined ? {} : { incremental: running.incremental }),
      ...(full === undefined ? {} : { 'last-full': formatTime(full) }),
      ...(incremental === undefined ? {} : { 'last-incremental': formatTime(incremental) }),
      ...(next.full === undefined ? {} : { 'next-full': formatTime(next.full) }),
      ...(next.incremental === undefined ? {} : { 'next-incremental': formatTime(next.incremental) }),
    };
  }

  /** Whether a run reads one of the namespaces of the cluster, or is about to. */
  isBackingUp(clusterName: string, namespaces: readonly string[]): boolean {
    if (this.attached?.isBackingUp(clusterName, namespaces) === true) return true;
    for (const { runs } of this.entries.values()) {
      for (const run of runs) {
        if (run.clusterName !== clusterName) continue;
        if (run.namespaces?.some((namespace) => namespaces.includes(namespace)) !== false) return true;
      }
    }
    for (const [name, routine] of Object.entries(this.config.document['backup-routines'] ?? {})) {
      if (routine['source-cluster'] !== clusterName || this.replicas?.hasRemote(name) !== true) continue;
      const own = routine.namespaces;
      if (own.length === 0 || own.some((namespace) => namespaces.includes(namespace))) return true;
    }
    return false;
  }

  /** Backups without a routine: they begin and end with the runs of routines. */
  attach(backups: AttachedBackups): void {
    this.attached = backups;
  }

  /** No old backup of the routine is deleted until the returned function was called. */
  lockForRestore(name: string): () => void {
    const entry = this.entry(name);
    const unlock = entry.lock();
    const plan = planRun(name, 'full', this.config.document);
    if (plan === undefined || this.replicas === undefined) return unlock;
    const guard = this.replicas.guardRestore(plan);
    entry.guarding = guard.isSet;
    return () => {
      unlock();
      guard.end();
    };
  }

  /** Resolves when a deletion that had begun before a lock is over. */
  async settleRetention(name: string): Promise<void> {
    const entry = this.entries.get(name);
    await entry?.retention;
    await entry?.guarding;
  }

  /**
   * Runs come to their end, or leave a checkpoint that the next start goes on from, within 10 seconds. Nothing begins
   * any more.
   */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.unsubscribe();
    this.replicas?.stop();
    for (const entry of this.entries.values()) entry.unschedule();
    const idle = Promise.all([this.idle(), this.attached?.stop()]);
    if (await this.isWithin(FINISH_MS, idle)) return;
    for (const { runs } of this.entries.values()) for (const run of runs) run.checkpoint();
    await this.isWithin(CHECKPOINT_MS, idle);
  }

  /** Resolves when nothing is under way: no run, no recovery, no deletion. */
  async idle(): Promise<void> {
    for (;;) {
      const pending = [...this.entries.values()].flatMap(({ background }) => [...background]);
      if (pending.length === 0) return;
      await Promise.all(pending);
    }
  }

  private async isWithin(limitMs: number, work: Promise<unknown>): Promise<boolean> {
    let cancel: () => void = () => undefined;
    const late = new Promise<false>((resolve) => {
      cancel = this.environment.clock.startTimer(limitMs, () => resolve(false));
    });
    const isDone = await Promise.race([work.then(() => true), late]);
    cancel();
    return isDone;
  }

  private findRoutine(name: string): BackupRoutine {
    const routine = findOwn(this.config.document['backup-routines'], name);
    if (routine === undefined) throw new ServiceError('SERVICE_NOT_FOUND', `routine "${name}" not found`);
    return routine;
  }

  private entry(name: string): RoutineEntry {
    let entry = this.entries.get(name);
    if (entry === undefined) this.entries.set(name, (entry = new RoutineEntry()));
    return entry;
  }

  /** `work` must not reject. */
  private inBackground(name: string, work: Promise<void>): void {
    const entry = this.entry(name);
    const tracked = work.finally(() => {
      entry.background.delete(tracked);
      this.forgetIfGone(name);
    });
    entry.background.add(tracked);
  }

  /** A routine that is no longer configured leaves nothing behind once its last run has ended. */
  private forgetIfGone(name: string): void {
    const isConfigured = findOwn(this.config.document['backup-routines'], name) !== undefined;
    if (isConfigured || this.entries.get(name)?.isIdle !== true) return;
    this.entries.delete(name);
    this.environment.metrics.forget(name);
  }

  private schedule(name: string, routine: BackupRoutine, document: ServiceDocument): void {
    const entry = this.entry(name);
    const { clock } = this.environment;
    try {
      entry.schedule = RoutineSchedule.start(routine, document, clock, (type, dueMs) => this.fire(name, type, dueMs));
    } catch (error) {
      const text = `The routine ${name} is not scheduled: ${errorMessage(error)}`;
      this.log.error(logEvent('routine.failed', text, { routine: name, code: 'SERVICE_INVALID' }));
    }
  }

  /** Takes over what was changed. Runs go on as they were begun, but those of a routine that was disabled are ended. */
  private follow({ before, after }: ConfigChange): void {
    const [old, current] = [before['backup-routines'] ?? {}, after['backup-routines'] ?? {}];
    for (const name of new Set([...Object.keys(old), ...Object.keys(current)])) {
      const routine = findOwn(current, name);
      const entry = this.entries.get(name);
      if (routine === undefined || routine.disabled === true) {
        entry?.unschedule();
        if (routine !== undefined) this.cancelRuns(name);
        else this.forgetIfGone(name);
      } else if (entry?.schedule?.key !== describeSchedule(routine, after)) {
        // A schedule that stays the same keeps its timers: what is due while the document changes is made.
        entry?.schedule?.stop();
        this.schedule(name, routine, after);
      }
    }
  }

  private cancelRuns(name: string): void {
    const entry = this.entries.get(name);
    if (entry === undefined) return;
    for (const cancel of [...entry.triggers]) cancel();
    for (const run of entry.runs) run.cancel();
  }

  /** `dueMs`: the time in the schedule; absent = somebody has asked for the run, or it is made up for. */
  private fire(name: string, type: BackupType, dueMs?: number): void {
    const plan = planRun(name, type, this.config.document);
    if (plan === undefined || plan.routine.disabled === true || this.stopping.signal.aborted) return;
    const entry = this.entry(name);
    const nowMs = this.environment.clock.nowMs();
    const isFullDue = (): boolean => entry.schedule?.isFullDueAt(dueMs ?? nowMs) === true;
    if (this.replicas !== undefined) {
      this.inBackground(name, this.replicas.fire(plan, isFullDue, dueMs, entry.schedule?.key));
      return;
    }
    const refusal = explainRefusal({
      type,
      running: [...entry.runs].map((run) => run.type),
      isConcurrent: plan.policy['concurrent-incremental'],
      isFullDue,
    });
    if (refusal === undefined) {
      this.run(plan, entry, { timestampMs: entry.nextTimestamp(nowMs) });
      return;
    }
    this.environment.metrics.countEvent(name, type, 'skip');
    const text = `The ${type} backup of the routine ${name} is skipped: ${refusal}`;
    this.log.info(logEvent('routine.skipped', text, { routine: name, type }));
    const { storage } = plan.routine;
    this.environment.events.publish({ type: 'backup.skipped', storage, routine: name, message: text });
  }

  /** Takes the place of the run at once, so that no other is admitted beside it, and gives it back whatever happens. */
  private run(
    plan: RunPlan,
    entry: RoutineEntry,
    more: Pick<RoutineRunOptions, 'timestampMs' | 'leftover' | 'claim'>,
  ): void {
    const { name, type } = plan;
    const { environment } = this;
    const { cache } = entry;
    const isActive = (path: string): boolean => entry.isActive(path);
    const run = new RoutineRun({ plan, environment, cache, isActive, ...more });
    entry.runs.add(run);
    environment.metrics.setActive(name, type, true);
    const execute = async (): Promise<void> => {
      const end = await run.execute();
      entry.runs.delete(run);
      if (more.claim !== undefined) await this.replicas?.settle(plan, more.claim, end === 'fenced');
      if (entry.findRun(type) === undefined) environment.metrics.setActive(name, type, false);
      if (end === 'success' && (type === 'full' || hasLimits(plan))) this.expire(plan, entry);
    };
    this.inBackground(name, execute());
  }

  private expire(plan: RunPlan, entry: RoutineEntry): void {
    const { name } = plan;
    if (plan.policy.retention === undefined || this.stopping.signal.aborted) return;
    if (entry.isLocked) {
      const text = `Old backups of the routine ${name} stay until the next full backup: a restore reads them`;
      this.log.info(warningEvent('routine.retention', text, { routine: name }));
      return;
    }
    const { environment } = this;
    const { cache } = entry;
    const isActive = (path: string): boolean => entry.isActive(path);
    const mayDelete = (): boolean => !entry.isLocked && !this.stopping.signal.aborted;
    const expire = (isFree: () => boolean): Promise<void> =>
      expireRuns({ plan, environment, cache, isActive, mayDelete: () => mayDelete() && isFree() });
    entry.retention = entry.retention.then(() => this.replicas?.withRetention(plan, expire) ?? expire(() => true));
    this.inBackground(name, entry.retention);
  }

  /** Deletes those copies in another storage that the policy does not keep. Never rejects. */
  async expireCopies(name: string, storage: string): Promise<void> {
    const plan = planRun(name, 'full', this.config.document);
    if (plan === undefined || this.stopping.signal.aborted) return;
    const entry = this.entry(name);
    const mayDelete = (): boolean => !entry.isLocked && !this.stopping.signal.aborted;
    await expireRuns({
      plan: { ...plan, routine: { ...plan.routine, storage } },
      environment: this.environment,
      cache: new RunCache(),
      isActive: () => false,
      mayDelete,
    });
  }

  private async recover(name: string, startedMs: number): Promise<void> {
    const plan = planRun(name, 'full', this.config.document);
    if (plan === undefined) return;
    const entry = this.entry(name);
    const { environment } = this;
    const { cache } = entry;
    const { signal } = this.stopping;
    const isActive = (path: string): boolean => entry.isActive(path);
    // Replicas take over what others have left: here it may be under way elsewhere.
    const isAlone = this.replicas === undefined;
    const { runs, missed } = await recoverRoutine({ plan, environment, cache, isActive, startedMs, signal, isAlone });
    for (const leftover of runs) this.resume(name, entry, leftover);
    if (missed !== undefined) this.fire(name, missed.type, isAlone ? undefined : missed.dueMs);
  }

  /** What fell to replicas that have ended at that moment. */
  private async makeUp(name: string): Promise<void> {
    const plan = planRun(name, 'full', this.config.document);
    const { schedule } = this.entry(name);
    if (plan === undefined || schedule === undefined || this.replicas === undefined) return;
    for (const { type, dueMs } of await this.replicas.findPassed(plan, schedule)) this.fire(name, type, dueMs);
  }

  private resume(name: string, entry: RoutineEntry, leftover: LeftoverRun): void {
    const { type, timestampMs, path } = leftover;
    const plan = planRun(name, type, this.config.document);
    // A newer run has begun meanwhile: what is left of the older one is deleted at the next start.
    const isNeeded = plan !== undefined && plan.routine.disabled !== true && entry.findRun(type) === undefined;
    if (!isNeeded || this.stopping.signal.aborted) return;
    const text = `The ${type} backup of the routine ${name} in ${path} goes on where it was interrupted`;
    this.log.info(logEvent('routine.leftover', text, { routine: name, type, path }));
    this.run(plan, entry, { timestampMs, leftover });
  }

  private async readHistory(name: string): Promise<LastRuns> {
    const plan = planRun(name, 'full', this.config.document);
    if (plan === undefined) return NO_HISTORY;
    const entry = this.entry(name);
    const isActive = (path: string): boolean => entry.isActive(path);
    let history = NO_HISTORY;
    const reading = readLastRuns(plan, this.environment, entry.cache, isActive).then((found) => (history = found));
    await this.isWithin(
      HISTORY_MS,
      reading.catch(() => undefined),
    );
    return history;
  }
}

/** Age and size may ask for a deletion at any time; counts only after a full backup. */
function hasLimits({ policy: { retention } }: RunPlan): boolean {
  return retention?.['max-age'] !== undefined || retention?.['max-size'] !== undefined;
}

function formatTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
