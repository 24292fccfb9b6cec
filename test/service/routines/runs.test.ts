import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { formatTime } from '../../../src/service/backups/metadata-file.js';
import { HOUR_MS, ServiceFixture, START_MS, type ServiceFixtureOptions } from '../../support/service-runs.js';

let fixture: ServiceFixture;
afterEach(() => fixture.close());

async function open(options: ServiceFixtureOptions = {}): Promise<ServiceFixture> {
  fixture = new ServiceFixture(options);
  await fixture.runner.start();
  await fixture.runner.idle();
  return fixture;
}

/** Lets everything go on that waits for nothing but itself. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe('a full run', () => {
  it('that is due, is made, and listed under its start when it is complete', async () => {
    const { clock, runner, metrics } = await open();
    clock.advance(HOUR_MS / 2);
    const backup = await fixture.backup(0);
    expect(backup.settings).toMatchObject({ namespace: 'test', prefix: 'test', manifest: true, parallel: 8 });
    expect(fixture.list()).toEqual([]);
    expect([...metrics.active]).toEqual(['nightly full']);
    backup.succeed();
    await runner.idle();
    const time = String(START_MS + HOUR_MS / 2);
    expect(fixture.list('backup')).toEqual([
      `${time}/data/test/manifest.json`,
      `${time}/data/test/metadata.yaml`,
      `${time}/data/test/test_00000.asb`,
    ]);
    expect(metrics.events).toEqual(['full success']);
    expect(metrics.durations).toBe(1);
    expect(metrics.active.size).toBe(0);
  });

  it('whose namespaces are empty, is a backup all the same', async () => {
    await open();
    await fixture.run('full', { records: 0 });
    expect(fixture.list('backup').some((path) => path.endsWith('metadata.yaml'))).toBe(true);
  });

  it('of no named namespace, has all that the cluster has at that time', async () => {
    await open({ routine: { namespaces: [] } });
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    await fixture.backup(1);
    expect(fixture.asked.map(({ settings }) => settings.namespace)).toEqual(['test', 'zz']);
    for (const asked of fixture.asked) asked.succeed();
    await fixture.runner.idle();
  });

  it('of a namespace that the cluster does not have, fails without a retry', async () => {
    await open({ routine: { namespaces: ['test', 'gone'] } });
    await fixture.run('full');
    expect(fixture.metrics.events).toEqual(['full failure']);
    expect(fixture.lines.join('\n')).toContain('The cluster has no namespace "gone"');
    expect(fixture.list()).toEqual([]);
  });

  it('shares its scans among its namespaces, and has no more than the policy allows', async () => {
    await open({ namespaces: ['a', 'b', 'c'], policy: { parallel: 8 } });
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    await fixture.backup(2);
    expect(fixture.asked.map(({ settings }) => settings.parallel)).toEqual([3, 3, 2]);
    for (const asked of fixture.asked) asked.succeed();
    await fixture.runner.idle();
  });

  it('with fewer scans than namespaces, reads so many namespaces at a time', async () => {
    await open({ namespaces: ['a', 'b', 'c'], policy: { parallel: 2 } });
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    await fixture.backup(1);
    await settle();
    expect(fixture.asked).toHaveLength(2);
    fixture.asked[0]!.succeed();
    (await fixture.backup(2)).succeed();
    fixture.asked[1]!.succeed();
    await fixture.runner.idle();
    expect(fixture.metrics.events).toEqual(['full success']);
  });

  it('asks at most as many nodes at a time as the policy says: a scan asks one after the other', async () => {
    await open({ policy: { parallel: 8, 'max-concurrent-nodes': 3 } });
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    expect((await fixture.backup(0)).settings.parallel).toBe(3);
    fixture.asked[0]!.succeed();
  });

  it('that fails in one namespace, ends the others and leaves nothing listed and nothing behind', async () => {
    await open({ namespaces: ['a', 'b'] });
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    (await fixture.backup(0)).succeed();
    (await fixture.backup(1)).fail('CLUSTER_VERSION');
    await fixture.runner.idle();
    expect(fixture.metrics.events).toEqual(['full failure']);
    expect(fixture.list()).toEqual([]);
  });

  it('that is canceled, ends and leaves nothing behind', async () => {
    await open({ namespaces: ['a', 'b'] });
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    (await fixture.backup(0)).succeed();
    await fixture.backup(1);
    fixture.runner.cancel('nightly');
    await fixture.runner.idle();
    expect(fixture.metrics.events).toEqual(['full canceled']);
    expect(fixture.list()).toEqual([]);
  });

  it('with cluster configuration, keeps that of each node', async () => {
    await open({ policy: { 'with-cluster-configuration': true } });
    await fixture.run('full');
    const [time] = fixture.runs('backup');
    const directory = join(fixture.folder.path, 'nightly/backup', time!, 'configuration');
    expect(readFileSync(join(directory, 'aerospike_0.conf'), 'utf8')).toBe('# one\n');
    expect(readFileSync(join(directory, 'aerospike_1.conf'), 'utf8')).toBe('# two\n');
  });

  it('whose cluster does not tell its configuration, is a backup without it', async () => {
    await open({
      policy: { 'with-cluster-configuration': true },
      environment: { readClusterConfiguration: () => Promise.reject(new Error('refused')) },
    });
    await fixture.run('full');
    expect(fixture.metrics.events).toEqual(['full success']);
    expect(fixture.lines.join('\n')).toContain('The configuration of the cluster could not be kept: refused');
  });
});

describe('runs of several routines', () => {
  it('of one cluster, have no more scans together than the cluster allows', async () => {
    await open({
      policy: { parallel: 4 },
      document: (document) => {
        document['aerospike-clusters']!.c1!['max-parallel-scans'] = 5;
        document['backup-routines']!.other = { ...document['backup-routines']!.nightly! };
      },
    });
    fixture.clock.advance(HOUR_MS / 2);
    await fixture.backup(1);
    expect(fixture.asked.map(({ settings }) => settings.parallel)).toEqual([4, 1]);
    for (const asked of fixture.asked) asked.succeed();
    await fixture.runner.idle();
  });

  it('canceled runs give back the scans of the cluster that others wait for', async () => {
    await open({
      policy: { parallel: 4 },
      document: (document) => {
        document['aerospike-clusters']!.c1!['max-parallel-scans'] = 4;
        document['backup-routines']!.other = { ...document['backup-routines']!.nightly! };
      },
    });
    fixture.clock.advance(HOUR_MS / 2);
    await fixture.backup(0);
    await settle();
    expect(fixture.asked).toHaveLength(1);
    const first = fixture.asked[0]!.settings.directory!.includes('/nightly/') ? 'nightly' : 'other';
    fixture.runner.cancel(first);
    (await fixture.backup(1)).succeed();
    await fixture.runner.idle();
    expect(fixture.metrics.events.sort()).toEqual(['full canceled', 'full success']);
  });

  it('an unreachable cluster does not delay the others', async () => {
    await open({
      environment: {
        toClusterSettings: (name) => Promise.resolve({ hosts: name }),
        readClusterFacts: ({ hosts }, _log, signal) =>
          hosts === 'c1'
            ? Promise.resolve({ namespaces: ['test'], clockLeadMs: 0 })
            : new Promise((_resolve, reject) => {
                signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
              }),
      },
      document: (document) => {
        document['aerospike-clusters']!.c2 = { ...document['aerospike-clusters']!.c1! };
        document['backup-routines']!.other = { ...document['backup-routines']!.nightly!, 'source-cluster': 'c2' };
      },
    });
    fixture.clock.advance(HOUR_MS / 2);
    (await fixture.backup(0)).succeed();
    await settle();
    expect(fixture.runs('backup')).toHaveLength(1);
    fixture.runner.cancel('other');
  });
});

describe('an incremental run', () => {
  it('before the first full backup, is skipped', async () => {
    await open();
    await fixture.run('incremental');
    expect(fixture.metrics.events).toEqual(['incremental skip']);
    expect(fixture.metrics.durations).toBe(0);
  });

  it('begins ten seconds before the last run began, and by how much the clocks differ', async () => {
    await open({ clockLeadMs: 700 });
    await fixture.run('full');
    const full = Number(fixture.runs('backup')[0]);
    fixture.clock.advance(60_000);
    fixture.runner.trigger('nightly', 'incremental', 0);
    fixture.clock.advance(50);
    const { settings, succeed } = await fixture.backup(1);
    expect(settings).toMatchObject({ modifiedAfter: new Date(full - 10_700), noIndexes: true, noUdfs: true });
    expect(settings.modifiedBefore).toBeUndefined();
    succeed();
    await fixture.runner.idle();
    expect(fixture.runs('incremental')).toEqual([String(full + 60_050)]);
    const file = join(fixture.folder.path, 'nightly/incremental', String(full + 60_050), 'data/test/metadata.yaml');
    expect(readFileSync(file, 'utf8')).toContain(`from: ${formatTime(new Date(full).toISOString())}\n`);
  });

  it.each([
    ['differential', 1],
    ['cumulative', 0],
  ] as const)('%s, builds on the right run', async (mode, base) => {
    await open({ policy: { 'incr-mode': mode } });
    await fixture.run('full');
    fixture.clock.advance(60_000);
    await fixture.run('incremental');
    const starts = [Number(fixture.runs('backup')[0]), Number(fixture.runs('incremental')[0])];
    fixture.clock.advance(60_000);
    await fixture.run('incremental');
    expect(fixture.asked[2]!.settings.modifiedAfter).toEqual(new Date(starts[base]! - 10_000));
  });

  it('without a change, leaves nothing and the next one builds on the run before', async () => {
    await open();
    await fixture.run('full');
    const full = Number(fixture.runs('backup')[0]);
    fixture.clock.advance(60_000);
    await fixture.run('incremental', { records: 0 });
    expect(fixture.runs('incremental')).toEqual([]);
    expect(fixture.metrics.events).toEqual(['full success', 'incremental success']);
    fixture.clock.advance(60_000);
    await fixture.run('incremental');
    expect(fixture.asked[2]!.settings.modifiedAfter).toEqual(new Date(full - 10_000));
  });

  it('changes of a namespace whose last backup failed are not lost: it builds on its own last good one', async () => {
    await open({ namespaces: ['a', 'b'] });
    await fixture.run('full');
    const [first] = fixture.runs('backup');
    fixture.clock.advance(60_000);
    await fixture.run('full');
    const second = fixture.runs('backup')[1]!;
    // As ABS 3.6 left a run of which one namespace had failed.
    rmSync(join(fixture.folder.path, 'nightly/backup', second, 'data/b'), { recursive: true });
    // Another process reads the storage.
    fixture.runner = fixture.createRunner();
    await fixture.runner.start();
    fixture.clock.advance(60_000);
    await fixture.run('incremental');
    const asked = fixture.asked.slice(4).map(({ settings }) => [settings.namespace, settings.modifiedAfter]);
    expect(asked).toEqual([
      ['a', new Date(Number(second) - 10_000)],
      ['b', new Date(Number(first) - 10_000)],
    ]);
  });

  it('of a namespace without a full backup, leaves it out', async () => {
    await open({ namespaces: ['a'] });
    await fixture.run('full');
    fixture.config.changeRoutine('nightly', { namespaces: ['a', 'zz'] });
    fixture.clock.advance(60_000);
    await fixture.run('incremental');
    expect(fixture.asked.slice(1).map(({ settings }) => settings.namespace)).toEqual(['a']);
    expect(fixture.lines.join('\n')).toContain('The namespace zz has no full backup yet');
  });

  it('one damaged metadata file hides no other backup', async () => {
    await open();
    await fixture.run('full');
    const good = Number(fixture.runs('backup')[0]);
    const damaged = join(fixture.folder.path, 'nightly/backup', String(good + 30_000), 'data/test');
    mkdirSync(damaged, { recursive: true });
    writeFileSync(join(damaged, 'metadata.yaml'), 'created: 2026-0');
    fixture.clock.advance(60_000);
    await fixture.run('incremental');
    expect(fixture.asked[1]!.settings.modifiedAfter).toEqual(new Date(good - 10_000));
    expect(fixture.lines.join('\n')).toContain('is damaged');
    const state = await fixture.runner.state('nightly');
    expect(state['last-full']).toBe(new Date(good).toISOString());
  });

  it('sealed, has no change after its start, however often it is tried: no change falls between two runs', async () => {
    await open({ policy: { sealed: true } });
    await fixture.run('full');
    expect(fixture.asked[0]!.settings.modifiedBefore).toEqual(new Date(Number(fixture.runs('backup')[0])));
    fixture.clock.advance(60_000);
    fixture.runner.trigger('nightly', 'incremental', 0);
    fixture.clock.advance(50);
    const startMs = fixture.clock.nowMs();
    (await fixture.backup(1)).fail('NET_CLOSED');
    await settle();
    fixture.clock.advance(60_000);
    const retried = await fixture.backup(2);
    expect(retried.settings).toMatchObject({
      modifiedAfter: fixture.asked[1]!.settings.modifiedAfter,
      modifiedBefore: new Date(startMs),
    });
    retried.succeed();
    await fixture.runner.idle();
    expect(fixture.runs('incremental')).toEqual([String(startMs)]);
  });
});

describe('a namespace that fails', () => {
  it('is tried again in a folder of its own, after growing waits, and the backup has the last attempt alone', async () => {
    await open();
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    (await fixture.backup(0)).fail('NET_CLOSED');
    await settle();
    fixture.clock.advance(59_999);
    await settle();
    expect(fixture.asked).toHaveLength(1);
    fixture.clock.advance(1);
    (await fixture.backup(1)).fail('NET_CLOSED');
    await settle();
    fixture.clock.advance(90_000);
    (await fixture.backup(2)).succeed();
    await fixture.runner.idle();
    expect(fixture.metrics.events).toEqual(['full retry', 'full retry', 'full success']);
    const [time] = fixture.runs('backup');
    expect(fixture.list('backup')).toEqual([
      `${time!}/data/test.3/manifest.json`,
      `${time!}/data/test.3/metadata.yaml`,
      `${time!}/data/test.3/test_00000.asb`,
    ]);
  });

  it('as often as the policy allows, fails the run', async () => {
    await open({ policy: { 'retry-policy': { 'base-timeout': 10, 'max-retries': 1 } } });
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    (await fixture.backup(0)).fail('NET_CLOSED');
    await settle();
    fixture.clock.advance(10);
    (await fixture.backup(1)).fail('NET_CLOSED');
    await fixture.runner.idle();
    expect(fixture.metrics.events).toEqual(['full retry', 'full failure']);
    expect(fixture.list()).toEqual([]);
  });

  it.each(['LOGIN_REFUSED', 'OPTION_RANGE', 'S3_DENIED', 'SERVER_4', 'INTERNAL'])(
    'with %s, is not tried again',
    async (code) => {
      await open();
      fixture.runner.trigger('nightly', 'full', 0);
      fixture.clock.advance(50);
      (await fixture.backup(0)).fail(code);
      await fixture.runner.idle();
      expect(fixture.metrics.events).toEqual(['full failure']);
    },
  );

  it('a run that is canceled while it waits for the next attempt, ends at once', async () => {
    await open();
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    (await fixture.backup(0)).fail('NET_CLOSED');
    await settle();
    fixture.runner.cancel('nightly');
    await fixture.runner.idle();
    expect(fixture.metrics.events).toEqual(['full retry', 'full canceled']);
    expect(fixture.clock.nowMs()).toBe(START_MS + 50);
  });
});
