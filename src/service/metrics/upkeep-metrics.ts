/** Metrics of verifications and of second copies. */
import { Counter, Gauge, type Registry } from 'prom-client';

export type UpkeepOutcome = 'success' | 'failure';

/** Whose backups are verified. `storage`: of those that no routine has made, where they are. */
export interface CheckLabels {
  routine: string;
  storage?: string;
}

/** What verifications and copies report. `mode`: checksums, deep or trial. Times are seconds since 1970. */
export interface UpkeepReports {
  countCheck(labels: CheckLabels, mode: string, outcome: UpkeepOutcome, bytes: number): void;
  /** `unixSeconds`: when the last verification that has found nothing ended. */
  setLastVerified(labels: CheckLabels, mode: string, unixSeconds: number): void;
  /** `unixSeconds`: the start of the newest backup whose last verification has found nothing. */
  setVerifiedPoint(labels: CheckLabels, unixSeconds: number): void;
  /** Backups whose last verification has found something. */
  setDamaged(labels: CheckLabels, backups: number): void;
  countCopy(routine: string, storage: string, outcome: UpkeepOutcome, bytes: number): void;
  setCopies(routine: string, storage: string, copies: { pending: number; lastUnixSeconds: number | undefined }): void;
  /** Of a routine, also its copies. */
  forget(labels: CheckLabels): void;
}

export class UpkeepMetrics implements UpkeepReports {
  private readonly checks: Counter<'routine' | 'storage' | 'mode' | 'outcome'>;
  private readonly checkedBytes: Counter<'routine' | 'storage' | 'mode'>;
  private readonly lastVerified: Gauge<'routine' | 'storage' | 'mode'>;
  private readonly verifiedPoint: Gauge<'routine' | 'storage'>;
  private readonly verifiedAge: Gauge<'routine' | 'storage'>;
  private readonly damaged: Gauge<'routine' | 'storage'>;
  private readonly copies: Counter<'routine' | 'storage' | 'outcome'>;
  private readonly copiedBytes: Counter<'routine' | 'storage'>;
  private readonly pendingCopies: Gauge<'routine' | 'storage'>;
  private readonly lastCopied: Gauge<'routine' | 'storage'>;
  /** By `toSeriesKey`. */
  private readonly points = new Map<string, { labels: CheckLabels; unixSeconds: number }>();

  constructor(registry: Registry, prefix: string, nowMs: () => number) {
    const registers = [registry];
    const named = (name: string, help: string): { name: string; help: string; registers: Registry[] } => ({
      name: prefix + name,
      help,
      registers,
    });
    this.checks = new Counter({
      ...named('verify_events_total', 'Ended scheduled verifications.'),
      labelNames: ['routine', 'storage', 'mode', 'outcome'],
    });
    this.checkedBytes = new Counter({
      ...named('verify_bytes_total', 'Bytes that scheduled verifications have read.'),
      labelNames: ['routine', 'storage', 'mode'],
    });
    this.lastVerified = new Gauge({
      ...named('last_verified_timestamp', 'Unix time of the last scheduled verification that has found nothing.'),
      labelNames: ['routine', 'storage', 'mode'],
    });
    this.verifiedPoint = new Gauge({
      ...named('verified_restore_point_timestamp', 'Unix time of the start of the newest backup that is verified.'),
      labelNames: ['routine', 'storage'],
    });
    this.verifiedAge = new Gauge({
      ...named('verified_restore_point_age_seconds', 'Age of the newest backup that is verified.'),
      labelNames: ['routine', 'storage'],
      collect: () => {
        for (const { labels, unixSeconds } of this.points.values()) {
          this.verifiedAge.set({ ...labels }, nowMs() / 1000 - unixSeconds);
        }
      },
    });
    this.damaged = new Gauge({
      ...named('damaged_backups', 'Backups in which the last verification has found something.'),
      labelNames: ['routine', 'storage'],
    });
    this.copies = new Counter({
      ...named('copy_events_total', 'Ended attempts to copy a backup of a routine to another storage.'),
      labelNames: ['routine', 'storage', 'outcome'],
    });
    this.copiedBytes = new Counter({
      ...named('copy_bytes_total', 'Bytes that were copied to another storage.'),
      labelNames: ['routine', 'storage'],
    });
    this.pendingCopies = new Gauge({
      ...named('copies_pending', 'Backups that are not copied to the storage yet.'),
      labelNames: ['routine', 'storage'],
    });
    this.lastCopied = new Gauge({
      ...named('last_copied_timestamp', 'Unix time at which the last copy was complete.'),
      labelNames: ['routine', 'storage'],
    });
  }

  countCheck(labels: CheckLabels, mode: string, outcome: UpkeepOutcome, bytes: number): void {
    this.checks.inc({ ...labels, mode, outcome });
    this.checkedBytes.inc({ ...labels, mode }, bytes);
  }

  setLastVerified(labels: CheckLabels, mode: string, unixSeconds: number): void {
    this.lastVerified.set({ ...labels, mode }, unixSeconds);
  }

  setVerifiedPoint(labels: CheckLabels, unixSeconds: number): void {
    this.points.set(toSeriesKey(labels), { labels, unixSeconds });
    this.verifiedPoint.set({ ...labels }, unixSeconds);
  }

  setDamaged(labels: CheckLabels, backups: number): void {
    this.damaged.set({ ...labels }, backups);
  }

  countCopy(routine: string, storage: string, outcome: UpkeepOutcome, bytes: number): void {
    this.copies.inc({ routine, storage, outcome });
    if (outcome === 'success') this.copiedBytes.inc({ routine, storage }, bytes);
  }

  setCopies(
    routine: string,
    storage: string,
    { pending, lastUnixSeconds }: { pending: number; lastUnixSeconds: number | undefined },
  ): void {
    this.pendingCopies.set({ routine, storage }, pending);
    if (lastUnixSeconds !== undefined) this.lastCopied.set({ routine, storage }, lastUnixSeconds);
  }

  forget(labels: CheckLabels): void {
    this.points.delete(toSeriesKey(labels));
    for (const gauge of [this.verifiedPoint, this.verifiedAge, this.damaged]) gauge.remove({ ...labels });
    // Their other labels are not known here: what is removed of the configuration is rare.
    for (const metric of [this.checks, this.checkedBytes, this.lastVerified]) removeAll(metric, labels);
    for (const metric of [this.copies, this.copiedBytes, this.pendingCopies, this.lastCopied])
      removeAll(metric, labels);
  }
}

function toSeriesKey({ routine, storage = '' }: CheckLabels): string {
  return JSON.stringify([routine, storage]);
}

/** All label sets that have these labels. */
function removeAll(metric: Counter | Gauge, { routine, storage }: CheckLabels): void {
  void metric.get().then(({ values }) => {
    for (const { labels } of values) {
      if (labels.routine === routine && (storage === undefined || labels.storage === storage)) metric.remove(labels);
    }
  });
}
