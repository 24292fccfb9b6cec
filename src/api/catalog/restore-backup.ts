import { Codecs } from '../../codecs/codecs.js';
import { errorEvent } from '../../core/log.js';
import { catalogRestoreSchema, toCatalogRestoreConfig } from '../../config/catalog/restore-command.js';
import { planRestore } from '../../engine/catalog/plan-restore.js';
import { restorePlans, toCatalogFailure, type RestoredNamespace } from '../../engine/catalog/restore-backup.js';
import type { BackupType } from '../../engine/catalog/manifest.js';
import type { RestoreResult } from '../../engine/restore/config.js';
import { createRestoreRunner } from '../../ui/restore-runner.js';
import { createHooks } from '../hooks.js';
import { readSettings } from '../read-settings.js';
import { readSecurity } from '../security.js';
import type { RestoreBackupSettings } from './settings.js';

/** What one namespace of the cluster was restored from. */
export interface NamespaceRestore {
  /** Of the backup. */
  namespace: string;
  /** Of the cluster. */
  target: string;
  /** The start of the newest backup: its state is restored. Absent = not known. */
  asOf?: Date;
  /** From the newest to the oldest, as they were restored. */
  backups: { id: string; path: string; type?: BackupType; started?: Date; result: RestoreResult }[];
}

/**
 * Restores a backup with its namespaces, or with `at` the state at a time. Resolves when everything is written, or
 * explained by a counter of a result. Rejects with an OptionError for settings that cannot be followed, with a
 * CatalogError if there is no such backup or what is restored into is not empty: nothing was changed then; with the
 * RestoreError of the namespace that is not complete, or a ToolError that names several.
 */
export async function restoreBackup(settings: RestoreBackupSettings): Promise<NamespaceRestore[]> {
  const { path, signal, log, onProgress, ...options } = settings;
  const values = await readSettings(catalogRestoreSchema, options);
  const hooks = createHooks({
    ...(signal === undefined ? {} : { signal }),
    ...(log === undefined ? {} : { log }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  return hooks.around(async () => {
    const { log: runLog, signal: runSignal, display } = hooks;
    const security = await readSecurity(values, runLog);
    const config = toCatalogRestoreConfig(values, { log: runLog, signal: runSignal, security });
    const { restore: base, onExisting } = config;
    try {
      const { plans } = await planRestore({ ...config, path, base, signal: runSignal });
      const restored = await restorePlans({
        plans,
        base,
        onExisting,
        codecs: await Codecs.open(base),
        signal: runSignal,
        emit: () => undefined,
        run: createRestoreRunner({ log: runLog, frontEnd: 'api', hosts: base.hostText, signal: runSignal, display }),
        onFailure: (_plan, error) => runLog.error(errorEvent(error)),
      });
      const failure = toCatalogFailure(restored);
      if (failure !== undefined) throw failure;
      return restored.map(toNamespaceRestore);
    } finally {
      await base.storages.close();
    }
  });
}

function toNamespaceRestore({ plan, backups }: RestoredNamespace): NamespaceRestore {
  const [newest] = backups;
  return {
    namespace: plan.namespace,
    target: plan.target,
    ...(newest?.backup.started === undefined ? {} : { asOf: new Date(newest.backup.started) }),
    backups: backups.map(({ backup: { id, part, type, started }, result }) => ({
      id,
      path: part.path,
      ...(type === undefined ? {} : { type }),
      ...(started === undefined ? {} : { started: new Date(started) }),
      result,
    })),
  };
}
