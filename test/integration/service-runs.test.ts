/** Runs of routines against a cluster, through the library: what they store, and what becomes of interrupted ones. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { backup, readBackup, verifyBackup, type BackupSettings } from '../../dist/index.js';
import { logText, type Log } from '../../src/core/log.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import type { BackupPolicy } from '../../src/service/document/schema/backup-policy.js';
import type { BackupRoutine } from '../../src/service/document/schema/backup-routine.js';
import { METADATA_NAME, readMetadata } from '../../src/service/backups/metadata-file.js';
import { SYSTEM_CLOCK, type Clock } from '../../src/service/schedule/clock.js';
import { RoutineRunner } from '../../src/service/routines/routine-runner.js';
import { toBackupSettings } from '../../src/service/settings/settings.js';
import { StorageRegistry } from '../../src/storage/registry.js';
import { fill } from '../support/backup.js';
import { FakeConfig, FakeMetrics } from '../support/service-runs.js';
import { sealState } from '../support/state.js';
import { scratch } from '../support/target.js';

const RECORDS = 400;

const folder = scratch();
let cluster: InMemoryCluster;
let count = 0;

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ nodes: 2, namespaces: ['test', 'other'] });
  fill(cluster, RECORDS, 'users');
});
afterAll(async () => {
  await cluster.stop();
  folder.remove();
});

interface Service {
  runner: RoutineRunner;
  config: FakeConfig;
  metrics: FakeMetrics;
  lines: string[];
  root: string;
  /** Settings of all backups that were asked for. */
  asked: BackupSettings[];
}

const running: RoutineRunner[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((runner) => runner.stop()));
});

interface ServiceOptions {
  root?: string;
  policy?: BackupPolicy;
  routine?: Partial<BackupRoutine>;
  settings?: Partial<BackupSettings>;
  clock?: Clock;
}

/** A process of a service whose only routine, `nightly`, is never due by itself. */
async function startService(options: ServiceOptions = {}): Promise<Service> {
  const root = options.root ?? join(folder.path, `root${count++}`);
  mkdirSync(root, { recursive: true });
  const { host, port } = cluster.seed;
  const config = new FakeConfig({
    'aerospike-clusters': { c1: { 'seed-nodes': [{ 'host-name': host, port }] } },
    storage: { s1: { 'local-storage': { path: root } } },
    'backup-policies': { p1: { parallel: 2, ...options.policy } },
    'backup-routines': {
      nightly: {
        'source-cluster': 'c1',
        storage: 's1',
        'backup-policy': 'p1',
        'interval-cron': '0 0 0 1 1 ? 2099',
        namespaces: ['test'],
        ...options.routine,
      },
    },
  });
  const metrics = new FakeMetrics();
  const lines: string[] = [];
  const asked: BackupSettings[] = [];
  const write = (line: Parameters<Log['info']>[0]): void => void lines.push(logText(line));
  const runner = new RoutineRunner({
    config,
    metrics,
    log: { info: write, error: write, verbose: () => undefined },
    libraryBackup: (settings) => {
      asked.push(settings);
      return backup(settings);
    },
    environment: {
      clock: options.clock ?? SYSTEM_CLOCK,
      toBackupSettings: async (routine, namespace, document) => ({
        ...(await toBackupSettings(routine, namespace, document)),
        ...options.settings,
      }),
    },
  });
  running.push(runner);
  await runner.start();
  return { runner, config, metrics, lines, root, asked };
}

async function run({ runner, metrics }: Service, type: 'full' | 'incremental'): Promise<void> {
  await runner.idle();
  const { length } = metrics.events;
  runner.trigger('nightly', type, 0);
  while (metrics.events.length === length) await new Promise((resolve) => setTimeout(resolve, 5));
  await runner.idle();
}

function listRuns(root: string, type: 'backup' | 'incremental'): string[] {
  const path = join(root, 'nightly', type);
  return existsSync(path) ? readdirSync(path).sort() : [];
}

async function countRecords(directory: string): Promise<number> {
  let records = 0;
  for await (const entry of readBackup({ directory })) if (entry.kind === 'record') records++;
  return records;
}

/** Time passes as usual, but nobody waits long. */
const IMPATIENT: Clock = {
  nowMs: () => Date.now(),
  startTimer: (delayMs, onEnd) => SYSTEM_CLOCK.startTimer(Math.min(delayMs, 50), onEnd),
};

/** Ends the service while its run has a part of the records. */
async function interrupt(options: ServiceOptions = {}): Promise<Service> {
  const settings = { recordsPerSecond: 100, checkpointIntervalS: 1, ...options.settings };
  // The wait for the checkpoint is not shortened.
  const clock: Clock = {
    ...IMPATIENT,
    startTimer: (delayMs, onEnd) => SYSTEM_CLOCK.startTimer(delayMs === 3000 ? 1 : delayMs, onEnd),
  };
  const service = await startService({ ...options, settings, clock });
  const { runner } = service;
  await runner.idle();
  runner.trigger('nightly', 'full', 0);
  for (;;) {
    const { full } = await runner.state('nightly');
    if (full !== undefined && full['done-records'] > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await runner.stop();
  return service;
}

describe('runs of a routine', () => {
  it('make a full backup and increments of it, whose files are sound and whose metadata say what they are', async () => {
    const service = await startService({ routine: { namespaces: [] } });
    await run(service, 'full');
    const [full] = listRuns(service.root, 'backup');
    const data = join(service.root, 'nightly/backup', full!, 'data');
    expect(readdirSync(data).sort()).toEqual(['other', 'test']);
    expect(await countRecords(join(data, 'test'))).toBe(RECORDS);
    expect((await verifyBackup(join(data, 'test'))).problems).toEqual([]);
    const storage = await new StorageRegistry().forPath(data);
    expect(await readMetadata(join(data, 'test', METADATA_NAME), storage)).toMatchObject({
      created: new Date(Number(full)).toISOString(),
      namespace: 'test',
      records: RECORDS,
      compressed: false,
    });
    cluster.store('test').putRaw('late', Buffer.alloc(20, 7), undefined, 1, 0, []);
    await run(service, 'incremental');
    const [increment] = listRuns(service.root, 'incremental');
    const changed = join(service.root, 'nightly/incremental', increment!, 'data');
    // The other namespace has no record, so none that was changed.
    expect(readdirSync(changed)).toEqual(['test']);
    const metadata = await readMetadata(join(changed, 'test', METADATA_NAME), storage);
    expect(metadata.from).toBe(new Date(Number(full)).toISOString());
    expect(metadata.records).toBeGreaterThan(0);
    expect(service.metrics.events).toEqual(['full success', 'incremental success']);
  });

  it('keep the configuration of each node', async () => {
    const service = await startService({ policy: { 'with-cluster-configuration': true } });
    await run(service, 'full');
    const [full] = listRuns(service.root, 'backup');
    const directory = join(service.root, 'nightly/backup', full!, 'configuration');
    expect(readdirSync(directory)).toEqual(['aerospike_0.conf', 'aerospike_1.conf']);
    const text = readFileSync(join(directory, 'aerospike_0.conf'), 'utf8');
    expect(text).toContain('service {\n');
    expect(text).toContain('namespace test {\n');
    expect(text).toContain('  replication-factor 1\n');
  });

  it('are restricted to nodes by their ids or addresses, and to racks', async () => {
    const [first, second] = [cluster.nodes[0]!, cluster.nodes[1]!];
    const read = async (routine: Partial<BackupRoutine>): Promise<number> => {
      const service = await startService({ routine });
      await run(service, 'full');
      const [full] = listRuns(service.root, 'backup');
      if (full === undefined) throw new Error(service.lines.join('\n'));
      return countRecords(join(service.root, 'nightly/backup', full, 'data/test'));
    };
    const all = cluster.store('test').objects;
    const ofFirst = await read({ 'node-list': [`localhost:${first.port}`] });
    expect(ofFirst).toBeGreaterThan(0);
    expect(ofFirst).toBeLessThan(all);
    expect(await read({ 'node-list': [`${second.host}:${second.port}`] })).toBe(all - ofFirst);
    const ids = [first.name, second.name];
    expect(await read({ 'node-list': [ids[0]!.toLowerCase()] })).toBe(ofFirst);
    expect(await read({ 'node-list': [ids[1]!, ids[0]!, ids[1]!] })).toBe(all);
    await expect(read({ 'node-list': ['BB9FFFF'] })).rejects.toThrow('BB9FFFF');
    await expect(read({ 'rack-list': [3] })).rejects.toThrow('rack');
    second.injectFaults({ infoAnswers: new Map([['rack-ids', 'other:1;test:3']]) });
    try {
      expect(await read({ 'rack-list': [3] })).toBe(all - ofFirst);
    } finally {
      second.clearFaults();
    }
  });

  it('that end with the process, are finished by the next one where they were', async () => {
    const { root, metrics } = await interrupt();
    expect(metrics.events).toEqual([]);
    const [left] = listRuns(root, 'backup');
    const data = join(root, 'nightly/backup', left!, 'data/test');
    expect(readdirSync(data)).toContain('manifest.json');
    expect(readdirSync(data)).not.toContain(METADATA_NAME);
    const next = await startService({ root });
    await next.runner.idle();
    expect(next.metrics.events).toEqual(['full success']);
    expect(next.asked.map(({ continueFrom }) => continueFrom)).toEqual([join(data, 'manifest.json')]);
    expect(listRuns(root, 'backup')).toEqual([left]);
    expect(readdirSync(data)).toContain(METADATA_NAME);
    expect(await countRecords(data)).toBe(cluster.store('test').objects);
    expect((await verifyBackup(data)).problems).toEqual([]);
  });

  it('that end after their last record, are finished with the files that the process before has written', async () => {
    const service = await startService();
    await run(service, 'full');
    await service.runner.stop();
    const [left] = listRuns(service.root, 'backup');
    const data = join(service.root, 'nightly/backup', left!, 'data/test');
    const storage = await new StorageRegistry().forPath(data);
    const before = await readMetadata(join(data, METADATA_NAME), storage);
    expect(before.files).toBeGreaterThan(0);
    const file = join(data, 'manifest.json');
    const state = JSON.parse(readFileSync(file, 'utf8')) as { manifest: object };
    writeFileSync(file, sealState({ ...state, manifest: { ...state.manifest, state: 'IN_PROGRESS' } }));
    rmSync(join(data, METADATA_NAME));
    const next = await startService({ root: service.root });
    await next.runner.idle();
    expect(next.metrics.events).toEqual(['full success']);
    const { records, bytes, files } = await readMetadata(join(data, METADATA_NAME), storage);
    expect({ records, bytes, files }).toEqual({ records: before.records, bytes: before.bytes, files: before.files });
  });

  it('that cannot be finished as they were begun, leave nothing', async () => {
    const { root } = await interrupt();
    const next = await startService({ root, settings: { bins: ['other'] } });
    await next.runner.idle();
    expect(next.metrics.events).toEqual(['full failure']);
    expect(listRuns(root, 'backup')).toEqual([]);
  });

  it('that left no checkpoint, are removed; those of other routines are left alone', async () => {
    const root = join(folder.path, `root${count++}`);
    for (const routine of ['nightly', 'other']) {
      const data = join(root, routine, 'backup/1777683600000/data/test');
      mkdirSync(data, { recursive: true });
      writeFileSync(join(data, 'test_00000.asb'), 'half');
    }
    const { runner } = await startService({ root });
    await runner.idle();
    expect(listRuns(root, 'backup')).toEqual([]);
    expect(existsSync(join(root, 'other/backup/1777683600000/data/test/test_00000.asb'))).toBe(true);
  });

  it('whose deletion was interrupted, are not finished: a part of their files may be gone', async () => {
    const first = await startService();
    await run(first, 'full');
    const [old] = listRuns(first.root, 'backup');
    await run(first, 'full');
    const data = join(first.root, 'nightly/backup', old!, 'data/test');
    const { rmSync } = await import('node:fs');
    rmSync(join(data, METADATA_NAME));
    const next = await startService({ root: first.root });
    await next.runner.idle();
    expect(listRuns(first.root, 'backup')).toHaveLength(1);
    expect(next.asked).toEqual([]);
  });

  it('that were due while the service was down, are made once if the routine says so', async () => {
    const first = await startService();
    await run(first, 'full');
    const routine = { 'interval-cron': '* * * * * *', 'catch-up': true };
    // Its own schedule would make one soon.
    const clock: Clock = { nowMs: () => Date.now(), startTimer: () => () => undefined };
    const other = await startService({ root: first.root, routine: { ...routine, 'catch-up': false }, clock });
    await other.runner.idle();
    expect(other.asked).toEqual([]);
    const later: Clock = { ...clock, nowMs: () => Date.now() + 5000 };
    const next = await startService({ root: first.root, routine, clock: later });
    await next.runner.idle();
    expect(next.metrics.events).toEqual(['full success']);
    running.length = 0;
  });
});
