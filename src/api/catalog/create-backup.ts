import { catalogBackupSchema, toCatalogBackup as toCommand } from '../../config/catalog/backup-command.js';
import { continueBackup, createBackup as startBackup } from '../../engine/catalog/create-backup.js';
import { createShard } from '../../engine/catalog/create-shard.js';
import { createNamespaceRunner } from '../../ui/namespace-runner.js';
import { createHooks } from '../hooks.js';
import { readSettings } from '../read-settings.js';
import { readSecurity } from '../security.js';
import { toCatalogBackup, type CatalogBackup } from './catalog-backup.js';
import type { CreateBackupSettings } from './settings.js';

/**
 * Backs up one or more namespaces under one id, or finishes a backup that was interrupted. Resolves with the complete
 * backup; with `shard`, as soon as that shard is complete. Rejects with an OptionError for settings that cannot be
 * followed, and with a CatalogError if the id is or was used, or the parent cannot be one: nothing was changed then;
 * with another ToolError, or the signal's reason, if the backup is not complete: `continue` finishes it.
 */
export async function createBackup(settings: CreateBackupSettings): Promise<CatalogBackup> {
  const { root, signal, log, onProgress, ...options } = settings;
  const values = await readSettings(catalogBackupSchema, options);
  const hooks = createHooks({
    ...(signal === undefined ? {} : { signal }),
    ...(log === undefined ? {} : { log }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  return hooks.around(async () => {
    const security = await readSecurity(values, hooks.log);
    const { continues, backup } = toCommand(root, values, { log: hooks.log, signal: hooks.signal, security });
    const { storages, shard, hostText: hosts } = backup.run;
    const runNamespace = createNamespaceRunner(backup.id, {
      log: hooks.log,
      frontEnd: 'api',
      hosts,
      display: hooks.display,
    });
    const config = { ...backup, signal: hooks.signal, runNamespace, redact: hooks.log.redact };
    try {
      if (continues) return toCatalogBackup(await continueBackup(config));
      return toCatalogBackup(await (shard === undefined ? startBackup(config) : createShard(config, shard)));
    } finally {
      await storages.close();
    }
  });
}
