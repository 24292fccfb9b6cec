import { beforeEach, describe, expect, it } from 'vitest';
import { ServiceMetrics } from '../../../src/service/metrics/metrics.js';

const PREFIX = 'aerospike_backup_service_';
const NOON_MS = 1_777_723_200_000;

let nowMs: number;
let metrics: ServiceMetrics;

beforeEach(() => {
  nowMs = NOON_MS;
  metrics = new ServiceMetrics(() => nowMs);
});

/** Samples of the service itself, by name and labels, without the prefix. */
async function readSamples(): Promise<Record<string, number>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith(PREFIX));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(PREFIX.length, at), Number(line.slice(at + 1))];
    }),
  );
}

async function readTypes(): Promise<Record<string, string>> {
  const types = (await metrics.text()).matchAll(/^# TYPE aerospike_backup_service_(\S+) (\S+)$/gm);
  return Object.fromEntries([...types].map(([, name, type]) => [name!, type!]));
}

const run = 'routine="nightly",type="full"';

describe('metrics of the service', () => {
  it('of every name in ABS 3.x and its deprecated names have their types', async () => {
    expect(await readTypes()).toMatchObject({
      backup_events_total: 'counter',
      backup_duration_seconds: 'histogram',
      backup_in_progress: 'gauge',
      backup_active: 'gauge',
      backup_progress_pct: 'gauge',
      backup_progress_ratio: 'gauge',
      last_successful_backup_timestamp: 'gauge',
      last_successful_backup_timestamp_seconds: 'gauge',
      restore_in_progress: 'gauge',
      restore_active: 'gauge',
      restore_events_total: 'counter',
      runs_total: 'counter',
      incremental_runs_total: 'counter',
      skip_total: 'counter',
      incremental_skip_total: 'counter',
      failure_total: 'counter',
      incremental_failure_total: 'counter',
      duration_millis: 'gauge',
      incremental_duration_millis: 'gauge',
      backup_estimated_completion_timestamp_seconds: 'gauge',
      backup_records_total: 'counter',
      backup_bytes_total: 'counter',
      last_backup_records: 'gauge',
      last_backup_size_bytes: 'gauge',
      restore_progress_ratio: 'gauge',
      restore_records_total: 'counter',
      restore_bytes_total: 'counter',
      restore_duration_seconds: 'histogram',
    });
  });

  it('before the first run have values only where they have no labels', async () => {
    const samples = await readSamples();
    expect(Object.keys(samples).sort()).toEqual(
      [
        ...['duration_millis', 'failure_total', 'runs_total', 'skip_total'].flatMap((name) => [
          name,
          `incremental_${name}`,
        ]),
        'restore_active',
        'restore_in_progress',
      ].sort(),
    );
    expect(new Set(Object.values(samples))).toEqual(new Set([0]));
  });

  it('include those of the process, and two registries do not share any', async () => {
    const other = new ServiceMetrics();
    other.countEvent('other', 'full', 'success');
    expect(await metrics.text()).toMatch(/^process_cpu_seconds_total /m);
    expect(await metrics.text()).not.toContain('routine="other"');
    expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  });
});

describe('metrics of backups', () => {
  it('count each outcome with its labels and in the deprecated totals', async () => {
    for (const outcome of ['success', 'failure', 'canceled', 'retry', 'skip', 'skip'] as const) {
      metrics.countEvent('nightly', 'full', outcome);
    }
    metrics.countEvent('nightly', 'incremental', 'success');
    metrics.countEvent('hourly', 'incremental', 'failure');
    expect(await readSamples()).toMatchObject({
      [`backup_events_total{${run},outcome="success"}`]: 1,
      [`backup_events_total{${run},outcome="failure"}`]: 1,
      [`backup_events_total{${run},outcome="canceled"}`]: 1,
      [`backup_events_total{${run},outcome="retry"}`]: 1,
      [`backup_events_total{${run},outcome="skip"}`]: 2,
      'backup_events_total{routine="hourly",type="incremental",outcome="failure"}': 1,
      runs_total: 1,
      skip_total: 2,
      failure_total: 1,
      incremental_runs_total: 1,
      incremental_skip_total: 0,
      incremental_failure_total: 1,
    });
  });

  it('have 16 buckets of durations from a minute to seven hours, and the last duration in milliseconds', async () => {
    metrics.observeDuration('nightly', 'full', 61.5);
    const samples = await readSamples();
    const bounds = Object.keys(samples).flatMap(
      (key) => /^backup_duration_seconds_bucket\{le="(.+?)"/.exec(key)?.[1] ?? [],
    );
    expect(bounds).toHaveLength(17);
    expect(bounds.slice(0, 2)).toEqual(['60', '90']);
    expect(Number(bounds[15])).toBeCloseTo(26_273.2, 0);
    expect(samples).toMatchObject({
      [`backup_duration_seconds_bucket{le="60",${run}}`]: 0,
      [`backup_duration_seconds_bucket{le="90",${run}}`]: 1,
      [`backup_duration_seconds_sum{${run}}`]: 61.5,
      duration_millis: 61_500,
      incremental_duration_millis: 0,
    });
  });

  it('show progress and the expected end while a run is active, and nothing of it afterwards', async () => {
    metrics.setActive('nightly', 'full', true);
    nowMs += 30_000;
    metrics.setProgress('nightly', 'full', 25);
    expect(await readSamples()).toMatchObject({
      [`backup_in_progress{${run}}`]: 1,
      [`backup_active{${run}}`]: 1,
      [`backup_progress_pct{${run}}`]: 25,
      [`backup_progress_ratio{${run}}`]: 0.25,
      [`backup_estimated_completion_timestamp_seconds{${run}}`]: NOON_MS / 1000 + 120,
    });
    metrics.setActive('nightly', 'full', false);
    metrics.setProgress('nightly', 'full', 100); // late
    expect(Object.keys(await readSamples()).filter((key) => key.includes('nightly'))).toEqual([]);
  });

  it('expect no end below one percent and cap progress at 100 percent', async () => {
    metrics.setActive('nightly', 'full', true);
    metrics.setProgress('nightly', 'full', 0.9);
    expect(await readSamples()).not.toHaveProperty([`backup_estimated_completion_timestamp_seconds{${run}}`]);
    metrics.setProgress('nightly', 'full', 250);
    expect(await readSamples()).toMatchObject({ [`backup_progress_pct{${run}}`]: 100 });
  });

  it('have the start of the last success, volumes and the last size', async () => {
    metrics.setLastSuccess('nightly', 'full', 1_777_683_600);
    metrics.addVolume('nightly', 'full', { records: 10, bytes: 1000 });
    metrics.addVolume('nightly', 'full', { records: 5, bytes: 500 });
    metrics.setLastSize('nightly', 'full', { records: 15, bytes: 1500 });
    expect(await readSamples()).toMatchObject({
      [`last_successful_backup_timestamp{${run}}`]: 1_777_683_600,
      [`last_successful_backup_timestamp_seconds{${run}}`]: 1_777_683_600,
      [`backup_records_total{${run}}`]: 15,
      [`backup_bytes_total{${run}}`]: 1500,
      [`last_backup_records{${run}}`]: 15,
      [`last_backup_size_bytes{${run}}`]: 1500,
    });
  });
});

/** Everything a routine can report, with one restore that has ended. */
function reportAll(routine: string): void {
  for (const type of ['full', 'incremental'] as const) {
    metrics.setActive(routine, type, true);
    metrics.setProgress(routine, type, 50);
    metrics.addVolume(routine, type, { records: 1, bytes: 1 });
    metrics.setLastSize(routine, type, { records: 1, bytes: 1 });
    metrics.setLastSuccess(routine, type, 1);
    for (const outcome of ['success', 'failure', 'canceled', 'retry', 'skip'] as const) {
      metrics.countEvent(routine, type, outcome);
      metrics.observeDuration(routine, type, 1);
    }
  }
  for (const outcome of ['success', 'failure', 'canceled'] as const) {
    metrics.start('1', routine);
    metrics.progress('1', { percent: 50, records: 1, bytes: 1, etaSeconds: 1 });
    metrics.finish('1', outcome, 1);
  }
}

describe('label sets of a routine', () => {
  it('are all removed with it, and those of other routines stay', async () => {
    reportAll('other');
    const before = (await readSamples())['backup_events_total{routine="other",type="full",outcome="success"}'];
    reportAll('nightly');
    metrics.forget('nightly');
    const samples = await readSamples();
    expect(Object.keys(samples).filter((key) => key.includes('nightly'))).toEqual([]);
    expect(samples['backup_events_total{routine="other",type="full",outcome="success"}']).toBe(before);
  });

  it('are removed by pruning once the run that outlives the routine has ended', async () => {
    reportAll('nightly');
    const isConfigured = (): boolean => false;
    metrics.prune(isConfigured);
    expect(await readSamples()).toHaveProperty([`backup_active{${run}}`]);
    for (const type of ['full', 'incremental'] as const) metrics.setActive('nightly', type, false);
    metrics.prune(isConfigured);
    expect(Object.keys(await readSamples()).filter((key) => key.includes('nightly'))).toEqual([]);
  });

  it('of a configured routine outlive pruning, those of restores of paths too', async () => {
    reportAll('nightly');
    metrics.start('2');
    metrics.finish('2', 'failure', 1);
    for (const type of ['full', 'incremental'] as const) metrics.setActive('nightly', type, false);
    metrics.prune((routine) => routine === 'nightly');
    expect(await readSamples()).toMatchObject({
      [`backup_events_total{${run},outcome="skip"}`]: 1,
      'restore_events_total{routine="@by-path",outcome="failure"}': 1,
    });
  });
});

describe('metrics of restores', () => {
  it('show each job while it runs and count it by its outcome', async () => {
    metrics.start('17');
    metrics.start('18', 'nightly');
    metrics.progress('17', { percent: 40, records: 4, bytes: 400, etaSeconds: 90 });
    metrics.progress('17', { percent: 50, records: 5, bytes: 500 });
    const job = 'routine="@by-path",job_id="17"';
    expect(await readSamples()).toMatchObject({
      restore_in_progress: 2,
      restore_active: 2,
      [`restore_progress_pct{${job}}`]: 50,
      [`restore_progress_ratio{${job}}`]: 0.5,
      [`restore_job_records{${job}}`]: 5,
      [`restore_job_bytes{${job}}`]: 500,
      [`restore_estimated_completion_timestamp_seconds{${job}}`]: NOON_MS / 1000 + 90,
      'restore_records_total{routine="@by-path"}': 5,
      'restore_bytes_total{routine="@by-path"}': 500,
    });
    metrics.finish('17', 'success', 12);
    metrics.finish('18', 'canceled', 1);
    const samples = await readSamples();
    expect(samples).toMatchObject({
      restore_in_progress: 0,
      'restore_events_total{routine="@by-path",outcome="success"}': 1,
      'restore_events_total{routine="nightly",outcome="canceled"}': 1,
      'restore_duration_seconds_sum{routine="@by-path"}': 12,
      'restore_records_total{routine="@by-path"}': 5,
    });
    expect(Object.keys(samples).filter((key) => key.includes('job_id'))).toEqual([]);
  });

  it('ignore what a job reports after its end', async () => {
    metrics.start('17');
    metrics.finish('17', 'success', 1);
    metrics.finish('17', 'failure', 1);
    metrics.progress('17', { percent: 1, records: 1, bytes: 1 });
    const samples = await readSamples();
    expect(samples).not.toHaveProperty(['restore_events_total{routine="@by-path",outcome="failure"}']);
    expect(Object.keys(samples).filter((key) => key.includes('job_id'))).toEqual([]);
  });
});
