/** Jobs of two replicas over one directory. */
import { afterAll, describe, expect, it } from 'vitest';
import { currentHolder } from '../../../../src/engine/backup/checkpoint/lock.js';
import { NO_EVENTS } from '../../../../src/service/events/event-bus.js';
import { Jobs, type JobHandle } from '../../../../src/service/v2/jobs/jobs.js';
import { SharedJobs } from '../../../../src/service/v2/jobs/shared-jobs.js';
import { StorageRegistry } from '../../../../src/storage/registry.js';
import { scratch } from '../../../support/target.js';

const LEASE_MS = 30_000;
const WAIT = { timeoutMs: 10_000, signal: new AbortController().signal };
const silent = (): void => undefined;
const log = { info: silent, error: silent, verbose: silent };
const metrics = { start: silent, progress: silent, finish: silent };
const folder = scratch();
afterAll(() => folder.remove());

const clock = { nowMs: 0 };
let count = 0;

/** On a machine of its own: nobody can tell whether its process has ended. */
function openReplica(root: string, replica: string): Promise<Jobs> {
  const holder = { ...currentHolder(`run-${replica}-${count++}`), host: replica, machine: replica, replica };
  const open = (): Promise<{ storage: StorageRegistry; root: string; close: () => Promise<void> }> => {
    const storage = new StorageRegistry();
    return Promise.resolve({ storage, root, close: () => storage.close() });
  };
  const monotonic = { monotonicMs: () => clock.nowMs };
  const shared = new SharedJobs({ open, holder, leaseMs: LEASE_MS, log, monotonic });
  return Jobs.open({ metrics, events: NO_EVENTS, log, now: Date.now, shared });
}

/** Runs until its signal aborts. */
function endless({ signal }: JobHandle): Promise<object> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

describe('a job of another replica', () => {
  it('is read, listed, waited for and canceled as an own one', async () => {
    const [one, two] = await Promise.all([openReplica(folder.path, 'one'), openReplica(folder.path, 'two')]);
    const done = await one.start('VERIFY', { storage: 's', backup: 'b' }, () => Promise.resolve({}));
    await one.wait(done.id, WAIT);
    expect(await two.wait(done.id, WAIT)).toMatchObject({ state: 'COMPLETED', backup: 'b' });
    const { id } = await one.start('RESTORE', { storage: 's', backup: 'b' }, endless);
    expect(await two.read(id)).toMatchObject({ state: 'STARTED' });
    expect((await two.list({ limit: 10 })).jobs.map((job) => job.id)).toEqual([id, done.id]);
    expect(await two.latestRestore('s', 'b')).toMatchObject({ id });
    const canceled = two.cancel(id);
    while ((await one.read(id)).state !== 'CANCELED') await one.beat();
    expect(await canceled).toMatchObject({ state: 'CANCELED' });
    await expect(two.read('verify-1-none')).rejects.toMatchObject({ machineCode: 'not-found' });
    await Promise.all([one.stop(), two.stop()]);
  });

  it('that shows no sign of life for a lease, has failed; one that does, goes on', async () => {
    const root = `${folder.path}/second`;
    const [one, two] = await Promise.all([openReplica(root, 'one'), openReplica(root, 'two')]);
    const { id } = await one.start('COPY', { storage: 's', backup: 'b', to: 't' }, endless);
    const readLater = async (): Promise<string> => {
      await two.read(id);
      clock.nowMs += LEASE_MS - 1;
      return (await two.read(id)).state;
    };
    expect(await readLater()).not.toBe('FAILED');
    await one.beat();
    expect(await readLater()).not.toBe('FAILED');
    clock.nowMs += 2;
    expect(await two.read(id)).toMatchObject({ state: 'FAILED', error: { code: 'stopping' } });
    await Promise.all([one.stop(), two.stop()]);
  });
});
