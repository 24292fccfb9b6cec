/**
 * The service under load, on an in-memory cluster: 20 routines of two clusters, of which one never answers, while the
 * configuration is changed a hundred times a second; then many runs of one routine, and the memory of the process.
 * Prints what was late, missing and lost. Ends with exit code 1 if a run or a change was lost.
 *
 *   --seconds N   of the changes (default 20)
 *   --runs N      of the routine (default 500)
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { startServer } from '../benchmark/server.js';
import { findFreePort, sendRequest, startService, type RunningService } from './process.js';

const ROUTINES = 20;
/** Of the cluster that does not answer. */
const UNREACHABLE = 5;
const INTERVAL_MS = 5000;
const CHANGES_PER_SECOND = 100;
const FIRST_RUNS = 100;

const { values } = parseArgs({ options: { seconds: { type: 'string' }, runs: { type: 'string' } } });
const SECONDS = Number(values.seconds ?? 20);
const RUNS = Number(values.runs ?? 500);

const directory = mkdtempSync(join(tmpdir(), 'asb-service-load-'));

async function main(): Promise<void> {
  const server = await startServer();
  // It accepts connections and says nothing.
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const silentPort = (silent.address() as AddressInfo).port;
  const port = await findFreePort();
  const file = join(directory, 'service.yml');
  writeFileSync(file, stringify(createConfiguration(server, silentPort, port)));
  const service = await startService(file);
  try {
    const isWhole = await changeUnderLoad(service);
    await measureMemory(service);
    if (!isWhole) process.exitCode = 1;
  } finally {
    await service.stop();
    await server.stop();
    silent.close();
    rmSync(directory, { recursive: true });
  }
}

function createConfiguration(server: { host: string; port: number }, silentPort: number, port: number): object {
  const routine = (cluster: string, cron: string): object => ({
    'source-cluster': cluster,
    storage: 'disk',
    'backup-policy': 'policy',
    'interval-cron': cron,
    namespaces: ['test'],
  });
  const names = Array.from({ length: ROUTINES }, (_, i) => `routine${i}`);
  const cron = `0/${INTERVAL_MS / 1000} * * * * *`;
  return {
    service: { http: { address: '127.0.0.1', port } },
    'aerospike-clusters': {
      good: { 'seed-nodes': [{ 'host-name': server.host, port: server.port }] },
      silent: { 'seed-nodes': [{ 'host-name': '127.0.0.1', port: silentPort }] },
    },
    storage: { disk: { 'local-storage': { path: join(directory, 'backups') } } },
    'backup-policies': { policy: { parallel: 1 }, few: { parallel: 1, retention: { full: 2 } } },
    'backup-routines': {
      ...Object.fromEntries(names.map((name, i) => [name, routine(i < UNREACHABLE ? 'silent' : 'good', cron)])),
      small: { ...routine('good', '@yearly'), 'backup-policy': 'few' },
    },
  };
}

/** Whether every run and every change is there. */
async function changeUnderLoad({ url }: RunningService): Promise<boolean> {
  const fromMs = Date.now();
  let accepted = 0;
  let refused = 0;
  const untilMs = fromMs + SECONDS * 1000;
  for (let n = 1; Date.now() < untilMs; n++) {
    const { status } = await sendRequest(`${url}/v1/config/policies/policy`, 'PUT', { parallel: 1, bandwidth: n });
    if (status === 200) accepted = n;
    else refused++;
    await sleep(Math.max(0, fromMs + (n * 1000) / CHANGES_PER_SECOND - Date.now()));
  }
  const ticks = countTicks(fromMs, Date.now());
  // The last runs come to their end.
  await sleep(INTERVAL_MS - 1000);
  const { body: policy } = await sendRequest(`${url}/v1/config/policies/policy`, 'GET');
  const isKept = (policy as { bandwidth?: number }).bandwidth === accepted;
  console.log(
    `Changes in ${SECONDS} s: ${accepted} accepted, ${refused} refused; the last one is ${isKept ? 'kept' : 'LOST'}`,
  );
  const { body } = await sendRequest(`${url}/metrics`, 'GET');
  let isWhole = isKept && refused === 0;
  let latestMs = 0;
  let runs = 0;
  for (let i = UNREACHABLE; i < ROUTINES; i++) {
    const name = `routine${i}`;
    const events = ['success', 'skip', 'failure'].map((outcome) => countEvents(String(body), name, outcome));
    const [success = 0, skip = 0, failure = 0] = events;
    runs += success;
    if (success + skip + failure < ticks || failure > 0) {
      console.log(`${name}: of ${ticks} firings ${success} backups, ${skip} skipped, ${failure} failed`);
      isWhole = false;
    }
    const { body: list } = await sendRequest(`${url}/v1/backups/full/${name}`, 'GET');
    for (const { timestamp } of list as { timestamp: number }[]) latestMs = Math.max(latestMs, timestamp % INTERVAL_MS);
  }
  console.log(
    `${ROUTINES - UNREACHABLE} routines beside ${UNREACHABLE} of a cluster that does not answer: ${runs} backups at ` +
      `${ticks} times, ${isWhole ? 'none missing' : 'SOME MISSING'}; the latest began ${latestMs} ms late`,
  );
  return isWhole;
}

/** How often the routines were due, without the edges of the time. */
function countTicks(fromMs: number, toMs: number): number {
  return Math.floor(toMs / INTERVAL_MS) - Math.floor(fromMs / INTERVAL_MS);
}

async function measureMemory({ url, pid }: RunningService): Promise<void> {
  let first = 0;
  for (let run = 1; run <= RUNS; run++) {
    await sendRequest(`${url}/v1/backups/full/small`, 'POST');
    while (countEvents(String((await sendRequest(`${url}/metrics`, 'GET')).body), 'small', 'success') < run) {
      await sleep(20);
    }
    if (run === FIRST_RUNS) first = readMemoryMiB(pid);
  }
  const last = readMemoryMiB(pid);
  console.log(
    `Memory of the process: ${first} MiB after ${FIRST_RUNS} runs, ${last} MiB after ${RUNS}: ${(last / first).toFixed(2)}`,
  );
}

function countEvents(metrics: string, routine: string, outcome: string): number {
  const labels = `{routine="${routine}",type="full",outcome="${outcome}"} `;
  const line = metrics
    .split('\n')
    .find((each) => each.startsWith(`aerospike_backup_service_backup_events_total${labels}`));
  return Number(line?.split(' ')[1] ?? 0);
}

/** Resident memory. */
function readMemoryMiB(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1024);
}

await main();
