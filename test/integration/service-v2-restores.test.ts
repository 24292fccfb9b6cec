/** Restores, verifications, copies and clones of /v2 between namespaces of a cluster in this process. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { checkValue } from '../../src/service/document/check-value.js';
import type { Backup } from '../../src/service/v2/schema/backup.js';
import { Job } from '../../src/service/v2/schema/job.js';
import { RestorePlan } from '../../src/service/v2/schema/restore-backup.js';
import { RuntimeState, StorageRanges } from '../../src/service/v2/schema/runtime-state.js';
import { clientRecord, putRecord, readContents } from '../support/cluster-contents.js';
import { folder, NEVER, refusal, startV2, type V2Fixture, type V2FixtureOptions } from '../support/v2.js';

const WAIT = { timeoutMs: 60_000, signal: NEVER };
let cluster: InMemoryCluster;
const started: V2Fixture[] = [];

beforeEach(async () => {
  cluster = await InMemoryCluster.start({ namespaces: ['test', 'copy'] });
  putRecord(cluster, 'test', clientRecord('users', 1, 10));
  putRecord(cluster, 'test', clientRecord('orders', 2, 20));
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

/** The job when it has ended. */
async function end({ operations }: V2Fixture, begun: Promise<Job>): Promise<Job> {
  const job = await operations.waitForJob((await begun).id, WAIT);
  expect(checkValue(Job, job, '')).toEqual([]);
  return job;
}

const RENAME = { rename: { test: 'copy' } };

describe('a restore', () => {
  it('into another namespace, with a set renamed, is a job under the id of the backup', async () => {
    const service = await start();
    await make(service, { id: 'one' });
    const request = { rename: { test: 'copy', 'test.users': 'copy.vip' } };
    const job = await end(service, service.operations.restoreBackup('disk', 'one', request));
    expect(job).toMatchObject({
      kind: 'RESTORE',
      state: 'COMPLETED',
      backup: 'one',
      restore: { 'inserted-records': 2 },
    });
    expect(job.restore!.namespaces).toMatchObject([{ namespace: 'test', target: 'copy', backups: ['one'] }]);
    expect(await readContents(cluster, 'copy')).toEqual(['orders/2=20', 'vip/1=10']);
    expect((await service.operations.latestRestore('disk', 'one')).id).toBe(job.id);
    expect(service.metrics.restores).toEqual(['success']);
    expect(service.published).toContain('restore.completed');
  });

  it('of sets that are included, leaves the others out', async () => {
    const service = await start();
    await make(service, { id: 'one' });
    await end(service, service.operations.restoreBackup('disk', 'one', { include: ['test.orders'], ...RENAME }));
    expect(await readContents(cluster, 'copy')).toEqual(['orders/2=20']);
  });

  it('into what is not empty, is refused with counts, and merges if asked to', async () => {
    const service = await start();
    await make(service, { id: 'one' });
    putRecord(cluster, 'copy', clientRecord('users', 9, 90));
    expect(await refusal(service.operations.restoreBackup('disk', 'one', RENAME))).toEqual({
      code: 'target-not-empty',
      status: 409,
      facts: { targets: [{ namespace: 'copy', records: 1 }] },
    });
    await end(service, service.operations.restoreBackup('disk', 'one', { ...RENAME, 'on-existing': 'merge' }));
    expect(await readContents(cluster, 'copy')).toHaveLength(3);
  });

  it('that is planned, changes nothing and says what would refuse it', async () => {
    const service = await start();
    await make(service, { id: 'one' });
    const plan = await service.operations.planRestore('disk', 'one', {});
    expect(checkValue(RestorePlan, plan, '')).toEqual([]);
    expect(plan).toMatchObject({
      records: 2,
      cluster: 'main',
      namespaces: [{ namespace: 'test', target: 'test', 'existing-records': 2, backups: [{ id: 'one' }] }],
      refusals: [{ code: 'target-not-empty', details: { targets: [{ namespace: 'test', records: 2 }] } }],
    });
    expect((await service.operations.planRestore('disk', 'one', RENAME)).refusals).toEqual([]);
    expect(await readContents(cluster, 'copy')).toEqual([]);
  });

  it('that cannot be, has the code of why', async () => {
    const service = await start();
    const { operations } = service;
    await make(service, { id: 'one' });
    await operations.createBackup('disk', { id: 'mark', type: 'MARKER' });
    const restore = (id: string, request: object = {}): ReturnType<typeof refusal> =>
      refusal(operations.restoreBackup('disk', id, request));
    expect(await restore('one', { include: ['absent'] })).toMatchObject({ code: 'not-in-backup', status: 404 });
    expect(await restore('one', { include: ['test'], exclude: ['test.users'] })).toMatchObject({
      code: 'include-exclude',
    });
    expect(await restore('mark')).toMatchObject({ code: 'not-restorable', status: 409 });
    expect(await restore('nothing')).toMatchObject({ code: 'not-found', status: 404 });
    await make(service, { id: 'two' });
    await operations.deleteBackup('disk', 'two', { cascade: false });
    expect(await restore('two')).toMatchObject({ code: 'deleted', status: 409 });
    rmSync(join(service.root, 'one', 'test', 'manifest.json'));
    for (const name of readdirSync(join(service.root, 'one', 'test'))) rmSync(join(service.root, 'one', 'test', name));
    const fresh = await start({ root: join(service.root, '..') });
    expect(await refusal(fresh.operations.restoreBackup('disk', 'one', {}))).toMatchObject({
      code: 'not-restorable',
      facts: { state: 'INCOMPLETE' },
    });
  });

  it('while a backup reads its target, is refused', async () => {
    const service = await start({
      document: (document) => (document['backup-policies']!.slow = { 'records-per-second': 1 }),
    });
    const { operations } = service;
    await make(service, { id: 'one' });
    putRecord(cluster, 'copy', clientRecord('users', 9, 90));
    putRecord(cluster, 'copy', clientRecord('users', 8, 90));
    await operations.createBackup('disk', { id: 'running', include: ['copy'], 'backup-policy': 'slow' });
    expect(await refusal(operations.restoreBackup('disk', 'one', RENAME))).toMatchObject({
      code: 'target-busy',
      status: 409,
    });
    await operations.cancelBackup('disk', 'running');
  });
});

describe('a restore at a time', () => {
  it('takes the newest backup with what it builds on, and names the nearest moments otherwise', async () => {
    const service = await start();
    const { operations } = service;
    const base = await make(service, { id: 'base' });
    putRecord(cluster, 'test', clientRecord('users', 3, 30));
    const next = await make(service, { id: 'next', type: 'DIFFERENTIAL' });
    const before = new Date(Date.parse(base.created) - 60_000).toISOString();
    const refused = await refusal(operations.restoreAtTime('disk', { time: before, ...RENAME }));
    expect(refused).toMatchObject({ code: 'no-restore-point', status: 409 });
    expect(refused.facts).toMatchObject({ namespaces: [{ namespace: 'test', after: { id: 'base' } }] });
    const late = new Date(Date.parse(next.finished!) + 1000).toISOString();
    const plan = await operations.planRestoreAtTime('disk', { time: late, ...RENAME });
    expect(plan.namespaces[0]!.backups.map(({ id }) => id)).toEqual(['next', 'base']);
    const job = await end(service, operations.restoreAtTime('disk', { time: late, ...RENAME }));
    expect(job).toMatchObject({ state: 'COMPLETED', time: late });
    expect(await readContents(cluster, 'copy')).toEqual(['orders/2=20', 'users/1=10', 'users/3=30']);
  });
});

describe('the state', () => {
  it('has ranges of each namespace, marks and what was deleted as a gap', async () => {
    const service = await start();
    const { operations } = service;
    await make(service, { id: 'base' });
    await make(service, { id: 'next', type: 'DIFFERENTIAL' });
    await operations.createBackup('disk', { id: 'mark', type: 'MARKER' });
    const state = await operations.state();
    expect(checkValue(RuntimeState, state, '')).toEqual([]);
    expect(state.namespaces).toMatchObject([
      {
        namespace: 'test',
        storage: 'disk',
        checkpoint: { id: 'mark', type: 'MARKER' },
        backup: { id: 'next', type: 'DIFFERENTIAL' },
        ranges: [{ start: { id: 'base' }, end: { id: 'next' } }],
      },
    ]);
    const ranges = await operations.ranges('disk');
    expect(checkValue(StorageRanges, ranges, '')).toEqual([]);
    expect(ranges.namespaces[0]).toMatchObject({ ranges: [{ base: 'base' }], gaps: [], markers: [{ id: 'mark' }] });
  });
});

describe('other jobs', () => {
  it('a verification, says that a backup is sound, and what is wrong with it', async () => {
    const service = await start();
    const { operations } = service;
    await make(service, { id: 'one' });
    const sound = await end(service, operations.verifyBackup('disk', 'one', {}));
    expect(sound).toMatchObject({
      kind: 'VERIFY',
      state: 'COMPLETED',
      verify: { sound: true, records: 2, problems: [] },
    });
    const data = readdirSync(join(service.root, 'one', 'test')).find((name) => name.endsWith('.asb'))!;
    rmSync(join(service.root, 'one', 'test', data));
    const broken = await end(service, operations.verifyBackup('disk', 'one', { 'checksums-only': true }));
    expect(broken.verify!.sound).toBe(false);
  });

  it('a copy to another storage, is a backup there, and no second one of its id', async () => {
    const service = await start();
    const { operations } = service;
    await make(service, { id: 'one' });
    const job = await end(service, operations.copyBackup('disk', 'one', { to: 'second' }));
    expect(job).toMatchObject({ state: 'COMPLETED', copy: { storage: 'second', backup: 'one' } });
    expect(await operations.readBackup('second', 'one')).toMatchObject({ state: 'COMPLETED', records: 2 });
    expect(await refusal(operations.copyBackup('disk', 'one', { to: 'second' }))).toMatchObject({ code: 'id-taken' });
    expect(await refusal(operations.copyBackup('disk', 'one', { to: 'nowhere' }))).toMatchObject({
      code: 'no-storage',
      status: 400,
    });
  });

  it('a clone, is a backup that is restored under other names, as one job', async () => {
    const service = await start();
    const request = { storage: 'disk', id: 'cloned', include: ['test'], rename: { test: 'copy' } };
    const job = await end(service, service.operations.clone(request));
    expect(job).toMatchObject({ kind: 'CLONE', state: 'COMPLETED', backup: 'cloned', phase: 'restore' });
    expect(await readContents(cluster, 'copy')).toEqual(['orders/2=20', 'users/1=10']);
  });

  it('are listed, and known after a restart', async () => {
    const dataDirectory = join(folder.path, 'jobs');
    mkdirSync(dataDirectory);
    const service = await start({ options: { dataDirectory } });
    await make(service, { id: 'one' });
    const { id } = await end(service, service.operations.verifyBackup('disk', 'one', {}));
    await service.stop();
    const after = await start({ options: { dataDirectory }, root: join(service.root, '..') });
    expect(await after.operations.readJob(id)).toMatchObject({ state: 'COMPLETED', verify: { sound: true } });
    expect((await after.operations.listJobs({ kinds: ['VERIFY'], limit: 5 })).jobs.map((job) => job.id)).toEqual([id]);
    expect(await refusal(after.operations.readJob('unknown'))).toMatchObject({ code: 'not-found' });
  });
});
