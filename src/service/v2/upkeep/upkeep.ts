/** Verifies the backups of routines by their schedules, and copies them to other storages. */
import { errorEvent, logEvent } from '../../../core/log.js';
import type { BackupRoutine } from '../../document/schema/backup-routine.js';
import { findEntity } from '../../document/find-entity.js';
import { parseCron } from '../../schedule/cron.js';
import { CronTimer } from '../../schedule/cron-timer.js';
import { SYSTEM_CLOCK } from '../../schedule/clock.js';
import type { CatalogView, V2Context } from '../context.js';
import type { Jobs } from '../jobs/jobs.js';
import { VERIFY_MODES, type CopyTarget, type ScheduledCheck, type VerifyMode } from '../schema/verification.js';
import { checkRoutine } from './check-routine.js';
import { Claims } from './claims.js';
import { copyItem, listPending, waitAfter } from './copy-routine.js';
import type { CopyState, UpkeepDocument } from './upkeep-document.js';
import { describeSchedules, SCHEDULE_KEYS } from './upkeep-view.js';
import { WorkQueues } from './work-queues.js';

/** Each kind has a queue of its own: that a deep verification takes a day does not hold up a copy. */
type WorkKind = VerifyMode | 'COPY' | 'LOOK';

interface Schedule {
  /** The same for schedules that are due at the same times. */
  key: string;
  timers: Map<VerifyMode, CronTimer>;
}

export class Upkeep {
  private readonly schedules = new Map<string, Schedule>();
  private readonly claims: Claims;
  private readonly queues: WorkQueues<WorkKind>;
  private isStopped = false;
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: () => void = () => undefined;

  constructor(
    private readonly context: V2Context,
    private readonly jobs: Jobs,
  ) {
    this.claims = new Claims(context);
    this.queues = new WorkQueues((error) => context.options.log.error(errorEvent(error)));
  }

  start(): void {
    const stopListening = this.context.options.events.subscribe(({ type, routine }) => {
      if (type === 'config.changed') this.schedule();
      if (type === 'backup.completed' && routine !== undefined) this.copyLater(routine);
    });
    this.unsubscribe = stopListening;
    this.schedule();
    this.resumeWork();
    this.timer = setInterval(() => {
      this.schedule();
      this.resumeWork();
    }, this.claims.resumeIntervalMs).unref();
  }

  /** The jobs are to be stopped at the same time. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.timer);
    this.unsubscribe();
    for (const { timers } of this.schedules.values()) for (const timer of timers.values()) timer.stop();
    this.schedules.clear();
    await this.queues.stop();
  }

  /** What is known of the routine. Throws StorageError. */
  async describe(routine: string): Promise<{ verify?: ScheduledCheck[]; copies?: CopyTarget[] }> {
    const settings = this.findRoutine(routine);
    if (settings?.verify === undefined && settings?.['copy-to'] === undefined) return {};
    const document = await this.context.directory.use(settings.storage, (catalog) =>
      this.context.upkeep.read(catalog, routine),
    );
    return describeSchedules(settings, document, (mode) => {
      const next = this.schedules.get(routine)?.timers.get(mode)?.next;
      return next === undefined ? undefined : new Date(next).toISOString();
    });
  }

  /** Resolves when nothing waits and nothing is under way. */
  settle(): Promise<void> {
    return this.queues.settle();
  }

  /** A firing: made unless another process makes it. `dueMs`: the time in the schedule. */
  checkLater(routine: string, mode: VerifyMode, dueMs: number): void {
    this.queues.add(mode, routine, () => this.check(routine, mode, dueMs));
  }

  copyLater(routine: string): void {
    for (const to of this.findRoutine(routine)?.['copy-to'] ?? []) {
      this.queues.add('COPY', `${routine} ${to}`, () => this.copy(routine, to));
    }
  }

  private findRoutine(routine: string): BackupRoutine | undefined {
    return findEntity(this.context.document['backup-routines'], routine);
  }

  private schedule(): void {
    const { document, options } = this.context;
    const { clock = SYSTEM_CLOCK, metrics } = options;
    const routines = document['backup-routines'] ?? {};
    for (const [name, { timers }] of this.schedules) {
      if (this.describeKey(name) === this.schedules.get(name)?.key) continue;
      for (const timer of timers.values()) timer.stop();
      this.schedules.delete(name);
      if (findEntity(routines, name) === undefined) metrics.upkeep?.forgetRoutine(name);
    }
    for (const [name, { verify, disabled, ...routine }] of Object.entries(routines)) {
      const key = this.describeKey(name);
      if (key === undefined || verify === undefined || disabled === true || this.schedules.has(name)) continue;
      const zone = routine['schedule-timezone'] ?? document.service?.backup?.['schedule-timezone'];
      const timers = new Map<VerifyMode, CronTimer>();
      for (const mode of VERIFY_MODES) {
        const text = verify[SCHEDULE_KEYS[mode]];
        if (text === undefined) continue;
        const onDue = (dueMs: number): void => this.checkLater(name, mode, dueMs);
        timers.set(mode, new CronTimer(parseCron(text, zone), clock, onDue));
      }
      this.schedules.set(name, { key, timers });
    }
  }

  /** Undefined = nothing is scheduled. */
  private describeKey(name: string): string | undefined {
    const routine = this.findRoutine(name);
    if (routine?.verify === undefined || routine.disabled === true) return undefined;
    const { verify } = routine;
    const zone = routine['schedule-timezone'] ?? this.context.document.service?.backup?.['schedule-timezone'];
    return JSON.stringify([verify, zone]);
  }

  /** What was left by processes that have ended, and copies that are to be tried again. */
  private resumeWork(): void {
    for (const [name, { verify, 'copy-to': copyTo = [], disabled }] of Object.entries(
      this.context.document['backup-routines'] ?? {},
    )) {
      if (disabled === true) continue;
      if (verify !== undefined) this.queues.add('LOOK', name, () => this.lookAtChecks(name));
      if (copyTo.length > 0) this.copyLater(name);
    }
  }

  /** Tells the metrics what is known, and looks for verifications that were interrupted. */
  private async lookAtChecks(routine: string): Promise<void> {
    const { upkeep, directory } = this.context;
    const { storage } = this.findRoutine(routine) ?? {};
    if (storage === undefined) return;
    const document = await directory.use(storage, (catalog) => upkeep.read(catalog, routine));
    this.report(routine, document);
    for (const mode of VERIFY_MODES) {
      if (document.checks[mode]?.claim === undefined) continue;
      this.queues.add(mode, `resume ${routine}`, () => this.resumeCheck(routine, mode));
    }
  }

  /** Makes a verification again that was interrupted. */
  private async resumeCheck(routine: string, mode: VerifyMode): Promise<void> {
    const { upkeep, directory } = this.context;
    const { storage } = this.findRoutine(routine) ?? {};
    if (storage === undefined) return;
    const isTaken = await directory.use(storage, async (catalog) => {
      const { claim } = (await upkeep.read(catalog, routine)).checks[mode] ?? {};
      if (claim === undefined || !(await this.claims.isAbandoned(claim, catalog))) return false;
      return upkeep.update(catalog, routine, ({ checks }) => {
        const current = checks[mode];
        if (current?.claim?.owner !== claim.owner) return false;
        current.claim = { owner: this.context.owner };
        return true;
      });
    });
    if (isTaken) await this.runCheck(routine, mode, storage);
  }

  private async check(routine: string, mode: VerifyMode, dueMs: number): Promise<void> {
    const { upkeep, directory, owner } = this.context;
    const { storage } = this.findRoutine(routine) ?? {};
    if (storage === undefined) return;
    this.context.touch(storage);
    const due = new Date(dueMs).toISOString();
    const isTaken = await directory.use(storage, (catalog) =>
      upkeep.update(catalog, routine, ({ checks }) => {
        const state = checks[mode];
        // Another replica has it, or an earlier one is still under way there.
        const isElsewhere = state?.claim !== undefined && state.claim.owner !== owner;
        if (state !== undefined && (Date.parse(state.due) >= dueMs || isElsewhere)) return false;
        checks[mode] = { ...state, due, claim: { owner } };
        return true;
      }),
    );
    if (isTaken) await this.runCheck(routine, mode, storage);
  }

  private async runCheck(routine: string, mode: VerifyMode, storage: string): Promise<void> {
    const { upkeep, directory, owner, options } = this.context;
    await directory.use(storage, async (catalog) => {
      const outcome = await this.claims.showLife(catalog, () => checkRoutine(this.context, this.jobs, routine, mode));
      // The next process, or the next look, begins again.
      if (outcome.isInterrupted) return;
      const finished = new Date(this.context.now()).toISOString();
      const { sound, problem, bytes } = outcome;
      let kept: UpkeepDocument | undefined;
      await upkeep.update(catalog, routine, (document) => {
        const state = document.checks[mode];
        if (state?.claim?.owner !== owner) return false;
        const { due, lastSound } = state;
        const last = sound ? finished : lastSound;
        document.checks[mode] = {
          due,
          finished,
          sound,
          ...(problem === undefined ? {} : { problem }),
          ...(last === undefined ? {} : { lastSound: last }),
        };
        kept = document;
        return true;
      });
      options.metrics.upkeep?.countCheck(routine, SCHEDULE_KEYS[mode], sound ? 'success' : 'failure', bytes);
      if (kept !== undefined) this.report(routine, kept);
    });
  }

  private async copy(routine: string, to: string): Promise<void> {
    const { upkeep, owner } = this.context;
    const { storage } = this.findRoutine(routine) ?? {};
    if (storage === undefined) return;
    this.context.touch(storage);
    const isCopied = await this.context.view(storage, async (view) => {
      const { catalog } = view;
      const known = await upkeep.read(catalog, routine);
      const state = known.copies[to] ?? { done: {}, failures: 0 };
      this.reportCopies(routine, to, state);
      const pending = listPending(view, routine, state.done);
      const isEarly = Date.parse(state.nextAttempt ?? '') > this.context.now();
      if (pending.length === 0 || isEarly) return false;
      const { claim } = state;
      if (claim !== undefined && !(await this.claims.isAbandoned(claim, catalog))) return false;
      const isTaken = await upkeep.update(catalog, routine, ({ copies }) => {
        const current = (copies[to] ??= { done: {}, failures: 0 });
        if (current.claim?.owner !== claim?.owner) return false;
        current.claim = { owner };
        return true;
      });
      if (!isTaken) return false;
      try {
        await this.claims.showLife(catalog, () => this.copyAll(routine, to, view));
        return true;
      } finally {
        await upkeep.update(catalog, routine, ({ copies }) => {
          const current = copies[to];
          if (current?.claim?.owner !== owner) return false;
          delete current.claim;
          this.reportCopies(routine, to, current);
          return true;
        });
      }
    });
    if (!isCopied) return;
    await this.context.options.runner.expireCopies(routine, to);
    this.context.touch(to);
  }

  /** Until one cannot be copied: what builds on it would be of no use. */
  private async copyAll(routine: string, to: string, view: CatalogView): Promise<void> {
    const { upkeep, options } = this.context;
    const { catalog } = view;
    const { copies } = await upkeep.read(catalog, routine);
    const pending = listPending(view, routine, copies[to]?.done ?? {});
    for (const [i, item] of pending.entries()) {
      if (this.isStopped) return;
      const attempt = await copyItem(this.context, this.jobs, catalog.name, item, to);
      if (attempt.isInterrupted === true) return;
      const isDone = attempt.problem === undefined;
      options.metrics.upkeep?.countCopy(routine, to, isDone ? 'success' : 'failure', attempt.bytes);
      await upkeep.update(catalog, routine, (document) => {
        const state = document.copies[to];
        if (state === undefined) return false;
        keepAttempt(state, item.entry!.id, attempt.problem, this.context.now());
        state.pending = pending.length - i - (isDone ? 1 : 0);
        const known = new Set(view.index.entries.map(({ id }) => id));
        state.done = Object.fromEntries(Object.entries(state.done).filter(([id]) => known.has(id)));
        return true;
      });
      if (isDone) continue;
      options.log.error(
        logEvent('message', `The backup ${item.id} of ${routine} was not copied to ${to}: ${attempt.problem!}`),
      );
      return;
    }
  }

  private report(routine: string, { checks, backups }: UpkeepDocument): void {
    const { upkeep } = this.context.options.metrics;
    if (upkeep === undefined) return;
    for (const mode of VERIFY_MODES) {
      const last = checks[mode]?.lastSound;
      if (last !== undefined) upkeep.setLastVerified(routine, SCHEDULE_KEYS[mode], Date.parse(last) / 1000);
    }
    let newest: number | undefined;
    let damaged = 0;
    for (const [id, found] of Object.entries(backups)) {
      const isSound = Object.values(found).every(({ sound }) => sound);
      if (!isSound) damaged++;
      // The name of the folder of a run begins with its start.
      const startMs = Number(/(\d{13})[^/]*$/.exec(id)?.[1] ?? NaN);
      if (isSound && !(startMs <= (newest ?? -Infinity))) newest = startMs;
    }
    upkeep.setDamaged(routine, damaged);
    if (newest !== undefined) upkeep.setVerifiedPoint(routine, newest / 1000);
  }

  private reportCopies(routine: string, to: string, { pending = 0, last }: CopyState): void {
    const lastUnixSeconds = last === undefined ? undefined : Date.parse(last) / 1000;
    this.context.options.metrics.upkeep?.setCopies(routine, to, { pending, lastUnixSeconds });
  }
}

function keepAttempt(state: CopyState, id: string, problem: string | undefined, nowMs: number): void {
  const time = new Date(nowMs).toISOString();
  if (problem === undefined) {
    state.done[id] = time;
    state.last = time;
    state.failures = 0;
    delete state.problem;
    delete state.nextAttempt;
    return;
  }
  state.failures++;
  state.problem = problem;
  state.nextAttempt = new Date(nowMs + waitAfter(state.failures)).toISOString();
}
