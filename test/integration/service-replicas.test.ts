/** Replicas of the service that take over each other's runs, against a cluster and through the library. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { backup, readBackup, verifyBackup, type BackupSettings } from '../../dist/index.js';
import { currentHolder } from '../../src/engine/backup/checkpoint/lock.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import type { Holder, LedgerState } from '../../src/service/replicas/ledger-state.js';
import { takeOver } from '../../src/service/replicas/ledger-transitions.js';
import { RoutineLedger } from '../../src/service/replicas/routine-ledger.js';
import { RoutineRunner } from '../../src/service/routines/routine-runner.js';
import { toBackupSettings } from '../../src/service/settings/settings.js';
import { StorageRegistry } from '../../src/storage/registry.js';
import { fill } from '../support/backup.js';
import { FakeConfig, FakeMetrics } from '../support/service-runs.js';
import { scratch } from '../support/target.js';

/** More than the slow run of a test can back up while the test waits for something. */
const RECORDS = 20_000;
const LEASE_S = 2;

const folder = scratch();
let cluster: InMemoryCluster;
beforeAll(async () => {
  cluster = await InMemoryCluster.start({ nodes: 1, namespaces: ['test'] });
  fill(cluster, RECORDS, 'users');
});
afterAll(async () => {
  await cluster.stop();
  folder.remove();
});

const running: RoutineRunner[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((runner) => runner.stop()));
});

/** A process of another machine, of which nobody here can tell whether it lives. */
function holder(replica: string): Holder {
  return { ...currentHolder(`process-${replica}`), replica, host: replica, machine: replica };
}

interface Replica {
  runner: RoutineRunner;
  asked: BackupSettings[];
}

/** `monotonicMs`: its clock for the leases of others; one that stands still never sees a lease expire. */
async function startReplica(
  id: string,
  root: string,
  recordsPerSecond: number,
  monotonicMs?: () => number,
): Promise<Replica> {
  const { host, port } = cluster.seed;
  const config = new FakeConfig({
    service: { replicas: { 'lease-seconds': LEASE_S } },
    'aerospike-clusters': { c1: { 'seed-nodes': [{ 'host-name': host, port }] } },
    storage: { s1: { 'local-storage': { path: root } } },
    'backup-policies': { p1: { parallel: 2 } },
    'backup-routines': {
      nightly: {
        ...{ 'source-cluster': 'c1', storage: 's1', 'backup-policy': 'p1', namespaces: ['test'] },
        'interval-cron': '0 0 0 1 1 ? 2099',
      },
    },
  });
  const asked: BackupSettings[] = [];
  const runner = new RoutineRunner({
    config,
    metrics: new FakeMetrics(),
    log: { info: () => undefined, error: () => undefined, verbose: () => undefined },
    libraryBackup: (settings) => {
      asked.push(settings);
      return backup(settings);
    },
    environment: {
      toBackupSettings: async (routine, namespace, document) => ({
        ...(await toBackupSettings(routine, namespace, document)),
        ...{ recordsPerSecond, checkpointIntervalS: 1 },
      }),
    },
    replica: { holder: holder(id), ...(monotonicMs === undefined ? {} : { monotonic: { monotonicMs } }) },
  });
  running.push(runner);
  await runner.start();
  return { runner, asked };
}

function openLedger(id: string, root: string): RoutineLedger {
  const storage = new StorageRegistry();
  const opened = { storage, root, close: () => Promise.resolve() };
  return new RoutineLedger({ routine: 'nightly', open: () => Promise.resolve(opened), holder: holder(id) });
}

async function waitFor(ledger: RoutineLedger, isSo: (state: LedgerState) => boolean): Promise<LedgerState> {
  for (;;) {
    const state = await ledger.read();
    if (isSo(state)) return state;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The first replica makes a slow run, until it has a checkpoint with records. */
async function beginSlowRun(root: string): Promise<Replica> {
  // It must not take the run back when a test lets somebody else take it over.
  const first = await startReplica('one', root, 100, () => 0);
  first.runner.trigger('nightly', 'full', 0);
  for (;;) {
    const { full } = await first.runner.state('nightly');
    if (full !== undefined && full['done-records'] > 200) return first;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function expectAll(root: string, name: string): Promise<void> {
  const [run] = readdirSync(join(root, 'nightly/backup'));
  const data = join(root, 'nightly/backup', run!, 'data');
  expect(readdirSync(data)).toEqual([name]);
  const keys = new Set<string>();
  let records = 0;
  for await (const entry of readBackup({ directory: join(data, name) })) {
    if (entry.kind !== 'record') continue;
    records++;
    keys.add(entry.digest.toString('hex'));
  }
  expect([records, keys.size]).toEqual([RECORDS, RECORDS]);
  expect((await verifyBackup(join(data, name))).problems).toEqual([]);
}

it('a run of a replica of which nothing is known, goes on in a copy, while the one before still writes', async () => {
  const root = join(folder.path, 'copy');
  mkdirSync(root);
  const first = await beginSlowRun(root);
  // A third process takes the run over and falls silent. The first one has not seen that yet.
  const ledger = openLedger('three', root);
  const [run] = (await ledger.read()).runs;
  await ledger.update(takeOver(run!, ledger.holder, 'claim-three'));
  const second = await startReplica('two', root, 100_000);
  const { recent } = await waitFor(ledger, (state) => state.recent.length > 0);
  expect(recent).toMatchObject([{ outcome: 'success', token: 3, replica: 'two' }]);
  const [asked] = second.asked;
  expect(asked!.directory).toMatch(/\/test\.2001$/);
  expect(asked!.continueFrom).toMatch(/\/test\.2001\/manifest\.json$/);
  await first.runner.idle();
  await expectAll(root, 'test.2001');
}, 60_000);

it('a run of a replica that has ended in good order, goes on in its folder from its checkpoint', async () => {
  const root = join(folder.path, 'released');
  mkdirSync(root);
  const first = await beginSlowRun(root);
  await first.runner.stop();
  const second = await startReplica('two', root, 100_000);
  const { recent } = await waitFor(openLedger('three', root), (state) => state.recent.length > 0);
  expect(recent).toMatchObject([{ outcome: 'success', token: 2, replica: 'two' }]);
  expect(second.asked[0]!.continueFrom).toMatch(/\/test\/manifest\.json$/);
  await expectAll(root, 'test');
}, 60_000);
