/** Verifications and copies of routines in one process, with clusters in memory. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Registry } from 'prom-client';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { UpkeepMetrics } from '../../src/service/metrics/upkeep-metrics.js';
import type { ServiceEvent } from '../../src/service/events/event.js';
import { checkValue } from '../../src/service/document/check-value.js';
import { Backup } from '../../src/service/v2/schema/backup.js';
import { StorageSummary } from '../../src/service/v2/schema/runtime-state.js';
import { Job } from '../../src/service/v2/schema/job.js';
import type { V2Context, V2Options } from '../../dist/service/v2/context.js';
import type { WorkQueues } from '../../src/service/v2/upkeep/work-queues.js';
import { clientRecord, putRecord } from '../support/cluster-contents.js';
import { FakeClock } from '../support/fake-clock.js';
import { FakeServiceMetrics, folder, NEVER, startV2, type V2Fixture } from '../support/v2.js';

const WAIT = { timeoutMs: 60_000, signal: NEVER };
const NEVER_DUE = '0 0 0 1 1 ? 2099';
const NIGHTLY = { kind: 'routine', name: 'nightly' } as const;
const DISK = { kind: 'storage', name: 'disk' } as const;
const MODES = ['CHECKSUMS', 'DEEP', 'TRIAL'] as const;
let cluster: InMemoryCluster;
const started: V2Fixture[] = [];
/** A time in the schedule, later than all before. */
let dueMs = Date.parse('2026-05-02T00:00:00Z');

beforeEach(async () => {
  cluster = await InMemoryCluster.start({ namespaces: ['test'] });
  putRecord(cluster, 'test', clientRecord('users', 1, 10));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((service) => service.stop()));
  await cluster.stop();
});
afterAll(() => {
  vi.unstubAllEnvs();
  folder.remove();
});

interface Upkept extends V2Fixture {
  registry: Registry;
  seen: ServiceEvent[];
}

async function start(
  copyTo: string[] = [],
  root?: string,
  edit: (document: V2Fixture['config']['document']) => void = () => undefined,
  options: Partial<V2Options> = {},
): Promise<Upkept> {
  const registry = new Registry();
  const metrics = Object.assign(new FakeServiceMetrics(), { upkeep: new UpkeepMetrics(registry, '', Date.now) });
  const service = await startV2(cluster, {
    document: (document) => {
      const verify = { checksums: NEVER_DUE, deep: NEVER_DUE, trial: NEVER_DUE };
      Object.assign(document['backup-routines']!.nightly!, { verify, 'copy-to': copyTo });
      edit(document);
    },
    options: { metrics, ...options },
    ...(root === undefined ? {} : { root }),
  });
  started.push(service);
  const seen: ServiceEvent[] = [];
  service.events.subscribe((event) => void seen.push(event));
  return { ...service, registry, seen };
}

async function run({ operations }: Upkept, type: 'FULL' | 'DIFFERENTIAL' = 'FULL'): Promise<Backup> {
  const { id } = await operations.createBackup('disk', { routine: 'nightly', type });
  const backup = await operations.waitForBackup('disk', id, {}, WAIT);
  expect(backup.state).toBe('COMPLETED');
  return backup;
}

/** Full, increment, increment. */
async function runChain(service: Upkept): Promise<Backup[]> {
  const chain = [await run(service)];
  for (const key of [2, 3]) {
    putRecord(cluster, 'test', clientRecord('users', key, key * 10));
    chain.push(await run(service, 'DIFFERENTIAL'));
  }
  return chain;
}

async function fire(
  { operations }: Upkept,
  mode: (typeof MODES)[number],
  subject: typeof NIGHTLY | typeof DISK = NIGHTLY,
): Promise<void> {
  operations.upkeep.checkLater(subject, mode, (dueMs += 60_000));
  await operations.upkeep.settle();
}

/** The first data file of a run below `root`. */
function findData(root: string, { path }: Backup): string {
  const directory = join(root, path, 'data', 'test');
  return join(
    directory,
    readdirSync(directory).find((name) => name.endsWith('.asb'))!,
  );
}

function flipByte(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length - 5]! ^= 1;
  chmodSync(file, 0o600);
  writeFileSync(file, bytes);
}

describe('a scheduled verification', () => {
  it('of what is sound and then is not, is shown by backups, metrics, events, jobs and the routine', async () => {
    const service = await start();
    const { operations, registry } = service;
    const [full, first, second] = await runChain(service);
    for (const mode of MODES) await fire(service, mode);
    for (const { id } of [full!, first!, second!]) {
      const { verification } = await operations.readBackup('disk', id, {});
      expect(verification).toMatchObject({
        state: 'SOUND',
        checks: [{ mode: 'CHECKSUMS' }, { mode: 'DEEP' }, { mode: 'TRIAL' }],
      });
    }
    const { jobs } = await operations.listJobs({ kinds: ['VERIFY'], limit: 10 });
    expect(jobs).toMatchObject([
      { mode: 'TRIAL', trigger: 'SCHEDULED', state: 'COMPLETED', restore: { 'inserted-records': 3 } },
      { mode: 'DEEP', verify: { sound: true } },
      { mode: 'CHECKSUMS', verify: { sound: true } },
    ]);
    for (const job of jobs) expect(checkValue(Job, job, '')).toEqual([]);
    const sound = await registry.metrics();
    expect(sound).toContain('verify_events_total{routine="nightly",mode="deep",outcome="success"} 1');
    expect(sound).toMatch(/last_verified_timestamp\{routine="nightly",mode="trial"\} \d+/);
    const point = Number(second!.run) / 1000;
    expect(sound).toContain(`verified_restore_point_timestamp{routine="nightly"} ${point}`);

    // A byte of the first increment is flipped.
    const file = findData(service.root, first!);
    flipByte(file);
    await fire(service, 'CHECKSUMS');
    const failed = service.seen.filter(({ type }) => type === 'verify.failed');
    expect(failed).toMatchObject([{ routine: 'nightly', storage: 'disk' }]);
    const problem = new RegExp(`${file}: Block 0, bytes 0 to \\d+, does not have the checksum that was written`);
    expect(failed[0]!.message).toMatch(problem);
    const damaged = await operations.readBackup('disk', first!.id, {});
    expect(checkValue(Backup, damaged, '')).toEqual([]);
    expect(damaged.verification).toMatchObject({ state: 'DAMAGED', checks: [{ sound: false }, {}, {}] });
    expect(damaged.verification!.checks[0]!.problems[0]).toMatch(problem);
    expect((await operations.readBackup('disk', full!.id, {})).verification).toMatchObject({ state: 'SOUND' });
    const [schedule] = (await operations.describeUpkeep('nightly')).verify!;
    expect(schedule).toMatchObject({ sound: false, problem: expect.stringMatching(problem) as string });
    expect(schedule!['last-sound']).toBeDefined();
    const metrics = await registry.metrics();
    expect(metrics).toContain('verify_events_total{routine="nightly",mode="checksums",outcome="failure"} 1');
    expect(metrics).toContain('damaged_backups{routine="nightly"} 1');

    // The first increment is missing.
    rmSync(join(service.root, first!.path), { recursive: true });
    await fire(service, 'TRIAL');
    const { message } = service.seen.findLast(({ type }) => type === 'verify.failed')!;
    expect(message).toContain('cannot be restored to the state of its newest backup');
    expect(message).toContain(second!.path);
  }, 30_000);

  it('of a firing that another process has made, is not made again; one that was interrupted is', async () => {
    const service = await start();
    await run(service);
    await fire(service, 'CHECKSUMS');
    const other = await start([], join(service.root, '..'));
    other.operations.upkeep.checkLater(NIGHTLY, 'CHECKSUMS', dueMs);
    await other.operations.upkeep.settle();
    expect((await other.operations.listJobs({ limit: 10 })).jobs).toEqual([]);
    // Its end comes too early.
    service.operations.upkeep.checkLater(NIGHTLY, 'DEEP', (dueMs += 60_000));
    await service.operations.stop();
    other.operations.start();
    await other.operations.upkeep.settle();
    expect((await other.operations.describeUpkeep('nightly')).verify![1]).toMatchObject({ mode: 'DEEP' });
  });
});

describe('the verification of a storage', () => {
  const verify = { checksums: NEVER_DUE, deep: NEVER_DUE, trial: NEVER_DUE };
  const edit = (document: V2Fixture['config']['document']): void => {
    document.storage!.disk!['local-storage']!.verify = verify;
  };

  async function make({ operations }: Upkept, request: object): Promise<Backup> {
    const { id } = await operations.createBackup('disk', { include: ['test'], ...request });
    const backup = await operations.waitForBackup('disk', id, {}, WAIT);
    expect(backup.state).toBe('COMPLETED');
    return backup;
  }

  it('is of its backups that no routine has made, and is shown by them, metrics, events, jobs and the storage', async () => {
    const service = await start([], undefined, edit);
    const { operations, registry } = service;
    const run1 = await run(service);
    await make(service, { id: 'base' });
    putRecord(cluster, 'test', clientRecord('users', 2, 20));
    const next = await make(service, { id: 'next', type: 'DIFFERENTIAL' });
    for (const mode of MODES) await fire(service, mode, DISK);
    for (const id of ['base', 'next']) {
      expect((await operations.readBackup('disk', id, {})).verification).toMatchObject({
        state: 'SOUND',
        checks: MODES.map((mode) => ({ mode })),
      });
    }
    expect(await operations.readBackup('disk', run1.id, {})).not.toHaveProperty('verification');
    const { jobs } = await operations.listJobs({ kinds: ['VERIFY'], limit: 10 });
    expect(jobs.map(({ routine }) => routine)).toEqual([undefined, undefined, undefined]);
    expect(jobs).toMatchObject([
      { mode: 'TRIAL', trigger: 'SCHEDULED', state: 'COMPLETED', restore: { 'inserted-records': 2 } },
      { mode: 'DEEP', storage: 'disk', verify: { sound: true } },
      { mode: 'CHECKSUMS', verify: { sound: true } },
    ]);
    const labels = 'routine="@v2",storage="disk"';
    const sound = await registry.metrics();
    expect(sound).toContain(`verify_events_total{${labels},mode="deep",outcome="success"} 1`);
    // The newest of them: it begins after its record is kept.
    const point = Number(new RegExp(`verified_restore_point_timestamp\\{${labels}\\} ([0-9.]+)`).exec(sound)![1]);
    expect(point * 1000).toBeGreaterThanOrEqual(Date.parse(next.created));
    expect(point * 1000).toBeLessThanOrEqual(Date.parse(next.updated));
    expect(sound).toContain(`damaged_backups{${labels}} 0`);

    const directory = join(service.root, 'base', 'test');
    const file = join(
      directory,
      readdirSync(directory).find((name) => name.endsWith('.asb'))!,
    );
    flipByte(file);
    await fire(service, 'DEEP', DISK);
    const failed = service.seen.filter(({ type }) => type === 'verify.failed');
    expect(failed).toMatchObject([{ storage: 'disk', message: expect.stringContaining(file) as string }]);
    expect(failed[0]).not.toHaveProperty('routine');
    expect((await operations.readBackup('disk', 'base', {})).verification).toMatchObject({ state: 'DAMAGED' });
    const storages = await operations.storages();
    for (const storage of storages) expect(checkValue(StorageSummary, storage, '')).toEqual([]);
    expect(storages[0]).toMatchObject({ name: 'disk', verify: [{ sound: true }, { sound: false }, { sound: true }] });
    expect(storages[1]).not.toHaveProperty('verify');
    const metrics = await registry.metrics();
    expect(metrics).toContain(`damaged_backups{${labels}} 1`);
    expect(metrics).not.toContain('damaged_backups{routine="nightly"}');
  }, 30_000);

  it('is made when it is due, once by several processes, and again if it was interrupted', async () => {
    const clock = new FakeClock(Date.parse('2026-05-02T05:59:59Z'));
    const due = (document: V2Fixture['config']['document']): void => {
      document.storage!.disk!['local-storage']!.verify = { checksums: '0 0 6 * * *' };
    };
    const service = await start([], undefined, due, { clock });
    await make(service, { id: 'one' });
    service.operations.upkeep.start();
    expect((await service.operations.storages())[0]!.verify).toEqual([
      { mode: 'CHECKSUMS', next: '2026-05-02T06:00:00.000Z' },
    ]);
    clock.advance(1000);
    await service.operations.upkeep.settle();
    expect((await service.operations.storages())[0]!.verify).toMatchObject([{ sound: true }]);

    const other = await start([], join(service.root, '..'), due);
    other.operations.upkeep.checkLater(DISK, 'CHECKSUMS', Date.parse('2026-05-02T06:00:00Z'));
    await other.operations.upkeep.settle();
    expect((await other.operations.listJobs({ limit: 10 })).jobs).toEqual([]);
    // A process that has died was at it.
    const context = other.operations['context' as never] as V2Context;
    const abandoned = { due: '2026-05-03T06:00:00.000Z', claim: { owner: 'dead' } };
    await context.directory.use('disk', (catalog) =>
      context.upkeep.update(catalog, undefined, (known) => {
        known.checks.CHECKSUMS = abandoned;
        return true;
      }),
    );
    other.operations.upkeep.start();
    await other.operations.upkeep.settle();
    expect((await other.operations.listJobs({ limit: 10 })).jobs).toMatchObject([{ kind: 'VERIFY', storage: 'disk' }]);
    expect((await other.operations.storages())[0]!.verify).toMatchObject([{ sound: true }]);
  });

  it('that cannot be read now, does not hold up the list of storages', async () => {
    const service = await start([], undefined, edit);
    const context = service.operations['context' as never] as V2Context;
    context.upkeep.read = () => new Promise(() => undefined);
    const [storage] = await service.operations.storages();
    expect(storage).toMatchObject({ name: 'disk', kind: 'local' });
    expect(storage).not.toHaveProperty('verify');
  });

  it('restores encrypted backups on trial, with the key of their policy', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    vi.stubEnv('TEST_STORAGE_KEY', String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
    const service = await start([], undefined, (document) => {
      edit(document);
      const encryption = { mode: 'AES256', 'key-env': 'TEST_STORAGE_KEY' } as const;
      document['backup-policies']!.secret = { encryption };
    });
    await make(service, { id: 'secret', 'backup-policy': 'secret' });
    for (const mode of ['DEEP', 'TRIAL'] as const) await fire(service, mode, DISK);
    const [storage] = await service.operations.storages();
    expect(storage!.verify).toMatchObject([{ mode: 'CHECKSUMS' }, { sound: true }, { sound: true }]);
    const { backups } = await service.operations.listBackups('disk', { limit: 10 });
    expect(backups).toMatchObject([{ id: 'secret', encryption: 'AES256' }]);
  });
});

/** The upkeep does not see jobs end whose id begins so, until `open` is called. `isWaiting`: one is there. */
function holdJobs({ operations }: Upkept, beginning: string): { isWaiting: Promise<void>; open: () => void } {
  const jobs = operations['jobs' as never] as { wait: (id: string, ...rest: unknown[]) => Promise<Job> };
  const wait = jobs.wait.bind(jobs);
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const isWaiting = new Promise<void>((resolve) => {
    jobs.wait = async (id, ...rest) => {
      if (id.startsWith(beginning)) {
        resolve();
        await gate;
      }
      return wait(id, ...rest);
    };
  });
  return { isWaiting, open };
}

describe('verifications and copies', () => {
  it('do not wait for each other: a verification that goes on for long holds up no copy', async () => {
    const service = await start(['second']);
    const { upkeep } = service.operations;
    const full = await run(service);
    const { isWaiting, open } = holdJobs(service, 'verify-');
    upkeep.checkLater(NIGHTLY, 'DEEP', (dueMs += 60_000));
    await isWaiting;
    const copied = new Promise<void>((resolve) =>
      service.events.subscribe(({ type }) => (type === 'copy.completed' ? resolve() : undefined)),
    );
    upkeep.copyLater('nightly');
    await copied;
    expect((await service.operations.describeUpkeep('nightly')).verify![1]).not.toHaveProperty('last');
    expect((await service.operations.readBackup('second', full.id, {})).state).toBe('COMPLETED');
    open();
    await upkeep.settle();
    expect((await service.operations.describeUpkeep('nightly')).verify![1]).toMatchObject({
      mode: 'DEEP',
      sound: true,
    });
  });

  it('do not wait for each other: a copy that goes on for long holds up no verification', async () => {
    const service = await start(['second']);
    const { upkeep } = service.operations;
    await run(service);
    const { isWaiting, open } = holdJobs(service, 'copy-');
    upkeep.copyLater('nightly');
    await isWaiting;
    const verified = new Promise<void>((resolve) =>
      service.events.subscribe(({ type }) => (type === 'verify.completed' ? resolve() : undefined)),
    );
    upkeep.checkLater(NIGHTLY, 'CHECKSUMS', (dueMs += 60_000));
    await verified;
    open();
    await upkeep.settle();
    expect((await service.operations.describeUpkeep('nightly')).copies).toMatchObject([{ pending: 0 }]);
  });

  it('of one replica, show that it lives until the last of them has ended', async () => {
    const replicas = (document: V2Fixture['config']['document']): void => {
      document.service = { replicas: { storage: 'disk' } };
    };
    const service = await start(['second'], undefined, replicas);
    const { upkeep } = service.operations;
    await run(service);
    const { isWaiting, open } = holdJobs(service, 'verify-');
    upkeep.checkLater(NIGHTLY, 'DEEP', (dueMs += 60_000));
    await isWaiting;
    const beats = join(service.root, '.asb-service', 'upkeep', 'beats');
    expect(readdirSync(beats)).toHaveLength(1);
    upkeep.copyLater('nightly');
    // Resolves after the copy, in its queue.
    const { queues } = upkeep as unknown as { queues: WorkQueues<'COPY'> };
    await new Promise<void>((resolve) => {
      queues.add('COPY', 'last', () => {
        resolve();
        return Promise.resolve();
      });
    });
    expect((await service.operations.describeUpkeep('nightly')).copies).toMatchObject([{ pending: 0 }]);
    expect(readdirSync(beats)).toHaveLength(1);
    open();
    await upkeep.settle();
    expect(readdirSync(beats)).toEqual([]);
  });
});

describe('second copies', () => {
  it('are made of each backup, verified, and seen in the other storage', async () => {
    const service = await start(['second']);
    service.operations.upkeep.start();
    const chain = [await run(service)];
    putRecord(cluster, 'test', clientRecord('users', 2, 20));
    chain.push(await run(service, 'DIFFERENTIAL'));
    await service.operations.upkeep.settle();
    const { backups } = await service.operations.listBackups('second', { limit: 10 });
    expect(backups.map(({ run: name, state }) => [name, state])).toEqual(
      [...chain].reverse().map(({ run: name }) => [name, 'COMPLETED']),
    );
    await fire(service, 'DEEP');
    const copy = await service.operations.readBackup('second', chain[0]!.id, {});
    expect(copy.verification).toMatchObject({ state: 'SOUND' });
    const metrics = await service.registry.metrics();
    expect(metrics).toContain('copy_events_total{routine="nightly",storage="second",outcome="success"} 2');
    expect(metrics).toContain('copies_pending{routine="nightly",storage="second"} 0');
    expect((await service.operations.listJobs({ kinds: ['COPY'], limit: 10 })).jobs).toHaveLength(2);
  });

  it('that fail, are reported and tried again, and hide nothing of the first', async () => {
    const service = await start(['second']);
    const { operations } = service;
    const full = await run(service);
    const blocked = join(service.root, '..', 'second', 'nightly');
    writeFileSync(blocked, 'a file where a directory should be');
    operations.upkeep.copyLater('nightly');
    await operations.upkeep.settle();
    expect(service.seen.filter(({ type }) => type === 'copy.failed')).toHaveLength(1);
    const [failed] = (await operations.describeUpkeep('nightly')).copies!;
    expect(failed).toMatchObject({ storage: 'second', failures: 1, pending: 1 });
    expect(Date.parse(failed!['next-attempt']!)).toBeGreaterThan(Date.now());
    expect((await operations.readBackup('disk', full.id, {})).state).toBe('COMPLETED');
    await fire(service, 'CHECKSUMS');
    rmSync(blocked);
    const later = await start(['second'], join(service.root, '..'));
    Object.defineProperty(later.operations['context' as never], 'now', { value: () => Date.now() + 3_600_000 });
    later.operations.upkeep.copyLater('nightly');
    await later.operations.upkeep.settle();
    expect((await later.operations.describeUpkeep('nightly')).copies).toMatchObject([{ pending: 0 }]);
    const copied = findData(join(service.root, '..', 'second'), full);
    expect(readFileSync(copied)).toEqual(readFileSync(findData(service.root, full)));
  });

  it('of a backup that is damaged, are not taken for backups', async () => {
    const service = await start(['second']);
    const full = await run(service);
    flipByte(findData(service.root, full));
    service.operations.upkeep.copyLater('nightly');
    await service.operations.upkeep.settle();
    const { backups } = await service.operations.listBackups('second', { limit: 10 });
    expect(backups.filter(({ state }) => state === 'COMPLETED')).toEqual([]);
    const [failed] = service.seen.filter(({ type }) => type === 'copy.failed');
    expect(failed!.message).toContain('is not what its manifest says: Block 0');
  });

  it('on request, copy a run of a routine to another storage', async () => {
    const service = await start();
    const full = await run(service);
    mkdirSync(join(service.root, '..', 'second'), { recursive: true });
    const { id } = await service.operations.copyBackup('disk', full.id, { to: 'second' }, {});
    expect(await service.operations.waitForJob(id, WAIT)).toMatchObject({
      state: 'COMPLETED',
      copy: { storage: 'second', backup: full.run },
    });
    const copy = await service.operations.readBackup('second', full.id, {});
    expect(copy).toMatchObject({ state: 'COMPLETED', records: 1, routine: 'nightly' });
    expect(statSync(findData(join(service.root, '..', 'second'), full)).mode & 0o777).toBe(0o600);
    expect(existsSync(join(service.root, '..', 'second', full.path, 'data/test/asbackup.lock'))).toBe(false);
  });
});
