/** Metrics of verifications and of second copies. */
import { Counter, Gauge, type Registry } from 'prom-client';

export type UpkeepOutcome = 'success' | 'failure';

/** What verifications and copies report. `mode`: checksums, deep or trial. Times are seconds since 1970. */
export interface UpkeepReports {
  countCheck(routine: string, mode: string, outcome: UpkeepOutcome, bytes: number): void;
  /** `unixSeconds`: when the last verification that has found nothing ended. */
  setLastVerified(routine: string, mode: string, unixSeconds: number): void;
  /** `unixSeconds`: the start of the newest backup whose last verification has found nothing. */
  setVerifiedPoint(routine: string, unixSeconds: number): void;
  /** Backups whose last verification has found something. */
  setDamaged(routine: string, backups: number): void;
  countCopy(routine: string, storage: string, outcome: UpkeepOutcome, bytes: number): void;
  setCopies(routine: string, storage: string, copies: { pending: number; lastUnixSeconds: number | undefined }): void;
  forgetRoutine(routine: string): void;
}

export class UpkeepMetrics implements UpkeepReports {
  private readonly checks: Counter<'routine' | 'mode' | 'outcome'>;
  private readonly checkedBytes: Counter<'routine' | 'mode'>;
  private readonly lastVerified: Gauge<'routine' | 'mode'>;
  private readonly verifiedPoint: Gauge<'routine'>;
  private readonly verifiedAge: Gauge<'routine'>;
  private readonly damaged: Gauge<'routine'>;
  private readonly copies: Counter<'routine' | 'storage' | 'outcome'>;
  private readonly copiedBytes: Counter<'routine' | 'storage'>;
  private readonly pendingCopies: Gauge<'routine' | 'storage'>;
  private readonly lastCopied: Gauge<'routine' | 'storage'>;
  private readonly points = new Map<string, number>();

  constructor(registry: Registry, prefix: string, nowMs: () => number) {
    const registers = [registry];
    const named = (name: string, help: string): { name: string; help: string; registers: Registry[] } => ({
      name: prefix + name,
      help,
      registers,
    });
    this.checks = new Counter({
      ...named('verify_events_total', 'Ended scheduled verifications.'),
      labelNames: ['routine', 'mode', 'outcome'],
    });
    this.checkedBytes = new Counter({
      ...named('verify_bytes_total', 'Bytes that scheduled verifications have read.'),
      labelNames: ['routine', 'mode'],
    });
    this.lastVerified = new Gauge({
      ...named('last_verified_timestamp', 'Unix time of the last scheduled verification that has found nothing.'),
      labelNames: ['routine', 'mode'],
    });
    this.verifiedPoint = new Gauge({
      ...named('verified_restore_point_timestamp', 'Unix time of the start of the newest backup that is verified.'),
      labelNames: ['routine'],
    });
    this.verifiedAge = new Gauge({
      ...named('verified_restore_point_age_seconds', 'Age of the newest backup that is verified.'),
      labelNames: ['routine'],
      collect: () => {
        for (const [routine, point] of this.points) this.verifiedAge.set({ routine }, nowMs() / 1000 - point);
      },
    });
    this.damaged = new Gauge({
      ...named('damaged_backups', 'Backups in which the last verification has found something.'),
      labelNames: ['routine'],
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

  countCheck(routine: string, mode: string, outcome: UpkeepOutcome, bytes: number): void {
    this.checks.inc({ routine, mode, outcome });
    this.checkedBytes.inc({ routine, mode }, bytes);
  }

  setLastVerified(routine: string, mode: string, unixSeconds: number): void {
    this.lastVerified.set({ routine, mode }, unixSeconds);
  }

  setVerifiedPoint(routine: string, unixSeconds: number): void {
    this.points.set(routine, unixSeconds);
    this.verifiedPoint.set({ routine }, unixSeconds);
  }

  setDamaged(routine: string, backups: number): void {
    this.damaged.set({ routine }, backups);
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

  forgetRoutine(routine: string): void {
    this.points.delete(routine);
    for (const gauge of [this.verifiedPoint, this.verifiedAge, this.damaged]) gauge.remove({ routine });
    // Their other labels are not known here: what is removed of the configuration is rare.
    for (const metric of [this.checks, this.checkedBytes, this.lastVerified]) removeAll(metric, routine);
    for (const metric of [this.copies, this.copiedBytes, this.pendingCopies, this.lastCopied])
      removeAll(metric, routine);
  }
}

/** All label sets of the routine. */
function removeAll(metric: Counter | Gauge, routine: string): void {
  void metric.get().then(({ values }) => {
    for (const { labels } of values) if (labels.routine === routine) metric.remove(labels);
  });
}
