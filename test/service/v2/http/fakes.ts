/** Stand-ins for what /v2 calls: operations that answer with examples, or fail as a test wants. */
import { ConfigStore } from '../../../../src/service/config-source/config-store.js';
import type { ServiceDocument } from '../../../../src/service/document/schema/service-document.js';
import { EventBus } from '../../../../src/service/events/event-bus.js';
import { createApp } from '../../../../src/service/http/app.js';
import { Readiness } from '../../../../src/service/http/readiness.js';
import { V2Error } from '../../../../src/service/v2/errors.js';
import type { V2Services } from '../../../../src/service/v2/http/dependencies.js';
import { V2_EXAMPLES } from '../../../../src/service/v2/http/openapi-examples.js';
import type { V2Operations } from '../../../../src/service/v2/operations.js';
import type { DeadLetterList } from '../../../../src/service/v2/schema/dead-letter.js';
import { MemorySource, SILENT } from '../../config-source/memory-source.js';
import { createServices, type FakeServices } from '../../http/fakes.js';

export const STORAGE = 's1';
export const ID = 'pre-release-7';
export const JOB = '551230011';

/** What runs nightly, and an entity of each kind. */
export const CONFIG = {
  'aerospike-clusters': { c1: { 'seed-nodes': [{ 'host-name': 'db1', port: 3000 }] } },
  storage: { s1: { 'local-storage': { path: '/srv/asb' } } },
  'backup-policies': { weekly: { parallel: 4 } },
  'backup-routines': {
    nightly: {
      'source-cluster': 'c1',
      storage: 's1',
      'backup-policy': 'weekly',
      'interval-cron': '0 0 1 * * *',
      namespaces: ['orders'],
    },
  },
};

export interface V2Fixture {
  app: ReturnType<typeof createApp>;
  services: FakeServices;
  config: ConfigStore;
  events: EventBus;
  /** What was called, as `name(arguments)`. */
  calls: string[];
  /** Every operation rejects with it. */
  failure: { error: Error | undefined };
}

/** Operations that know one storage, one backup and one job, and tell `calls` of each call. */
export function createOperations(calls: string[], failure: { error: Error | undefined }): V2Operations {
  const answer = <Value>(name: string, value: unknown, args: readonly unknown[]): Promise<Value> => {
    calls.push(`${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`);
    if (failure.error !== undefined) return Promise.reject(failure.error);
    return Promise.resolve(value as Value);
  };
  const mustHave = (storage: string, id?: string): void => {
    if (storage !== STORAGE) throw new V2Error('not-found', `storage "${storage}" not found`);
    if (id !== undefined && id !== ID) throw new V2Error('not-found', `backup ${id} not found`);
  };
  const backup =
    <Value>(name: string, value: unknown) =>
    (storage: string, id: string, ...args: unknown[]): Promise<Value> => {
      return answer<Value>(name, value, [storage, id, ...args]).then((found) => {
        mustHave(storage, id);
        return found;
      });
    };
  const job =
    <Value>(name: string) =>
    (id: string): Promise<Value> =>
      answer<Value>(name, V2_EXAMPLES.Job, [id]).then((found) => {
        if (id !== JOB) throw new V2Error('not-found', `job ${id} not found`);
        return found;
      });
  const inStorage =
    <Value>(name: string, value: unknown) =>
    (storage: string, ...args: unknown[]): Promise<Value> =>
      answer<Value>(name, value, [storage, ...args]).then((found) => {
        mustHave(storage);
        return found;
      });
  const done = { ...(V2_EXAMPLES.Backup as object), state: 'COMPLETED' };
  return {
    createBackup: inStorage('createBackup', V2_EXAMPLES.Backup),
    readBackup: backup('readBackup', V2_EXAMPLES.Backup),
    listBackups: inStorage('listBackups', V2_EXAMPLES.BackupPage),
    deleteBackup: backup('deleteBackup', undefined),
    cancelBackup: backup('cancelBackup', V2_EXAMPLES.Backup),
    hold: backup('hold', V2_EXAMPLES.Backup),
    release: backup('release', V2_EXAMPLES.Backup),
    restoreBackup: backup('restoreBackup', V2_EXAMPLES.Job),
    restoreAtTime: inStorage('restoreAtTime', V2_EXAMPLES.Job),
    planRestore: backup('planRestore', V2_EXAMPLES.RestorePlan),
    planRestoreAtTime: inStorage('planRestoreAtTime', V2_EXAMPLES.RestorePlan),
    latestRestore: backup('latestRestore', V2_EXAMPLES.Job),
    copyBackup: backup('copyBackup', V2_EXAMPLES.Job),
    verifyBackup: backup('verifyBackup', V2_EXAMPLES.Job),
    clone: (request) => answer('clone', V2_EXAMPLES.Job, [request]),
    readJob: job('readJob'),
    listJobs: (filter) => answer('listJobs', V2_EXAMPLES.JobPage, [filter]),
    cancelJob: job('cancelJob'),
    state: () => answer('state', V2_EXAMPLES.RuntimeState, []),
    ranges: inStorage('ranges', V2_EXAMPLES.StorageRanges),
    describeUpkeep: () => Promise.resolve({}),
    storages: () => answer('storages', (V2_EXAMPLES.StorageList as { storages: unknown }).storages, []),
    waitForBackup: (storage, id, choice, { timeoutMs }) =>
      answer('waitForBackup', done, [storage, id, choice, timeoutMs]),
    waitForJob: (id, { timeoutMs }) => answer('waitForJob', V2_EXAMPLES.Job, [id, timeoutMs]),
  };
}

/** The app over the real configuration and operations that are not real. */
export async function openV2(
  document: ServiceDocument = CONFIG,
  { contextPath = '/', services = createServices() }: { contextPath?: string; services?: FakeServices } = {},
): Promise<V2Fixture> {
  const calls: string[] = [];
  const failure: V2Fixture['failure'] = { error: undefined };
  const config = await ConfigStore.open({ source: new MemorySource(JSON.stringify(document)), log: SILENT });
  const events = new EventBus();
  const letters = new Map([['letter-1', true]]);
  const v2: V2Services = {
    operations: createOperations(calls, failure),
    config,
    runner: {
      cancel: (routine) => void calls.push(`cancel("${routine}")`),
      state: () => Promise.resolve({ 'last-full': '2026-05-02T01:00:00Z' }),
    },
    events,
    isObjectiveMissed: () => undefined,
    deadLetters: {
      list: () => V2_EXAMPLES.DeadLetterList as DeadLetterList,
      retry: (id) => letters.has(id),
      remove: (id) => letters.delete(id),
    },
    log: services.log,
    version: '5.0.0',
  };
  const app = createApp({
    services: { ...services, config, v2 },
    readiness: new Readiness(config, services.probes),
    contextPath,
  });
  return { app, services, config, events, calls, failure };
}
