/** Examples of the OpenAPI document, by the name of the schema. */
import { EXAMPLES } from '../../http/openapi-examples.js';
import type { V2SchemaName } from './endpoint.js';

const BACKUP = {
  id: 'pre-release-7',
  storage: 'bucket',
  path: 'pre-release-7',
  cluster: 'production',
  state: 'IN_PROGRESS',
  type: 'FULL',
  trigger: 'MANUAL',
  consistency: 'sealed',
  'captures-deletes': false,
  created: '2026-05-02T09:00:00Z',
  updated: '2026-05-02T09:04:11Z',
  namespaces: ['orders', 'users'],
  include: ['orders', 'users.premium'],
  compression: { mode: 'zstd', level: 3 },
  encryption: 'NONE',
  'upper-bound': '2026-05-02T09:00:00Z',
  records: 512_000,
  bytes: 73_400_320,
  files: 16,
  progress: 62,
  held: false,
  href: '/v2/backups/bucket/pre-release-7',
};
const DETAILED_BACKUP = {
  ...BACKUP,
  details: [
    {
      namespace: 'orders',
      partitions: '0-1023',
      nodes: ['BB9020011AC4202'],
      'server-version': '8.1.2',
      state: 'COMPLETED',
      created: '2026-05-02T09:00:00Z',
      updated: '2026-05-02T09:02:40Z',
      records: 131_072,
      'upper-bound': '2026-05-02T09:00:00Z',
    },
  ],
};
const JOB = {
  id: '551230011',
  kind: 'RESTORE',
  state: 'IN_PROGRESS',
  storage: 'bucket',
  backup: 'pre-release-7',
  cluster: 'staging',
  created: '2026-05-02T10:00:00Z',
  updated: '2026-05-02T10:01:30Z',
  progress: { percent: 40, 'total-records': 512_000, records: 204_800, bytes: 29_360_128 },
  href: '/v2/jobs/551230011',
};
const POINT = {
  id: '1777683600000',
  type: 'FULL',
  trigger: 'SCHEDULED',
  created: '2026-05-02T01:00:00Z',
  'upper-bound': '2026-05-02T01:00:00Z',
} as const;
const LATER_POINT = {
  id: '1777712400000',
  type: 'DIFFERENTIAL',
  trigger: 'SCHEDULED',
  created: '2026-05-02T09:00:00Z',
  'lower-bound': '2026-05-02T08:30:00Z',
  'upper-bound': '2026-05-02T09:00:00Z',
} as const;
const TIMELINE_POINT = {
  id: '1777683600000',
  created: '2026-05-02T01:00:00Z',
  finished: '2026-05-02T01:07:30Z',
  type: 'FULL',
  state: 'COMPLETED',
  held: false,
  href: '/v2/backups/bucket/1777683600000?routine=nightly',
};
const ROUTINE = {
  name: 'nightly',
  'source-cluster': 'production',
  storage: 'bucket',
  'backup-policy': 'weekly-keep',
  namespaces: ['orders'],
  'interval-cron': '0 0 1 * * *',
  disabled: false,
  'last-full': '2026-05-02T01:00:00Z',
  'next-full': '2026-05-03T01:00:00Z',
  rpo: '26h',
  'rpo-missed': false,
  href: '/v2/routines/nightly',
};

export const V2_EXAMPLES: Readonly<Record<V2SchemaName, unknown>> = {
  CreateBackup: {
    id: 'pre-release-7',
    include: ['orders', 'users.premium'],
    compression: { mode: 'zstd', level: 3 },
    sealed: true,
  },
  HoldBackup: { reason: 'Kept for the audit of 2026' },
  RestoreBackup: {
    cluster: 'staging',
    include: ['orders'],
    rename: { orders: 'orders_copy' },
    'on-existing': 'refuse',
  },
  RestoreAtTime: { time: '2026-05-02T08:45:00Z', routine: 'nightly', cluster: 'staging' },
  CopyBackup: { to: 'archive' },
  VerifyBackup: { 'checksums-only': true },
  CloneRequest: { storage: 'bucket', source: 'production', cluster: 'staging', include: ['orders'] },
  RunRoutine: { type: 'FULL' },
  Config: EXAMPLES.Config,
  AerospikeCluster: EXAMPLES.AerospikeCluster,
  Storage: EXAMPLES.Storage,
  BackupPolicy: EXAMPLES.BackupPolicy,
  BackupRoutine: EXAMPLES.BackupRoutine,
  Backup: DETAILED_BACKUP,
  BackupPage: { backups: [BACKUP], next: '1777712400000', total: 2314 },
  RestorePlan: {
    storage: 'bucket',
    backup: 'pre-release-7',
    cluster: 'staging',
    'on-existing': 'refuse',
    namespaces: [
      {
        namespace: 'orders',
        target: 'orders_copy',
        'as-of': '2026-05-02T09:00:00Z',
        backups: [
          { id: 'pre-release-7', type: 'full', created: '2026-05-02T09:00:00Z', records: 512_000, bytes: 73_400_320 },
        ],
        records: 512_000,
        bytes: 73_400_320,
        'existing-records': 17,
      },
    ],
    later: [],
    records: 512_000,
    bytes: 73_400_320,
    refusals: [{ code: 'target-not-empty', message: 'the namespace orders_copy has 17 records' }],
    'captures-deletes': false,
  },
  Job: JOB,
  JobPage: { jobs: [JOB] },
  RuntimeState: {
    namespaces: [
      {
        namespace: 'orders',
        storage: 'bucket',
        routine: 'nightly',
        checkpoint: LATER_POINT,
        backup: LATER_POINT,
        ranges: [{ start: POINT, end: LATER_POINT }],
      },
    ],
    running: [],
    unreachable: [],
    'captures-deletes': false,
  },
  StorageRanges: {
    storage: 'bucket',
    namespaces: [
      {
        namespace: 'orders',
        routine: 'nightly',
        ranges: [
          {
            from: '2026-05-02T01:00:00Z',
            to: '2026-05-02T09:00:00Z',
            base: '1777683600000',
            points: [TIMELINE_POINT],
          },
        ],
        gaps: [],
        failures: [],
        markers: [],
      },
    ],
    'captures-deletes': false,
  },
  StorageList: {
    storages: [{ name: 'bucket', kind: 's3', root: 's3://backups/production', source: 'configuration', warnings: [] }],
  },
  RoutineList: { routines: [ROUTINE] },
  RoutineSummary: ROUTINE,
  Session: { name: 'deploy', kind: 'token', scopes: ['read', 'backup'], restricted: true, version: '5.0.0' },
  DeadLetterList: {
    'dead-letters': [
      {
        id: 'evt_1777712400000001_ops',
        webhook: 'ops',
        attempts: 8,
        reason: 'the server answered 503',
        'given-up': '2026-05-02T09:10:00Z',
        event: {
          id: 1_777_712_400_000_001,
          time: '2026-05-02T09:00:00Z',
          type: 'backup.failed',
          storage: 'bucket',
          routine: 'nightly',
        },
      },
    ],
    dropped: 0,
  },
};
