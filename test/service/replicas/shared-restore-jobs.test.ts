/** Restore jobs that two replicas keep in one storage. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { currentHolder } from '../../../src/engine/backup/checkpoint/lock.js';
import type { RestoreJobStatus } from '../../../src/service/document/schema/job-status.js';
import type { Holder } from '../../../src/service/replicas/ledger-state.js';
import { SharedJobStore } from '../../../src/service/replicas/shared-job-store.js';
import { SharedRestoreJobs } from '../../../src/service/replicas/shared-restore-jobs.js';
import type { RestoreJobs } from '../../../src/service/restore/restore-jobs.js';
import { StorageRegistry } from '../../../src/storage/registry.js';
import { scratch } from '../../support/target.js';
import { SILENT } from '../config-source/memory-source.js';

const LEASE_MS = 1000;
let folder: { path: string; remove(): void };
beforeEach(() => {
  folder = scratch();
});
afterEach(() => folder.remove());

function holder(replica: string): Holder {
  return { ...currentHolder(`process-${replica}`), replica };
}

function createStatus(status: RestoreJobStatus['status']): RestoreJobStatus {
  const counts = ['read-records', 'total-bytes', 'expired-records', 'skipped-records', 'ignored-records'] as const;
  const more = ['inserted-records', 'existed-records', 'fresher-records', 'index-count', 'udf-count'] as const;
  const zeros = Object.fromEntries([...counts, ...more, 'errors-in-doubt'].map((name) => [name, 0]));
  return { ...zeros, status } as RestoreJobStatus;
}

/** Jobs of one replica, as far as the others ask for them. */
class FakeJobs {
  readonly statuses = new Map<string, RestoreJobStatus>();
  readonly canceled: string[] = [];

  constructor(private readonly store: SharedJobStore) {}

  has(id: string): boolean {
    return this.statuses.has(id);
  }
  status(id: string): RestoreJobStatus {
    return this.statuses.get(id)!;
  }
  list(): Record<string, RestoreJobStatus> {
    return Object.fromEntries(this.statuses);
  }
  cancel(id: string): void {
    this.canceled.push(id);
  }
  get runningIds(): string[] {
    return [...this.statuses].filter(([, { status }]) => status === 'running').map(([id]) => id);
  }
  async storeRunning(): Promise<void> {
    for (const id of this.runningIds) await this.store.write({ id, startedMs: 1, status: this.status(id) });
  }
}

interface Replica {
  own: FakeJobs;
  store: SharedJobStore;
  shared: SharedRestoreJobs;
}

let nowMs = 0;

function open(replica: string): Replica {
  const storage = new StorageRegistry();
  const opened = { storage, root: folder.path, close: () => Promise.resolve() };
  const store = new SharedJobStore(() => Promise.resolve(opened), holder(replica));
  const own = new FakeJobs(store);
  const shared = new SharedRestoreJobs({
    ...{ jobs: own as unknown as RestoreJobs, store, leaseMs: LEASE_MS, log: SILENT },
    monotonic: { monotonicMs: () => nowMs },
  });
  return { own, store, shared };
}

describe('a restore job of one replica', () => {
  it('is known to the other, alone and in the list', async () => {
    const [one, two] = [open('one'), open('two')];
    one.own.statuses.set('7', createStatus('running'));
    await one.shared.exchangeStates();
    two.own.statuses.set('8', createStatus('success'));
    expect(await two.shared.status('7')).toMatchObject({ status: 'running' });
    expect(Object.keys(await two.shared.list({})).sort()).toEqual(['7', '8']);
    expect(Object.keys(await two.shared.list({ fromMs: 5 }))).toEqual(['8']);
    await expect(two.shared.status('9')).rejects.toMatchObject({ code: 'SERVICE_NOT_FOUND' });
  });

  it('is canceled by the other', async () => {
    const [one, two] = [open('one'), open('two')];
    one.own.statuses.set('7', createStatus('running'));
    await one.shared.exchangeStates();
    await two.shared.cancel('7');
    expect(one.own.canceled).toEqual([]);
    await one.shared.exchangeStates();
    expect(one.own.canceled).toEqual(['7']);
    await expect(two.shared.cancel('9')).rejects.toMatchObject({ code: 'SERVICE_NOT_FOUND' });
  });

  it('has failed once its replica has shown no sign of life for the lease, and not before', async () => {
    const [one, two] = [open('one'), open('two')];
    one.own.statuses.set('7', createStatus('running'));
    for (let i = 0; i < 5; i++) {
      await one.shared.exchangeStates();
      await two.shared.exchangeStates();
      nowMs += LEASE_MS / 2;
    }
    expect(await two.shared.status('7')).toMatchObject({ status: 'running' });
    for (let i = 0; i < 3; i++) {
      await two.shared.exchangeStates();
      nowMs += LEASE_MS / 2;
    }
    expect(await two.shared.status('7')).toMatchObject({ status: 'failure' });
  });

  it('of an earlier process of the same replica, is read by the next one, and those of others are not', async () => {
    const [one, two] = [open('one'), open('two')];
    one.own.statuses.set('7', createStatus('running'));
    two.own.statuses.set('8', createStatus('running'));
    await one.shared.exchangeStates();
    await two.shared.exchangeStates();
    expect((await open('one').store.readAll(SILENT)).map(({ id }) => id)).toEqual(['7']);
  });
});
