/** The service on every object store that tests have, through /v1, also while one answers nothing but 503. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { Particle } from '../../src/core/particle.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import type { Storage } from '../../src/service/document/schema/storage.js';
import { expectAnswerShape } from '../support/abs-shapes.js';
import { readRecords } from '../support/cluster-contents.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { STORES, type StoreUnderTest } from '../support/object-stores.js';
import { findFreePort, startServiceProcess, type ServiceProcess } from '../support/service-process.js';
import { scratch } from '../support/target.js';

const RECORDS = 200;
const HOUR_MS = 3_600_000;
/** More by hand: SERVICE_OUTAGE_SECONDS=60. */
const OUTAGE_MS = Number(process.env.SERVICE_OUTAGE_SECONDS ?? 2) * 1000;

interface Details {
  namespace: string;
  key: string;
  'record-count': number;
  'finished-timestamp': number;
}

interface OpenedStore {
  store: StoreUnderTest;
  proxy: FaultProxy;
  definition: Storage;
}

const kinds = STORES.filter(({ name }) => name !== 'local files').map((kind, i) => ({ kind, routine: `routine${i}` }));
const work = scratch();
const opened = new Map<string, OpenedStore>();
let cluster: InMemoryCluster;
let service: ServiceProcess;

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ namespaces: ['test', 'restored'] });
  putRecords(0, RECORDS, 'first', Date.now() - HOUR_MS);
  for (const { kind, routine } of kinds) {
    if (kind.skip === undefined) opened.set(routine, await openStore(kind));
  }
  const file = join(work.path, 'service.yml');
  writeFileSync(file, stringify(createDocument(await findFreePort())));
  service = await startServiceProcess(file, { onAnswer: expectAnswerShape });
});
afterAll(async () => {
  await service.end('SIGTERM');
  for (const { proxy, store } of opened.values()) {
    await proxy.close();
    await store.close();
  }
  await cluster.stop();
  work.remove();
});

async function openStore(kind: (typeof STORES)[number]): Promise<OpenedStore> {
  const store = await kind.open();
  const proxy = new FaultProxy(new URL(store.origin!));
  const { s3, gs, azblob } = store.settings(await proxy.listen());
  const bucket = store.root.replace(/^\w+:\/\//, '');
  const path = 'backups/of the service';
  if (s3 !== undefined) {
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = process.env;
    const keys = { 'access-key-id': id!, 'secret-access-key': secret! };
    const place = { bucket, path, 's3-region': s3.region!, 's3-endpoint-override': s3.endpoint! };
    return { store, proxy, definition: { 's3-storage': { ...place, ...keys } } };
  }
  if (gs !== undefined) {
    return { store, proxy, definition: { 'gcp-storage': { 'bucket-name': bucket, path, endpoint: gs.endpoint! } } };
  }
  const { endpoint, accountName, accountKey } = azblob!;
  const keys = { 'account-name': accountName!, 'account-key': accountKey! };
  const place = { 'container-name': bucket, path, endpoint: endpoint! };
  return { store, proxy, definition: { 'azure-storage': { ...place, ...keys } } };
}

function createDocument(port: number): object {
  const { host, port: clusterPort } = cluster.seed;
  const routine = (name: string): object => ({
    'source-cluster': 'users',
    storage: name,
    'backup-policy': 'patient',
    'interval-cron': '@yearly',
    namespaces: ['test'],
  });
  return {
    service: { http: { address: '127.0.0.1', port } },
    'aerospike-clusters': { users: { 'seed-nodes': [{ 'host-name': host, port: clusterPort }] } },
    storage: Object.fromEntries([...opened].map(([name, { definition }]) => [name, definition])),
    'backup-policies': {
      patient: { parallel: 1, 'retry-policy': { 'base-timeout': 300, multiplier: 1, 'max-retries': 1000 } },
    },
    'backup-routines': Object.fromEntries([...opened.keys()].map((name) => [name, routine(name)])),
  };
}

function putRecords(from: number, to: number, text: string, changedMs = Date.now()): void {
  for (let i = from; i < to; i++) {
    const digest = createHash('sha1').update(String(i)).digest();
    const value = Buffer.from(`${text} ${i}`);
    cluster
      .store('test')
      .putRaw('users', digest, undefined, 1, 0, [{ name: 'n', type: Particle.STRING, value }], changedMs);
  }
}

/** Values by digest. */
async function readNames(namespace: string): Promise<Map<string, string>> {
  const records = await readRecords(cluster, namespace);
  return new Map(records.map(({ digest, bins }) => [digest.toString('hex'), bins[0]!.value.toString()]));
}

async function list(routine: string, type: string): Promise<Details[]> {
  const { status, text, json } = await service.request('GET', `/v1/backups/${type}/${routine}`);
  expect(status, text).toBe(200);
  return json as Details[];
}

/** Resolves with the last backup when so many are listed. */
async function waitForBackup(routine: string, type: 'full' | 'incremental', count: number): Promise<Details> {
  for (;;) {
    const backups = await list(routine, type);
    if (backups.length >= count) return backups.at(-1)!;
    await sleep(20);
  }
}

async function start(routine: string, type: 'full' | 'incremental'): Promise<void> {
  expect((await service.request('POST', `/v1/backups/${type}/${routine}`)).status).toBe(202);
}

async function restore(path: string, body: object): Promise<Record<string, unknown>> {
  const policy = { namespace: { source: 'test', destination: 'restored' } };
  const { status, text, json } = await service.request('POST', path, { ...body, policy });
  expect(status, text).toBe(202);
  for (;;) {
    const answer = await service.request('GET', `/v1/restore/status/${String(json)}`);
    const job = answer.json as Record<string, unknown>;
    if (job.status !== 'running') return job;
    await sleep(20);
  }
}

async function countEvents(routine: string, outcome: string): Promise<number> {
  const { text } = await service.request('GET', '/metrics');
  const labels = `{routine="${routine}",type="full",outcome="${outcome}"}`;
  const line = text.split('\n').find((each) => each.includes(`backup_events_total${labels}`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

describe.each(kinds.map((each) => [each.kind.name, each] as const))('the service on %s', (_name, { kind, routine }) => {
  describe.skipIf(kind.skip !== undefined)(kind.skip ?? 'a server', () => {
    it('backs up, lists, and restores by path and by time, as on a disk', async () => {
      await start(routine, 'full');
      const full = await waitForBackup(routine, 'full', 1);
      expect(full).toMatchObject({ namespace: 'test', 'record-count': RECORDS });
      expect(full.key).toMatch(new RegExp(`^${routine}/backup/\\d{13}/data/test$`));
      const before = await readNames('test');
      putRecords(0, 10, `changed on ${routine}`);
      await start(routine, 'incremental');
      const increment = await waitForBackup(routine, 'incremental', 1);
      expect(increment['record-count']).toBeGreaterThanOrEqual(10);

      cluster.store('restored').truncate(undefined, Date.now() + 1);
      const byPath = { 'backup-data-path': full.key, 'source-name': routine, 'destination-name': 'users' };
      expect(await restore('/v1/restore/full', byPath)).toMatchObject({ status: 'success' });
      expect(await readNames('restored')).toEqual(before);
      cluster.store('restored').truncate(undefined, Date.now() + 1);
      const byTime = { routine, time: increment['finished-timestamp'] };
      expect(await restore('/v1/restore/timestamp', byTime)).toMatchObject({ status: 'success' });
      expect(await readNames('restored')).toEqual(await readNames('test'));
    });

    it(`that answers 503 for ${OUTAGE_MS / 1000} s, ends no run: it is tried again, counted, and comes to its end`, async () => {
      const { proxy } = opened.get(routine)!;
      const count = (await list(routine, 'full')).length;
      proxy.seen.length = 0;
      proxy.faults = [{ matches: () => true, times: Infinity, kind: { answer: 503 } }];
      await start(routine, 'full');
      const endMs = performance.now() + OUTAGE_MS;
      // At least one request of the run has met the outage, however slow the machine is.
      while (performance.now() < endMs || proxy.seen.length === 0) {
        expect((await service.request('GET', '/health')).status).toBe(200);
        await sleep(50);
      }
      const met = proxy.seen.length;
      proxy.faults = [];
      expect(await waitForBackup(routine, 'full', count + 1)).toMatchObject({ 'record-count': RECORDS });
      expect(met).toBeGreaterThan(0);
      // A backup is listed before its run has ended.
      while ((await countEvents(routine, 'success')) + (await countEvents(routine, 'failure')) <= count)
        await sleep(20);
      expect(await countEvents(routine, 'success')).toBe(count + 1);
      expect(await countEvents(routine, 'failure')).toBe(0);
      expect(service.child.exitCode).toBeNull();
      // Short outages are passed over in silence.
      if (OUTAGE_MS >= 30_000) expect(service.log.join('\n')).toMatch(/does not answer as it should.*trying again/);
    });
  });
});
