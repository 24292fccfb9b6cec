/** The replicas of the service: which of them makes a run, and what becomes of runs whose replica is gone. */
import { randomUUID } from 'node:crypto';
import { errorMessage } from '../../core/errors.js';
import { logEvent, warningEvent, type Log } from '../../core/log.js';
import type { ReplicaSettings } from '../document/schema/service-settings.js';
import type { RunningJob } from '../document/schema/job-status.js';
import type { Storage } from '../document/schema/storage.js';
import type { BackupType } from '../metrics/metrics.js';
import type { LeftoverRun } from '../routines/leftovers.js';
import type { RoutineSchedule } from '../routines/routine-schedule.js';
import type { RunEnvironment } from '../routines/run-environment.js';
import type { RunPlan } from '../routines/run-plan.js';
import { sleep } from '../schedule/clock.js';
import { carryOut, findLeftover, removeFenced } from './claimed-run.js';
import { SYSTEM_MONOTONIC, type MonotonicClock } from './lease-watch.js';
import type { Holder, RunTask } from './ledger-state.js';
import {
  beginGuard,
  claimFiring,
  endGuard,
  findPassed,
  requestCancel,
  type PassedFiring,
} from './ledger-transitions.js';
import { createHolder, isKnownDead } from './replica-identity.js';
import { RoutineLedger } from './routine-ledger.js';
import { RoutineWatch } from './routine-watch.js';
import { RunClaim } from './run-claim.js';

export const DEFAULT_LEASE_SECONDS = 30;
/** In a lease, each replica shows so often that it lives, and looks at the others. */
const LOOKS_PER_LEASE = 5;
const LONGEST_LOOK_MS = 5000;
/** A storage that does not answer is asked again so often for a firing. */
const RETRY_MS = 1000;
/** How far back a replica that starts looks for firings that nobody has taken. */
const PASSED_LEASES = 2;

/** What to start a run with. */
export interface ClaimedRun {
  timestampMs: number;
  claim: RunClaim;
  leftover?: LeftoverRun | undefined;
}

export interface ReplicaCoordinatorOptions {
  settings: ReplicaSettings;
  environment: RunEnvironment;
  /** Those of the configuration at the start. */
  storages: Readonly<Record<string, Storage>>;
  log: Log;
  /** What the routine is to do now; undefined = there is no such routine, or it is disabled. */
  planRun: (routine: string, type: BackupType) => RunPlan | undefined;
  listRoutines: () => readonly string[];
  /** Begins a run that this replica has claimed. */
  startRun: (plan: RunPlan, run: ClaimedRun) => void;
  /** Tracks work that is under way; it does not reject. */
  inBackground: (routine: string, work: Promise<void>) => void;
  signal: AbortSignal;
  /** For tests. */
  monotonic?: MonotonicClock;
  holder?: Holder;
}

export class ReplicaCoordinator {
  private readonly holder: Holder;
  private readonly leaseMs: number;
  private readonly watches = new Map<string, { key: string; watch: RoutineWatch }>();
  private cancelLook: () => void = () => undefined;
  /** Routines whose storage has not answered when it was looked at. */
  private readonly silent = new Set<string>();

  constructor(private readonly options: ReplicaCoordinatorOptions) {
    const { settings, holder } = options;
    this.holder = holder ?? createHolder(settings.id);
    this.leaseMs = (settings['lease-seconds'] ?? DEFAULT_LEASE_SECONDS) * 1000;
  }

  /** Looks at the other replicas from now on. */
  start(): void {
    const { clock } = this.options.environment;
    this.warnOfLocalStorage();
    const lookMs = Math.min(LONGEST_LOOK_MS, this.leaseMs / LOOKS_PER_LEASE);
    const wait = (): void => {
      this.cancelLook = clock.startTimer(lookMs, () => {
        wait();
        this.watchRoutines();
      });
    };
    wait();
    this.watchRoutines();
  }

  stop(): void {
    this.cancelLook();
  }

  /** A directory that all replicas share is as good as any storage, but cannot be told from one of this machine. */
  private warnOfLocalStorage(): void {
    const { storages, log } = this.options;
    const local = Object.entries(storages).filter(([, storage]) => storage['local-storage'] !== undefined);
    if (local.length === 0) return;
    const names = local.map(([name]) => name).join(', ');
    const text = `Replicas on other machines see another directory unless it is shared by all of them: storage ${names}`;
    log.info(warningEvent('replica.local', text, { storage: names }));
  }

  /**
   * Makes the run of a firing if no other replica makes it. `dueMs` absent = somebody has asked for it. Never rejects.
   */
  async fire(plan: RunPlan, isFullDue: () => boolean, dueMs?: number, scheduleKey?: string): Promise<void> {
    const { environment, log, signal, startRun } = this.options;
    const { clock, metrics } = environment;
    const { name, type } = plan;
    const watch = this.findWatch(plan);
    const claim = randomUUID();
    for (let count = 1; !signal.aborted; count++) {
      try {
        const isConcurrent = plan.policy['concurrent-incremental'];
        const firing = { type, dueMs, nowMs: clock.nowMs(), isConcurrent, isFullDue, holder: this.holder, claim };
        const result = await watch.ledger.update(claimFiring({ ...firing, scheduleKey }));
        if (result.kind === 'claimed') startRun(plan, this.own(plan, watch, result.task, true));
        if (result.kind !== 'refused') return;
        metrics.countEvent(name, type, 'skip');
        const text = `The ${type} backup of the routine ${name} is skipped: ${result.reason}`;
        log.info(logEvent('routine.skipped', text, { routine: name, type }));
        const { storage } = plan.routine;
        environment.events.publish({ type: 'backup.skipped', storage, routine: name, message: text });
        return;
      } catch (error) {
        const text = `The replicas of the routine ${name} cannot agree at the moment: ${errorMessage(error)}`;
        if (count === 1) log.info(warningEvent('replica.storage', text, { routine: name }));
        await sleep(clock, RETRY_MS, signal);
      }
    }
  }

  /**
   * Firings of the last two leases that no replica has taken: all that were there then have ended before they could.
   * Never rejects: none if the storage does not answer.
   */
  async findPassed(plan: RunPlan, schedule: Pick<RoutineSchedule, 'key' | 'listDues'>): Promise<PassedFiring[]> {
    const nowMs = this.options.environment.clock.nowMs();
    try {
      const state = await this.findWatch(plan).ledger.read();
      const fromMs = nowMs - PASSED_LEASES * this.leaseMs;
      return findPassed(state, schedule.key, fromMs, (type, afterMs) => schedule.listDues(type, afterMs, nowMs));
    } catch {
      return [];
    }
  }

  /**
   * Begins a run that somebody has asked for. Returns its start, or why it is not made and the start of the run that is
   * in its way, which may be one of another replica. Throws StorageError.
   */
  async begin(plan: RunPlan): Promise<{ timestampMs: number } | { refusal: string; runningMs?: number }> {
    const { type } = plan;
    const watch = this.findWatch(plan);
    const isConcurrent = plan.policy['concurrent-incremental'];
    const nowMs = this.options.environment.clock.nowMs();
    const firing = { type, nowMs, isConcurrent, isFullDue: () => false, holder: this.holder, claim: randomUUID() };
    const result = await watch.ledger.update(claimFiring({ ...firing, isRecorded: false }));
    if (result.kind === 'claimed') {
      this.options.startRun(plan, this.own(plan, watch, result.task, true));
      return { timestampMs: result.task.timestampMs };
    }
    const runningMs = watch.ledger.state.runs.at(-1)?.timestampMs;
    const refusal = result.kind === 'refused' ? result.reason : 'another replica makes it';
    return { refusal, ...(runningMs === undefined ? {} : { runningMs }) };
  }

  /** Runs of other replicas, as far as they are known here. */
  get remoteRuns(): { routine: string; type: BackupType; timestampMs: number; state: RunningJob }[] {
    return [...this.watches].flatMap(([routine, { watch }]) => watch.remoteRuns.map((run) => ({ routine, ...run })));
  }

  /** Runs of all replicas, or the one that has begun at `timestampMs`. Never rejects. */
  async cancel(plan: RunPlan, timestampMs?: number): Promise<void> {
    const { log } = this.options;
    const { name } = plan;
    try {
      await this.findWatch(plan).ledger.update(requestCancel(timestampMs));
    } catch (error) {
      const text = `Runs of the routine ${name} on other replicas could not be canceled: ${errorMessage(error)}`;
      log.info(warningEvent('replica.storage', text, { routine: name }));
    }
  }

  /** How far the run of another replica is; undefined = there is none. */
  findRemote(routine: string, type: BackupType): RunningJob | undefined {
    return this.watches.get(routine)?.watch.findRemote(type);
  }

  /** Whether another replica makes a run of the routine. */
  hasRemote(routine: string): boolean {
    return this.findRemote(routine, 'full') !== undefined || this.findRemote(routine, 'incremental') !== undefined;
  }

  /** Deletes old backups if no other replica does so, and no restore reads them. Never rejects. */
  async withRetention(plan: RunPlan, work: (mayDelete: () => boolean) => Promise<void>): Promise<void> {
    const { log } = this.options;
    const { name } = plan;
    const watch = this.findWatch(plan);
    const claim = randomUUID();
    const guard = { kind: 'retention' as const, holder: this.holder, claim };
    watch.guards.add(claim);
    try {
      if (!(await watch.ledger.update(beginGuard(guard)))) return;
      const mayDelete = (): boolean => {
        const { guards } = watch.ledger.state;
        return guards.some((each) => each.claim === claim) && !guards.some(({ kind }) => kind === 'restore');
      };
      await work(mayDelete);
    } catch (error) {
      const text = `Old backups of the routine ${name} are not deleted now: ${errorMessage(error)}`;
      log.info(warningEvent('replica.storage', text, { routine: name }));
    } finally {
      await this.endGuard(watch, claim);
    }
  }

  /** No replica deletes backups of the routine until the returned function was called. */
  guardRestore(plan: RunPlan): { isSet: Promise<void>; end: () => void } {
    const watch = this.findWatch(plan);
    const claim = randomUUID();
    watch.guards.add(claim);
    const isSet = watch.ledger
      .update(beginGuard({ kind: 'restore', holder: this.holder, claim }))
      .then(() => this.waitForRetention(watch))
      .catch(() => undefined);
    const end = (): void =>
      this.options.inBackground(
        plan.name,
        isSet.then(() => this.endGuard(watch, claim)),
      );
    return { isSet, end };
  }

  /** A deletion that had begun before ends within a look at the ledger. */
  private async waitForRetention(watch: RoutineWatch): Promise<void> {
    const { signal, environment } = this.options;
    while (!signal.aborted && (await watch.ledger.read()).guards.some(({ kind }) => kind === 'retention')) {
      await sleep(environment.clock, RETRY_MS, signal);
    }
  }

  private async endGuard(watch: RoutineWatch, claim: string): Promise<void> {
    // If this fails, the others see that nobody works on it.
    await watch.ledger.update(endGuard(claim)).catch(() => undefined);
    watch.guards.delete(claim);
  }

  private watchRoutines(): void {
    const { signal, listRoutines, planRun, inBackground } = this.options;
    if (signal.aborted) return;
    const routines = listRoutines();
    for (const name of routines) {
      const plan = planRun(name, 'full');
      if (plan !== undefined) this.findWatch(plan);
    }
    for (const [name, { watch }] of this.watches) {
      if (!routines.includes(name) && !watch.isBusy) this.watches.delete(name);
      else inBackground(name, this.watchRoutine(name, watch));
    }
  }

  private async watchRoutine(name: string, watch: RoutineWatch): Promise<void> {
    const { log, signal } = this.options;
    try {
      await watch.readLedger(() => !signal.aborted);
      this.silent.delete(name);
    } catch (error) {
      if (this.silent.has(name)) return;
      this.silent.add(name);
      const text = `The replicas of the routine ${name} cannot be seen at the moment: ${errorMessage(error)}`;
      log.info(warningEvent('replica.storage', text, { routine: name }));
    }
  }

  private findWatch({ name, routine, document }: RunPlan): RoutineWatch {
    const key = JSON.stringify([routine.storage, document.storage?.[routine.storage]]);
    const known = this.watches.get(name);
    if (known?.key === key) return known.watch;
    const { environment, monotonic = SYSTEM_MONOTONIC } = this.options;
    const open = (): ReturnType<RunEnvironment['openStorage']> => environment.openStorage(routine.storage, document);
    const watch = new RoutineWatch({
      ledger: new RoutineLedger({ routine: name, open, holder: this.holder }),
      leaseMs: this.leaseMs,
      clock: environment.clock,
      monotonic,
      onTakeOver: (task, before) => this.takeOver(name, watch, task, before),
    });
    this.watches.set(name, { key, watch });
    return watch;
  }

  private own(plan: RunPlan, watch: RoutineWatch, task: RunTask, isPredecessorDead: boolean): ClaimedRun {
    const { environment, log, signal } = this.options;
    const { clock } = environment;
    const options = { ledger: watch.ledger, task, isPredecessorDead, routine: plan.name, clock, log, signal };
    const claim = new RunClaim(options);
    watch.claims.add(claim);
    return { timestampMs: task.timestampMs, claim };
  }

  /** To be called when nothing of the run is under way in this process any more. Never rejects. */
  async settle(plan: RunPlan, claim: RunClaim, isFenced: boolean): Promise<void> {
    const watch = [...this.watches.values()].find((each) => each.watch.claims.has(claim))?.watch;
    watch?.claims.delete(claim);
    if (!isFenced) return;
    await removeFenced(plan, claim, this.options.environment).catch((error: unknown) => {
      const text = `What the run has left could not be deleted: ${errorMessage(error)}`;
      this.options.log.info(warningEvent('routine.leftover', text, { routine: plan.name }));
    });
  }

  private takeOver(name: string, watch: RoutineWatch, task: RunTask, before: RunTask): void {
    const { log, environment, planRun, inBackground } = this.options;
    const plan = planRun(name, task.type);
    if (plan === undefined) return;
    const isDead = before.isReleased === true || isKnownDead(before.holder, this.holder);
    const run = this.own(plan, watch, task, isDead);
    const text = `The ${task.type} backup of the routine ${name} of ${task.timestampMs} is taken over from ${before.holder.replica}`;
    log.info(logEvent('replica.takeover', text, { routine: name, type: task.type, replica: before.holder.replica }));
    const backup = String(task.timestampMs);
    const { storage } = plan.routine;
    environment.events.publish({ type: 'replica.changed', storage, backup, routine: name, message: text });
    inBackground(name, this.continueRun(plan, run));
  }

  private async continueRun(plan: RunPlan, run: ClaimedRun): Promise<void> {
    const { environment, log, startRun } = this.options;
    const { claim } = run;
    const { task } = claim;
    try {
      if (task.isCanceled === true && task.decision === undefined) await claim.decide({ outcome: 'canceled' });
      if (claim.decided === undefined) {
        startRun(plan, { ...run, leftover: await findLeftover(plan, task, environment) });
        return;
      }
      await carryOut(plan, claim, environment);
      await this.settle(plan, claim, false);
    } catch (error) {
      const text = `The ${task.type} backup of the routine ${plan.name} is left to others: ${errorMessage(error)}`;
      log.info(warningEvent('routine.leftover', text, { routine: plan.name }));
      await claim.release();
      await this.settle(plan, claim, false);
    }
  }
}
