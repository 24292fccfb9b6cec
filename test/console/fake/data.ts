/** What a fake service has: two storages, four routines and their backups, as the schemas of /v2 want them. */
import type { Backup, BackupDetail } from '../../../src/service/v2/schema/backup.js';
import type { DeadLetter } from '../../../src/service/v2/schema/dead-letter.js';
import type { Job } from '../../../src/service/v2/schema/job.js';
import type { NamespaceTimeline, StorageRanges, StorageSummary } from '../../../src/service/v2/schema/runtime-state.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export interface FakeRoutine {
  name: string;
  cluster: string;
  storage: string;
  namespaces: string[];
  disabled: boolean;
  rpo?: string;
  isMissed?: boolean;
  /** Id of the backup that runs. */
  running?: string;
}

export interface FakeData {
  storages: StorageSummary[];
  routines: FakeRoutine[];
  backups: Backup[];
  jobs: Job[];
  letters: DeadLetter[];
  config: Record<string, unknown>;
}

export const isoTime = (timeMs: number): string => new Date(timeMs).toISOString();

/** Numbers that look like chance and are always the same. */
function noise(seed: number): number {
  const value = Math.sin(seed * 12.9898) * 43758.5453;
  return value - Math.floor(value);
}

const PARTITIONS = 4096;
const RANGES = 16;

function makeDetails(backup: Omit<Backup, 'details'>, progress = 100): BackupDetail[] {
  const done = Math.floor((PARTITIONS * progress) / 100);
  return backup.namespaces.flatMap((namespace) =>
    Array.from({ length: RANGES }, (_, index): BackupDetail => {
      const size = PARTITIONS / RANGES;
      const first = index * size;
      const share = Math.max(0, Math.min(size, done - first));
      return {
        namespace,
        partitions: `${first}-${first + size - 1}`,
        nodes: [`BB90${(index % 3) + 1}0011AC4202`],
        'server-version': '8.1.2',
        state: share === size ? 'COMPLETED' : backup.state === 'FAILED' ? 'FAILED' : 'IN_PROGRESS',
        created: backup.created,
        updated: backup.updated,
        done: share,
        records: Math.floor((backup.records ?? 0) / backup.namespaces.length),
        bytes: Math.floor(backup.bytes / backup.namespaces.length),
        files: Math.ceil(backup.files / backup.namespaces.length),
        ...(backup['upper-bound'] === undefined ? {} : { 'upper-bound': backup['upper-bound'] }),
      };
    }),
  );
}

export function withDetails(backup: Backup): Backup {
  return { ...backup, details: backup.state === 'DELETED' ? [] : makeDetails(backup, backup.progress) };
}

export interface BackupSeed extends Partial<Backup> {
  storage: string;
  namespaces: string[];
  createdMs: number;
}

export function makeBackup({ createdMs, ...seed }: BackupSeed): Backup {
  const id = seed.id ?? String(createdMs);
  const isFull = (seed.type ?? 'FULL') === 'FULL';
  const records = Math.floor((isFull ? 1_200_000 : 42_000) * (0.8 + 0.4 * noise(createdMs / 1000)));
  const finishedMs = createdMs + (isFull ? 460_000 : 38_000);
  const created = isoTime(createdMs);
  return {
    id,
    path: seed.routine === undefined ? id : `${seed.routine}/backup/${createdMs}`,
    cluster: 'production',
    state: 'COMPLETED',
    type: 'FULL',
    trigger: 'SCHEDULED',
    consistency: 'sealed',
    'captures-deletes': false,
    created,
    updated: isoTime(finishedMs),
    finished: isoTime(finishedMs),
    compression: { mode: 'zstd', level: 3 },
    encryption: 'NONE',
    'upper-bound': created,
    records,
    bytes: records * 143,
    files: isFull ? 48 : 16,
    held: false,
    href: `/v2/backups/${seed.storage}/${id}`,
    ...seed,
  };
}

function makeRuns(routine: FakeRoutine, endMs: number, days: number, hours: number): Backup[] {
  const { name, storage, namespaces } = routine;
  const backups: Backup[] = [];
  let parent: string | undefined;
  for (let timeMs = endMs - days * DAY_MS; timeMs < endMs; timeMs += hours * HOUR_MS) {
    const createdMs = timeMs + Math.floor(noise(timeMs / 1e6) * 900);
    const isFull = Math.round((timeMs - (endMs - days * DAY_MS)) / HOUR_MS) % 24 === 0;
    const backup = makeBackup({
      storage,
      namespaces,
      createdMs,
      routine: name,
      run: String(createdMs),
      type: isFull ? 'FULL' : 'DIFFERENTIAL',
      ...(isFull || parent === undefined ? {} : { parent, 'lower-bound': isoTime(Number(parent)) }),
    });
    parent = backup.id;
    backups.push(backup);
  }
  return backups;
}

function fail(backup: Backup | undefined, reason: string): void {
  if (backup === undefined) return;
  Object.assign(backup, { state: 'FAILED', reason, progress: 41 });
  delete backup.finished;
}

/** @param extra backups of which nothing depends, in the first storage */
export function makeData(nowMs: number, extra = 0): FakeData {
  const startOfHour = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const orders: FakeRoutine = {
    name: 'orders-3h',
    cluster: 'production',
    storage: 's3-main',
    namespaces: ['orders', 'users'],
    disabled: false,
    rpo: '4h',
  };
  const catalog: FakeRoutine = {
    name: 'catalog-daily',
    cluster: 'production',
    storage: 's3-main',
    namespaces: ['catalog'],
    disabled: false,
    rpo: '24h',
    isMissed: true,
  };
  const sessions: FakeRoutine = {
    name: 'sessions',
    cluster: 'staging',
    storage: 'archive',
    namespaces: ['sessions'],
    disabled: true,
  };
  const analytics: FakeRoutine = {
    name: 'analytics-weekly',
    cluster: 'production',
    storage: 'archive',
    namespaces: [],
    disabled: false,
  };
  const ordersRuns = makeRuns(orders, startOfHour, 10, 3);
  // A run that failed breaks the chain of that day.
  fail(ordersRuns[44], 'The node BB9020011AC4202 did not answer within 10 s');
  const catalogRuns = makeRuns(catalog, startOfHour - 31 * HOUR_MS, 9, 24);
  fail(catalogRuns[5], 'The storage refuses to write: AccessDenied');
  Object.assign(catalogRuns[2]!, { held: true, 'hold-reason': 'Quarterly audit' });
  const release = makeBackup({
    storage: 's3-main',
    id: 'pre-release-7',
    namespaces: ['orders', 'users', 'catalog'],
    createdMs: startOfHour - 3.4 * DAY_MS,
    trigger: 'MANUAL',
    held: true,
    'hold-reason': 'Before release 7',
    consistency: 'fuzzy',
  });
  const running = makeBackup({
    storage: 'archive',
    namespaces: ['events', 'metrics'],
    createdMs: nowMs - 140_000,
    routine: analytics.name,
    run: String(nowMs - 140_000),
    state: 'IN_PROGRESS',
    progress: 38,
    records: 456_000,
    bytes: 65_208_000,
    updated: isoTime(nowMs),
  });
  delete running.finished;
  analytics.running = running.id;
  const sessionRuns = makeRuns(sessions, startOfHour - 5 * DAY_MS, 4, 24);
  const others = Array.from({ length: extra }, (_, index) =>
    makeBackup({
      storage: 's3-main',
      id: `load-${String(index).padStart(5, '0')}`,
      namespaces: ['load'],
      createdMs: startOfHour - 12 * DAY_MS - index * 60_000,
      trigger: 'MANUAL',
    }),
  );
  const letter: DeadLetter = {
    id: 'msg-481',
    webhook: 'pager',
    attempts: 8,
    reason: 'https://pager.example.com/hook answered 503',
    'given-up': isoTime(nowMs - 3 * HOUR_MS),
    event: {
      id: 481,
      time: isoTime(nowMs - 4 * HOUR_MS),
      type: 'routine.rpo-missed',
      routine: 'catalog-daily',
      message: 'The last backup of catalog-daily is older than 24h',
    },
  };
  const backups = [...ordersRuns, ...catalogRuns, release, running, ...sessionRuns, ...others];
  for (const { id, parent } of backups) {
    const base = backups.find((one) => one.id === parent);
    if (base !== undefined && extra === 0) base.dependents = [...(base.dependents ?? []), id];
  }
  const verified = isoTime(nowMs - 5 * 3_600_000);
  return {
    storages: [
      {
        name: 'archive',
        kind: 'local',
        root: '/var/backups/aerospike',
        source: 'configuration',
        warnings: [],
      },
      {
        name: 's3-main',
        kind: 's3',
        root: 's3://backups-main/aerospike',
        source: 'configuration',
        warnings: [],
        verify: [
          { mode: 'CHECKSUMS', next: isoTime(nowMs + 3_600_000), last: verified, sound: true, 'last-sound': verified },
        ],
      },
    ],
    routines: [analytics, catalog, orders, sessions],
    backups,
    jobs: makeJobs(nowMs, release, ordersRuns.at(-1)!),
    letters: [letter],
    config: makeConfig([analytics, catalog, orders, sessions]),
  };
}

function makeJobs(nowMs: number, release: Backup, newest: Backup): Job[] {
  const job = (id: string, ageMs: number, rest: Omit<Job, 'id' | 'created' | 'updated' | 'href'>): Job => ({
    id,
    created: isoTime(nowMs - ageMs),
    updated: isoTime(nowMs - ageMs + 60_000),
    href: `/v2/jobs/${id}`,
    ...rest,
  });
  return [
    job('job-3', 90_000, {
      kind: 'COPY',
      state: 'IN_PROGRESS',
      storage: release.storage,
      backup: release.id,
      to: 'archive',
      progress: { percent: 64, records: 0, bytes: 118_000_000 },
    }),
    job('job-2', 5 * HOUR_MS, {
      kind: 'VERIFY',
      state: 'COMPLETED',
      storage: release.storage,
      backup: release.id,
      finished: isoTime(nowMs - 5 * HOUR_MS + 84_000),
      verify: { sound: true, files: 48, bytes: release.bytes, records: release.records ?? 0, problems: [] },
    }),
    job('job-1', 26 * HOUR_MS, {
      kind: 'RESTORE',
      state: 'FAILED',
      storage: newest.storage,
      backup: newest.id,
      cluster: 'staging',
      finished: isoTime(nowMs - 26 * HOUR_MS + 12_000),
      error: { code: 'upstream', message: 'The cluster staging does not answer' },
    }),
  ];
}

function makeConfig(routines: FakeRoutine[]): Record<string, unknown> {
  return {
    'aerospike-clusters': {
      production: {
        'seed-nodes': [
          { 'host-name': 'as-1.example.com', port: 3000 },
          { 'host-name': 'as-2.example.com', port: 3000 },
        ],
        credentials: { user: 'backup', password: '[secret]' },
      },
      staging: { 'seed-nodes': [{ 'host-name': 'staging.example.com', port: 3000 }] },
    },
    storage: {
      archive: { 'local-storage': { path: '/var/backups/aerospike' } },
      's3-main': {
        's3-storage': {
          bucket: 'backups-main',
          path: 'aerospike',
          's3-region': 'eu-central-1',
          'access-key-id': '[secret]',
          'secret-access-key': '[secret]',
        },
      },
    },
    'backup-policies': { standard: { parallel: 8, compression: { mode: 'ZSTD', level: 3 }, sealed: true } },
    'backup-routines': Object.fromEntries(
      routines.map(({ name, cluster, storage, namespaces, disabled }) => [
        name,
        {
          'source-cluster': cluster,
          storage,
          'backup-policy': 'standard',
          'interval-cron': '@daily',
          namespaces,
          ...(disabled ? { disabled } : {}),
        },
      ]),
    ),
    service: { http: { address: '0.0.0.0', port: 8080 }, logger: { level: 'INFO' } },
  };
}

/** The timeline of a storage, as the chains of its backups make it. */
export function makeRanges(storage: string, backups: readonly Backup[]): StorageRanges {
  const namespaces: NamespaceTimeline[] = [];
  const own = backups.filter((backup) => backup.storage === storage && backup.state !== 'DELETED');
  const lanes = new Map<string, { namespace: string; routine: string | undefined; backups: Backup[] }>();
  for (const backup of own) {
    for (const namespace of backup.namespaces) {
      const key = `${backup.routine ?? ''}/${namespace}`;
      const lane = lanes.get(key) ?? { namespace, routine: backup.routine, backups: [] };
      lane.backups.push(backup);
      lanes.set(key, lane);
    }
  }
  for (const { namespace, routine, backups: list } of lanes.values()) {
    list.sort((left, right) => left.created.localeCompare(right.created));
    namespaces.push({ namespace, ...(routine === undefined ? {} : { routine }), ...chain(list) });
  }
  return { storage, namespaces, 'captures-deletes': false };
}

function chain(list: Backup[]): Omit<NamespaceTimeline, 'namespace' | 'routine'> {
  const timeline: Omit<NamespaceTimeline, 'namespace' | 'routine'> = {
    ranges: [],
    gaps: [],
    failures: [],
    markers: [],
  };
  let isBroken = false;
  for (const backup of list) {
    const { id, created, finished, type, state, reason, held, href } = backup;
    const point = {
      id,
      created,
      state,
      held,
      href,
      ...(finished === undefined ? {} : { finished }),
      ...(type === undefined ? {} : { type }),
      ...(reason === undefined ? {} : { reason }),
    };
    if (state === 'STARTED' || state === 'IN_PROGRESS') continue;
    if (state !== 'COMPLETED') {
      timeline.failures.push(point);
      timeline.gaps.push({ from: created, broken: [{ id, reason: 'NOT_COMPLETED', at: id }] });
      isBroken = true;
    } else if (type === 'FULL') {
      const gap = timeline.gaps.at(-1);
      if (isBroken && gap !== undefined) gap.to = created;
      isBroken = false;
      timeline.ranges.push({ from: created, to: created, base: id, points: [point] });
    } else if (isBroken) {
      timeline.gaps.at(-1)!.broken.push({ id, reason: 'PARENT_NOT_COMPLETED', at: timeline.failures.at(-1)!.id });
    } else {
      const range = timeline.ranges.at(-1);
      if (range === undefined) continue;
      range.points.push(point);
      range.to = created;
    }
  }
  return timeline;
}
