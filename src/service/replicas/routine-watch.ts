/** What this replica does for one routine because of the others: it shows that it lives and takes over what is left. */
import { randomUUID } from 'node:crypto';
import type { RunningJob } from '../document/schema/job-status.js';
import type { BackupType } from '../metrics/metrics.js';
import type { Clock } from '../schedule/clock.js';
import { LeaseWatch, type MonotonicClock } from './lease-watch.js';
import { taskKey, type Guard, type Holder, type LedgerState, type RunTask } from './ledger-state.js';
import { endGuard, takeOver } from './ledger-transitions.js';
import { hasEnded } from './replica-identity.js';
import type { RoutineLedger, Beat } from './routine-ledger.js';
import type { RunClaim } from './run-claim.js';

export interface RoutineWatchOptions {
  ledger: RoutineLedger;
  leaseMs: number;
  clock: Clock;
  monotonic: MonotonicClock;
  /** A run that was taken over, and who had it before. */
  onTakeOver: (task: RunTask, before: RunTask) => void;
}

export class RoutineWatch {
  readonly ledger: RoutineLedger;
  /** Runs of this process. */
  readonly claims = new Set<RunClaim>();
  /** Guards of this process. */
  readonly guards = new Set<string>();
  /** How far runs of other replicas are, by their key. */
  private progress: Readonly<Record<string, RunningJob>> = {};
  private readonly leases: LeaseWatch;
  private readMs = -Infinity;
  private pending: Promise<void> | undefined;
  private hasBeat = false;

  constructor(private readonly options: RoutineWatchOptions) {
    this.ledger = options.ledger;
    this.leases = new LeaseWatch(options.leaseMs, options.monotonic);
  }

  get isBusy(): boolean {
    return this.claims.size > 0 || this.guards.size > 0;
  }

  /** Runs of other replicas, as far as they are known here. */
  get remoteRuns(): { type: BackupType; timestampMs: number; state: RunningJob }[] {
    const { runs } = this.ledger.state;
    return runs
      .filter(({ holder }) => !this.isOwn(holder))
      .map((task) => ({ type: task.type, timestampMs: task.timestampMs, state: this.describe(task) }));
  }

  /** The newest of a type. */
  findRemote(type: BackupType): RunningJob | undefined {
    return this.remoteRuns.reverse().find((run) => run.type === type)?.state;
  }

  private describe(task: RunTask): RunningJob {
    const ageMs = Math.max(0, this.options.clock.nowMs() - task.timestampMs);
    return (
      this.progress[taskKey(task)] ?? {
        ...EMPTY_PROGRESS,
        'start-time': new Date(task.timestampMs).toISOString(),
        duration: Math.floor(ageMs / 1000),
      }
    );
  }

  /** One at a time. Rejects if the storage does not answer. `mayTakeOver`: whether new work may begin. */
  readLedger(mayTakeOver: () => boolean): Promise<void> {
    this.pending ??= this.readOnce(mayTakeOver).finally(() => (this.pending = undefined));
    return this.pending;
  }

  private async readOnce(mayTakeOver: () => boolean): Promise<void> {
    const askedMs = this.options.monotonic.monotonicMs();
    const { runs, guards } = this.ledger.state;
    const isQuiet = runs.length === 0 && guards.length === 0 && !this.isBusy && !this.hasBeat;
    if (isQuiet && askedMs - this.readMs < this.options.leaseMs) return;
    await this.beat();
    const state = await this.ledger.read();
    this.readMs = askedMs;
    for (const claim of [...this.claims]) claim.check();
    await this.watch(state, askedMs, mayTakeOver);
    await this.cleanUp();
  }

  private async beat(): Promise<void> {
    if (!this.isBusy) return;
    const runs: Record<string, RunningJob> = {};
    for (const claim of this.claims) {
      runs[claim.key] = claim.progress?.() ?? this.describe(claim.task);
    }
    await this.ledger.writeBeat(runs, [...this.guards]);
    this.hasBeat = true;
  }

  /** Once its own work is over, a process removes what nobody needs any more. */
  private async cleanUp(): Promise<void> {
    if (!this.hasBeat || this.isBusy) return;
    await this.ledger.deleteOldBeats(this.isBusy);
    this.hasBeat = false;
  }

  private async watch(state: LedgerState, beganMs: number, mayTakeOver: () => boolean): Promise<void> {
    const beats = new Map<string, Beat | undefined>();
    const readBeat = async (holder: Holder): Promise<Beat | undefined> => {
      if (!beats.has(holder.runId)) beats.set(holder.runId, await this.ledger.readBeat(holder));
      return beats.get(holder.runId);
    };
    const keys = new Set<string>();
    const progress: Record<string, RunningJob> = {};
    for (const task of state.runs) {
      const key = taskKey(task);
      if (this.isMine(task)) continue;
      const askedMs = Math.max(beganMs, this.options.monotonic.monotonicMs());
      const beat = await readBeat(task.holder);
      const own = beat?.runs[key];
      if (own !== undefined) progress[key] = own;
      keys.add(key);
      const isExpired = this.leases.isExpired(key, own === undefined ? '' : String(beat!.count), askedMs);
      const isFree = task.isReleased === true || isExpired || hasEnded(task.holder, this.ledger.holder);
      if (isFree && mayTakeOver()) await this.takeOver(task);
    }
    for (const guard of state.guards) {
      if (this.guards.has(guard.claim)) continue;
      keys.add(guard.claim);
      await this.watchGuard(guard, beganMs, await readBeat(guard.holder));
    }
    this.progress = progress;
    this.leases.keep(keys);
  }

  private async watchGuard({ claim, holder }: Guard, askedMs: number, beat: Beat | undefined): Promise<void> {
    const content = beat?.guards.includes(claim) === true ? String(beat.count) : '';
    if (!this.leases.isExpired(claim, content, askedMs) && !hasEnded(holder, this.ledger.holder)) return;
    await this.ledger.update(endGuard(claim));
  }

  private async takeOver(task: RunTask): Promise<void> {
    const taken = await this.ledger.update(takeOver(task, this.ledger.holder, randomUUID()));
    if (taken !== undefined) this.options.onTakeOver(taken, task);
  }

  /** A claim whose answer was lost is that of this process, and nobody works on it. */
  private isMine(task: RunTask): boolean {
    return [...this.claims].some((claim) => claim.task.claim === task.claim);
  }

  private isOwn(holder: Holder): boolean {
    return holder.runId === this.ledger.holder.runId;
  }
}

const EMPTY_PROGRESS: RunningJob = {
  'total-records': 0,
  'done-records': 0,
  'start-time': new Date(0).toISOString(),
  'percentage-done': 0,
  duration: 0,
};
