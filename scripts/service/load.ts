/**
 * The service under load, on an in-memory cluster with a small namespace: routines of two clusters, of which one never
 * answers, while the configuration is changed a hundred times a second. Prints what was late, missing and lost. Ends
 * with exit code 1 if a run or a change was lost.
 *
 *   --seconds N    of the changes (default 20)
 *   --routines N   of the cluster that answers (default 15; a quarter as many of the other)
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Aerospike from 'aerospike';
import { parse, stringify } from 'yaml';
import { startServer } from '../benchmark/server.js';
import { findFreePort, startServiceProcess, type ServiceProcess } from '../../test/support/service-process.js';

const INTERVAL_MS = 5000;
const CHANGES_PER_SECOND = 100;
/** That many changes may be under way at once, each of a policy of its own. */
const POLICIES = 20;
const RECORDS = 1000;

const { values } = parseArgs({ options: { seconds: { type: 'string' }, routines: { type: 'string' } } });
const SECONDS = Number(values.seconds ?? 20);
const ROUTINES = Number(values.routines ?? 15);
const UNREACHABLE = Math.ceil(ROUTINES / 4);

const directory = mkdtempSync(join(tmpdir(), 'asb-service-load-'));
const file = join(directory, 'service.yml');

async function main(): Promise<void> {
  const server = await startServer();
  // It accepts connections and says nothing.
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const silentPort = (silent.address() as AddressInfo).port;
  await writeRecords(server);
  const port = await findFreePort();
  writeFileSync(file, stringify(createConfiguration(server, silentPort, port)));
  const service = await startServiceProcess(file);
  try {
    const fromMs = Date.now();
    const areChangesKept = await change(service);
    const areRunsMade = await countRuns(service, fromMs);
    if (!areChangesKept || !areRunsMade) process.exitCode = 1;
  } finally {
    await service.end('SIGTERM');
    await server.stop();
    silent.close();
    rmSync(directory, { recursive: true });
  }
}

async function writeRecords({ host, port }: { host: string; port: number }): Promise<void> {
  const client = await Aerospike.connect({ hosts: [{ addr: host, port }], log: { level: Aerospike.log.OFF } });
  for (let n = 0; n < RECORDS; n++) {
    await client.put(new Aerospike.Key('test', 'users', n), { name: `user ${n}`.padEnd(100, '.') });
  }
  client.close();
}

function createConfiguration(server: { host: string; port: number }, silentPort: number, port: number): object {
  const routine = (cluster: string, policy: number): object => ({
    'source-cluster': cluster,
    storage: 'disk',
    'backup-policy': `policy${policy % POLICIES}`,
    'interval-cron': `0/${INTERVAL_MS / 1000} * * * * *`,
    namespaces: ['test'],
  });
  const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
  return {
    service: { http: { address: '127.0.0.1', port } },
    'aerospike-clusters': {
      good: { 'seed-nodes': [{ 'host-name': server.host, port: server.port }] },
      silent: { 'seed-nodes': [{ 'host-name': '127.0.0.1', port: silentPort }] },
    },
    storage: { disk: { 'local-storage': { path: join(directory, 'backups') } } },
    'backup-policies': Object.fromEntries(names('policy', POLICIES).map((name) => [name, { parallel: 1 }])),
    'backup-routines': Object.fromEntries([
      ...names('routine', ROUTINES).map((name, i) => [name, routine('good', i)]),
      ...names('silent', UNREACHABLE).map((name, i) => [name, routine('silent', i)]),
    ]) as object,
  };
}

/** Whether each change that was accepted is there, in the answers and in the file. */
async function change(service: ServiceProcess): Promise<boolean> {
  const accepted = new Map<string, number>();
  const busy = new Map<string, Promise<void>>();
  let [sent, refused, slowestMs] = [0, 0, 0];
  const put = async (name: string, n: number): Promise<void> => {
    const startedMs = performance.now();
    const policy = { parallel: 1, bandwidth: n };
    const { status, text } = await service.request('PUT', `/v1/config/policies/${name}`, policy);
    slowestMs = Math.max(slowestMs, performance.now() - startedMs);
    if (status === 200) accepted.set(name, n);
    else if (refused++ === 0) console.log(`A change was answered by ${status}: ${text}`);
  };
  const startedMs = performance.now();
  while (performance.now() - startedMs < SECONDS * 1000) {
    const name = `policy${++sent % POLICIES}`;
    await busy.get(name);
    busy.set(name, put(name, sent));
    await sleep(Math.max(0, startedMs + (sent * 1000) / CHANGES_PER_SECOND - performance.now()));
  }
  await Promise.all(busy.values());
  const seconds = (performance.now() - startedMs) / 1000;
  const { json } = await service.request('GET', '/v1/config/policies');
  const written = (parse(readFileSync(file, 'utf8')) as Record<string, unknown>)['backup-policies'];
  const lost = [...accepted].filter(([name, n]) =>
    [json, written].some((policies) => (policies as Record<string, { bandwidth?: number }>)[name]?.bandwidth !== n),
  );
  console.log(
    `${sent} changes in ${seconds.toFixed(1)} s, ${(sent / seconds).toFixed(0)} a second: ${refused} refused, ` +
      `${lost.length} lost; the slowest answer came after ${slowestMs.toFixed(0)} ms`,
  );
  return refused === 0 && lost.length === 0;
}

/** Whether every run was made. */
async function countRuns(service: ServiceProcess, fromMs: number): Promise<boolean> {
  const ticks = Math.floor(Date.now() / INTERVAL_MS) - Math.floor(fromMs / INTERVAL_MS);
  // The last runs come to their end.
  await sleep(INTERVAL_MS - 1000);
  const metrics = (await service.request('GET', '/metrics')).text;
  let [runs, missing, latestMs] = [0, 0, 0];
  for (let i = 0; i < ROUTINES; i++) {
    const name = `routine${i}`;
    const [success = 0, skip = 0, failure = 0] = ['success', 'skip', 'failure'].map((outcome) =>
      countEvents(metrics, name, outcome),
    );
    runs += success;
    const { json } = await service.request('GET', `/v1/backups/full/${name}`);
    const backups = json as { timestamp: number; 'record-count': number }[];
    const isWhole = backups.length >= success && backups.every((each) => each['record-count'] === RECORDS);
    if (success + skip < ticks || failure > 0 || !isWhole) {
      console.log(`${name}: at ${ticks} times ${success} backups, ${skip} skipped, ${failure} failed`);
      missing++;
    } else if (skip > 0) console.log(`${name}: ${skip} skipped, because the one before was under way`);
    for (const { timestamp } of backups) latestMs = Math.max(latestMs, timestamp % INTERVAL_MS);
  }
  console.log(
    `${ROUTINES} routines beside ${UNREACHABLE} of a cluster that does not answer: ${runs} backups at ${ticks} times, ` +
      `${missing === 0 ? 'none missing' : 'SOME MISSING'}; the latest began ${latestMs} ms late`,
  );
  return missing === 0;
}

function countEvents(metrics: string, routine: string, outcome: string): number {
  const labels = `{routine="${routine}",type="full",outcome="${outcome}"} `;
  const line = metrics
    .split('\n')
    .find((each) => each.startsWith(`aerospike_backup_service_backup_events_total${labels}`));
  return Number(line?.split(' ')[1] ?? 0);
}

await main();
