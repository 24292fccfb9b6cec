/** Verifies backups by the schedules of routines and storages, and copies those of routines to other storages. */
import { errorEvent, logEvent } from '../../../core/log.js';
import type { BackupRoutine } from '../../document/schema/backup-routine.js';
import type { ServiceDocument } from '../../document/schema/service-document.js';
import { findEntity } from '../../document/find-entity.js';
import { parseCron } from '../../schedule/cron.js';
import { CronTimer } from '../../schedule/cron-timer.js';
import { SYSTEM_CLOCK } from '../../schedule/clock.js';
import type { CatalogView, V2Context } from '../context.js';
import type { Jobs } from '../jobs/jobs.js';
import { VERIFY_MODES, type CopyTarget, type ScheduledCheck, type VerifyMode } from '../schema/verification.js';
import { findRoutineName, findSettings, listSubjects, toKey, toLabels, type CheckSubject } from './check-subject.js';
import { Claims } from './claims.js';
import { copyItem, listPending, waitAfter } from './copy-routine.js';
import { ScheduledChecks } from './scheduled-checks.js';
import type { CopyState } from './upkeep-document.js';
import { describeSchedules, SCHEDULE_KEYS } from './upkeep-view.js';
import { WorkQueues } from './work-queues.js';

/** Each kind has a queue of its own: that a deep verification takes a day does not hold up a copy. */
type WorkKind = VerifyMode | 'COPY' | 'LOOK';

interface Schedule {
  subject: CheckSubject;
  /** The same for schedules that are due at the same times. */
  schedule: string;
  timers: Map<VerifyMode, CronTimer>;
}

export class Upkeep {
  /** By `toKey` of the subject. */
  private readonly schedules = new Map<string, Schedule>();
  private readonly claims: Claims;
  private readonly checks: ScheduledChecks;
  private readonly queues: WorkQueues<WorkKind>;
  private isStopped = false;
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: () => void = () => undefined;

  constructor(
    private readonly context: V2Context,
    private readonly jobs: Jobs,
  ) {
    this.claims = new Claims(context);
    this.checks = new ScheduledChecks(context, jobs, this.claims);
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

  /** What is known of the routine, or of the backups of a storage that no routine has made. Throws StorageError. */
  async describe(subject: CheckSubject): Promise<{ verify?: ScheduledCheck[]; copies?: CopyTarget[] }> {
    const settings = findSettings(this.context.document, subject);
    if (settings === undefined || (settings.verify === undefined && settings.copies.length === 0)) return {};
    const document = await this.context.directory.use(settings.storage, (catalog) =>
      this.context.upkeep.read(catalog, findRoutineName(subject)),
    );
    return describeSchedules(settings, document, (mode) => {
      const next = this.schedules.get(toKey(subject))?.timers.get(mode)?.next;
      return next === undefined ? undefined : new Date(next).toISOString();
    });
  }

  /** Resolves when nothing waits and nothing is under way. */
  settle(): Promise<void> {
    return this.queues.settle();
  }

  /** A firing: made unless another process makes it. `dueMs`: the time in the schedule. */
  checkLater(subject: CheckSubject, mode: VerifyMode, dueMs: number): void {
    this.queues.add(mode, toKey(subject), () => this.checks.check(subject, mode, dueMs));
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
    for (const [key, { subject, schedule, timers }] of this.schedules) {
      if (describeSchedule(document, subject) === schedule) continue;
      for (const timer of timers.values()) timer.stop();
      this.schedules.delete(key);
      const settings = findSettings(document, subject);
      // A routine that is still there has its copies.
      if (settings === undefined || (subject.kind === 'storage' && settings.verify === undefined)) {
        metrics.upkeep?.forget(toLabels(subject));
      }
    }
    for (const subject of listSubjects(document)) {
      const { verify, zone } = findSettings(document, subject)!;
      const schedule = describeSchedule(document, subject);
      if (verify === undefined || schedule === undefined || this.schedules.has(toKey(subject))) continue;
      const timers = new Map<VerifyMode, CronTimer>();
      for (const mode of VERIFY_MODES) {
        const text = verify[SCHEDULE_KEYS[mode]];
        if (text === undefined) continue;
        const onDue = (dueMs: number): void => this.checkLater(subject, mode, dueMs);
        timers.set(mode, new CronTimer(parseCron(text, zone), clock, onDue));
      }
      this.schedules.set(toKey(subject), { subject, schedule, timers });
    }
  }

  /** What was left by processes that have ended, and copies that are to be tried again. */
  private resumeWork(): void {
    const { document } = this.context;
    for (const subject of listSubjects(document)) {
      const { verify, isDisabled } = findSettings(document, subject)!;
      if (verify === undefined || isDisabled) continue;
      this.queues.add('LOOK', toKey(subject), async () => {
        for (const mode of await this.checks.findClaimed(subject)) {
          this.queues.add(mode, `resume ${toKey(subject)}`, () => this.checks.resume(subject, mode));
        }
      });
    }
    for (const [name, { disabled }] of Object.entries(document['backup-routines'] ?? {})) {
      if (disabled !== true) this.copyLater(name);
    }
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

  private reportCopies(routine: string, to: string, { pending = 0, last }: CopyState): void {
    const lastUnixSeconds = last === undefined ? undefined : Date.parse(last) / 1000;
    this.context.options.metrics.upkeep?.setCopies(routine, to, { pending, lastUnixSeconds });
  }
}

/** Undefined = nothing is scheduled. */
function describeSchedule(document: ServiceDocument, subject: CheckSubject): string | undefined {
  const { verify, zone, isDisabled } = findSettings(document, subject) ?? {};
  return verify === undefined || isDisabled === true ? undefined : JSON.stringify([verify, zone]);
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
