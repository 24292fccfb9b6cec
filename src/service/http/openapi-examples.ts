/** Examples of the OpenAPI document, by the name of the schema. */
import type { SchemaName } from './endpoints.js';

const CLUSTER = {
  'seed-nodes': [{ 'host-name': 'db1.example.net', port: 3000 }],
  credentials: { user: 'backup', password: 'secrets:aerospike:password', 'secret-agent-name': 'agent' },
};
const STORAGE = { 's3-storage': { bucket: 'backups', 's3-region': 'eu-central-1', path: 'production' } };
const POLICY = { parallel: 4, retention: { full: 6, incremental: 2 }, compression: { mode: 'ZSTD', level: 3 } };
const ROUTINE = {
  'source-cluster': 'production',
  storage: 'bucket',
  'backup-policy': 'weekly-keep',
  'interval-cron': '0 0 1 * * *',
  'incr-interval-cron': '0 0/30 * * * *',
  namespaces: ['orders'],
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

export const EXAMPLES: Readonly<Record<SchemaName, unknown>> = {
  Config: {
    'aerospike-clusters': { production: CLUSTER },
    storage: { bucket: STORAGE },
    'backup-policies': { 'weekly-keep': POLICY },
    'backup-routines': { nightly: ROUTINE },
    'secret-agents': { agent: { address: 'agent.example.net', 'connection-type': 'tcp', port: 3005 } },
  },
  AerospikeCluster: CLUSTER,
  Storage: STORAGE,
  BackupPolicy: POLICY,
  BackupRoutine: ROUTINE,
  BackupDetails: {
    created: '2026-05-02T01:00:00Z',
    timestamp: 1_777_683_600_000,
    finished: '2026-05-02T01:07:30Z',
    'finished-timestamp': 1_777_684_050_000,
    duration: 450,
    namespace: 'orders',
    'record-count': 81_234,
    'byte-count': 9_120_033,
    'file-count': 9,
    'secondary-index-count': 2,
    'udf-count': 0,
    key: 'nightly/backup/1777683600000/data/orders',
    storage: STORAGE,
    compression: 'ZSTD',
    encryption: 'NONE',
  },
  RoutineState: {
    full: RUNNING_JOB,
    'last-full': '2026-05-01T01:00:00Z',
    'next-full': '2026-05-03T01:00:00Z',
    'next-incremental': '2026-05-02T01:30:00Z',
  },
  RestoreRequest: {
    'source-name': 'bucket',
    'destination-name': 'production',
    'backup-data-path': 'nightly/backup/1777683600000/data/orders',
    policy: { namespace: { source: 'orders', destination: 'restored' } },
  },
  RestoreTimestampRequest: { routine: 'nightly', time: 1_777_700_000_000, 'destination-name': 'production' },
  RestoreJobStatus: {
    status: 'success',
    'current-job': {
      ...RUNNING_JOB,
      'done-records': 200_000,
      'finish-time': '2026-05-02T01:20:00Z',
      'percentage-done': 100,
      duration: 1200,
    },
    'read-records': 200_000,
    'total-bytes': 61_000_000,
    'expired-records': 3,
    'skipped-records': 0,
    'ignored-records': 0,
    'inserted-records': 199_997,
    'existed-records': 0,
    'fresher-records': 0,
    'index-count': 1,
    'udf-count': 0,
    'errors-in-doubt': 0,
  },
  VersionInfo: { version: '5.0.0', commit: '0dc9609', 'build-time': '2026-05-02T01:00:00Z' },
};
