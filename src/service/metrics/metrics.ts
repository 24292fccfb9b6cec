import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { UpkeepMetrics } from './upkeep-metrics.js';

export type BackupType = 'full' | 'incremental';
export type RunOutcome = 'success' | 'failure' | 'canceled' | 'retry' | 'skip';
export type RestoreOutcome = 'success' | 'failure' | 'canceled';

/** What runs of routines report. Times are seconds; `percent` is 0 to 100 and may have a fraction. */
export interface RunMetrics {
  countEvent(routine: string, type: BackupType, outcome: RunOutcome): void;
  /** Called once for each run that ended, whatever its outcome. */
  observeDuration(routine: string, type: BackupType, seconds: number, outcome: RunOutcome): void;
  /** The end of a run removes its progress as well. */
  setActive(routine: string, type: BackupType, active: boolean): void;
  setProgress(routine: string, type: BackupType, percent: number | undefined): void;
  /** `unixSeconds` is the start of the run. */
  setLastSuccess(routine: string, type: BackupType, unixSeconds: number): void;
  /** What was backed up since the last call. */
  addVolume(routine: string, type: BackupType, volume: { records: number; bytes: number }): void;
  /** The size of the last successful run. */
  setLastSize(routine: string, type: BackupType, size: { records: number; bytes: number }): void;
  /** Removes every label set of a routine that is no longer configured. */
  forget(routine: string): void;
}

export interface RestoreProgress {
  /** 0 to 100 */
  percent?: number | undefined;
  /** Since the start of the job. */
  records: number;
  /** Since the start of the job. */
  bytes: number;
  etaSeconds?: number | undefined;
}

/** What restore jobs report. `jobId` is the text of the id. */
export interface RestoreMetrics {
  /** `routine`: whose backups are restored; absent = a restore of a path. */
  start(jobId: string, routine?: string): void;
  progress(jobId: string, progress: RestoreProgress): void;
  finish(jobId: string, outcome: RestoreOutcome, seconds: number): void;
}

const PREFIX = 'aerospike_backup_service_';
const BACKUP_TYPES: readonly BackupType[] = ['full', 'incremental'];
const RUN_OUTCOMES: readonly RunOutcome[] = ['success', 'failure', 'canceled', 'retry', 'skip'];
/** The label `routine` of a restore of a path. */
export const RESTORE_BY_PATH = '@by-path';
/** From 60 s on, each 1.5 times the one before, to about 7.3 hours. */
const DURATION_BUCKETS_SECONDS = Array.from({ length: 16 }, (_, i) => 60 * 1.5 ** i);
/** An estimate of the end is not worth showing before. */
const MIN_ESTIMATED_PERCENT = 1;

type RoutineLabel = 'routine' | 'type';
type JobLabel = 'routine' | 'job_id';

interface RunningRestore {
  readonly routine: string;
  records: number;
  bytes: number;
}

/**
 * The metrics of the service in a registry of their own: the names of ABS 3.x, those it deprecated, and those its
 * makers announced. A label set exists from its first value on. Gauges of runs and jobs exist while these run.
 */
export class ServiceMetrics implements RunMetrics, RestoreMetrics {
  private readonly registry = new Registry();
  private readonly backupEvents = this.counter('backup_events_total', 'Events of backups.', [
    'routine',
    'type',
    'outcome',
  ]);
  private readonly backupDuration = new Histogram({
    name: `${PREFIX}backup_duration_seconds`,
    help: 'Duration of backups, also of failed and canceled ones.',
    labelNames: ['routine', 'type'],
    buckets: DURATION_BUCKETS_SECONDS,
    registers: [this.registry],
  });
  private readonly active = this.twins(
    { name: 'backup_in_progress', successor: 'backup_active' },
    '1 while a backup runs.',
  );
  private readonly progressPercent = this.perRun('backup_progress_pct', 'Progress of the running backup, 0 to 100.');
  private readonly progressRatio = this.perRun('backup_progress_ratio', 'Progress of the running backup, 0 to 1.');
  private readonly estimatedEnd = this.perRun(
    'backup_estimated_completion_timestamp_seconds',
    'Unix time at which the running backup is expected to end.',
  );
  private readonly lastSuccess = this.twins(
    { name: 'last_successful_backup_timestamp', successor: 'last_successful_backup_timestamp_seconds' },
    'Unix time of the start of the last successful backup.',
  );
  private readonly records = this.counter('backup_records_total', 'Records backed up.', ['routine', 'type']);
  private readonly bytes = this.counter('backup_bytes_total', 'Bytes written by backups.', ['routine', 'type']);
  private readonly lastRecords = this.perRun('last_backup_records', 'Records of the last successful backup.');
  private readonly lastBytes = this.perRun('last_backup_size_bytes', 'Bytes of the last successful backup.');

  private readonly objectives = this.gauge('rpo_seconds', 'How old the last backup may become.', ['routine']);
  private readonly missedObjectives = this.gauge('rpo_missed', '1 while the last backup is older.', ['routine']);

  private readonly restoresRunning = [
    this.gauge('restore_in_progress', 'Restores that run (see restore_active).', []),
    this.gauge('restore_active', 'Restores that run.', []),
  ];
  private readonly restoreEvents = this.counter('restore_events_total', 'Ended restores.', ['routine', 'outcome']);
  private readonly restoreDuration = new Histogram({
    name: `${PREFIX}restore_duration_seconds`,
    help: 'Duration of restores, also of failed and canceled ones.',
    labelNames: ['routine'],
    buckets: DURATION_BUCKETS_SECONDS,
    registers: [this.registry],
  });
  private readonly restoredRecords = this.counter('restore_records_total', 'Records read by restores.', ['routine']);
  private readonly restoredBytes = this.counter('restore_bytes_total', 'Bytes read by restores.', ['routine']);
  private readonly jobPercent = this.perJob('restore_progress_pct', 'Progress of the running restore, 0 to 100.');
  private readonly jobRatio = this.perJob('restore_progress_ratio', 'Progress of the running restore, 0 to 1.');
  private readonly jobRecords = this.perJob('restore_job_records', 'Records that the running restore has read.');
  private readonly jobBytes = this.perJob('restore_job_bytes', 'Bytes that the running restore has read.');
  private readonly jobEstimatedEnd = this.perJob(
    'restore_estimated_completion_timestamp_seconds',
    'Unix time at which the running restore is expected to end.',
  );

  /** Names that ABS deprecated. They count all routines together. */
  private readonly deprecated = {
    full: this.deprecatedSet(''),
    incremental: this.deprecatedSet('incremental_'),
  };
  /** Start of each running backup in milliseconds, by routine and type. */
  private readonly startedMs = new Map<string, number>();
  private readonly restores = new Map<string, RunningRestore>();
  /** Every routine that has a label set of a backup or of a restore. */
  private readonly routines = new Set<string>();

  readonly upkeep: UpkeepMetrics;

  /** @param nowMs for tests */
  constructor(private readonly nowMs: () => number = Date.now) {
    this.upkeep = new UpkeepMetrics(this.registry, PREFIX, nowMs);
    collectDefaultMetrics({ register: this.registry });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** All metrics in the text format of Prometheus. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  countEvent(routine: string, type: BackupType, outcome: RunOutcome): void {
    this.routines.add(routine);
    this.backupEvents.inc({ routine, type, outcome });
    const { runs, skips, failures } = this.deprecated[type];
    if (outcome === 'success') runs.inc();
    if (outcome === 'skip') skips.inc();
    if (outcome === 'failure') failures.inc();
  }

  observeDuration(routine: string, type: BackupType, seconds: number): void {
    this.routines.add(routine);
    this.backupDuration.observe({ routine, type }, seconds);
    this.deprecated[type].durationMs.set(Math.round(seconds * 1000));
  }

  setActive(routine: string, type: BackupType, active: boolean): void {
    this.routines.add(routine);
    const labels = { routine, type };
    if (active) {
      this.startedMs.set(runKey(routine, type), this.nowMs());
      for (const gauge of this.active) gauge.set(labels, 1);
    } else {
      this.startedMs.delete(runKey(routine, type));
      for (const gauge of this.active) gauge.remove(labels);
      this.setProgress(routine, type, undefined);
    }
  }

  setProgress(routine: string, type: BackupType, percent: number | undefined): void {
    const labels = { routine, type };
    const startedMs = this.startedMs.get(runKey(routine, type));
    const gauges = { percent: this.progressPercent, ratio: this.progressRatio, end: this.estimatedEnd };
    // The last report of a run may come after its end.
    if (percent === undefined || startedMs === undefined) {
      for (const gauge of Object.values(gauges)) gauge.remove(labels);
      return;
    }
    const capped = Math.min(100, Math.max(0, percent));
    gauges.percent.set(labels, capped);
    gauges.ratio.set(labels, capped / 100);
    if (capped < MIN_ESTIMATED_PERCENT) gauges.end.remove(labels);
    else gauges.end.set(labels, (startedMs + ((this.nowMs() - startedMs) * 100) / capped) / 1000);
  }

  setLastSuccess(routine: string, type: BackupType, unixSeconds: number): void {
    this.routines.add(routine);
    for (const gauge of this.lastSuccess) gauge.set({ routine, type }, unixSeconds);
  }

  addVolume(routine: string, type: BackupType, { records, bytes }: { records: number; bytes: number }): void {
    this.routines.add(routine);
    this.records.inc({ routine, type }, Math.max(0, records));
    this.bytes.inc({ routine, type }, Math.max(0, bytes));
  }

  setLastSize(routine: string, type: BackupType, { records, bytes }: { records: number; bytes: number }): void {
    this.routines.add(routine);
    this.lastRecords.set({ routine, type }, records);
    this.lastBytes.set({ routine, type }, bytes);
  }

  /** Of a routine with an objective: how old its last backup may become, and whether it is older. */
  setObjective(routine: string, seconds: number, isMissed: boolean): void {
    this.routines.add(routine);
    this.objectives.set({ routine }, seconds);
    this.missedObjectives.set({ routine }, isMissed ? 1 : 0);
  }

  forgetObjective(routine: string): void {
    for (const gauge of [this.objectives, this.missedObjectives]) gauge.remove({ routine });
  }

  forget(routine: string): void {
    this.routines.delete(routine);
    this.upkeep.forget({ routine });
    this.forgetObjective(routine);
    for (const type of BACKUP_TYPES) {
      const labels = { routine, type };
      this.startedMs.delete(runKey(routine, type));
      for (const outcome of RUN_OUTCOMES) this.backupEvents.remove({ ...labels, outcome });
      const perType = [this.backupDuration, ...this.active, this.progressPercent, this.progressRatio];
      for (const metric of [...perType, this.estimatedEnd, ...this.lastSuccess]) metric.remove(labels);
      for (const metric of [this.records, this.bytes, this.lastRecords, this.lastBytes]) metric.remove(labels);
    }
    for (const outcome of ['success', 'failure', 'canceled']) this.restoreEvents.remove({ routine, outcome });
    for (const metric of [this.restoreDuration, this.restoredRecords, this.restoredBytes]) metric.remove({ routine });
  }

  /**
   * Forgets the routines that are not configured and do not run. A run that outlives its routine reports its end after
   * `forget`.
   */
  prune(isConfigured: (routine: string) => boolean): void {
    const restoring = new Set([...this.restores.values()].map(({ routine }) => routine));
    for (const routine of this.routines) {
      if (routine === RESTORE_BY_PATH || isConfigured(routine) || restoring.has(routine)) continue;
      if (!BACKUP_TYPES.some((type) => this.startedMs.has(runKey(routine, type)))) this.forget(routine);
    }
  }

  start(jobId: string, routine = RESTORE_BY_PATH): void {
    this.routines.add(routine);
    this.restores.set(jobId, { routine, records: 0, bytes: 0 });
    this.countRestores();
  }

  progress(jobId: string, { percent, records, bytes, etaSeconds }: RestoreProgress): void {
    const job = this.restores.get(jobId);
    if (job === undefined) return;
    const { routine } = job;
    const labels = { routine, job_id: jobId };
    this.restoredRecords.inc({ routine }, Math.max(0, records - job.records));
    this.restoredBytes.inc({ routine }, Math.max(0, bytes - job.bytes));
    job.records = Math.max(job.records, records);
    job.bytes = Math.max(job.bytes, bytes);
    this.jobRecords.set(labels, records);
    this.jobBytes.set(labels, bytes);
    if (percent !== undefined) {
      const capped = Math.min(100, Math.max(0, percent));
      this.jobPercent.set(labels, capped);
      this.jobRatio.set(labels, capped / 100);
    }
    if (etaSeconds !== undefined) this.jobEstimatedEnd.set(labels, this.nowMs() / 1000 + etaSeconds);
  }

  finish(jobId: string, outcome: RestoreOutcome, seconds: number): void {
    const job = this.restores.get(jobId);
    if (job === undefined) return;
    const { routine } = job;
    this.restores.delete(jobId);
    this.countRestores();
    this.restoreEvents.inc({ routine, outcome });
    this.restoreDuration.observe({ routine }, seconds);
    const perJob = [this.jobPercent, this.jobRatio, this.jobRecords, this.jobBytes, this.jobEstimatedEnd];
    for (const gauge of perJob) gauge.remove({ routine, job_id: jobId });
  }

  private countRestores(): void {
    for (const gauge of this.restoresRunning) gauge.set(this.restores.size);
  }

  private counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name: PREFIX + name, help, labelNames, registers: [this.registry] });
  }

  private gauge<Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> {
    return new Gauge({ name: PREFIX + name, help, labelNames, registers: [this.registry] });
  }

  private perRun(name: string, help: string): Gauge<RoutineLabel> {
    return this.gauge(name, help, ['routine', 'type']);
  }

  private perJob(name: string, help: string): Gauge<JobLabel> {
    return this.gauge(name, help, ['routine', 'job_id']);
  }

  /** One value under the name of ABS 3.6 and under the name that follows it. */
  private twins({ name, successor }: { name: string; successor: string }, help: string): Gauge<RoutineLabel>[] {
    return [this.perRun(name, `${help} See ${successor}.`), this.perRun(successor, help)];
  }

  private deprecatedSet(kind: '' | 'incremental_') {
    const type = kind === '' ? 'full' : 'incremental';
    const events = `Deprecated: see ${PREFIX}backup_events_total.`;
    return {
      runs: this.counter(`${kind}runs_total`, `Successful ${type} backups. ${events}`, []),
      skips: this.counter(`${kind}skip_total`, `Skipped ${type} backups. ${events}`, []),
      failures: this.counter(`${kind}failure_total`, `Failed ${type} backups. ${events}`, []),
      durationMs: this.gauge(
        `${kind}duration_millis`,
        `Milliseconds of the last ${type} backup. Deprecated: see ${PREFIX}backup_duration_seconds.`,
        [],
      ),
    };
  }
}

function runKey(routine: string, type: BackupType): string {
  return `${type} ${routine}`;
}
