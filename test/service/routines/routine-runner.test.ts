import { afterEach, describe, expect, it } from 'vitest';
import { HOUR_MS, ServiceFixture, START_MS, type ServiceFixtureOptions } from '../../support/service-runs.js';

let fixture: ServiceFixture;
afterEach(() => fixture.close());

async function open(options: ServiceFixtureOptions = {}): Promise<ServiceFixture> {
  fixture = new ServiceFixture(options);
  await fixture.runner.start();
  await fixture.runner.idle();
  return fixture;
}

describe('admission of runs', () => {
  it('a full run that is due while one runs, is skipped and not made later', async () => {
    await open();
    fixture.clock.advance(HOUR_MS / 2);
    const backup = await fixture.backup(0);
    fixture.clock.advance(HOUR_MS);
    expect(fixture.metrics.events).toEqual(['incremental skip', 'full skip']);
    backup.succeed();
    await fixture.runner.idle();
    expect(fixture.asked).toHaveLength(1);
  });

  it('an incremental run at the time of a full one, is skipped', async () => {
    await open({ routine: { 'incr-interval-cron': '0 0/30 * * * *' } });
    fixture.clock.advance(HOUR_MS / 2);
    (await fixture.backup(0)).succeed();
    await fixture.runner.idle();
    expect(fixture.metrics.events.sort()).toEqual(['full success', 'incremental skip']);
  });

  it('concurrent increments run beside a full backup', async () => {
    await open({ policy: { 'concurrent-incremental': true } });
    await fixture.run('full');
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.runner.trigger('nightly', 'incremental', 0);
    fixture.runner.trigger('nightly', 'incremental', 0);
    fixture.clock.advance(50);
    await fixture.backup(3);
    for (const asked of fixture.asked) asked.succeed();
    await fixture.runner.idle();
    expect(fixture.metrics.events.sort()).toEqual([
      'full success',
      'full success',
      'incremental success',
      'incremental success',
    ]);
    // Each has a folder of its own.
    expect(fixture.runs('incremental')).toHaveLength(2);
  });

  it.each(['openStorage', 'toClusterSettings', 'readClusterFacts', 'toBackupSettings'] as const)(
    'a run that cannot begin (%s fails) gives the next one its place',
    async (part) => {
      const gone = Object.assign(new Error('gone'), { code: 'OPTION_MISSING' });
      await open();
      fixture.runner = fixture.createRunner({ [part]: () => Promise.reject(gone) });
      await fixture.run('full');
      await fixture.run('full');
      expect(fixture.metrics.events).toEqual(['full failure', 'full failure']);
      expect(fixture.metrics.active.size).toBe(0);
      expect(fixture.list()).toEqual([]);
    },
  );

  it('a cluster that does not answer is tried again before the run fails', async () => {
    let attempts = 0;
    await open({
      environment: {
        readClusterFacts: () => {
          attempts++;
          return Promise.reject(Object.assign(new Error('nobody there'), { code: 'CLUSTER_UNREACHABLE' }));
        },
      },
      policy: { 'retry-policy': { 'base-timeout': 1000, multiplier: 1, 'max-retries': 2 } },
    });
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    let isOver = false;
    const idle = fixture.runner.idle().then(() => (isOver = true));
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      fixture.clock.advance(1000);
    }
    await idle;
    expect(attempts).toBe(3);
    expect(fixture.metrics.events).toEqual(['full retry', 'full retry', 'full failure']);
  });
});

describe('a run that waits for somebody who never answers', () => {
  it('is given up and gives the next one its place', async () => {
    await open();
    fixture.runner = fixture.createRunner({ openStorage: () => new Promise(() => undefined) });
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    fixture.clock.advance(10 * 60_000);
    await fixture.runner.idle();
    expect(fixture.metrics.events).toEqual(['full failure']);
    expect(fixture.metrics.active.size).toBe(0);
  });

  it('ends at once when it is canceled', async () => {
    await open();
    fixture.runner = fixture.createRunner({ readClusterFacts: () => new Promise(() => undefined) });
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    fixture.runner.cancel('nightly');
    await fixture.runner.idle();
    expect(fixture.metrics.events).toEqual(['full canceled']);
  });
});

describe('a run that is asked for', () => {
  it('begins after its delay, and at least 50 ms later', async () => {
    await open();
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(49);
    expect(fixture.metrics.active.size).toBe(0);
    fixture.clock.advance(1);
    expect(fixture.metrics.active.size).toBe(1);
    (await fixture.backup(0)).succeed();
    await fixture.runner.idle();
  });

  it('whose delay is longer than a timer can wait, does not begin at once', async () => {
    // Schedules without a next time: theirs are the only other timers.
    await open({ routine: { 'interval-cron': '0 0 0 * * ? 2020', 'incr-interval-cron': '' } });
    fixture.runner.trigger('nightly', 'full', 90 * 24 * HOUR_MS);
    fixture.clock.advance(89 * 24 * HOUR_MS);
    expect(fixture.metrics.active.size).toBe(0);
    fixture.clock.advance(24 * HOUR_MS);
    expect([...fixture.metrics.active]).toEqual(['nightly full']);
    fixture.runner.cancel('nightly');
  });

  it('is canceled before it begins', async () => {
    await open();
    fixture.runner.trigger('nightly', 'full', 1000);
    fixture.runner.cancel('nightly');
    fixture.clock.advance(2000);
    expect(fixture.metrics.active.size).toBe(0);
  });

  it('of an unknown routine, is refused; a name of every object is unknown, too', async () => {
    await open();
    for (const name of ['none', 'constructor', '__proto__']) {
      expect(() => fixture.runner.trigger(name, 'full', 0)).toThrow(`routine "${name}" not found`);
      expect(() => fixture.runner.cancel(name)).toThrow(`routine "${name}" not found`);
      await expect(fixture.runner.state(name)).rejects.toThrow(`routine "${name}" not found`);
    }
  });
});

describe('the state of a routine', () => {
  it('tells what runs, what was last and what is next', async () => {
    await open();
    expect(await fixture.runner.state('nightly')).toEqual({
      'next-full': '2026-05-02T01:00:00.000Z',
      'next-incremental': '2026-05-02T01:30:00.000Z',
    });
    await fixture.run('full');
    fixture.clock.advance(60_000);
    fixture.runner.trigger('nightly', 'incremental', 0);
    fixture.clock.advance(50);
    const { settings, succeed } = await fixture.backup(1);
    settings.onProgress!({
      percent: 25,
      records: 50,
      bytes: 4096,
      recordsPerSecond: 10,
      bytesPerSecond: 2048,
      etaSeconds: 3,
    });
    fixture.clock.advance(5000);
    const state = await fixture.runner.state('nightly');
    expect(state).toMatchObject({
      'last-full': new Date(START_MS + 50).toISOString(),
      incremental: {
        'total-records': 200,
        'done-records': 50,
        'start-time': new Date(START_MS + 60_100).toISOString(),
        'percentage-done': 25,
        'estimated-end-time': new Date(START_MS + 60_100 + 20_000).toISOString(),
        duration: 5,
        metrics: { 'records-per-second': 10, 'kilobytes-per-second': 2, pipeline: 0 },
      },
    });
    expect(state['last-incremental']).toBeUndefined();
    succeed();
    await fixture.runner.idle();
    expect((await fixture.runner.state('nightly'))['last-incremental']).toBe(new Date(START_MS + 60_100).toISOString());
  });

  it('of a storage that does not answer, says nothing about the history', async () => {
    fixture = new ServiceFixture({ environment: { openStorage: () => new Promise(() => undefined) } });
    await fixture.runner.start();
    const state = fixture.runner.state('nightly');
    fixture.clock.advance(15_000);
    expect(Object.keys(await state)).toEqual(['next-full', 'next-incremental']);
  });

  it('a run is about the namespaces that it names, or all until the cluster has answered', async () => {
    await open();
    fixture.runner.trigger('nightly', 'full', 0);
    expect(fixture.runner.isBackingUp('c1', ['test'])).toBe(false);
    fixture.clock.advance(50);
    expect(fixture.runner.isBackingUp('c1', ['test', 'x'])).toBe(true);
    expect(fixture.runner.isBackingUp('c1', ['x'])).toBe(false);
    expect(fixture.runner.isBackingUp('c2', ['test'])).toBe(false);
    (await fixture.backup(0)).succeed();
    await fixture.runner.idle();
    fixture.config.changeRoutine('nightly', { namespaces: [] });
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    expect(fixture.runner.isBackingUp('c1', ['x'])).toBe(true);
    await fixture.backup(2);
    expect(fixture.runner.isBackingUp('c1', ['x'])).toBe(false);
    fixture.runner.cancel('nightly');
  });
});
