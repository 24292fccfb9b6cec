/** What all operations of /v2 share. */
import { randomUUID } from 'node:crypto';
import type { Log } from '../../core/log.js';
import type { Semaphore } from '../../core/semaphore.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import type { Storage } from '../document/schema/storage.js';
import type { EventBus } from '../events/event-bus.js';
import type { RestoreMetrics, RunMetrics } from '../metrics/metrics.js';
import type { UpkeepReports } from '../metrics/upkeep-metrics.js';
import type { Clock } from '../schedule/clock.js';
import { createRestoreTurns } from '../restore/restore-turns.js';
import type { RoutineRunner } from '../routines/routine-runner.js';
import type { readClusterFacts } from '../routines/cluster-facts.js';
import type { toBackupSettings, toClusterSettings, toRestoreSettings } from '../settings/settings.js';
import type { toAccessSettings } from '../settings/storage-settings.js';
import { BackupIndex, type IndexContents } from './backups/backup-index.js';
import { joinItems, type BackupItem } from './backups/backup-item.js';
import { BackupRunner } from './backups/backup-runner.js';
import { RoutineRecords } from './backups/routine-records.js';
import type { BackupContext, RunningProgress } from './backups/to-backup.js';
import type { SharedJobs } from './jobs/shared-jobs.js';
import { StorageDirectory, type OpenedCatalog } from './storages/storage-directory.js';
import { UpkeepStore } from './upkeep/upkeep-store.js';
import type { BackupChecks } from './upkeep/upkeep-document.js';

/** What operations need of the runs of routines. */
export type RoutineRuns = Pick<
  RoutineRunner,
  'begin' | 'running' | 'cancelRun' | 'budgets' | 'isBackingUp' | 'lockForRestore' | 'settleRetention' | 'expireCopies'
>;

/** From the document to settings of the library. */
export interface V2Environment {
  toBackupSettings: typeof toBackupSettings;
  toClusterSettings: typeof toClusterSettings;
  toRestoreSettings: typeof toRestoreSettings;
  toAccessSettings: typeof toAccessSettings;
  readClusterFacts: typeof readClusterFacts;
}

export interface V2Options {
  config: { readonly document: ServiceDocument };
  runner: RoutineRuns;
  metrics: RunMetrics & RestoreMetrics & { readonly upkeep?: UpkeepReports };
  events: EventBus;
  log: Log;
  environment: V2Environment;
  /** Shared with the restores of /v1; absent = these have a limit of their own. */
  turns?: Semaphore;
  /** Of the environment: environment-storages.ts. */
  storages?: Readonly<Record<string, Storage>>;
  /** Where jobs are kept over restarts; absent = they are not. */
  dataDirectory?: string;
  /** Where jobs of all replicas are known. */
  sharedJobs?: SharedJobs;
  now?: () => number;
  /** For tests: when verifications are due. */
  clock?: Clock;
}

const DAY_MS = 86_400_000;
const DEFAULT_DELETED_DAYS = 30;

interface JoinedIndex {
  readonly items: readonly BackupItem[];
  /** Names in /v2, by ids in the catalog. */
  readonly ids: ReadonlyMap<string, string>;
}

/** One storage, opened, with all that is known of its backups. */
export interface CatalogView {
  catalog: OpenedCatalog;
  index: IndexContents;
  items: readonly BackupItem[];
  context: BackupContext;
}

export class V2Context {
  /** Of this process. */
  readonly owner = randomUUID();
  readonly directory: StorageDirectory;
  readonly backups: BackupRunner;
  readonly records: RoutineRecords;
  readonly now: () => number;
  readonly upkeep: UpkeepStore;
  readonly turns: Semaphore;
  /** Grows with each change that this process makes. */
  changes = 0;
  private readonly indexes = new Map<string, BackupIndex>();
  private readonly joined = new WeakMap<IndexContents, JoinedIndex>();

  constructor(readonly options: V2Options) {
    const { config, runner, metrics, events, log, environment, storages = {}, now = Date.now } = options;
    const { directory, owner } = {
      directory: new StorageDirectory({ config, environment: storages, log }),
      owner: this.owner,
    };
    this.directory = directory;
    this.now = now;
    this.upkeep = new UpkeepStore(owner);
    this.turns = options.turns ?? createRestoreTurns();
    this.backups = new BackupRunner({
      config,
      directory,
      toBackupSettings: environment.toBackupSettings,
      budgets: runner.budgets,
      metrics,
      events,
      log,
      now,
      onChange: (storage, path) => this.touch(storage, path),
    });
    this.records = new RoutineRecords({
      config,
      directory,
      log,
      owner,
      now,
      onChange: (storage) => this.touch(storage),
      findType: (routine, run) => {
        const found = runner.running.find((each) => each.routine === routine && String(each.timestampMs) === run);
        return found?.type === 'incremental' ? 'DIFFERENTIAL' : 'FULL';
      },
    });
  }

  get document(): ServiceDocument {
    return this.options.config.document;
  }

  /** How long a deleted backup is shown. */
  get deletedMs(): number {
    return (this.document.service?.backup?.['deleted-days'] ?? DEFAULT_DELETED_DAYS) * DAY_MS;
  }

  /** The storage has changed: `path` is that of the backup, if it is one that was complete. */
  touch(storage: string, path?: string): void {
    this.changes++;
    this.index(storage).touch(path);
  }

  /** Opens the storage for `work`, with what is known of its backups. Throws V2Error no-storage (404). */
  view<T>(storage: string, work: (view: CatalogView) => Promise<T>): Promise<T> {
    return this.directory.use(storage, async (catalog) => work(await this.readView(catalog)));
  }

  async readView(catalog: OpenedCatalog): Promise<CatalogView> {
    const [index, checks] = await Promise.all([this.index(catalog.name).read(catalog), this.readChecks(catalog)]);
    const { items, ids } = this.join(index);
    const { runner } = this.options;
    const running = new Map<string, RunningProgress>();
    for (const { routine, timestampMs, state } of runner.running) {
      running.set(`${routine}/${timestampMs}`, {
        percent: state['percentage-done'],
        records: state['done-records'],
        bytes: 0,
      });
    }
    const find = ({ id, routine, run }: BackupItem): RunningProgress | undefined => {
      if (routine === undefined) return this.backups.find(catalog.name, id)?.progress;
      return running.size === 0 ? undefined : running.get(`${routine}/${run ?? ''}`);
    };
    return {
      catalog,
      index,
      items,
      context: {
        storage: catalog.name,
        root: catalog.root,
        owner: this.owner,
        nowMs: this.now(),
        isRunning: (item) => find(item) !== undefined,
        progress: find,
        toId: (id) => ids.get(id) ?? id,
        findChecks: (id) => checks.get(id),
      },
    };
  }

  /** Views of the same contents share it. */
  private join(index: IndexContents): JoinedIndex {
    let joined = this.joined.get(index);
    if (joined === undefined) {
      const items = joinItems(index);
      const ids = new Map(items.flatMap(({ id, entry }) => (entry === undefined ? [] : [[entry.id, id] as const])));
      this.joined.set(index, (joined = { items, ids }));
    }
    return joined;
  }

  /** What cannot be read now is not known: backups are listed without it. */
  private async readChecks(catalog: OpenedCatalog): Promise<ReadonlyMap<string, BackupChecks>> {
    return this.upkeep.readChecks(catalog).catch(() => new Map<string, BackupChecks>());
  }

  private index(storage: string): BackupIndex {
    let index = this.indexes.get(storage);
    if (index === undefined) this.indexes.set(storage, (index = new BackupIndex()));
    return index;
  }
}
