/** Three replicas of the service on one storage, killed and stopped at random. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Particle } from '../../src/core/particle.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import type { ServiceDocument } from '../../src/service/document/schema/service-document.js';
import type { Storage } from '../../src/service/document/schema/storage.js';
import { openStorage } from '../../src/service/settings/open-storage.js';
import { seededRandom } from '../fuzz/random.js';
import { findFreePort } from '../../test/support/service-process.js';
import { RoutineAccount, type RoutineSpec } from './accounts.js';
import { ProcessGuard } from './process-guard.js';
import { Replica } from './replica.js';

const ASB = fileURLToPath(new URL('../../bin/asb', import.meta.url));
const RECORDS = 400;
const REPLICAS = ['one', 'two', 'three'];
/** A replica that listens has its schedule so much later at most. */
const SCHEDULE_MS = 500;
const NEVER = '0 0 0 1 1 ? 2099';
const SETTLE_MS = 90_000;

/** An object store takes longer to agree. */
const PACES = {
  directory: { slowness: 1, leaseS: 3, often: '*/2 * * * * *', full: '*/10 * * * * *', incremental: '* * * * * *' },
  store: { slowness: 4, leaseS: 15, often: '*/10 * * * * *', full: '*/30 * * * * *', incremental: '*/5 * * * * *' },
} as const;
type Pace = (typeof PACES)[keyof typeof PACES];

function createRoutines({ often, full, incremental }: Pace): RoutineSpec[] {
  return [
    { name: 'often', full: often, namespaces: 1, kept: 5 },
    { name: 'mixed', full, incremental, namespaces: 2 },
  ];
}

export interface TortureOptions {
  folder: string;
  kills: number;
  seed: number;
  /** Default: a directory of `folder`. */
  storage?: Storage;
  note?: (text: string) => void;
}

export interface TortureTotals {
  kills: number;
  stops: number;
  firings: number;
  backups: number;
  unchanged: number;
  failures: number;
  skips: number;
  takenOver: number;
  lost: number;
  doubled: number;
  listed: number;
  problems: string[];
}

export async function tortureReplicas(options: TortureOptions): Promise<TortureTotals> {
  const { folder, note = () => undefined } = options;
  const random = seededRandom(options.seed);
  mkdirSync(`${folder}/store`, { recursive: true });
  const storage = options.storage ?? { 'local-storage': { path: `${folder}/store` } };
  const pace = PACES['local-storage' in storage ? 'directory' : 'store'];
  const routines = createRoutines(pace);
  const cluster = await InMemoryCluster.start({ nodes: 1, namespaces: ['test', 'other'] });
  const guard = new ProcessGuard();
  const replicas = REPLICAS.map((id) => new Replica(id, folder, guard));
  const ports = new Map<string, number>();
  for (const id of REPLICAS) ports.set(id, await findFreePort());
  const documentFor = (id: string, isScheduled = true): ServiceDocument =>
    createDocument({ id, port: ports.get(id)!, cluster, storage, isScheduled, routines, leaseS: pace.leaseS });
  let change = 0;
  const changing = setInterval(() => put(cluster, change++ % RECORDS), 50);
  const opened = await openStorage(storage, {});
  try {
    for (let i = 0; i < RECORDS; i++) put(cluster, i);
    const store = await opened.storage.forPath(opened.root);
    const accounts = routines.map((spec) => new RoutineAccount(spec, store, opened.root));
    await Promise.all(replicas.map((replica) => replica.start(documentFor(replica.id))));
    await sleep(SCHEDULE_MS);
    const beganMs = Date.now();
    let collecting = collectAll(accounts);
    let [kills, stops] = [0, 0];
    const pending = new Set<Promise<void>>();
    while (kills < options.kills) {
      await sleep(pace.slowness * (200 + random.below(1500)));
      await collecting;
      collecting = collectAll(accounts);
      const up = replicas.filter((replica) => replica.isUp);
      // One of them is always there: each firing can be made.
      if (up.length < 2) continue;
      const victim = random.pick(up);
      const isStop = random.below(4) === 0;
      const work = isStop
        ? stopForAWhile(victim, pace.leaseS * 1000 + random.below(4000))
        : restart(victim, random.below(1500));
      if (isStop) stops++;
      else if (++kills % 10 === 0) note(`${kills} kills, ${stops} stops`);
      const tracked = work.finally(() => pending.delete(tracked));
      pending.add(tracked);
    }
    await Promise.all(pending);
    await sleep(SCHEDULE_MS);
    const endedMs = Date.now();
    for (const replica of replicas) await replica.kill(random.below(2) === 0 ? 'SIGKILL' : 'SIGTERM');
    // One that has nothing to do itself ends what the others have left.
    await replicas[0]!.start(documentFor(REPLICAS[0]!, false));
    const problems = await waitForEnd(accounts);
    await replicas[0]!.kill('SIGTERM');
    return await sumUp(accounts, { kills, stops, beganMs, endedMs, problems, root: opened.root, storage });

    async function restart(victim: Replica, waitMs: number): Promise<void> {
      await victim.kill('SIGKILL');
      await sleep(waitMs);
      const starting = new Replica(victim.id, folder, guard);
      await starting.start(documentFor(victim.id));
      await sleep(SCHEDULE_MS);
      replicas[replicas.indexOf(victim)] = starting;
    }
  } finally {
    clearInterval(changing);
    for (const replica of replicas) await replica.kill('SIGKILL');
    guard.close();
    await opened.close();
    await cluster.stop();
  }
}

/** Longer than the lease. */
async function stopForAWhile(victim: Replica, forMs: number): Promise<void> {
  victim.freeze();
  await sleep(forMs);
  victim.thaw();
  await sleep(SCHEDULE_MS);
}

async function collectAll(accounts: readonly RoutineAccount[]): Promise<void> {
  for (const account of accounts) await account.collect();
}

/** Until nothing is under way any more. */
async function waitForEnd(accounts: readonly RoutineAccount[]): Promise<string[]> {
  const end = Date.now() + SETTLE_MS;
  for (;;) {
    const states = await Promise.all(accounts.map((account) => account.collect()));
    const open = states.flatMap(({ runs }) => runs);
    if (open.length === 0) return [];
    if (Date.now() > end) return open.map((run) => `not ended: ${JSON.stringify(run)}`);
    await sleep(500);
  }
}

interface Ending {
  kills: number;
  stops: number;
  beganMs: number;
  endedMs: number;
  problems: string[];
  root: string;
  storage: Storage;
}

async function sumUp(accounts: readonly RoutineAccount[], ending: Ending): Promise<TortureTotals> {
  const { kills, stops, beganMs, endedMs, root, storage } = ending;
  const problems = [...ending.problems];
  let [lost, listed] = [0, 0];
  for (const account of accounts) {
    // The last ones may be those of a process that was ended before it could claim them.
    const missing = account.findLost(beganMs, endedMs - 2000);
    lost += missing.length;
    problems.push(...missing);
    listed += await account.compare(RECORDS);
    problems.push(...account.problems);
  }
  if ('local-storage' in storage) problems.push(...(await verify(root)));
  const sum = (value: (account: RoutineAccount) => number): number =>
    accounts.reduce((total, account) => total + value(account), 0);
  const backups = sum((account) => account.count('success'));
  const unchanged = sum((account) => account.count('unchanged'));
  const failures = sum((account) => account.count('failure'));
  const skips = sum((account) => account.count('skip'));
  const doubled = problems.filter((text) => text.startsWith('doubled') || text.startsWith('not recorded')).length;
  const takenOver = sum((account) => account.takenOver);
  const firings = backups + unchanged + failures + skips;
  return { kills, stops, firings, backups, unchanged, failures, skips, takenOver, lost, doubled, listed, problems };
}

async function verify(root: string): Promise<string[]> {
  try {
    await promisify(execFile)(process.execPath, [ASB, 'verify', root], { maxBuffer: 1 << 26 });
    return [];
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => !/\bok\b|sound/i.test(line));
    return [`asb verify has failed: ${lines.slice(-30).join('\n')}`];
  }
}

function put(cluster: InMemoryCluster, index: number): void {
  const digest = createHash('sha1').update(`record/${index}`).digest();
  const value = Buffer.from(String(index).padEnd(200, '.'));
  cluster.store('test').putRaw('s', digest, undefined, 1, 0, [{ name: 'n', type: Particle.STRING, value }]);
}

interface DocumentOptions {
  id: string;
  port: number;
  cluster: InMemoryCluster;
  storage: Storage;
  isScheduled: boolean;
  routines: readonly RoutineSpec[];
  leaseS: number;
}

function createDocument(options: DocumentOptions): ServiceDocument {
  const { id, port, cluster, storage, isScheduled, routines, leaseS } = options;
  const { host, port: clusterPort } = cluster.seed;
  return {
    service: {
      http: { address: '127.0.0.1', port },
      replicas: { id, 'lease-seconds': leaseS, 'poll-seconds': 1 },
    },
    'aerospike-clusters': { c: { 'seed-nodes': [{ 'host-name': host, port: clusterPort }] } },
    storage: { s: storage },
    'backup-policies': Object.fromEntries(
      routines.map(({ name, kept }) => [
        name,
        {
          parallel: 2,
          'records-per-second': RECORDS,
          'retry-policy': { 'base-timeout': 200, multiplier: 1, 'max-retries': 2 },
          ...(kept === undefined ? {} : { retention: { full: kept } }),
        },
      ]),
    ),
    'backup-routines': Object.fromEntries(
      routines.map(({ name, full, incremental, namespaces }) => [
        name,
        {
          'source-cluster': 'c',
          storage: 's',
          'backup-policy': name,
          'interval-cron': isScheduled ? full : NEVER,
          ...(incremental === undefined ? {} : { 'incr-interval-cron': isScheduled ? incremental : NEVER }),
          namespaces: ['test', 'other'].slice(0, namespaces),
        },
      ]),
    ),
  };
}
