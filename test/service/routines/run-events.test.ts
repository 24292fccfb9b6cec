import { afterEach, describe, expect, it } from 'vitest';
import type { ServiceEvent } from '../../../src/service/events/event.js';
import { ServiceFixture, type ServiceFixtureOptions } from '../../support/service-runs.js';

let fixture: ServiceFixture;
afterEach(() => fixture.close());

async function open(options: ServiceFixtureOptions = {}): Promise<ServiceEvent[]> {
  fixture = new ServiceFixture(options);
  const events: ServiceEvent[] = [];
  fixture.events.subscribe((event) => events.push(event));
  await fixture.runner.start();
  await fixture.runner.idle();
  return events;
}

describe('events of runs', () => {
  it('of one that succeeds are its start and its end, under the name of its folder', async () => {
    const events = await open();
    await fixture.run('full');
    expect(events.map(({ type }) => type)).toEqual(['backup.started', 'backup.completed']);
    const [backup] = fixture.list('backup')[0]!.split('/');
    for (const event of events) expect(event).toMatchObject({ storage: 's1', routine: 'nightly', backup });
  });

  it('of one that reports progress have it once a second', async () => {
    const events = await open();
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    const { settings, succeed } = await fixture.backup(0);
    const report = (records: number): void =>
      settings.onProgress?.({ records, bytes: records * 100, percent: records, recordsPerSecond: 7 } as never);
    report(1);
    report(2);
    fixture.clock.advance(1000);
    report(3);
    succeed();
    await fixture.runner.idle();
    expect(events.flatMap(({ progress }) => (progress === undefined ? [] : [progress]))).toEqual([
      { percent: 1, records: 1, bytes: 100, recordsPerSecond: 7 },
      { percent: 3, records: 3, bytes: 300, recordsPerSecond: 7 },
    ]);
  });

  it('of one that fails, and of one that is canceled, say so', async () => {
    const events = await open();
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    (await fixture.backup(0)).fail('KEY_INVALID', 'the key is wrong');
    await fixture.runner.idle();
    expect(events.at(-1)?.type).toBe('backup.failed');
    expect(events.at(-1)?.message).toContain('the key is wrong');
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    await fixture.backup(1);
    fixture.runner.cancel('nightly');
    await fixture.runner.idle();
    expect(events.at(-1)).toMatchObject({ type: 'backup.canceled', routine: 'nightly' });
  });

  it('of one that is due while another runs say that it is skipped', async () => {
    const events = await open();
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    const first = await fixture.backup(0);
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    expect(events.at(-1)).toMatchObject({ type: 'backup.skipped', routine: 'nightly' });
    first.succeed();
    await fixture.runner.idle();
  });

  it('of one that takes the place of an old one have the deletion', async () => {
    const events = await open({ policy: { retention: { full: 1 } } });
    await fixture.run('full');
    const [old] = fixture.list('backup')[0]!.split('/');
    fixture.clock.advance(5000);
    await fixture.run('full');
    await fixture.runner.idle();
    expect(events.filter(({ type }) => type === 'backup.deleted')).toMatchObject([{ backup: old, storage: 's1' }]);
  });
});
