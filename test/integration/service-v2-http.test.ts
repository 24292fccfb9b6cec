/** /v2 over HTTP with everything behind it: each error code by what really causes it, and paths below a context. */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// Worker threads run compiled files only.
import { runService } from '../../dist/service/service.js';
import { findFreePort } from '../support/free-port.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import type { Log } from '../../src/core/log.js';
import { clientRecord, putRecord } from '../support/cluster-contents.js';
import { scratch } from '../support/target.js';

const SILENT: Log = { info: () => undefined, error: () => undefined, verbose: () => undefined };
const NEVER_DUE = '0 0 0 1 1 ? 2099';
const folder = scratch();
const stopping = new AbortController();
let cluster: InMemoryCluster;
let broken: Server;
let silent: Server;
let service: Promise<void>;
let base: string;

interface Answer {
  status: number;
  location: string | null;
  body: Readonly<Record<string, unknown>>;
}

async function ask(method: string, path: string, document?: object): Promise<Answer> {
  const answer = await fetch(`${base}${path}`, {
    method,
    ...(document === undefined
      ? {}
      : { body: JSON.stringify(document), headers: { 'content-type': 'application/json' } }),
  });
  const text = await answer.text();
  const body = text === '' ? {} : (JSON.parse(text) as Answer['body']);
  return { status: answer.status, location: answer.headers.get('location'), body };
}

async function listen(onConnection: (socket: { end(text: string): void }) => void): Promise<[Server, number]> {
  const server = createServer(onConnection).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return [server, (server.address() as AddressInfo).port];
}

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ namespaces: ['test', 'copy'] });
  for (let key = 0; key < 5; key++) putRecord(cluster, 'test', clientRecord('users', key, key));
  for (let key = 0; key < 50; key++) putRecord(cluster, 'copy', clientRecord('users', key, key));
  const [closing, brokenPort] = await listen((socket) => socket.end('what?'));
  const [waiting, silentPort] = await listen(() => undefined);
  [broken, silent] = [closing, waiting];
  const port = await findFreePort();
  const seed = (seedPort: number): object => ({
    'seed-nodes': [{ 'host-name': '127.0.0.1', port: seedPort }],
    'conn-timeout': 300,
  });
  const routine = (more: object): object => ({
    'source-cluster': 'main',
    storage: 'disk',
    'interval-cron': NEVER_DUE,
    namespaces: ['copy'],
    ...more,
  });
  mkdirSync(join(folder.path, 'disk'));
  const document = {
    service: { http: { address: '127.0.0.1', port, 'context-path': '/abs' } },
    'aerospike-clusters': { main: seed(cluster.seed.port), broken: seed(brokenPort), silent: seed(silentPort) },
    storage: { disk: { 'local-storage': { path: join(folder.path, 'disk') } } },
    'backup-policies': {
      slow: { 'records-per-second': 1, 'retry-policy': { 'max-retries': 0 } },
      empty: { 'no-records': true },
    },
    'backup-routines': {
      slow: routine({ 'backup-policy': 'slow' }),
      generated: routine({ 'id-policy': 'generated' }),
      given: routine({ 'id-policy': 'caller' }),
    },
  };
  const config = join(folder.path, 'service.yml');
  writeFileSync(config, JSON.stringify(document));
  base = `http://127.0.0.1:${port}/abs`;
  let stdout: (text: string) => void = () => undefined;
  const listening = new Promise<void>((resolve) => {
    stdout = (text) => {
      if (text.includes('Listening on')) resolve();
    };
  });
  const options = { config, isRemote: false, dataDirectory: undefined, stdout, log: SILENT, signal: stopping.signal };
  service = runService(options);
  await Promise.race([listening, service]);
  const made = [
    { id: 'base', include: ['test'] },
    { id: 'child', include: ['test'], type: 'DIFFERENTIAL', parent: 'base' },
    { id: 'gone', include: ['test'] },
    { include: ['test'] },
    { id: 'mark', type: 'MARKER' },
  ];
  for (const request of made) {
    expect(await ask('POST', '/v2/backups/disk?wait=60', { cluster: 'main', ...request })).toMatchObject({
      status: 202,
      body: { state: 'COMPLETED' },
    });
  }
  expect((await ask('DELETE', '/v2/backups/disk/gone')).status).toBe(204);
  expect((await ask('POST', '/v2/routines/slow/run', {})).status).toBe(202);
});

afterAll(async () => {
  await ask('POST', '/v2/routines/slow/cancel');
  stopping.abort();
  await service;
  broken.close();
  silent.close();
  await cluster.stop();
  folder.remove();
});

const BACKUPS = '/v2/backups/disk';
/** Of requests for backups, where a condition has nothing else. */
const USUAL = { cluster: 'main', include: ['test'] };
const CONDITIONS: readonly (readonly [string, number, string, string, object?])[] = [
  ['invalid-id', 400, 'POST', BACKUPS, { id: 'Not an id' }],
  ['include-exclude', 400, 'POST', BACKUPS, { exclude: ['copy'] }],
  ['unknown-selection', 400, 'POST', BACKUPS, { include: ['absent'] }],
  ['id-not-allowed', 400, 'POST', '/v2/routines/generated/run', { id: 'mine' }],
  ['id-required', 400, 'POST', '/v2/routines/given/run', {}],
  ['no-storage', 404, 'POST', '/v2/backups/none', {}],
  ['no-storage', 400, 'POST', `${BACKUPS}/base/copy`, { to: 'none' }],
  ['feature-disabled', 400, 'POST', BACKUPS, { 'backup-policy': 'empty' }],
  ['id-taken', 409, 'POST', BACKUPS, { id: 'base' }],
  ['id-taken', 409, 'POST', BACKUPS, { id: 'gone' }],
  ['id-not-monotonic', 409, 'POST', BACKUPS, { id: '1' }],
  ['busy', 409, 'POST', '/v2/routines/slow/run', {}],
  ['not-found', 404, 'GET', `${BACKUPS}/nothing`],
  ['deleted', 409, 'POST', `${BACKUPS}/gone/restore`, {}],
  ['target-not-empty', 409, 'POST', `${BACKUPS}/base/restore`, {}],
  ['not-restorable', 409, 'POST', `${BACKUPS}/mark/restore`, {}],
  ['target-busy', 409, 'POST', `${BACKUPS}/base/restore`, { rename: { test: 'copy' }, 'on-existing': 'merge' }],
  ['not-in-backup', 404, 'POST', `${BACKUPS}/base/restore`, { include: ['absent'] }],
  ['has-dependents', 409, 'DELETE', `${BACKUPS}/base`],
  ['no-restore-point', 409, 'POST', '/v2/restore/disk', { time: '2001-01-01T00:00:00Z' }],
  ['upstream', 502, 'POST', BACKUPS, { cluster: 'broken', id: 'of-broken' }],
  ['timeout', 504, 'POST', BACKUPS, { cluster: 'silent', id: 'of-silent' }],
];

describe('over HTTP, with the real operations', () => {
  for (const [code, status, method, path, document] of CONDITIONS) {
    it(`${method} ${path} ${JSON.stringify(document ?? {})} is answered by ${status} ${code}`, async () => {
      const isBackup = method === 'POST' && path === BACKUPS;
      const { body, ...answer } = await ask(method, path, isBackup ? { ...USUAL, ...document } : document);
      expect({ code: body.code, ...answer }).toMatchObject({ code, status });
      expect(typeof body.message).toBe('string');
    });
  }

  it('a deleted backup is shown as such, and a target that is not empty with its counts', async () => {
    expect(await ask('GET', `${BACKUPS}/gone`)).toMatchObject({ status: 200, body: { state: 'DELETED' } });
    const { body } = await ask('POST', `${BACKUPS}/base/restore`, {});
    expect(body.details).toEqual({ targets: [{ namespace: 'test', records: 5 }] });
    const { details } = (await ask('POST', '/v2/routines/slow/run', {})).body;
    expect(details).toMatchObject({ id: expect.stringMatching(/^\d{13}$/) as string });
  });

  it('paths in documents and in Location have the context path, and lead back', async () => {
    const { location, body } = await ask('POST', `${BACKUPS}/base/verify?wait=60`, {});
    expect(location).toBe(body.href);
    expect(body).toMatchObject({ state: 'COMPLETED', href: expect.stringMatching(/^\/abs\/v2\/jobs\//) as string });
    const found = await fetch(new URL(String(body.href), base));
    expect(await found.json()).toEqual(body);
    const { backups } = (await ask('GET', BACKUPS)).body as { backups: { href: string }[] };
    expect(backups.length).toBeGreaterThan(2);
    for (const { href } of backups) expect(href).toMatch(/^\/abs\/v2\/backups\/disk\//);
  });
});
