/**
 * The memory of the service over many runs of small routines, full and incremental, on an in-memory cluster. The clock
 * of the routines runs faster than that of the machine, and the API is asked all the time, as a dashboard does. Ends
 * with exit code 1 if the resident memory, or the heap without code, has grown by more than 20 % since the first 100
 * runs. Needs --expose-gc.
 *
 *   --runs N    of all routines (default 10000)
 *   --routines N   (default 1)
 *   --speed N   seconds of the routine in a second (default 100): a run is due every 10 of them
 *   --snapshots DIRECTORY   heap snapshots go there
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { getHeapCodeStatistics, writeHeapSnapshot } from 'node:v8';
import Aerospike from 'aerospike';
import { stringify } from 'yaml';
import { startServer } from '../benchmark/server.js';
import { ProcessGuard } from '../replicas/process-guard.js';
import { findFreePort, sendRequest } from '../../test/support/service-process.js';
import type { Clock } from '../../src/service/schedule/clock.js';

const PERIOD_S = 20;
const RECORDS = 20;
const MARKS = [100, 1000, 2000, 5000, 10_000];
const MOST_GROWTH = 1.2;
const POLL_MS = 500;
const SETTLE_MS = 1000;
const MIB = 2 ** 20;

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    speed: { type: 'string' },
    snapshots: { type: 'string' },
    routines: { type: 'string' },
  },
});
const RUNS = Number(values.runs ?? 10_000);
const SPEED = Number(values.speed ?? 100);
const ROUTINES = Number(values.routines ?? 1);

const { gc } = globalThis;
if (gc === undefined) throw new Error('--expose-gc is missing');

/** It starts so early that the last run is not later than the records: increments have all of them. */
const startedMs = Date.now();
const originMs = startedMs - 2 * RUNS * PERIOD_S * 1000;
/** While it is held, no timer ends: those that are due end when it goes on. */
const held = new Set<() => void>();
let isHeld = false;
const clock: Clock = {
  nowMs: () => Math.floor(originMs + (Date.now() - startedMs) * SPEED),
  startTimer(delayMs, onEnd) {
    const timer = setTimeout(() => {
      if (isHeld) held.add(onEnd);
      else onEnd();
    }, delayMs / SPEED);
    return () => {
      clearTimeout(timer);
      held.delete(onEnd);
    };
  },
};

interface Memory {
  runs: number;
  /** With buffers outside the heap. */
  heapBytes: number;
  /** Machine code and bytecode: the part of the heap that grows until all that is used often is compiled. */
  codeBytes: number;
  residentBytes: number;
}

const directory = mkdtempSync(join(tmpdir(), 'asb-service-memory-'));

async function main(): Promise<void> {
  const guard = new ProcessGuard();
  const server = await startServer(undefined, undefined, (child) => guard.add(child));
  const ending = new AbortController();
  try {
    await writeRecords(server);
    const port = await findFreePort();
    const file = join(directory, 'service.yml');
    writeFileSync(file, stringify(createConfiguration(server, port)));
    const { runService } = loadService();
    const service = runService({
      ...{ config: file, isRemote: false, dataDirectory: undefined, clock, signal: ending.signal },
      stdout: () => undefined,
      log: { info: () => undefined, verbose: () => undefined, error: (line) => console.error(line) },
    });
    await watch(`http://127.0.0.1:${port}`);
    ending.abort();
    await service;
  } finally {
    await server.stop();
    guard.close();
    rmSync(directory, { recursive: true });
  }
}

/** As it is installed: the bundle starts its threads much faster than single files do. */
function loadService(): Pick<typeof import('../../src/service/service.js'), 'runService'> {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const { load } = createRequire(import.meta.url)(join(root, 'bin/load.js')) as { load: (path: string) => unknown };
  const bundle = join(root, 'dist/bundle');
  for (const name of readdirSync(bundle).filter((each) => /^service-[^-]+\.js$/.test(each))) {
    const module = load(join(bundle, name)) as Partial<typeof import('../../src/service/service.js')>;
    if (module.runService !== undefined) return { runService: module.runService };
  }
  throw new Error(`${bundle} has no service`);
}

async function writeRecords({ host, port }: { host: string; port: number }): Promise<void> {
  const client = await Aerospike.connect({ hosts: [{ addr: host, port }], log: { level: Aerospike.log.OFF } });
  for (let n = 0; n < RECORDS; n++) await client.put(new Aerospike.Key('test', 'users', n), { name: `user ${n}` });
  client.close();
}

function createConfiguration({ host, port }: { host: string; port: number }, httpPort: number): object {
  return {
    service: { http: { address: '127.0.0.1', port: httpPort }, logger: { level: 'ERROR' } },
    'aerospike-clusters': { one: { 'seed-nodes': [{ 'host-name': host, port }] } },
    storage: { disk: { 'local-storage': { path: join(directory, 'backups') } } },
    'backup-policies': { few: { parallel: 1, retention: { full: 2, incremental: 1 } } },
    'backup-routines': Object.fromEntries(
      Array.from({ length: ROUTINES }, (_, i) => [
        `small${i}`,
        {
          ...{ 'source-cluster': 'one', storage: 'disk', 'backup-policy': 'few', namespaces: ['test'] },
          'interval-cron': `0/${PERIOD_S} * * * * *`,
          'incr-interval-cron': `${PERIOD_S / 2}/${PERIOD_S} * * * * *`,
        },
      ]),
    ) as object,
  };
}

async function watch(url: string): Promise<void> {
  const marks = [...MARKS.filter((mark) => mark < RUNS), RUNS];
  const measured: Memory[] = [];
  while (measured.length < marks.length) {
    await sleep(POLL_MS);
    const runs = await countRuns(url);
    for (const path of ['backups/full', 'backups/incremental', 'backups/currentBackup/small0', 'config']) {
      await sendRequest(`${url}/v1/${path}`, 'GET');
    }
    if (runs < marks[measured.length]!) continue;
    isHeld = true;
    await waitForRuns(url);
    const memory = { runs, ...(await measure()) };
    measured.push(memory);
    const [heap, code, resident] = [memory.heapBytes, memory.codeBytes, memory.residentBytes].map((bytes) =>
      (bytes / MIB).toFixed(1),
    );
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(0);
    console.log(`After ${runs} runs, ${seconds} s: heap ${heap} MiB (code ${code} MiB), resident ${resident} MiB`);
    if (values.snapshots !== undefined) writeHeapSnapshot(join(values.snapshots, `${runs}.heapsnapshot`));
    isHeld = false;
    for (const onEnd of [...held]) if (held.delete(onEnd)) onEnd();
  }
  const [first, last] = [measured[0]!, measured.at(-1)!];
  const data = (last.heapBytes - last.codeBytes) / (first.heapBytes - first.codeBytes);
  const resident = last.residentBytes / first.residentBytes;
  console.log(`Growth: heap without code × ${data.toFixed(3)}, resident × ${resident.toFixed(3)}`);
  if (Math.max(data, resident) > MOST_GROWTH) process.exitCode = 1;
}

/** 0 = it does not listen yet. Throws if a run has failed. */
async function countRuns(url: string): Promise<number> {
  const answer = await sendRequest(`${url}/metrics`, 'GET').catch(() => undefined);
  let runs = 0;
  for (const line of answer?.text.split('\n') ?? []) {
    const match = /backup_events_total\{routine="small\d+",type="\w+",outcome="(success|failure)"\} (\d+)/.exec(line);
    if (match?.[1] === 'failure') throw new Error(`a run has failed: ${line}`);
    if (match !== null) runs += Number(match[2]);
  }
  return runs;
}

/** Until no run is under way: the buffers of one are no growth. */
async function waitForRuns(url: string): Promise<void> {
  for (let routine = 0; routine < ROUTINES;) {
    const { json } = await sendRequest(`${url}/v1/backups/currentBackup/small${routine}`, 'GET');
    const { full, incremental } = (json ?? {}) as { full?: object; incremental?: object };
    if (full === undefined && incremental === undefined) routine++;
    else await sleep(POLL_MS / 10);
  }
}

/** The least of some moments: what has ended is not let go at once. */
async function measure(): Promise<Omit<Memory, 'runs'>> {
  let [heapBytes, codeBytes, residentBytes] = [Infinity, Infinity, Infinity];
  for (let i = 0; i < 10; i++) {
    await gc!({ type: 'major', execution: 'async' });
    const { heapUsed, external, rss } = process.memoryUsage();
    heapBytes = Math.min(heapBytes, heapUsed + external);
    residentBytes = Math.min(residentBytes, rss);
    const { code_and_metadata_size: code, bytecode_and_metadata_size: bytecode } = getHeapCodeStatistics();
    codeBytes = Math.min(codeBytes, code + bytecode);
    await sleep(SETTLE_MS / 10);
  }
  return { heapBytes, codeBytes, residentBytes };
}

await main();
