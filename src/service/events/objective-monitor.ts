/** Watches whether the last backup of each routine is as young as its objective wants. */
import { warningEvent, type Log } from '../../core/log.js';
import type { RoutineState } from '../document/schema/job-status.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import type { Clock } from '../schedule/clock.js';
import { parseDuration } from '../schedule/duration.js';
import { findEntity } from '../document/find-entity.js';
import type { EventSink } from './event-bus.js';

const INTERVAL_MS = 30_000;

/** `ServiceMetrics` */
export interface ObjectiveMetrics {
  /** Of a routine with an objective. */
  setObjective(routine: string, seconds: number, isMissed: boolean): void;
  forgetObjective(routine: string): void;
}

export interface ObjectiveMonitorOptions {
  config: { readonly document: ServiceDocument };
  runner: { state(routine: string): Promise<RoutineState> };
  events: EventSink;
  metrics: ObjectiveMetrics;
  clock: Clock;
  log: Log;
  intervalMs?: number;
  /**
   * Whether nobody has told yet that the routine misses its objective since the backup that began then (`none` = there
   * is none): neither an earlier process nor another replica. Absent = that is not known.
   */
  claimMiss?: ((routine: string, lastBackup: string) => Promise<boolean>) | undefined;
}

export class ObjectiveMonitor {
  /** Whether each routine with an objective misses it. */
  private readonly missed = new Map<string, boolean>();
  /** A routine without a backup is measured from when it was first seen. */
  private readonly firstSeenMs = new Map<string, number>();
  private cancelTimer: () => void = () => undefined;
  private isStopped = false;
  private checking: Promise<void> = Promise.resolve();

  constructor(private readonly options: ObjectiveMonitorOptions) {}

  start(): void {
    this.note();
    this.plan();
  }

  /** Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.cancelTimer();
    await this.checking;
  }

  /** undefined = the routine has no objective, or it is not known yet. */
  isMissed(routine: string): boolean | undefined {
    const { 'backup-routines': routines } = this.options.config.document;
    return findEntity(routines, routine)?.rpo === undefined ? undefined : this.missed.get(routine);
  }

  /** Asks for the last backups and says what is missed. Never rejects. */
  async check(): Promise<void> {
    const { config } = this.options;
    const routines = config.document['backup-routines'] ?? {};
    for (const name of [...this.missed.keys(), ...this.firstSeenMs.keys()]) {
      if (findEntity(routines, name)?.rpo === undefined) this.forget(name);
    }
    this.note();
    for (const [name, { rpo }] of Object.entries(routines)) {
      const objectiveMs = rpo === undefined ? undefined : parseDuration(rpo);
      if (objectiveMs !== undefined) await this.checkRoutine(name, objectiveMs).catch(() => undefined);
    }
  }

  private note(): void {
    const { config, clock } = this.options;
    for (const [name, { rpo }] of Object.entries(config.document['backup-routines'] ?? {})) {
      if (rpo !== undefined && !this.firstSeenMs.has(name)) this.firstSeenMs.set(name, clock.nowMs());
    }
  }

  private plan(): void {
    const { clock, intervalMs = INTERVAL_MS } = this.options;
    this.cancelTimer = clock.startTimer(intervalMs, () => {
      this.checking = this.check().finally(() => {
        if (!this.isStopped) this.plan();
      });
    });
  }

  private async checkRoutine(name: string, objectiveMs: number): Promise<void> {
    const { runner, events, metrics, clock, log, config, claimMiss } = this.options;
    const state = await runner.state(name);
    const routine = findEntity(config.document['backup-routines'], name);
    if (routine?.rpo === undefined || this.isStopped) return;
    const times = [state['last-full'], state['last-incremental']].flatMap((time) =>
      time === undefined ? [] : [Date.parse(time)],
    );
    const lastMs = times.length === 0 ? (this.firstSeenMs.get(name) ?? clock.nowMs()) : Math.max(...times);
    const isMissed = clock.nowMs() - lastMs > objectiveMs;
    const wasMissed = this.missed.get(name) === true;
    this.missed.set(name, isMissed);
    metrics.setObjective(name, objectiveMs / 1000, isMissed);
    if (!isMissed || wasMissed) return;
    const lastBackup = times.length === 0 ? 'none' : new Date(lastMs).toISOString();
    // A storage that does not answer must not keep it back.
    const isNew = await (claimMiss?.(name, lastBackup) ?? Promise.resolve(true)).catch(() => true);
    if (!isNew) return;
    const last = times.length === 0 ? 'it has none' : `the last one began at ${new Date(lastMs).toISOString()}`;
    const message = `The routine ${name} has no backup that is younger than ${routine.rpo}: ${last}`;
    log.info(warningEvent('routine.rpo-missed', message, { routine: name }));
    events.publish({
      type: 'routine.rpo-missed',
      storage: routine.storage,
      routine: name,
      message,
    });
  }

  private forget(name: string): void {
    this.missed.delete(name);
    this.firstSeenMs.delete(name);
    this.options.metrics.forgetObjective(name);
  }
}
