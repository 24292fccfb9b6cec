/** Backups of /v2 against a cluster in this process: made, looked up, listed, held and deleted. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { markRead } from '../../src/engine/catalog/reader-mark.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { checkValue } from '../../src/service/document/check-value.js';
import { Backup, BackupPage } from '../../src/service/v2/schema/backup.js';
import { StorageRegistry } from '../../src/storage/registry.js';
import { fill } from '../support/backup.js';
import { folder, NEVER, refusal, startV2, type V2Fixture, type V2FixtureOptions } from '../support/v2.js';

const RECORDS = 200;
let cluster: InMemoryCluster;
const started: V2Fixture[] = [];

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ nodes: 2, namespaces: ['test', 'other'] });
  fill(cluster, RECORDS, 'users');
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((service) => service.stop()));
});
afterAll(async () => {
  await cluster.stop();
  folder.remove();
});

async function start(options: V2FixtureOptions = {}): Promise<V2Fixture> {
  const service = await startV2(cluster, options);
  started.push(service);
  return service;
}

/** Makes a backup and waits until it has ended. */
async function make({ operations }: V2Fixture, request: object, storage = 'disk'): Promise<Backup> {
  const { id, routine } = await operations.createBackup(storage, request);
  return operations.waitForBackup(storage, id, routine === undefined ? {} : { routine }, {
    timeoutMs: 60_000,
    signal: NEVER,
  });
}

describe('a backup', () => {
  it('with an id of the caller, is STARTED at once and COMPLETED in the end, with details by range', async () => {
    const service = await start();
    const begun = await service.operations.createBackup('disk', { id: 'pre-release-7', include: ['test.users'] });
    expect(begun).toMatchObject({ id: 'pre-release-7', storage: 'disk', trigger: 'MANUAL', type: 'FULL' });
    expect(['STARTED', 'IN_PROGRESS']).toContain(begun.state);
    const done = await service.operations.waitForBackup(
      'disk',
      'pre-release-7',
      {},
      { timeoutMs: 60_000, signal: NEVER },
    );
    expect(checkValue(Backup, done, '')).toEqual([]);
    expect(done).toMatchObject({
      state: 'COMPLETED',
      records: RECORDS,
      include: ['test.users'],
      namespaces: ['test'],
      cluster: 'main',
      consistency: 'fuzzy',
      'captures-deletes': false,
      href: '/v2/backups/disk/pre-release-7',
    });
    expect(done.details).toHaveLength(16);
    expect(done.details![0]).toMatchObject({ namespace: 'test', partitions: '0-255', state: 'COMPLETED', done: 256 });
    expect(done.details![0]!.checksum).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect(service.published.filter((type) => type !== 'backup.progress')).toEqual([
      'backup.started',
      'backup.completed',
    ]);
    expect(service.metrics.events).toEqual(['full success']);
  });

  it('without an id, gets numbers that grow', async () => {
    const service = await start();
    const first = await make(service, { include: ['test'] });
    const second = await make(service, { include: ['test'] });
    expect(first.id).toMatch(/^\d{13}$/);
    expect(Number(second.id)).toBeGreaterThan(Number(first.id));
  });

  it('of a size of ranges that is configured, has so many details', async () => {
    const service = await start({
      document: (document) => (document.service = { backup: { 'partition-range-size': 2048 } }),
    });
    const { details } = await make(service, { include: ['test'] });
    expect(details!.map(({ partitions }) => partitions)).toEqual(['0-2047', '2048-4095']);
  });

  it('compressed as the request says, and of all namespaces but one that is excluded', async () => {
    const service = await start();
    const done = await make(service, { id: 'small', exclude: ['other'], compression: { mode: 'zstd', level: 3 } });
    expect(done).toMatchObject({ state: 'COMPLETED', namespaces: ['test'], compression: { mode: 'zstd', level: 3 } });
  });

  it('of changes, builds on the newest backup of the same selection', async () => {
    const service = await start();
    await make(service, { id: 'base', include: ['test'] });
    const next = await make(service, { id: 'next', type: 'DIFFERENTIAL', include: ['test'] });
    expect(next).toMatchObject({ state: 'COMPLETED', type: 'DIFFERENTIAL', parent: 'base' });
    expect((await service.operations.readBackup('disk', 'base')).dependents).toEqual(['next']);
    expect(
      await refusal(service.operations.createBackup('disk', { type: 'CUMULATIVE', include: ['other'] })),
    ).toMatchObject({
      code: 'conflict',
    });
  });

  it('with a policy of no records, is refused: it would be none', async () => {
    const service = await start({
      document: (document) => (document['backup-policies']!.empty = { 'no-records': true }),
    });
    const request = { 'backup-policy': 'empty' };
    expect(await refusal(service.operations.createBackup('disk', request))).toMatchObject({ code: 'feature-disabled' });
  });

  it('that is a mark, is complete at once and has no data', async () => {
    const service = await start();
    const mark = await service.operations.createBackup('disk', { id: 'before-import', type: 'MARKER' });
    expect(mark).toMatchObject({ state: 'COMPLETED', type: 'MARKER', bytes: 0 });
  });

  it('that is canceled, is CANCELED and leaves its id used up', async () => {
    const service = await start({
      document: (document) => (document['backup-policies']!.slow = { 'records-per-second': 1 }),
    });
    await service.operations.createBackup('disk', { id: 'stopped', include: ['test'], 'backup-policy': 'slow' });
    expect((await service.operations.cancelBackup('disk', 'stopped')).state).toBe('CANCELED');
    expect(await refusal(service.operations.createBackup('disk', { id: 'stopped' }))).toMatchObject({
      code: 'id-taken',
    });
    expect(service.metrics.events).toEqual(['full canceled']);
  });

  it('that runs when the service stops, says so and goes on after the restart', async () => {
    const root = `${folder.path}/restart`;
    const slow = (document: V2Fixture['config']['document']): void => {
      document['backup-policies']!.slow = { 'records-per-second': 20 };
    };
    const before = await start({ root, document: slow });
    await before.operations.createBackup('disk', { id: 'long', include: ['test'], 'backup-policy': 'slow' });
    await before.stop();
    const after = await start({ root });
    expect(await after.operations.readBackup('disk', 'long')).toMatchObject({ state: 'INCOMPLETE', held: false });
    after.config.change((document) => (document['backup-policies']!.slow = {}));
    after.operations.start();
    const wait = { timeoutMs: 60_000, signal: NEVER };
    let done = await after.operations.waitForBackup('disk', 'long', {}, wait);
    while (done.state === 'INCOMPLETE') {
      await new Promise((resolve) => setImmediate(resolve));
      done = await after.operations.waitForBackup('disk', 'long', {}, wait);
    }
    expect(done).toMatchObject({ state: 'COMPLETED', records: RECORDS });
  });
});

describe('a request that cannot be followed', () => {
  it('has a code, a status and what belongs to it', async () => {
    const service = await start();
    const { operations } = service;
    const create = (request: object, storage = 'disk'): ReturnType<typeof refusal> =>
      refusal(operations.createBackup(storage, request));
    expect(await create({ id: 'Not An Id' })).toMatchObject({ code: 'invalid-id', status: 400 });
    expect(await create({ include: ['test'], exclude: ['other'] })).toMatchObject({
      code: 'include-exclude',
      status: 400,
    });
    expect(await create({}, 'nowhere')).toMatchObject({ code: 'no-storage', status: 404 });
    expect(await create({ include: ['nothing.here'] })).toMatchObject({ code: 'unknown-selection', status: 400 });
    expect(await create({ cluster: 'nowhere' })).toMatchObject({ code: 'invalid-request', status: 400 });
    await make(service, { id: '500', include: ['test'] });
    expect(await create({ id: '500' })).toMatchObject({ code: 'id-taken', status: 409, facts: { id: '500' } });
    expect(await create({ id: '499' })).toMatchObject({
      code: 'id-not-monotonic',
      status: 409,
      facts: { highest: '500' },
    });
    expect(await refusal(operations.readBackup('disk', 'nothing'))).toMatchObject({ code: 'not-found', status: 404 });
    expect(await refusal(operations.release('disk', '500'))).toMatchObject({ code: 'not-held', status: 409 });
  });

  it('while the same namespace is read, is refused with the id of what runs', async () => {
    const service = await start({
      document: (document) => (document['backup-policies']!.slow = { 'records-per-second': 1 }),
    });
    const { operations } = service;
    await operations.createBackup('disk', { id: 'first', include: ['test'], 'backup-policy': 'slow' });
    expect(await refusal(operations.createBackup('disk', {}))).toEqual({
      code: 'busy',
      status: 409,
      facts: { id: 'first' },
    });
    expect(await refusal(operations.deleteBackup('disk', 'first', { cascade: false }))).toMatchObject({ code: 'busy' });
    await operations.cancelBackup('disk', 'first');
  });

  it('of a cluster that does not answer, is upstream', async () => {
    const down = { 'seed-nodes': [{ 'host-name': '127.0.0.1', port: 1 }] };
    const { operations } = await start({ document: (document) => (document['aerospike-clusters'] = { main: down }) });
    expect(await refusal(operations.createBackup('disk', {}))).toMatchObject({ code: 'upstream', status: 502 });
  });
});

describe('a deletion', () => {
  it('of a base, is refused, and takes what builds on it only if asked to', async () => {
    const service = await start();
    const { operations } = service;
    await make(service, { id: 'base', include: ['test'] });
    await make(service, { id: 'next', type: 'DIFFERENTIAL', include: ['test'] });
    expect(await refusal(operations.deleteBackup('disk', 'base', { cascade: false }))).toEqual({
      code: 'has-dependents',
      status: 409,
      facts: { id: 'base', dependents: ['next'] },
    });
    await operations.deleteBackup('disk', 'base', { cascade: true });
    expect((await operations.readBackup('disk', 'next')).state).toBe('DELETED');
    expect((await operations.readBackup('disk', 'base')).state).toBe('DELETED');
    await operations.deleteBackup('disk', 'base', { cascade: false });
    expect(await refusal(operations.createBackup('disk', { id: 'base' }))).toMatchObject({ code: 'id-taken' });
    expect(await refusal(operations.hold('disk', 'base'))).toMatchObject({ code: 'deleted' });
  });

  it('of a held backup, is refused until it is released', async () => {
    const service = await start();
    const { operations } = service;
    await make(service, { id: 'keep', include: ['test'] });
    const held = await operations.hold('disk', 'keep', { reason: 'end of May' });
    expect(held).toMatchObject({ held: true, 'hold-reason': 'end of May' });
    expect(await refusal(operations.deleteBackup('disk', 'keep', { cascade: true }))).toMatchObject({ code: 'held' });
    expect(await refusal(operations.hold('disk', 'keep'))).toMatchObject({ code: 'held' });
    expect((await operations.release('disk', 'keep')).held).toBe(false);
    await operations.deleteBackup('disk', 'keep', { cascade: false });
  });

  it('is shown as long as configured, and is not found then', async () => {
    let nowMs = Date.now();
    const service = await start({ options: { now: () => nowMs } });
    const { operations } = service;
    await make(service, { id: 'gone', include: ['test'] });
    await operations.deleteBackup('disk', 'gone', { cascade: false });
    const shown = await operations.listBackups('disk', { states: ['DELETED'], limit: 10 });
    expect(shown.backups.map(({ id }) => id)).toEqual(['gone']);
    nowMs += 31 * 86_400_000;
    expect(await refusal(operations.readBackup('disk', 'gone'))).toMatchObject({ code: 'not-found' });
    expect(await refusal(operations.createBackup('disk', { id: 'gone' }))).toMatchObject({ code: 'id-taken' });
  });
});

describe('a list', () => {
  it('has the newest first, in pages, of a beginning of ids', async () => {
    const { operations } = await start();
    for (const id of ['a-1', 'a-2', 'b-1', 'a-3']) await operations.createBackup('disk', { id, type: 'MARKER' });
    const first = await operations.listBackups('disk', { prefix: 'a-', limit: 2 });
    expect(checkValue(BackupPage, first, '')).toEqual([]);
    expect(first.total).toBe(3);
    const rest = await operations.listBackups('disk', { prefix: 'a-', limit: 2, after: first.next! });
    expect([...first.backups, ...rest.backups].map(({ id }) => id)).toEqual(['a-3', 'a-2', 'a-1']);
    expect(rest.next).toBeUndefined();
    expect(await refusal(operations.listBackups('disk', { limit: 2, after: 'nonsense' }))).toMatchObject({
      code: 'invalid-request',
    });
  });
});

describe('a run of a routine', () => {
  it('that is asked for with an id, has the id and the name of its folder', async () => {
    const service = await start();
    const done = await make(service, { id: 'nightly-by-hand', routine: 'nightly' });
    expect(done).toMatchObject({ id: 'nightly-by-hand', routine: 'nightly', state: 'COMPLETED', records: RECORDS });
    expect(done.run).toMatch(/^\d{13}$/);
    expect((await service.operations.readBackup('disk', done.run!)).id).toBe('nightly-by-hand');
    expect(done.details).toHaveLength(16);
    // A command on another machine restores its only namespace.
    const data = join(service.root, 'nightly/backup', done.run!, 'data/test');
    const end = await markRead([data], { storages: new StorageRegistry(), signal: NEVER });
    const deleting = service.operations.deleteBackup('disk', 'nightly-by-hand', { cascade: false });
    expect(await refusal(deleting)).toMatchObject({ code: 'busy' });
    await end();
    await service.operations.deleteBackup('disk', 'nightly-by-hand', { cascade: false });
    expect((await service.operations.readBackup('disk', done.run!)).state).toBe('DELETED');
  });

  it('obeys the policy of ids, and is refused while another runs', async () => {
    const edit = (policy: 'caller' | 'generated') => (document: V2Fixture['config']['document']) => {
      document['backup-routines']!.nightly!['id-policy'] = policy;
      document['backup-policies']!.p1!['records-per-second'] = 1;
    };
    const generated = await start({ document: edit('generated') });
    const run = (request: object): Promise<Backup> =>
      generated.operations.createBackup('disk', { routine: 'nightly', ...request });
    expect(await refusal(run({ id: 'mine' }))).toMatchObject({ code: 'id-not-allowed', status: 400 });
    const { id } = await run({});
    expect(await refusal(run({}))).toEqual({ code: 'busy', status: 409, facts: { id } });
    expect((await generated.operations.cancelBackup('disk', id)).state).toBe('CANCELED');
    const caller = await start({ document: edit('caller') });
    expect(await refusal(caller.operations.createBackup('disk', { routine: 'nightly' }))).toMatchObject({
      code: 'id-required',
    });
  });

  it('that has failed, is kept with its reason', async () => {
    const service = await start({
      document: (document) => (document['backup-routines']!.nightly!.namespaces = ['absent']),
    });
    const failed = await make(service, { routine: 'nightly' });
    expect(failed.state).toBe('FAILED');
    expect(failed.reason).toContain('absent');
  });

  it('of the same number as that of another routine, is chosen by the routine', async () => {
    const service = await start();
    const { operations } = service;
    const done = await make(service, { routine: 'nightly' });
    await operations.createBackup('disk', { id: 'x', type: 'MARKER' });
    cpSync(`${service.root}/nightly`, `${service.root}/weekly`, { recursive: true });
    expect(
      await refusal(
        (await start({ root: service.root.replace(/\/disk$/, '') })).operations.readBackup('disk', done.run!),
      ),
    ).toMatchObject({
      code: 'ambiguous-id',
      status: 400,
      facts: { routines: ['nightly', 'weekly'] },
    });
    expect((await operations.readBackup('disk', done.run!, { routine: 'nightly' })).id).toBe(done.id);
  });
});
