/**
 * /v2 under load, on an in-memory cluster: how long a list of 1,000 backups takes, and what 500 concurrent requests for
 * the status of a backup cost that backup: on 500 connections at once, each second; 500 a second in small portions; and
 * 500 that wait for the end. The clients need the same processors as the backup. So the same requests are sent to a
 * server of another process, too, that does nothing but answer: the difference is what the service costs. Backups with
 * and without requests take turns, as machines are noisy. Prints the figures. Ends with exit code 1 if a request fails
 * or the list takes more than 200 ms (p95).
 *
 *   --backups N   in the list (default 1000)
 *   --records N   of the backup (default 400000)
 *   --pairs N     of backups with and without requests (default 5)
 *   --rate N      records a second that the backup reads (default: as fast as it can)
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { Particle } from '../../src/core/particle.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { ProcessGuard } from '../replicas/process-guard.js';
import { findFreePort } from '../../test/support/free-port.js';
import { startServiceProcess, type ServiceProcess } from '../../test/support/service-process.js';
import { ClientProcess, LineProcess, readCpuSeconds, serveNothing } from './load-processes.js';
import { serveLoad, type LoadKind } from './raw-clients.js';

const { values } = parseArgs({
  options: {
    backups: { type: 'string', default: '1000' },
    records: { type: 'string', default: '400000' },
    pairs: { type: 'string', default: '5' },
    rate: { type: 'string' },
    'clients-of': { type: 'string' },
    'answer-bytes': { type: 'string' },
  },
});
const BACKUPS = Number(values.backups);
const RECORDS = Number(values.records);
const PAIRS = Number(values.pairs);
const LISTS = 100;
const MOST_LIST_MS = 200;
const NEVER_DUE = '0 0 0 1 1 ? 2099';
const FIRST_RUN_MS = 1_700_000_000_000;

const PROGRAM = fileURLToPath(import.meta.url);

let directory = '';

async function main(): Promise<void> {
  directory = mkdtempSync(join(tmpdir(), 'asb-service-requests-'));
  const cluster = await InMemoryCluster.start({ namespaces: ['test', 'small'] });
  for (let i = 0; i < RECORDS; i++) put(cluster, 'test', i);
  put(cluster, 'small', 0);
  const port = await findFreePort();
  const file = join(directory, 'service.yml');
  writeFileSync(file, stringify(createConfiguration(cluster, port)));
  const guard = new ProcessGuard();
  const service = await startServiceProcess(file, { onSpawn: (child) => guard.add(child) });
  try {
    await fill(service);
    await measureList(service);
    await measureStatus(service);
  } finally {
    await service.end('SIGTERM');
    guard.close();
    await cluster.stop();
    rmSync(directory, { recursive: true });
  }
}

function createConfiguration(cluster: InMemoryCluster, port: number): object {
  const { host, port: clusterPort } = cluster.seed;
  const routine = {
    'source-cluster': 'c',
    storage: 'disk',
    'interval-cron': NEVER_DUE,
    namespaces: ['small'],
  };
  return {
    service: { http: { address: '127.0.0.1', port, 'idle-timeout': 0, rate: { 'white-list': ['0.0.0.0/0'] } } },
    'aerospike-clusters': { c: { 'seed-nodes': [{ 'host-name': host, port: clusterPort }] } },
    storage: {
      disk: { 'local-storage': { path: join(directory, 'disk') } },
      large: { 'local-storage': { path: join(directory, 'large') } },
    },
    'backup-policies': {
      measured: { parallel: 1, ...(values.rate === undefined ? {} : { 'records-per-second': Number(values.rate) }) },
    },
    'backup-routines': { nightly: routine },
  };
}

function put(cluster: InMemoryCluster, namespace: string, index: number): void {
  const digest = createHash('sha1').update(`${index}`).digest();
  const value = Buffer.alloc(200, index & 0x7f);
  cluster.store(namespace).putRaw('s', digest, undefined, 1, 0, [{ name: 'n', type: Particle.BLOB, value }]);
}

/** One backup is made; the others are copies of its folder under other times. */
async function fill(service: ServiceProcess): Promise<void> {
  await expectStatus(service, 'POST', '/v2/routines/nightly/run?wait=60', {}, 202);
  const runs = join(directory, 'disk', 'nightly', 'backup');
  const [made = ''] = readdirSync(runs);
  for (let i = 1; i < BACKUPS; i++) {
    const startMs = FIRST_RUN_MS + i * 60_000;
    const run = join(runs, String(startMs));
    cpSync(join(runs, made), run, { recursive: true });
    const metadata = join(run, 'data', 'small', 'metadata.yaml');
    const time = new Date(startMs).toISOString();
    const text = readFileSync(metadata, 'utf8').replace(/^(created|finished): .*$/gm, `$1: ${time}`);
    writeFileSync(metadata, text);
  }
}

async function measureList(service: ServiceProcess): Promise<void> {
  const times: number[] = [];
  let listed = 0;
  let cpuBefore = 0;
  for (let i = -5; i < LISTS; i++) {
    if (i === 0) cpuBefore = readCpuSeconds(service.child);
    const startMs = performance.now();
    const answer = await service.request('GET', '/v2/backups/disk?limit=1000');
    if (i >= 0) times.push(performance.now() - startMs);
    listed = (answer.json as { total: number }).total;
  }
  times.sort((a, b) => a - b);
  const at = (part: number): number => times[Math.min(times.length - 1, Math.floor(times.length * part))]!;
  const [median, p95] = [at(0.5), at(0.95)];
  const cpuMs = ((readCpuSeconds(service.child) - cpuBefore) * 1000) / LISTS;
  console.log(
    `List of ${listed} backups, ${LISTS} times: median ${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, ` +
      `${cpuMs.toFixed(1)} ms of CPU each`,
  );
  if (p95 > MOST_LIST_MS || listed < BACKUPS) process.exitCode = 1;
}

interface Measured {
  seconds: number;
  /** Of the process of the service. */
  cpuSeconds: number;
  /** Of the clients. */
  clientSeconds: number;
  /** Of the server that does nothing but answer. */
  emptySeconds: number;
  requests: number;
}

interface Load {
  name: string;
  kind: LoadKind;
  /** Of the request, behind the path of the backup. */
  query: string;
  /** Whether the same is sent to the server that does nothing but answer. */
  hasControl: boolean;
}

const LOADS: readonly Load[] = [
  { name: '500 requests at once, each second', kind: 'burst', query: '', hasControl: true },
  { name: '500 requests a second', kind: 'sustained', query: '', hasControl: true },
  { name: '500 requests that wait for the end', kind: 'once', query: '?wait=60', hasControl: false },
];

/** What is beside the service. */
interface Surroundings {
  service: ServiceProcess;
  empty: LineProcess;
  clients: ClientProcess;
  emptyClients: ClientProcess;
}

async function measureStatus(service: ServiceProcess): Promise<void> {
  const bytes = await readAnswerBytes(service);
  const empty = new LineProcess(PROGRAM, ['--answer-bytes', String(bytes)]);
  const emptyPort = Number(await empty.read());
  const clients = await ClientProcess.start(PROGRAM, Number(new URL(service.url).port));
  const emptyClients = await ClientProcess.start(PROGRAM, emptyPort);
  try {
    await compareLoads({ service, empty, clients, emptyClients });
  } finally {
    await Promise.all([clients.process.end(), emptyClients.process.end()]);
    await empty.end();
  }
}

/** Of an answer for the status. */
async function readAnswerBytes(service: ServiceProcess): Promise<number> {
  const path = await beginBackup(service);
  await expectStatus(service, 'GET', `${path}?wait=60`, undefined, 200);
  const { text } = await service.request('GET', path);
  await expectStatus(service, 'DELETE', path, undefined, 204);
  return Buffer.byteLength(text);
}

async function compareLoads(surroundings: Surroundings): Promise<void> {
  const without: Measured[] = [];
  const asked = new Map<Load, Measured[]>(LOADS.map((load) => [load, []]));
  const controls = new Map<Load, Measured[]>(LOADS.map((load) => [load, []]));
  // The first of each kind runs code that is not compiled.
  for (const load of LOADS) {
    for (const target of ['service', 'empty'] as const) await runBackup(surroundings, load, target);
  }
  for (let pair = 0; pair < PAIRS; pair++) {
    for (const load of LOADS) {
      without.push(await runBackup(surroundings, undefined, 'service'));
      asked.get(load)!.push(await runBackup(surroundings, load, 'service'));
      if (load.hasControl) controls.get(load)!.push(await runBackup(surroundings, load, 'empty'));
    }
  }
  const base = describe('without requests', without);
  for (const load of LOADS) {
    const found = describe(load.name, asked.get(load)!);
    const more = (a: Measured): number => (a.seconds / base.seconds - 1) * 100;
    const each = (seconds: number, { requests }: Measured): string => `${((seconds / requests) * 1e6).toFixed(0)} us`;
    const serviceEach = each(found.cpuSeconds - base.cpuSeconds, found);
    console.log(
      `  ${more(found).toFixed(1)} % longer; CPU for each request: ${serviceEach} of the service, ` +
        `${each(found.clientSeconds, found)} of its client`,
    );
    if (!load.hasControl) continue;
    const control = describe(`${load.name}, to an empty server`, controls.get(load)!);
    console.log(
      `  ${more(control).toFixed(1)} % longer; CPU for each request: ${each(control.emptySeconds, control)} of the ` +
        `server, ${each(control.clientSeconds, control)} of its client`,
    );
    console.log(`  The service itself: ${(more(found) - more(control)).toFixed(1)} % longer`);
  }
}

/** Medians. */
function describe(name: string, all: readonly Measured[]): Measured {
  const median = (find: (one: Measured) => number): number =>
    all.map(find).sort((a, b) => a - b)[Math.floor(all.length / 2)]!;
  const found = {
    seconds: median(({ seconds }) => seconds),
    cpuSeconds: median(({ cpuSeconds }) => cpuSeconds),
    clientSeconds: median(({ clientSeconds }) => clientSeconds),
    emptySeconds: median(({ emptySeconds }) => emptySeconds),
    requests: median(({ requests }) => requests),
  };
  const list = all.map(({ seconds }) => seconds.toFixed(2)).join(' ');
  console.log(
    `Backup of ${RECORDS} records, ${name}: median ${found.seconds.toFixed(2)} s (${list}), ` +
      `${found.cpuSeconds.toFixed(2)} s of CPU of the service, ${found.requests} requests`,
  );
  return found;
}

async function runBackup(
  { service, empty, ...sides }: Surroundings,
  load: Load | undefined,
  target: 'service' | 'empty',
): Promise<Measured> {
  const clients = target === 'service' ? sides.clients : sides.emptyClients;
  const readCpu = (): [number, number, number] => [
    readCpuSeconds(service.child),
    readCpuSeconds(clients.process.child),
    readCpuSeconds(empty.child),
  ];
  const before = readCpu();
  const startMs = performance.now();
  const path = await beginBackup(service);
  if (load !== undefined) clients.begin(load.kind, path + load.query);
  const ended = await expectStatus(service, 'GET', `${path}?wait=60`, undefined, 200);
  const seconds = (performance.now() - startMs) / 1000;
  if (ended.state !== 'COMPLETED') throw new Error(`the backup is ${String(ended.state)}: ${String(ended.reason)}`);
  const requests = load === undefined ? 0 : await clients.stop();
  const [cpuSeconds, clientSeconds, emptySeconds] = readCpu().map((after, i) => after - before[i]!);
  await expectStatus(service, 'DELETE', path, undefined, 204);
  return {
    seconds,
    cpuSeconds: cpuSeconds!,
    clientSeconds: clientSeconds!,
    emptySeconds: emptySeconds!,
    requests,
  };
}

/** Resolves with its path. */
async function beginBackup(service: ServiceProcess): Promise<string> {
  const request = { include: ['test'], 'backup-policy': 'measured' };
  const { id } = await expectStatus(service, 'POST', '/v2/backups/large', request, 202);
  return `/v2/backups/large/${String(id)}`;
}

async function expectStatus(
  service: ServiceProcess,
  method: string,
  path: string,
  body: object | undefined,
  expected: number,
): Promise<Readonly<Record<string, unknown>>> {
  const { status, json, text } = await service.request(method, path, body);
  if (status !== expected) throw new Error(`${method} ${path} was answered by ${status}: ${text}`);
  return (json ?? {}) as Readonly<Record<string, unknown>>;
}

if (values['clients-of'] !== undefined) await serveLoad(Number(values['clients-of']));
else if (values['answer-bytes'] !== undefined) await serveNothing(Number(values['answer-bytes']));
else await main();
