/** Two runners on one storage: the replicas of a service. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { currentHolder } from '../../../src/engine/backup/checkpoint/lock.js';
import {
  EMPTY_LEDGER,
  type EndedRun,
  type Holder,
  type LedgerState,
} from '../../../src/service/replicas/ledger-state.js';
import { takeOver } from '../../../src/service/replicas/ledger-transitions.js';
import { Journal } from '../../../src/service/replicas/journal.js';
import { RoutineLedger } from '../../../src/service/replicas/routine-ledger.js';
import type { RoutineRunner } from '../../../src/service/routines/routine-runner.js';
import { StorageRegistry } from '../../../src/storage/registry.js';
import { HOUR_MS, ServiceFixture, START_MS, type ServiceFixtureOptions } from '../../support/service-runs.js';

const LEASE_MS = 30_000;
const DUE_MS = START_MS + HOUR_MS / 2;

let fixture: ServiceFixture;
let second: RoutineRunner;
afterEach(async () => {
  let isStopped = false;
  const stopped = Promise.all([second.stop(), fixture.runner.stop()]).then(() => (isStopped = true));
  while (!isStopped) {
    await new Promise((resolve) => setImmediate(resolve));
    fixture.clock.advance(1000);
  }
  await stopped;
  // The time of the stop passes faster than files are written.
  await Promise.all([second.idle(), fixture.runner.idle()]);
  await fixture.close();
});

/** A process of another machine, of which nobody here can tell whether it lives. */
function holder(replica: string): Holder {
  return { ...currentHolder(`process-${replica}`), replica, host: replica, machine: replica };
}

async function open(options: ServiceFixtureOptions = {}): Promise<void> {
  const { document } = options;
  fixture = new ServiceFixture({
    ...options,
    document: (each) => {
      each.service = { replicas: { 'lease-seconds': LEASE_MS / 1000 } };
      document?.(each);
    },
  });
  fixture.runner = fixture.createRunner({}, { holder: holder('one') });
  second = fixture.createRunner({}, { holder: holder('two') });
  await fixture.runner.start();
  await second.start();
}

/** A third process, which looks at the ledger as the two do. */
function openLedger(): RoutineLedger {
  const storage = new StorageRegistry();
  const opened = { storage, root: fixture.folder.path, close: () => Promise.resolve() };
  return new RoutineLedger({ routine: 'nightly', open: () => Promise.resolve(opened), holder: holder('three') });
}

async function readLedger(): Promise<LedgerState> {
  const storage = await new StorageRegistry().forPath(fixture.folder.path);
  return (await new Journal(storage, join(fixture.folder.path, 'nightly/replicas/journal'), EMPTY_LEDGER).read()).state;
}

/** Lets time pass in small steps until something is so. */
async function until(isSo: () => Promise<boolean> | boolean, stepMs = 1000): Promise<void> {
  while (!(await isSo())) {
    fixture.clock.advance(stepMs);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function waitForEnded(count: number): Promise<readonly EndedRun[]> {
  await until(async () => (await readLedger()).recent.length >= count, 0);
  return (await readLedger()).recent;
}

describe('a firing with two replicas', () => {
  it('is made by one of them, and recorded', async () => {
    await open();
    fixture.clock.advance(HOUR_MS / 2);
    (await fixture.backup(0)).succeed();
    expect(await waitForEnded(1)).toMatchObject([{ type: 'full', dueMs: DUE_MS, outcome: 'success', token: 1 }]);
    await Promise.all([fixture.runner.idle(), second.idle()]);
    expect(fixture.asked).toHaveLength(1);
    expect(fixture.runs('backup')).toEqual([String(DUE_MS)]);
    expect(fixture.metrics.events).toEqual(['full success']);
  });

  it('that fails, is recorded as a failure, and leaves nothing', async () => {
    await open();
    fixture.clock.advance(HOUR_MS / 2);
    (await fixture.backup(0)).fail('CLUSTER_VERSION');
    expect(await waitForEnded(1)).toMatchObject([{ dueMs: DUE_MS, outcome: 'failure', reason: 'it has failed' }]);
    expect(fixture.runs('backup')).toEqual([]);
  });
});

describe('a run of one replica', () => {
  it('is seen by the other, and canceled by it', async () => {
    await open();
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    await fixture.backup(0);
    await until(async () => (await second.state('nightly')).full !== undefined);
    expect(second.isBackingUp('c1', ['test'])).toBe(true);
    second.cancel('nightly');
    await until(async () => (await readLedger()).recent.length === 1);
    expect((await readLedger()).recent).toMatchObject([{ outcome: 'canceled', token: 1 }]);
    expect(fixture.runs('backup')).toEqual([]);
  });

  it('keeps another one from being made beside it', async () => {
    await open();
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    const backup = await fixture.backup(0);
    second.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    await until(async () => (await readLedger()).recent.length === 1, 0);
    expect((await readLedger()).recent).toMatchObject([{ outcome: 'skip', reason: 'another full backup of it runs' }]);
    backup.succeed();
    await waitForEnded(2);
    expect(fixture.asked).toHaveLength(1);
  });

  it('is in the way of one that is asked for at the other with its id, which can cancel it alone', async () => {
    await open();
    const begun = await fixture.runner.begin('nightly', 'full');
    const timestampMs = 'timestampMs' in begun ? begun.timestampMs : 0;
    await fixture.backup(0);
    expect(await second.begin('nightly', 'full')).toEqual({
      refusal: 'another full backup of it runs',
      runningMs: timestampMs,
    });
    expect(second.running).toMatchObject([{ routine: 'nightly', type: 'full', timestampMs }]);
    second.cancelRun('nightly', timestampMs - 1);
    second.cancelRun('nightly', timestampMs);
    await until(async () => (await readLedger()).recent.length === 1);
    expect((await readLedger()).recent).toMatchObject([{ outcome: 'canceled', timestampMs }]);
  });

  it('is not taken over while its replica shows that it lives', async () => {
    await open();
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    const backup = await fixture.backup(0);
    for (let i = 0; i < 40; i++) {
      fixture.clock.advance(LEASE_MS / 10);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    backup.succeed();
    expect(await waitForEnded(1)).toMatchObject([{ outcome: 'success', token: 1 }]);
  });

  it('that ends with its service, goes on with the other in the same folder', async () => {
    await open();
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    await fixture.backup(0);
    void fixture.runner.stop();
    await until(() => fixture.asked.length === 2);
    const { settings } = await fixture.backup(1);
    const [run] = (await readLedger()).runs;
    expect(run).toMatchObject({ token: 2, holder: { replica: 'two' } });
    expect(settings.directory).toContain(String(run!.timestampMs));
    (await fixture.backup(1)).succeed();
    expect(await waitForEnded(1)).toMatchObject([{ outcome: 'success', token: 2, replica: 'two' }]);
    expect(fixture.runs('backup')).toEqual([String(run!.timestampMs)]);
  });
});

describe('a replica whose run was taken over while it was stopped', () => {
  it('lists nothing when it comes back, and leaves what the other writes alone', async () => {
    await open();
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    const backup = await fixture.backup(0);
    const [run] = (await readLedger()).runs;
    const ledger = openLedger();
    const taken = await ledger.update(takeOver(run!, ledger.holder, 'claim-three'));
    expect(taken).toMatchObject({ token: 2 });
    backup.succeed();
    await fixture.runner.idle();
    expect(fixture.list('backup').filter((path) => path.endsWith('metadata.yaml'))).toEqual([]);
    expect(fixture.list('backup')).not.toEqual([]);
    expect((await readLedger()).recent).toEqual([]);
    expect(fixture.lines.join('\n')).toContain('another replica has taken it over');
  });

  it('deletes nothing of it when its own part fails', async () => {
    await open();
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    const backup = await fixture.backup(0);
    const [run] = (await readLedger()).runs;
    const ledger = openLedger();
    await ledger.update(takeOver(run!, ledger.holder, 'claim-three'));
    const file = join(backup.settings.directory!, 'of-the-other');
    writeFileSync(file, 'kept');
    backup.fail('CLUSTER_VERSION');
    await fixture.runner.idle();
    expect(readFileSync(file, 'utf8')).toBe('kept');
    expect(fixture.metrics.events).toEqual([]);
  });
});

describe('a directory of the machine as storage', () => {
  it('is warned of once by each replica that starts', async () => {
    await open();
    const warnings = fixture.lines.filter((line) => line.includes('unless it is shared by all of them'));
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain('storage s1');
  });
});
