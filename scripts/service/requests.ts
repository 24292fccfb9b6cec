/**
 * /v2 under load, on an in-memory cluster: how long a list of 1,000 backups takes, and what 500 concurrent requests for
 * the status of a backup cost that backup. Backups with and without requests take turns, as machines are noisy. Prints
 * the figures. Ends with exit code 1 if a request fails or the list takes more than 200 ms (p95).
 *
 *   --backups N   in the list (default 1000)
 *   --records N   of the backup (default 400000)
 *   --pairs N     of backups with and without requests (default 5)
 *   --rate N      records a second that the backup reads (default: as fast as it can)
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { Particle } from '../../src/core/particle.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { findFreePort } from '../../test/support/free-port.js';
import { startServiceProcess, type ServiceProcess } from '../../test/support/service-process.js';
import { keepAsking } from './clients.js';

const { values } = parseArgs({
  options: {
    backups: { type: 'string', default: '1000' },
    records: { type: 'string', default: '400000' },
    pairs: { type: 'string', default: '5' },
    rate: { type: 'string' },
    client: { type: 'string' },
  },
});
const BACKUPS = Number(values.backups);
const RECORDS = Number(values.records);
const PAIRS = Number(values.pairs);
const LISTS = 100;
const MOST_LIST_MS = 200;
const TICKS_PER_SECOND = 100;
const NEVER_DUE = '0 0 0 1 1 ? 2099';
const FIRST_RUN_MS = 1_700_000_000_000;

const directory = mkdtempSync(join(tmpdir(), 'asb-service-requests-'));

async function main(): Promise<void> {
  const cluster = await InMemoryCluster.start({ namespaces: ['test', 'small'] });
  for (let i = 0; i < RECORDS; i++) put(cluster, 'test', i);
  put(cluster, 'small', 0);
  const port = await findFreePort();
  const file = join(directory, 'service.yml');
  writeFileSync(file, stringify(createConfiguration(cluster, port)));
  const service = await startServiceProcess(file);
  try {
    await fill(service);
    await measureList(service);
    await measureStatus(service);
  } finally {
    await service.end('SIGTERM');
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
    service: { http: { address: '127.0.0.1', port, rate: { 'white-list': ['0.0.0.0/0'] } } },
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
    if (i === 0) cpuBefore = readCpu(service);
    const startMs = performance.now();
    const answer = await service.request('GET', '/v2/backups/disk?limit=1000');
    if (i >= 0) times.push(performance.now() - startMs);
    listed = (answer.json as { total: number }).total;
  }
  times.sort((a, b) => a - b);
  const at = (part: number): number => times[Math.min(times.length - 1, Math.floor(times.length * part))]!;
  const [median, p95] = [at(0.5), at(0.95)];
  const cpuMs = ((readCpu(service) - cpuBefore) * 1000) / LISTS;
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
  requests: number;
}

async function measureStatus(service: ServiceProcess): Promise<void> {
  const without: Measured[] = [];
  const polled: Measured[] = [];
  const waited: Measured[] = [];
  await runBackup(service, undefined);
  for (let pair = 0; pair < PAIRS; pair++) {
    without.push(await runBackup(service, undefined));
    polled.push(await runBackup(service, 'every second'));
    without.push(await runBackup(service, undefined));
    waited.push(await runBackup(service, 'until it ends'));
  }
  const base = describe('without requests', without);
  for (const [name, measured] of [
    ['500 requests at once, each second', polled],
    ['500 requests that wait for the end', waited],
  ] as const) {
    const { seconds, cpuSeconds } = describe(name, measured);
    const more = (a: number, b: number): string => `${((a / b - 1) * 100).toFixed(1)} %`;
    console.log(
      `  ${more(seconds, base.seconds)} longer, ${more(cpuSeconds, base.cpuSeconds)} more CPU of the service`,
    );
  }
}

/** Medians. */
function describe(name: string, all: readonly Measured[]): Measured {
  const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
  const found = {
    seconds: median(all.map(({ seconds }) => seconds)),
    cpuSeconds: median(all.map(({ cpuSeconds }) => cpuSeconds)),
    requests: median(all.map(({ requests }) => requests)),
  };
  const list = all.map(({ seconds }) => seconds.toFixed(2)).join(' ');
  console.log(
    `Backup of ${RECORDS} records, ${name}: median ${found.seconds.toFixed(2)} s (${list}), ` +
      `${found.cpuSeconds.toFixed(2)} s of CPU, ${found.requests} requests`,
  );
  return found;
}

async function runBackup(
  service: ServiceProcess,
  load: 'every second' | 'until it ends' | undefined,
): Promise<Measured> {
  const cpuBefore = readCpu(service);
  const startMs = performance.now();
  const request = { include: ['test'], 'backup-policy': 'measured' };
  const { id } = await expectStatus(service, 'POST', '/v2/backups/large', request, 202);
  const path = `/v2/backups/large/${String(id)}`;
  const clients = load === undefined ? undefined : startClients(`${service.url}${path}`, load);
  const ended = await expectStatus(service, 'GET', `${path}?wait=60`, undefined, 200);
  const seconds = (performance.now() - startMs) / 1000;
  if (ended.state !== 'COMPLETED') throw new Error(`the backup is ${String(ended.state)}: ${String(ended.reason)}`);
  const requests = (await clients?.stop()) ?? 0;
  const cpuSeconds = readCpu(service) - cpuBefore;
  await expectStatus(service, 'DELETE', path, undefined, 204);
  return { seconds, cpuSeconds, requests };
}

/** In a process of their own. */
function startClients(url: string, load: string): { stop(): Promise<number> } {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--client', `${load} ${url}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return {
    stop: () =>
      new Promise((resolve, reject) => {
        child.once('exit', (code) =>
          code === 0 ? resolve(Number(text)) : reject(new Error('the clients have failed')),
        );
        child.stdin.end();
      }),
  };
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

/** Seconds, of user and system. */
function readCpu({ child }: ServiceProcess): number {
  const fields = readFileSync(`/proc/${child.pid!}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

if (values.client === undefined) await main();
else {
  const at = values.client.lastIndexOf(' ');
  const url = values.client.slice(at + 1);
  const sent = values.client.startsWith('every') ? { url, everyMs: 1000 } : { url: `${url}?wait=60` };
  console.log(await keepAsking(sent, process.stdin));
}
