/** The backups that /v2 makes itself: those that run, and those that were interrupted. */
import { errorMessage } from '../../../core/errors.js';
import { errorEvent, logEvent, type Log } from '../../../core/log.js';
import { joinPath } from '../../../storage/paths.js';
import type { ServiceDocument } from '../../document/schema/service-document.js';
import type { EventSink } from '../../events/event-bus.js';
import { Throttle } from '../../events/throttle.js';
import type { RunMetrics } from '../../metrics/metrics.js';
import { ScanBudget } from '../../routines/scan-budget.js';
import type { toBackupSettings } from '../../settings/settings.js';
import type { StorageDirectory } from '../storages/storage-directory.js';
import type { BackupRecord } from './backup-record.js';
import { runCatalogBackup } from './catalog-run.js';
import { RecordStore } from './record-store.js';
import type { RunningProgress } from './to-backup.js';

/** The label `routine` of metrics: no routine makes these backups. */
export const V2_ROUTINE_LABEL = '@v2';
export const STOPPED_REASON = 'The service was stopped; the backup goes on when it runs again';

/** When the service ends, runs may come to their end for so long, and then have so long for a checkpoint. */
const FINISH_MS = 3000;
const CHECKPOINT_MS = 6000;

class StopError extends Error {
  constructor(readonly end: 'canceled' | 'stopped') {
    super(end === 'canceled' ? 'It was canceled' : STOPPED_REASON);
  }
}

export interface RunningBackup {
  readonly storage: string;
  readonly record: BackupRecord;
  readonly namespaces: readonly string[];
  progress: RunningProgress;
}

interface Entry extends RunningBackup {
  readonly stopping: AbortController;
  ended: Promise<void>;
}

export interface BackupRunnerOptions {
  config: { readonly document: ServiceDocument };
  directory: StorageDirectory;
  toBackupSettings: typeof toBackupSettings;
  budgets: { process: ScanBudget; ofCluster(name: string): ScanBudget };
  metrics: RunMetrics;
  events: EventSink;
  log: Log;
  now: () => number;
  /** The storage has changed. */
  onChange: (storage: string, path?: string) => void;
}

export interface StartBackup {
  storage: string;
  record: BackupRecord;
  namespaces: readonly string[];
  /** Scans of a namespace at a time. */
  scans: number;
  continues: boolean;
}

export class BackupRunner {
  private readonly running = new Map<string, Entry>();
  private isStopped = false;

  constructor(private readonly options: BackupRunnerOptions) {}

  get all(): RunningBackup[] {
    return [...this.running.values()];
  }

  get isStopping(): boolean {
    return this.isStopped;
  }

  find(storage: string, id: string): RunningBackup | undefined {
    return this.running.get(toKey(storage, id));
  }

  /** Whether a backup reads one of the namespaces of the cluster. */
  isBackingUp(cluster: string, namespaces: readonly string[]): boolean {
    return this.all.some(
      ({ record, namespaces: own }) => record.cluster === cluster && own.some((name) => namespaces.includes(name)),
    );
  }

  /** The record has been created. What becomes of the backup is in its documents and its record. */
  start({ storage, record, namespaces, scans, continues }: StartBackup): void {
    const entry: Entry = {
      storage,
      record: { ...record },
      namespaces,
      progress: { records: 0, bytes: 0 },
      stopping: new AbortController(),
      ended: Promise.resolve(),
    };
    const key = toKey(storage, record.id);
    this.running.set(key, entry);
    entry.ended = this.execute(entry, { scans, continues }).finally(() => {
      this.running.delete(key);
      this.options.onChange(storage, undefined);
    });
  }

  /** Resolves when nothing of the backup is under way; does nothing if it does not run. */
  async cancel(storage: string, id: string): Promise<void> {
    const entry = this.running.get(toKey(storage, id));
    entry?.stopping.abort(new StopError('canceled'));
    await entry?.ended;
  }

  /** Resolves when the backup has ended, if it runs here. */
  async settle(storage: string, id: string): Promise<void> {
    await this.running.get(toKey(storage, id))?.ended;
  }

  /** Runs come to their end, or leave a checkpoint that a later process goes on from, within 10 seconds. */
  async stop(): Promise<void> {
    this.isStopped = true;
    const idle = Promise.all([...this.running.values()].map(({ ended }) => ended));
    if (await isWithin(FINISH_MS, idle)) return;
    for (const { stopping } of this.running.values()) stopping.abort(new StopError('stopped'));
    await isWithin(CHECKPOINT_MS, idle);
  }

  /** Never rejects. */
  private async execute(entry: Entry, { scans, continues }: Pick<StartBackup, 'scans' | 'continues'>): Promise<void> {
    const { directory, config, metrics, events, log, now } = this.options;
    const { storage, record } = entry;
    const type = record.type === 'FULL' ? 'full' : 'incremental';
    const startedMs = now();
    metrics.setActive(V2_ROUTINE_LABEL, type, true);
    const names = { storage, backup: record.id };
    events.publish({ type: 'backup.started', ...names, message: `The backup ${record.id} begins` });
    const throttle = new Throttle(now);
    let last: RunningProgress = { records: 0, bytes: 0 };
    try {
      await directory.use(storage, async (catalog) => {
        const store = new RecordStore(catalog);
        try {
          await this.save(store, entry, 'IN_PROGRESS');
          const done = await runCatalogBackup({
            record,
            namespaces: entry.namespaces,
            continues,
            document: config.document,
            catalog,
            toBackupSettings: this.options.toBackupSettings,
            budgets: [
              new ScanBudget(() => scans),
              this.options.budgets.ofCluster(record.cluster ?? ''),
              this.options.budgets.process,
            ],
            scans,
            log,
            signal: entry.stopping.signal,
            onProgress: (progress, namespace, recordsPerSecond) => {
              entry.progress = progress;
              metrics.addVolume(V2_ROUTINE_LABEL, type, {
                records: Math.max(0, progress.records - last.records),
                bytes: Math.max(0, progress.bytes - last.bytes),
              });
              metrics.setProgress(V2_ROUTINE_LABEL, type, progress.percent);
              last = progress;
              if (!throttle.isDue()) return;
              events.publish({
                type: 'backup.progress',
                ...names,
                namespace,
                progress: { ...progress, recordsPerSecond },
              });
            },
          });
          const sum = (value: 'records' | 'bytes'): number =>
            done.parts.reduce((total, part) => total + (part[value] ?? 0), 0);
          metrics.setLastSuccess(V2_ROUTINE_LABEL, type, startedMs / 1000);
          metrics.setLastSize(V2_ROUTINE_LABEL, type, { records: sum('records'), bytes: sum('bytes') });
          await this.save(store, entry, 'COMPLETED');
          this.end(entry, type, 'success', startedMs);
        } catch (error) {
          await this.fail(store, entry, error, startedMs);
        } finally {
          this.options.onChange(storage, joinPath(catalog.root, record.id));
        }
      });
    } catch (error) {
      log.error(errorEvent(error));
    } finally {
      metrics.setActive(V2_ROUTINE_LABEL, type, false);
    }
  }

  private async fail(store: RecordStore, entry: Entry, error: unknown, startedMs: number): Promise<void> {
    const { log } = this.options;
    const { signal } = entry.stopping;
    const type = entry.record.type === 'FULL' ? 'full' : 'incremental';
    const reason: unknown = signal.aborted ? signal.reason : error;
    const text = log.redact?.(errorMessage(reason)) ?? errorMessage(reason);
    if (reason instanceof StopError && reason.end === 'stopped') {
      await this.save(store, entry, 'INCOMPLETE', text);
      return;
    }
    const isCanceled = reason instanceof StopError;
    if (isLockHeld(error)) {
      // Another process works on it.
      log.info(logEvent('message', `The backup ${entry.record.id} is made by another process`));
      return;
    }
    await this.save(store, entry, isCanceled ? 'CANCELED' : 'FAILED', text);
    this.end(entry, type, isCanceled ? 'canceled' : 'failure', startedMs, text);
  }

  private end(
    { storage, record }: Entry,
    type: 'full' | 'incremental',
    outcome: 'success' | 'failure' | 'canceled',
    startedMs: number,
    reason?: string,
  ): void {
    const { metrics, events, log, now } = this.options;
    metrics.countEvent(V2_ROUTINE_LABEL, type, outcome);
    metrics.observeDuration(V2_ROUTINE_LABEL, type, Math.max(0, now() - startedMs) / 1000, outcome);
    const kind = { success: 'completed', failure: 'failed', canceled: 'canceled' } as const;
    const what = { success: 'is complete', failure: 'has failed', canceled: 'was canceled' } as const;
    const message = `The backup ${record.id} ${what[outcome]}${reason === undefined ? '' : `: ${reason}`}`;
    events.publish({ type: `backup.${kind[outcome]}`, storage, backup: record.id, message });
    if (outcome === 'failure') log.error(logEvent('message', message));
    else log.info(logEvent('message', message));
  }

  private async save(store: RecordStore, entry: Entry, state: BackupRecord['state'], reason?: string): Promise<void> {
    const { record, storage } = entry;
    record.state = state;
    record.updated = new Date(this.options.now()).toISOString();
    if (reason === undefined) delete record.reason;
    else record.reason = reason;
    await store.write(record);
    this.options.onChange(storage);
  }
}

function toKey(storage: string, id: string): string {
  return `${storage}/${id}`;
}

function isLockHeld(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'LOCK_HELD';
}

async function isWithin(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const isDone = await Promise.race([work.then(() => true as const), late]);
  clearTimeout(timer);
  return isDone;
}
