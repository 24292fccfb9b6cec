/** One run of /v2 that makes a backup in the layout of `asb backup`. */
import { readSettings } from '../../../api/read-settings.js';
import { readSecurity } from '../../../api/security.js';
import { catalogBackupSchema, toCatalogBackup } from '../../../config/catalog/backup-command.js';
import type { Log } from '../../../core/log.js';
import { continueBackup, createBackup, type RunNamespace } from '../../../engine/catalog/create-backup.js';
import type { CatalogEntry } from '../../../engine/catalog/find-backups.js';
import { createNamespaceRunner } from '../../../ui/namespace-runner.js';
import type { Progress } from '../../../ui/progress/display.js';
import type { ServiceDocument } from '../../document/schema/service-document.js';
import { withScans, type ScanBudget } from '../../routines/scan-budget.js';
import type { toBackupSettings } from '../../settings/settings.js';
import { V2Error } from '../errors.js';
import type { OpenedCatalog } from '../storages/storage-directory.js';
import type { BackupRecord } from './backup-record.js';
import type { RunningProgress } from './to-backup.js';

export interface CatalogRunOptions {
  record: BackupRecord;
  /** Of the cluster, in the order in which they are read; of one that goes on, those that it has. */
  namespaces: readonly string[];
  /** It goes on with what is there. */
  continues: boolean;
  document: ServiceDocument;
  catalog: OpenedCatalog;
  toBackupSettings: typeof toBackupSettings;
  /** Each has to grant the scans of a namespace, in this order. */
  budgets: readonly ScanBudget[];
  /** Scans of a namespace at a time. */
  scans: number;
  log: Log;
  signal: AbortSignal;
  onProgress: (progress: RunningProgress, namespace: string, recordsPerSecond: number) => void;
}

/** Resolves with the complete backup. Rejects as createBackup and continueBackup of the catalog do. */
export async function runCatalogBackup(options: CatalogRunOptions): Promise<CatalogEntry> {
  const { record, namespaces, continues, catalog, log, signal } = options;
  const values = await readSettings(catalogBackupSchema, await toSettings(options));
  const security = await readSecurity(values, log);
  const { backup } = toCatalogBackup(catalog.root, values, { log, signal, security });
  const { hostText: hosts, storages } = backup.run;
  const progress = new BackupProgress(namespaces.length, options.onProgress);
  const runNamespace: RunNamespace = (run, stop) =>
    withScans(options.budgets, options.scans, stop, (granted) => {
      const display = progress.follow(run.namespace);
      const start = createNamespaceRunner(record.id, { log, frontEnd: 'rest', hosts, display });
      return start({ ...run, parallel: granted }, stop);
    });
  const config = { ...backup, signal, runNamespace, redact: log.redact };
  try {
    // One that goes on has in its document whether it is sealed.
    return await (continues ? continueBackup(config) : createBackup({ ...config, sealed: record.sealed === true }));
  } finally {
    await storages.close();
  }
}

/** What `asb backup` has an option for. Throws V2Error feature-disabled. */
async function toSettings({
  record,
  continues,
  document,
  catalog,
  toBackupSettings: toRoutineSettings,
}: CatalogRunOptions): Promise<object> {
  const { id, cluster = '', policy, parent, include, exclude, compression } = record;
  const routine = {
    'source-cluster': cluster,
    storage: catalog.name,
    'interval-cron': '@daily',
    namespaces: [],
    ...(policy === undefined ? {} : { 'backup-policy': policy }),
  };
  // It may be one of the environment.
  const withStorage = { ...document, storage: { ...document.storage, [catalog.name]: catalog.definition } };
  const settings: Record<string, unknown> = { ...(await toRoutineSettings(routine, '', withStorage)) };
  if (settings.noRecords === true) {
    throw new V2Error('feature-disabled', 'A backup without a routine holds all records: the policy says no-records');
  }
  delete settings.noRecords;
  delete settings.removeFiles;
  if (compression?.mode === 'none') {
    delete settings.compress;
    delete settings.compressionLevel;
  } else if (compression !== undefined) {
    settings.compress = 'zstd';
    if (compression.level !== undefined) settings.compressionLevel = compression.level;
  }
  if (continues) return { ...settings, id, continue: true };
  return {
    ...settings,
    id,
    // The selection leaves some of them out.
    allNamespaces: true,
    ...(include === undefined || include.length === 0 ? {} : { include }),
    ...(exclude === undefined || exclude.length === 0 ? {} : { exclude }),
    ...(parent === undefined ? {} : { incrementalFrom: parent }),
  };
}

/** Adds up what the runs of the namespaces tell, which come one after the other. */
class BackupProgress {
  private readonly byNamespace = new Map<string, Progress>();

  constructor(
    private readonly namespaces: number,
    private readonly onProgress: CatalogRunOptions['onProgress'],
  ) {}

  follow(namespace: string): { start(): void; update(progress: Progress): void; stop(): void } {
    const ignore = (): void => undefined;
    const update = (progress: Progress): void => {
      this.byNamespace.set(namespace, progress);
      this.onProgress(this.sum(), namespace, Math.round(progress.recordsPerSecond));
    };
    return { start: ignore, update, stop: ignore };
  }

  private sum(): RunningProgress {
    const all = [...this.byNamespace.values()];
    const last = all.length - 1;
    // What came before the last one is complete.
    const percents = all.map(({ percent }, i) => (i === last ? (percent ?? 0) : 100));
    return {
      percent: percents.reduce((a, b) => a + b, 0) / Math.max(1, this.namespaces),
      records: Math.round(all.reduce((total, { records }) => total + records, 0)),
      bytes: Math.round(all.reduce((total, { bytes }) => total + bytes, 0)),
    };
  }
}
