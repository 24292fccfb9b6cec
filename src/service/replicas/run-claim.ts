/** The right of this process to work on a run, until another replica takes it. */
import { errorMessage } from '../../core/errors.js';
import { warningEvent, type Log } from '../../core/log.js';
import type { RunningJob } from '../document/schema/job-status.js';
import { sleep, type Clock } from '../schedule/clock.js';
import { taskKey, type Decision, type RunTask } from './ledger-state.js';
import { decide, endRun, findTask, releaseRun, type DecisionResult, type Transition } from './ledger-transitions.js';
import type { RoutineLedger } from './routine-ledger.js';

/** Attempts of each holder at a namespace have numbers of their own, so that no two write to the same folder. */
const ATTEMPTS_OF_A_HOLDER = 1000;
/** While the storage does not answer, the ledger is asked again so often. */
const RETRY_MS = 1000;
const MOST_RETRIES = 600;

/** The run belongs to another replica: nothing of it is written any more. */
export class FencedError extends Error {
  constructor() {
    super('another replica has taken it over');
  }
}

export interface RunClaimOptions {
  ledger: RoutineLedger;
  task: RunTask;
  /** Nobody writes to what the holder before has left: the run can go on in the same folders. */
  isPredecessorDead: boolean;
  routine: string;
  clock: Clock;
  log: Log;
  /** Ends waiting for a storage that does not answer. */
  signal: AbortSignal;
}

export class RunClaim {
  /** How far the run is, for the other replicas. */
  progress: (() => RunningJob) | undefined;
  /** Called once when the run is no longer that of this process. */
  onLost: () => void = () => undefined;
  onCancel: () => void = () => undefined;
  private decision: Decision | undefined;
  private isLost = false;
  private isOver = false;

  constructor(private readonly options: RunClaimOptions) {
    this.decision = options.task.decision;
  }

  get task(): RunTask {
    return this.options.task;
  }

  get ledger(): RoutineLedger {
    return this.options.ledger;
  }

  get key(): string {
    return taskKey(this.task);
  }

  get isPredecessorDead(): boolean {
    return this.options.isPredecessorDead;
  }

  /** The number of the first attempt that this process makes at a namespace. */
  get firstAttempt(): number {
    return (this.task.token - 1) * ATTEMPTS_OF_A_HOLDER + 1;
  }

  /** What was decided about the run; undefined = nothing yet. */
  get decided(): Decision | undefined {
    return this.decision;
  }

  /** By how much the times of earlier runs may be ahead of the cluster's clocks. */
  get knownLeadMs(): number {
    return Math.max(0, ...this.ledger.state.recent.map(({ leadMs = 0 }) => leadMs));
  }

  /** Compares with what the ledger says now. */
  check(): void {
    if (this.isOver) return;
    const task = findTask(this.ledger.state, this.task);
    if (task === undefined) this.lose();
    else if (task.isCanceled === true && task.decision === undefined) this.onCancel();
  }

  /**
   * What becomes of the run, for good: nothing that counts is written before. Throws FencedError if another replica has
   * the run, and StorageError if nobody has answered for a long time.
   */
  async decide(decision: Decision): Promise<void> {
    await this.applyTransition(decide(this.task, decision));
    this.decision = decision;
  }

  /** Whether the run is still that of this process. Throws as `decide` does. */
  async assertHeld(): Promise<void> {
    const { task } = this;
    await this.applyTransition((state) => ({ result: findTask(state, task) === undefined ? 'fenced' : 'decided' }));
  }

  /** The run is over; `fallback`: what has become of it, if nothing was decided. Throws as `decide` does. */
  async end(fallback: Decision): Promise<void> {
    await this.applyTransition(endRun(this.task, fallback));
    this.isOver = true;
  }

  /** Others may go on with the run at once. Never rejects: if it fails, they wait for the lease. */
  async release(): Promise<void> {
    this.isOver = true;
    await this.ledger.update(releaseRun(this.task)).catch(() => undefined);
  }

  private async applyTransition(transition: Transition<DecisionResult>): Promise<void> {
    const { clock, log, signal, routine } = this.options;
    for (let count = 1; ; count++) {
      if (this.isLost) throw new FencedError();
      try {
        if ((await this.ledger.update(transition)) === 'decided') return;
        this.lose();
      } catch (error) {
        if (count >= MOST_RETRIES || signal.aborted) throw error;
        const text = `The replicas of the routine ${routine} cannot agree at the moment: ${errorMessage(error)}`;
        if (count === 1) log.info(warningEvent('replica.storage', text, { routine }));
        await sleep(clock, RETRY_MS, signal);
      }
    }
  }

  private lose(): void {
    this.isOver = true;
    if (this.isLost) return;
    this.isLost = true;
    this.onLost();
  }
}
