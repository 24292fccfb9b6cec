/** When the runs of one routine are due. */
import { CronTimer } from '../schedule/cron-timer.js';
import type { Clock } from '../schedule/clock.js';
import { isDueAt, nextTime, parseCron, type Cron } from '../schedule/cron.js';
import type { BackupRoutine } from '../document/schema/backup-routine.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import type { BackupType } from '../metrics/metrics.js';

export class RoutineSchedule {
  private readonly timers: Partial<Record<BackupType, CronTimer>> = {};

  private constructor(
    /** The same for schedules that are due at the same times. */
    readonly key: string,
    private readonly crons: { full: Cron; incremental: Cron | undefined },
    clock: Clock,
    onDue: (type: BackupType, dueMs: number) => void,
  ) {
    this.timers.full = new CronTimer(crons.full, clock, (dueMs) => onDue('full', dueMs));
    if (crons.incremental === undefined) return;
    this.timers.incremental = new CronTimer(crons.incremental, clock, (dueMs) => onDue('incremental', dueMs));
  }

  /** Throws an Error if a schedule cannot be read. `onDue` must not throw. */
  static start(
    routine: BackupRoutine,
    document: ServiceDocument,
    clock: Clock,
    onDue: (type: BackupType, dueMs: number) => void,
  ): RoutineSchedule {
    return new RoutineSchedule(describeSchedule(routine, document), parseCrons(routine, document), clock, onDue);
  }

  /** In milliseconds since 1970; undefined = never. */
  next(type: BackupType): number | undefined {
    return this.timers[type]?.next;
  }

  /** After `afterMs`, up to `untilMs`. */
  listDues(type: BackupType, afterMs: number, untilMs: number): number[] {
    const cron = this.crons[type];
    const dues: number[] = [];
    if (cron === undefined) return dues;
    for (let due = nextTime(cron, afterMs); due !== undefined && due <= untilMs; due = nextTime(cron, due)) {
      dues.push(due);
    }
    return dues;
  }

  isFullDueAt(timeMs: number): boolean {
    return isDueAt(this.crons.full, timeMs);
  }

  stop(): void {
    this.timers.full?.stop();
    this.timers.incremental?.stop();
  }
}

/** Throws an Error. */
export function parseCrons(
  routine: BackupRoutine,
  document: ServiceDocument,
): { full: Cron; incremental: Cron | undefined } {
  const zone = findZone(routine, document);
  const incremental = routine['incr-interval-cron'];
  return {
    full: parseCron(routine['interval-cron'], zone),
    incremental: incremental === undefined || incremental === '' ? undefined : parseCron(incremental, zone),
  };
}

export function describeSchedule(routine: BackupRoutine, document: ServiceDocument): string {
  return JSON.stringify([routine['interval-cron'], routine['incr-interval-cron'], findZone(routine, document)]);
}

function findZone(routine: BackupRoutine, document: ServiceDocument): string | undefined {
  return routine['schedule-timezone'] ?? document.service?.backup?.['schedule-timezone'];
}
