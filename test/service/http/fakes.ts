/** Stand-ins for what the HTTP server calls. They keep a configuration in memory; all of it can be made to fail. */
import type { EntityKind } from '../../../src/service/config-source/entity-kind.js';
import type { ServiceDocument } from '../../../src/service/document/schema/service-document.js';
import type { ServiceSettings } from '../../../src/service/document/schema/service-settings.js';
import type { HttpDependencies } from '../../../src/service/http/dependencies.js';
import { ServiceError } from '../../../src/service/errors.js';
import { ServiceMetrics } from '../../../src/service/metrics/metrics.js';
import type { Log, LogLine } from '../../../src/core/log.js';
import { logText } from '../../../src/core/log.js';

export const CREATED_MS = 1_777_683_600_000;
export const JOB_ID = 551_230_011;

const CLUSTER = {
  'seed-nodes': [{ 'host-name': 'db1', port: 3000 }],
  credentials: { user: 'abs', password: '[secret]' },
};
const STORAGE = { 'local-storage': { path: '/srv/asb' } };
const POLICY = { parallel: 4, retention: { full: 6, incremental: 2 } };
const ROUTINE = {
  'source-cluster': 'c1',
  storage: 's1',
  'backup-policy': 'weekly',
  'interval-cron': '0 0 1 * * *',
  namespaces: ['orders'],
};

/** Documents that can be added, by the segment of their path. */
export const DOCUMENTS = { clusters: CLUSTER, storage: STORAGE, policies: POLICY, routines: ROUTINE } as const;

const DETAILS = {
  created: '2026-05-02T01:00:00Z',
  timestamp: CREATED_MS,
  finished: '2026-05-02T01:07:30Z',
  'finished-timestamp': CREATED_MS + 450_000,
  duration: 450,
  namespace: 'orders',
  'record-count': 81_234,
  'byte-count': 9_120_033,
  'file-count': 9,
  'secondary-index-count': 2,
  'udf-count': 0,
  key: `nightly/backup/${CREATED_MS}/data/orders`,
  storage: STORAGE,
  compression: 'ZSTD',
  encryption: 'NONE',
};

const RUNNING_JOB = {
  'total-records': 200_000,
  'done-records': 30_000,
  'start-time': '2026-05-02T01:00:00Z',
  'percentage-done': 15,
  'estimated-end-time': '2026-05-02T01:20:00Z',
  duration: 180,
  metrics: { 'records-per-second': 166, 'kilobytes-per-second': 900, pipeline: 12 },
};

const JOB_STATUS = {
  status: 'running',
  'current-job': RUNNING_JOB,
  'read-records': 500,
  'total-bytes': 61_000,
  'expired-records': 3,
  'skipped-records': 0,
  'ignored-records': 0,
  'inserted-records': 497,
  'existed-records': 0,
  'fresher-records': 0,
  'index-count': 1,
  'udf-count': 0,
  'errors-in-doubt': 0,
};

/** What was called, as `name(arguments)`. */
export interface FakeServices extends HttpDependencies {
  readonly metrics: ServiceMetrics;
  readonly calls: string[];
  readonly lines: string[];
  /** Everything that is called fails with it. */
  failure: Error | undefined;
  /** What calls wait for before they do anything. */
  gate: Promise<void>;
}

/** The configuration has cluster c1, storage s1, policy weekly and routine nightly, which uses the three. */
export function createServices(service: ServiceSettings = {}): FakeServices {
  const calls: string[] = [];
  const lines: string[] = [];
  const document: Record<EntityKind, Record<string, unknown>> & { service: ServiceSettings } = {
    service,
    'aerospike-clusters': { c1: CLUSTER },
    storage: { s1: STORAGE },
    'backup-policies': { weekly: POLICY },
    'backup-routines': { nightly: ROUTINE },
  };
  const say = (line: LogLine): void => void lines.push(logText(line));
  const log: Log = { info: say, error: say, verbose: say };

  const note = (name: string, ...values: unknown[]): void => {
    calls.push(`${name}(${values.map((value) => JSON.stringify(value)).join(', ')})`);
    if (services.failure !== undefined) throw services.failure;
  };
  const enter = async (name: string, ...values: unknown[]): Promise<void> => {
    await services.gate;
    note(name, ...values);
  };
  const NOUNS = {
    'aerospike-clusters': 'cluster',
    storage: 'storage',
    'backup-policies': 'policy',
    'backup-routines': 'routine',
  };
  const mustExist = (kind: EntityKind, name: string): void => {
    if (!Object.hasOwn(document[kind], name)) {
      throw new ServiceError('SERVICE_NOT_FOUND', `${NOUNS[kind]} "${name}" not found`);
    }
  };
  const mustBeObject = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ServiceError('SERVICE_INVALID', 'the document must be an object');
    }
    if ('bad' in value) throw new ServiceError('SERVICE_INVALID', 'bad: unknown field');
  };
  const mustHaveJob = (id: string): void => {
    if (id !== String(JOB_ID)) throw new ServiceError('SERVICE_NOT_FOUND', `job ${id} not found`);
  };
  const mustNameKnown = (value: unknown): void => {
    mustBeObject(value);
    if ('source-name' in (value as object) || 'routine' in (value as object)) {
      const { 'source-name': source = 's1', routine = 'nightly' } = value as Record<string, string>;
      mustExist('storage', source);
      mustExist('backup-routines', routine);
    }
  };

  const services: FakeServices = {
    calls,
    lines,
    failure: undefined,
    gate: Promise.resolve(),
    log,
    version: { version: '5.0.0', commit: 'abc', 'build-time': '2026-05-02T01:00:00Z' },
    metrics: new ServiceMetrics(),
    config: {
      document: document as unknown as ServiceDocument,
      redacted: () => {
        note('redacted');
        return document as unknown as ServiceDocument;
      },
      replace: async (value) => {
        await enter('replace', value);
        mustBeObject(value);
      },
      reload: () => enter('reload'),
      add: async (kind, name, value) => {
        await enter('add', kind, name, value);
        mustBeObject(value);
        if (Object.hasOwn(document[kind], name)) {
          throw new ServiceError('SERVICE_CONFLICT', `${NOUNS[kind]} "${name}" already exists`);
        }
        document[kind][name] = value;
      },
      update: async (kind, name, value) => {
        await enter('update', kind, name, value);
        mustBeObject(value);
        mustExist(kind, name);
        document[kind][name] = value;
      },
      remove: async (kind, name) => {
        await enter('remove', kind, name);
        mustExist(kind, name);
        if (kind !== 'backup-routines' && Object.hasOwn(document['backup-routines'], 'nightly')) {
          throw new ServiceError('SERVICE_CONFLICT', `${NOUNS[kind]} "${name}" is in use: routine "nightly"`);
        }
        Reflect.deleteProperty(document[kind], name);
      },
      setDisabled: async (name, disabled) => {
        await enter('setDisabled', name, disabled);
        mustExist('backup-routines', name);
      },
    },
    runner: {
      trigger: (name, type, delayMs) => {
        note('trigger', name, type, delayMs);
        mustExist('backup-routines', name);
      },
      cancel: (name) => {
        note('cancel', name);
        mustExist('backup-routines', name);
      },
      state: async (name) => {
        await enter('state', name);
        mustExist('backup-routines', name);
        return { full: RUNNING_JOB, 'last-full': '2026-05-01T01:00:00Z', 'next-full': '2026-05-03T01:00:00Z' };
      },
    },
    listing: {
      list: async (name, type, bounds) => {
        await enter('list', name, type, bounds);
        mustExist('backup-routines', name);
        return [DETAILS];
      },
      listAll: async (type, bounds) => {
        await enter('listAll', type, bounds);
        return { nightly: [DETAILS] };
      },
      readConfiguration: async (name, timestampMs) => {
        await enter('readConfiguration', name, timestampMs);
        mustExist('backup-routines', name);
        return Buffer.from('PK\x05\x06');
      },
    },
    jobs: {
      startByPath: async (value) => {
        await enter('startByPath', value);
        mustNameKnown(value);
        return JOB_ID;
      },
      startByTime: async (value) => {
        await enter('startByTime', value);
        mustNameKnown(value);
        return JOB_ID;
      },
      status: (id) => {
        note('status', id);
        mustHaveJob(id);
        return JOB_STATUS;
      },
      list: (filter) => {
        note('jobs', { ...filter, ...(filter.statuses === undefined ? {} : { statuses: [...filter.statuses] }) });
        return { [JOB_ID]: JOB_STATUS };
      },
      cancel: (id) => {
        note('cancelJob', id);
        mustHaveJob(id);
      },
    },
    probes: { cluster: (name) => enter('probeCluster', name), storage: (name) => enter('probeStorage', name) },
  };
  return services;
}
