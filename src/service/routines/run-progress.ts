/** How far a run is, summed up over its namespaces. */
import type { ProgressEvent } from '../../api/settings.js';
import type { RunningJob } from '../document/schema/job-status.js';

/** Below this share, an estimate of the end says nothing. */
const LEAST_PERCENT = 1;

export class RunProgress {
  private readonly namespaces = new Map<string, ProgressEvent | undefined>();

  constructor(private readonly startedMs: number) {}

  /** A namespace is part of the run from now on. */
  add(namespace: string): void {
    this.namespaces.set(namespace, undefined);
  }

  /** Returns what has come since the last call for the namespace. */
  update(namespace: string, event: ProgressEvent): { records: number; bytes: number } {
    const before = this.namespaces.get(namespace);
    this.namespaces.set(namespace, event);
    return {
      records: Math.max(0, event.records - (before?.records ?? 0)),
      bytes: Math.max(0, event.bytes - (before?.bytes ?? 0)),
    };
  }

  /** 0–100; undefined = it is not known of any namespace. */
  get percent(): number | undefined {
    const events = [...this.namespaces.values()];
    if (events.every((event) => event?.percent === undefined)) return undefined;
    return events.reduce((sum, event) => sum + (event?.percent ?? 0), 0) / events.length;
  }

  get totals(): { records: number; bytes: number; recordsPerSecond: number } {
    const totals = { records: 0, bytes: 0, recordsPerSecond: 0 };
    for (const event of this.namespaces.values()) {
      totals.records += event?.records ?? 0;
      totals.bytes += event?.bytes ?? 0;
      totals.recordsPerSecond += Math.round(event?.recordsPerSecond ?? 0);
    }
    return totals;
  }

  toRunningJob(nowMs: number): RunningJob {
    const events = [...this.namespaces.values()].filter((event) => event !== undefined);
    const sum = (value: (event: ProgressEvent) => number): number =>
      Math.round(events.reduce((total, event) => total + value(event), 0));
    const percent = this.percent ?? 0;
    const elapsedMs = Math.max(0, nowMs - this.startedMs);
    const done = sum(({ records }) => records);
    const total = sum(({ records, percent: share = 0 }) => (share > 0 ? (records * 100) / share : records));
    return {
      'total-records': Math.max(done, total),
      'done-records': done,
      'start-time': new Date(this.startedMs).toISOString(),
      'percentage-done': Math.min(100, Math.floor(percent)),
      ...(percent < LEAST_PERCENT
        ? {}
        : { 'estimated-end-time': new Date(this.startedMs + (elapsedMs * 100) / percent).toISOString() }),
      duration: Math.floor(elapsedMs / 1000),
      metrics: {
        'records-per-second': sum(({ recordsPerSecond }) => recordsPerSecond),
        'kilobytes-per-second': sum(({ bytesPerSecond }) => bytesPerSecond / 1024),
        pipeline: 0,
      },
    };
  }
}
