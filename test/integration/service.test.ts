/** The service as its users start it: the program, its configuration, its API, and what a kill leaves behind. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { verifyBackup } from '../../src/api/catalog/verify-backup.js';
import { Particle } from '../../src/core/particle.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { expectAnswerShape } from '../support/abs-shapes.js';
import { readRecords } from '../support/cluster-contents.js';
import { findFreePort, startServiceProcess, type ServiceProcess } from '../support/service-process.js';
import { scratch } from '../support/target.js';

const SERVICE = fileURLToPath(new URL('../../bin/aerospike-backup-service', import.meta.url));
const ASB = fileURLToPath(new URL('../../bin/asb', import.meta.url));
const ASRESTORE = fileURLToPath(new URL('../../bin/asrestore', import.meta.url));
const RECORDS = 500;
/** An increment has a lower bound that is seconds before the backup that it builds on. */
const HOUR_MS = 3_600_000;
/** More by hand: SERVICE_KILLS=200. */
const KILLS = Number(process.env.SERVICE_KILLS ?? 6);
/** More by hand: SERVICE_INCREMENTS=50. */
const INCREMENTS = Number(process.env.SERVICE_INCREMENTS ?? 4);
const SECRET = 'a word that nobody may see';

interface Details {
  created: string;
  timestamp: number;
  'finished-timestamp': number;
  namespace: string;
  'record-count': number;
  key: string;
}

const work = scratch();
let cluster: InMemoryCluster;
let port: number;
let count = 0;
let running: ServiceProcess | undefined;

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ namespaces: ['bar', 'restored', 'test'] });
  port = await findFreePort();
  for (const namespace of ['bar', 'test']) putRecords(namespace, 0, RECORDS, 'first', Date.now() - HOUR_MS);
});
afterEach(async () => {
  await running?.end('SIGKILL');
  running = undefined;
});
afterAll(async () => {
  await cluster.stop();
  work.remove();
});

function putRecords(namespace: string, from: number, to: number, text: string, changedMs = Date.now()): void {
  const store = cluster.store(namespace);
  for (let i = from; i < to; i++) {
    const digest = createHash('sha1').update(`${namespace}/${i}`).digest();
    const value = Buffer.from(`${text} ${i}`.padEnd(100, '.'));
    store.putRaw('users', digest, undefined, 1, 0, [{ name: 'n', type: Particle.STRING, value }], changedMs);
  }
}

function emptyRestored(): void {
  cluster.store('restored').truncate(undefined, Date.now() + 1);
}

/** Values by digest. */
async function readNames(namespace: string): Promise<Map<string, string>> {
  const records = await readRecords(cluster, namespace);
  return new Map(records.map(({ digest, bins }) => [digest.toString('hex'), bins[0]!.value.toString()]));
}

interface Configuration {
  root: string;
  file: string;
}

function writeConfiguration(more: object = {}): Configuration {
  const root = join(work.path, `root${count}`);
  const file = join(work.path, `service${count++}.yml`);
  const { host, port: clusterPort } = cluster.nodes[0]!;
  const document = {
    service: { http: { address: '127.0.0.1', port } },
    'aerospike-clusters': {
      users: { 'seed-nodes': [{ 'host-name': host, port: clusterPort }] },
    },
    storage: { disk: { 'local-storage': { path: root } } },
    'backup-policies': { keep: { parallel: 2, retention: { full: 2, incremental: 1 } } },
    'backup-routines': {
      nightly: {
        'source-cluster': 'users',
        storage: 'disk',
        'backup-policy': 'keep',
        'interval-cron': '0 0 1 1 1 *',
        namespaces: ['test', 'bar'],
      },
    },
    ...more,
  };
  writeFileSync(file, stringify(document), { mode: 0o644 });
  return { root, file };
}

async function start({ file }: Configuration, args: readonly string[] = []): Promise<ServiceProcess> {
  running = await startServiceProcess(file, { args, onAnswer: expectAnswerShape });
  return running;
}

async function list(service: ServiceProcess, type: 'full' | 'incremental'): Promise<Details[]> {
  const { status, json } = await service.request('GET', `/v1/backups/${type}/nightly`);
  expect(status).toBe(200);
  return json as Details[];
}

/** Asks for a backup and waits until it is listed, with all its namespaces. */
async function backUp(service: ServiceProcess, type: 'full' | 'incremental', namespaces = 2): Promise<Details[]> {
  const before = new Set((await list(service, type)).map(({ key }) => key));
  expect((await service.request('POST', `/v1/backups/${type}/nightly`)).status).toBe(202);
  for (;;) {
    const added = (await list(service, type)).filter(({ key }) => !before.has(key));
    if (added.length >= namespaces) return added;
    await sleep(20);
  }
}

async function restore(service: ServiceProcess, path: string, body: object): Promise<Record<string, unknown>> {
  const { status, text, json } = await service.request('POST', path, body);
  expect(text).toMatch(/^\d+$/);
  expect(status).toBe(202);
  for (;;) {
    const answer = await service.request('GET', `/v1/restore/status/${String(json)}`);
    const job = answer.json as Record<string, unknown>;
    if (job.status !== 'running') return job;
    await sleep(20);
  }
}

function run(program: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

describe('aerospike-backup-service', () => {
  it('backs up, lists, restores at a time into another namespace, and its backups verify', async () => {
    const configuration = writeConfiguration();
    const service = await start(configuration);
    const full = await backUp(service, 'full');
    expect(full.map((one) => [one.namespace, one['record-count']])).toEqual([
      ['bar', RECORDS],
      ['test', RECORDS],
    ]);
    putRecords('test', 0, 20, 'second');
    const [increment] = await backUp(service, 'incremental', 1);
    expect(increment).toMatchObject({ namespace: 'test', 'record-count': 20 });
    const before = await readNames('test');
    await sleep(5);
    putRecords('test', 0, 20, 'third');
    await backUp(service, 'incremental', 1);
    emptyRestored();
    const job = await restore(service, '/v1/restore/timestamp', {
      routine: 'nightly',
      time: increment!['finished-timestamp'],
      policy: { namespace: { source: 'test', destination: 'restored' } },
    });
    expect(job).toMatchObject({ status: 'success', 'inserted-records': RECORDS });
    expect(await readNames('restored')).toEqual(before);
    expect(await run(ASB, 'verify', configuration.root, '--no-config-file')).toMatchObject({ code: 0 });
    expect(await service.end('SIGTERM')).toBe(0);
  });

  it(`restores a full backup and ${INCREMENTS} increments: every record is as it was at the last one`, async () => {
    const configuration = writeConfiguration({ 'backup-policies': { keep: { parallel: 1 } } });
    const service = await start(configuration);
    await backUp(service, 'full');
    const states: { time: number; names: Map<string, string> }[] = [];
    let to = RECORDS;
    for (let n = 0; n < INCREMENTS; n++) {
      // Some are changed again and again, some once, some are new.
      putRecords('test', 0, 10, `always ${n}`);
      putRecords('test', 10 + n, 20 + n, `once ${n}`);
      putRecords('test', to, (to += 3), `new ${n}`);
      const names = await readNames('test');
      const [increment] = await backUp(service, 'incremental', 1);
      states.push({ time: increment!['finished-timestamp'], names });
    }
    for (const { time, names } of [states.at(-1)!, states[INCREMENTS >> 1]!]) {
      emptyRestored();
      const policy = { namespace: { source: 'test', destination: 'restored' } };
      const job = await restore(service, '/v1/restore/timestamp', { routine: 'nightly', time, policy });
      expect(job).toMatchObject({ status: 'success' });
      expect(await readNames('restored')).toEqual(names);
    }
    expect(await service.end('SIGTERM')).toBe(0);
  });

  it('makes files and directories that other users cannot read, which asrestore restores', async () => {
    const configuration = writeConfiguration();
    const service = await start(configuration);
    const [, test] = await backUp(service, 'full');
    const folder = join(configuration.root, test!.key);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const { host, port: clusterPort } = cluster.nodes[0]!;
    const args = ['--no-config-file', '-h', host, '-p', String(clusterPort), '-n', 'test,restored', '-d', folder];
    emptyRestored();
    expect(await run(ASRESTORE, ...args)).toMatchObject({ code: 0 });
    expect(await readNames('restored')).toEqual(await readNames('test'));
  });

  it('keeps changes of its configuration over a restart, in a file that only its user can read', async () => {
    const configuration = writeConfiguration();
    const service = await start(configuration);
    const policy = { parallel: 4, encryption: { mode: 'AES128', 'key-secret': SECRET } };
    expect((await service.request('POST', '/v1/config/policies/new', policy)).status).toBe(201);
    const shown = await service.request('GET', '/v1/config/policies/new');
    expect(shown.json).toEqual({ parallel: 4, encryption: { mode: 'AES128', 'key-secret': '[secret]' } });
    expect(await service.end('SIGTERM')).toBe(0);
    expect(statSync(configuration.file).mode & 0o777).toBe(0o600);
    const written = parse(readFileSync(configuration.file, 'utf8')) as Record<string, Record<string, unknown>>;
    expect(written['backup-policies']!.new).toEqual(policy);
    const again = await start(configuration);
    expect((await again.request('GET', '/v1/config/policies/new')).json).toEqual(shown.json);
    expect([...service.log, ...again.log].join('\n')).not.toContain(SECRET);
  });

  it('says everything that is wrong with a configuration, with exit code 1, and starts nothing', async () => {
    const { file } = writeConfiguration({
      'backup-policies': { keep: { parallel: 0, retention: { full: 1, incremental: 2 } } },
      storages: {},
    });
    for (const args of [[], ['--check-config']]) {
      const { code, stdout, stderr } = await run(SERVICE, '-c', file, ...args);
      expect(code).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/storages.*did you mean "storage"/);
      expect(stderr).toContain('backup-policies.keep.parallel');
    }
  });

  it('says that a configuration is right, and what it has', async () => {
    const { file } = writeConfiguration();
    expect(await run(ASB, 'service', '-c', file, '--check-config')).toEqual({
      code: 0,
      stdout: 'The configuration is right: 1 cluster, 1 storage, 1 policy, 1 routine\n',
      stderr: '',
    });
  });

  it('without a configuration, or with one that is not there, says so', async () => {
    expect(await run(SERVICE)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('--config') as string,
    });
    const missing = await run(SERVICE, '-c', join(work.path, 'nothing.yml'));
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing.yml') as string });
  });

  it('whose port is taken ends with exit code 1 and names the address', async () => {
    const configuration = writeConfiguration();
    await start(configuration);
    const second = await run(SERVICE, '-c', configuration.file);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`127.0.0.1:${port}`);
  });

  for (const flag of ['-h', '--help', '-v', '--version']) {
    it(`answers ${flag} as ABS does, with exit code 0`, async () => {
      const { code, stdout } = await run(SERVICE, flag);
      expect(code).toBe(0);
      expect(stdout).toContain(flag.includes('h') ? '--config' : 'Version 5.');
    });
  }

  it(
    `killed ${KILLS} times at any moment lists only whole backups, and keeps one version of its configuration`,
    async () => {
      const configuration = writeConfiguration();
      // The same moments in every run; how far the service is at each differs.
      let state = 20_261_126;
      const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
      let [sent, answered] = [0, 0];
      const sound = new Set<string>();
      for (let kill = 0; kill < KILLS; kill++) {
        const service = await start(configuration);
        await expectSound(service, configuration.root, sound);
        putRecords('test', random(RECORDS), RECORDS, `round ${kill}`);
        const work = async (): Promise<void> => {
          for (;;) {
            await service.request('POST', `/v1/backups/${random(2) === 0 ? 'full' : 'incremental'}/nightly`);
            const policy = { parallel: 2, retention: { full: 2, incremental: 1 }, bandwidth: 1000 + ++sent };
            const change = await service.request('PUT', '/v1/config/policies/keep', policy);
            if (change.status === 200) answered = sent;
            const [newest] = (await list(service, 'full')).reverse();
            if (newest !== undefined) {
              await service.request('POST', '/v1/restore/full', {
                'backup-data-path': newest.key,
                'source-name': 'disk',
                'destination-name': 'users',
                policy: { namespace: { source: newest.namespace, destination: 'restored' } },
              });
            }
            await sleep(random(30));
          }
        };
        // The kill ends it.
        const working = work().catch(() => undefined);
        await sleep(200 + random(600));
        await service.end('SIGKILL');
        await working;
        const written = parse(readFileSync(configuration.file, 'utf8')) as Record<string, Record<string, unknown>>;
        const { bandwidth = 1000 } = written['backup-policies']!.keep as { bandwidth?: number };
        expect([answered, sent]).toContain(bandwidth - 1000);
        // What was written without an answer counts.
        answered = sent = bandwidth - 1000;
      }
      const service = await start(configuration);
      // What the last process left goes on, or goes.
      for (let busy = true; busy;) {
        const { json } = await service.request('GET', '/v1/backups/currentBackup/nightly');
        const { full, incremental } = json as Record<string, unknown>;
        busy = full !== undefined || incremental !== undefined;
        await sleep(50);
      }
      await backUp(service, 'full');
      expect(await expectSound(service, configuration.root, sound)).toBeGreaterThan(0);
      // Old backups go, and what is left of dead runs, too, once their locks have lasted long enough.
      while ((await run(ASB, 'verify', configuration.root, '--no-config-file')).code !== 0) await sleep(500);
      expect(await service.end('SIGTERM')).toBe(0);
    },
    300_000 + KILLS * 10_000,
  );
});

/** Reads every listed backup that is not in `sound` yet. Resolves with the number of backups listed. */
async function expectSound(service: ServiceProcess, root: string, sound: Set<string>): Promise<number> {
  const listAll = async (): Promise<Details[]> => [
    ...(await list(service, 'full')),
    ...(await list(service, 'incremental')),
  ];
  const details = await listAll();
  for (const { key } of details) {
    if (sound.has(key)) continue;
    const isWhole = existsSync(join(root, key, 'metadata.yaml'));
    const problems = await verifyBackup(join(root, key)).then(
      (result) => result.problems,
      (error: unknown) => [error],
    );
    if (isWhole && problems.length === 0) sound.add(key);
    // A run that goes on after the restart may have ended, so that the retention has deleted it meanwhile.
    else {
      const isListed = (await listAll()).some((each) => each.key === key);
      expect({ key, isWhole, problems, isListed }).toMatchObject({ isListed: false });
    }
  }
  return details.length;
}
