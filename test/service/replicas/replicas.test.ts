/** Two runners on one storage: the replicas of a service. */
import { afterEach, describe, expect, it } from 'vitest';
import { currentHolder } from '../../../src/engine/backup/checkpoint/lock.js';
import type { Holder } from '../../../src/service/replicas/ledger-state.js';
import type { RoutineRunner } from '../../../src/service/routines/routine-runner.js';
import { HOUR_MS, ServiceFixture, type ServiceFixtureOptions } from '../../support/service-runs.js';

const LEASE_MS = 30_000;

let fixture: ServiceFixture;
let second: RoutineRunner;
afterEach(async () => {
  let isStopped = false;
  const stopped = second.stop().then(() => (isStopped = true));
  while (!isStopped) {
    await new Promise((resolve) => setImmediate(resolve));
    fixture.clock.advance(1000);
  }
  await stopped;
  await fixture.close();
});

/** A process that lives, as far as can be told: this one; or one of another machine. */
function holder(replica: string, machine?: string): Holder {
  const own = currentHolder(replica);
  return machine === undefined ? { ...own, replica } : { ...own, replica, host: machine, machine };
}

interface Pair {
  first: RoutineRunner;
  second: RoutineRunner;
}

async function open(options: ServiceFixtureOptions = {}, secondHolder = holder('two')): Promise<Pair> {
  const { document } = options;
  fixture = new ServiceFixture({
    ...options,
    document: (each) => {
      each.service = { replicas: { id: 'one', 'lease-seconds': LEASE_MS / 1000 } };
      document?.(each);
    },
  });
  fixture.runner = fixture.createRunner({}, { holder: holder('one') });
  second = fixture.createRunner({}, { holder: secondHolder });
  await fixture.runner.start();
  await second.start();
  await settle();
  return { first: fixture.runner, second };
}

/** Lets everything go on that waits for nothing but itself and the file system. */
async function settle(): Promise<void> {
  await Promise.all([fixture.runner.idle(), second.idle()].map((idle) => Promise.race([idle, pause(60)])));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe('a firing with two replicas', () => {
  it('is made by one of them', async () => {
    const { first, second: other } = await open();
    fixture.clock.advance(HOUR_MS / 2);
    (await fixture.backup(0)).succeed();
    await first.idle();
    await other.idle();
    expect(fixture.asked).toHaveLength(1);
    expect(fixture.runs('backup')).toHaveLength(1);
    expect(fixture.metrics.events).toEqual(['full success']);
  });
});
