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

describe('a change of the configuration', () => {
  it('of a schedule, is followed at once', async () => {
    await open();
    fixture.config.changeRoutine('nightly', { 'interval-cron': '0 40 * * * *' });
    expect((await fixture.runner.state('nightly'))['next-full']).toBe('2026-05-02T00:40:00.000Z');
    fixture.clock.advance(10 * 60_000);
    expect((await fixture.backup(0)).settings.directory).toContain(String(START_MS + 10 * 60_000));
  });

  it('of the zone of the service, moves its schedules', async () => {
    await open({ routine: { 'interval-cron': '0 0 5 * * *' } });
    fixture.config.change((document) => {
      document.service = { backup: { 'schedule-timezone': 'Europe/Berlin' } };
    });
    expect((await fixture.runner.state('nightly'))['next-full']).toBe('2026-05-02T03:00:00.000Z');
  });

  it('no run is lost while the document changes all the time', async () => {
    await open();
    for (let second = 0; second < HOUR_MS / 2000; second++) {
      fixture.config.change((document) => {
        document['backup-policies']!.p1 = { parallel: 1 + (second % 7) };
      });
      fixture.clock.advance(1000);
    }
    (await fixture.backup(0)).succeed();
    await fixture.runner.idle();
    expect(fixture.metrics.events).toEqual(['full success']);
  });

  it('a run goes on as it was begun; the next one is made as the document says then', async () => {
    await open({ policy: { 'retry-policy': { 'base-timeout': 10 } } });
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    const first = await fixture.backup(0);
    fixture.config.change((document) => {
      document['backup-policies']!.p1 = { parallel: 2 };
    });
    first.succeed();
    await fixture.runner.idle();
    expect(first.settings.parallel).toBe(8);
    await fixture.run('full');
    expect(fixture.asked[1]!.settings.parallel).toBe(2);
  });

  it('a routine that is removed loses its schedule and what was asked for, but its run goes on', async () => {
    await open();
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.runner.trigger('nightly', 'full', 1000);
    fixture.clock.advance(50);
    const backup = await fixture.backup(0);
    fixture.config.change((document) => {
      delete document['backup-routines']!.nightly;
    });
    fixture.clock.advance(3 * HOUR_MS);
    expect(fixture.metrics.forgotten).toEqual([]);
    backup.succeed();
    await fixture.runner.idle();
    expect(fixture.runs('backup')).toHaveLength(1);
    expect(fixture.metrics.events).toEqual(['full success']);
    expect(fixture.metrics.forgotten).toEqual(['nightly']);
    expect(() => fixture.runner.trigger('nightly', 'full', 0)).toThrow('routine "nightly" not found');
  });

  it('a routine that is disabled is unscheduled, and its run is canceled', async () => {
    await open();
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    await fixture.backup(0);
    fixture.config.changeRoutine('nightly', { disabled: true });
    await fixture.runner.idle();
    fixture.clock.advance(HOUR_MS);
    expect(fixture.metrics.events).toEqual(['full canceled']);
    expect(await fixture.runner.state('nightly')).toEqual({});
    expect(() => fixture.runner.trigger('nightly', 'full', 0)).toThrow('routine "nightly" is disabled');
    fixture.config.changeRoutine('nightly', { disabled: false });
    expect((await fixture.runner.state('nightly'))['next-full']).toBeDefined();
  });

  it('a routine that is added, is scheduled', async () => {
    await open();
    fixture.config.change((document) => {
      document['backup-routines']!.other = { ...document['backup-routines']!.nightly!, 'interval-cron': '@daily' };
    });
    expect((await fixture.runner.state('other'))['next-full']).toBe('2026-05-03T00:00:00.000Z');
  });
});
