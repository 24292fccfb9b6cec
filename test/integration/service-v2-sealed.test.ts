/** Sealed backups of /v2 without a routine: what they leave out, and what increments make up for. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InMemoryCluster } from '../../src/node/cluster.js';
import type { Backup } from '../../src/service/v2/schema/backup.js';
import { clientRecord, putRecord, readContents } from '../support/cluster-contents.js';
import { folder, NEVER, startV2, type V2Fixture, type V2FixtureOptions } from '../support/v2.js';

const WAIT = { timeoutMs: 60_000, signal: NEVER };
const HOUR_MS = 3_600_000;
let cluster: InMemoryCluster;
const started: V2Fixture[] = [];

beforeEach(async () => {
  cluster = await InMemoryCluster.start({ namespaces: ['test', 'copy'] });
  putRecord(cluster, 'test', clientRecord('users', 1, 10), Date.now() - HOUR_MS);
  // Changed after the start of every backup.
  putRecord(cluster, 'test', clientRecord('users', 2, 20), Date.now() + HOUR_MS);
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((service) => service.stop()));
  await cluster.stop();
});
afterAll(() => folder.remove());

async function start(options: V2FixtureOptions = {}): Promise<V2Fixture> {
  const service = await startV2(cluster, options);
  started.push(service);
  return service;
}

async function make({ operations }: V2Fixture, request: object): Promise<Backup> {
  const { id } = await operations.createBackup('disk', { include: ['test'], ...request });
  return operations.waitForBackup('disk', id, {}, WAIT);
}

describe('a sealed backup without a routine', () => {
  it('leaves out what is changed after its start, and says that it is sealed, and up to when', async () => {
    const service = await start();
    const before = new Date().toISOString();
    const done = await make(service, { id: 'one', sealed: true });
    expect(done).toMatchObject({ state: 'COMPLETED', records: 1, consistency: 'sealed' });
    expect(done['upper-bound']! >= before && done['upper-bound']! <= done.finished!).toBe(true);
    const { backups } = await service.operations.listBackups('disk', { limit: 10 });
    expect(backups).toMatchObject([{ id: 'one', consistency: 'sealed' }]);
    expect(await make(service, { id: 'two' })).toMatchObject({ records: 2, consistency: 'fuzzy' });
  });

  it('is one if its policy says so, unless the request says otherwise', async () => {
    const service = await start({
      document: (document) => (document['backup-policies']!.sealed = { sealed: true }),
    });
    const policy = { 'backup-policy': 'sealed' };
    expect(await make(service, { ...policy, id: 'one' })).toMatchObject({ records: 1, consistency: 'sealed' });
    expect(await make(service, { ...policy, id: 'two', sealed: false })).toMatchObject({
      records: 2,
      consistency: 'fuzzy',
    });
  });

  it('is completed by an increment, with which it is restored', async () => {
    const service = await start();
    const { operations } = service;
    await make(service, { id: 'base', sealed: true });
    const sealed = await make(service, { id: 'sealed', type: 'DIFFERENTIAL', sealed: true });
    expect(sealed).toMatchObject({ state: 'COMPLETED', parent: 'base', records: 0, consistency: 'sealed' });
    const next = await make(service, { id: 'next', type: 'DIFFERENTIAL' });
    expect(next).toMatchObject({ state: 'COMPLETED', parent: 'sealed', records: 1, consistency: 'fuzzy' });
    const [ranges] = (await operations.ranges('disk')).namespaces;
    expect(ranges).toMatchObject({ gaps: [] });
    const time = new Date().toISOString();
    const job = await operations.restoreAtTime('disk', { time, rename: { test: 'copy' } });
    expect((await operations.waitForJob(job.id, WAIT)).state).toBe('COMPLETED');
    expect(await readContents(cluster, 'copy')).toEqual(await readContents(cluster, 'test'));
  });

  it('that goes on after a restart, has the bound of its start', async () => {
    for (let n = 10; n < 60; n++) {
      putRecord(cluster, 'test', clientRecord('users', n, n), Date.now() - HOUR_MS);
    }
    const root = `${folder.path}/sealed-restart`;
    const slow = (document: V2Fixture['config']['document']): void => {
      document['backup-policies']!.slow = { 'records-per-second': 5, sealed: true };
    };
    const before = await start({ root, document: slow });
    await before.operations.createBackup('disk', { id: 'long', include: ['test'], 'backup-policy': 'slow' });
    await before.stop();
    const after = await start({ root });
    expect(await after.operations.readBackup('disk', 'long')).toMatchObject({ state: 'INCOMPLETE' });
    after.config.change((document) => (document['backup-policies']!.slow = {}));
    after.operations.start();
    let done = await after.operations.waitForBackup('disk', 'long', {}, WAIT);
    while (done.state === 'INCOMPLETE') {
      await new Promise((resolve) => setImmediate(resolve));
      done = await after.operations.waitForBackup('disk', 'long', {}, WAIT);
    }
    expect(done).toMatchObject({ state: 'COMPLETED', records: 51, consistency: 'sealed' });
  });
});
