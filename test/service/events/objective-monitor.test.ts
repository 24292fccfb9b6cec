import { describe, expect, it } from 'vitest';
import type { RoutineState } from '../../../src/service/document/schema/job-status.js';
import type { ServiceDocument } from '../../../src/service/document/schema/service-document.js';
import { EventBus } from '../../../src/service/events/event-bus.js';
import type { ServiceEvent } from '../../../src/service/events/event.js';
import { ObjectiveMonitor } from '../../../src/service/events/objective-monitor.js';
import { ServiceMetrics } from '../../../src/service/metrics/metrics.js';
import { parseDuration } from '../../../src/service/schedule/duration.js';
import { FakeClock } from '../../support/fake-clock.js';

const START_MS = Date.parse('2026-05-02T09:00:00Z');
const HOUR_MS = 3_600_000;
const ROUTINE = {
  'source-cluster': 'c1',
  storage: 's1',
  'interval-cron': '@daily',
  namespaces: [],
};

function open(
  rpo: string | undefined,
  state: RoutineState = {},
  claimMiss?: (routine: string, lastBackup: string) => Promise<boolean>,
) {
  const clock = new FakeClock(START_MS);
  const bus = new EventBus({ nowMs: () => clock.nowMs() });
  const events: ServiceEvent[] = [];
  bus.subscribe((event) => events.push(event));
  const config: { document: ServiceDocument } = {
    document: {
      'backup-routines': {
        nightly: { ...ROUTINE, ...(rpo === undefined ? {} : { rpo }) },
      },
    },
  };
  const known = { state };
  const metrics = new ServiceMetrics();
  const silent = (): void => undefined;
  const monitor = new ObjectiveMonitor({
    config,
    runner: { state: () => Promise.resolve(known.state) },
    events: bus,
    metrics,
    clock,
    log: { info: silent, error: silent, verbose: silent },
    claimMiss,
  });
  monitor.start();
  return { clock, events, config, known, metrics, monitor };
}

async function findMetric(metrics: ServiceMetrics): Promise<string | undefined> {
  return /^aerospike_backup_service_rpo_missed\{routine="nightly"\} (\d)$/m.exec(await metrics.text())?.[1];
}

describe('the objective of a routine', () => {
  it('that is missed is told once, and again only after a backup', async () => {
    const { clock, events, known, metrics, monitor } = open('2h', {
      'last-full': '2026-05-02T08:30:00Z',
    });
    await monitor.check();
    expect([events.length, monitor.isMissed('nightly'), await findMetric(metrics)]).toEqual([0, false, '0']);
    clock.set(START_MS + 2 * HOUR_MS);
    await monitor.check();
    await monitor.check();
    expect(events).toMatchObject([{ type: 'routine.rpo-missed', routine: 'nightly', storage: 's1' }]);
    expect(events[0]?.message).toContain('2026-05-02T08:30:00.000Z');
    expect([monitor.isMissed('nightly'), await findMetric(metrics)]).toEqual([true, '1']);
    known.state = {
      'last-full': '2026-05-02T08:30:00Z',
      'last-incremental': '2026-05-02T10:50:00Z',
    };
    await monitor.check();
    expect([events.length, monitor.isMissed('nightly'), await findMetric(metrics)]).toEqual([1, false, '0']);
    clock.set(START_MS + 5 * HOUR_MS);
    await monitor.check();
    expect(events).toHaveLength(2);
  });

  it('of a routine without any backup is counted from the start of the service', async () => {
    const { clock, events, monitor } = open('90m');
    clock.set(START_MS + HOUR_MS);
    await monitor.check();
    expect(events).toEqual([]);
    clock.set(START_MS + 2 * HOUR_MS);
    await monitor.check();
    expect(events).toHaveLength(1);
  });

  it('that is missed is told by one of the replicas, not again after a restart, and if the storage does not answer', async () => {
    const claimed: string[] = [];
    const claim = (routine: string, lastBackup: string): Promise<boolean> => {
      const isNew = !claimed.includes(`${routine} ${lastBackup}`);
      claimed.push(`${routine} ${lastBackup}`);
      return Promise.resolve(isNew);
    };
    const state = { 'last-full': '2026-05-02T00:00:00Z' };
    // Two replicas, and one of them again after a restart.
    const monitors = [open('2h', state, claim), open('2h', state, claim), open('2h', state, claim)];
    for (const { clock, monitor } of monitors) {
      clock.set(START_MS + 12 * HOUR_MS);
      await monitor.check();
      await monitor.check();
    }
    expect(monitors.map(({ events }) => events.length)).toEqual([1, 0, 0]);
    expect(monitors.map(({ monitor }) => monitor.isMissed('nightly'))).toEqual([true, true, true]);
    expect(claimed).toEqual(Array(3).fill('nightly 2026-05-02T00:00:00.000Z'));
    const silent = open('2h', state, () => Promise.reject(new Error('the storage does not answer')));
    silent.clock.set(START_MS + 12 * HOUR_MS);
    await silent.monitor.check();
    expect(silent.events).toHaveLength(1);
  });

  it('that is taken away is watched no longer', async () => {
    const { clock, events, config, metrics, monitor } = open('1h');
    clock.set(START_MS + 2 * HOUR_MS);
    await monitor.check();
    config.document = { 'backup-routines': { nightly: ROUTINE } };
    await monitor.check();
    expect([events.length, monitor.isMissed('nightly'), await findMetric(metrics)]).toEqual([1, undefined, undefined]);
  });

  it('is looked at by itself, until the monitor is stopped', async () => {
    const { clock, events, monitor } = open('1m');
    clock.advance(61_000);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(30_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(events).toHaveLength(1);
    await monitor.stop();
    expect(clock.waiting).toBe(0);
  });
});

describe('durations', () => {
  it('are days, hours, minutes and seconds, from a minute to ten years', () => {
    expect(['2h', '90m', '1d12h', '1d1h1m1s', '60s'].map(parseDuration)).toEqual([
      2 * HOUR_MS,
      1.5 * HOUR_MS,
      36 * HOUR_MS,
      25 * HOUR_MS + 61_000,
      60_000,
    ]);
    for (const text of ['', '2', 'h', '1.5h', '-1h', '2h 3m', '3m2h', '59s', '99999d', '2 h']) {
      expect([text, parseDuration(text)]).toEqual([text, undefined]);
    }
  });
});
