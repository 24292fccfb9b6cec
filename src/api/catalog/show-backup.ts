import { showSchema } from '../../config/catalog/show-config.js';
import { toCatalogStorages } from '../../config/catalog/storages.js';
import { readBackup } from '../../engine/catalog/find-backups.js';
import { createHooks } from '../hooks.js';
import { readSettings } from '../read-settings.js';
import { toBackupDetails, type BackupDetails } from './catalog-backup.js';
import type { ShowBackupSettings } from './settings.js';

/**
 * Everything that the documents of one backup say. Throws OptionError, CatalogError CATALOG_NOT_FOUND, and
 * StorageError.
 */
export async function showBackup(input: string | ShowBackupSettings): Promise<BackupDetails> {
  const { path, signal, log, ...options } = typeof input === 'string' ? { path: input } : input;
  const values = await readSettings(showSchema, options);
  const hooks = createHooks({ ...(signal === undefined ? {} : { signal }), ...(log === undefined ? {} : { log }) });
  return hooks.around(async () => {
    const storages = toCatalogStorages(values, hooks);
    try {
      return toBackupDetails(await readBackup(path, storages));
    } finally {
      await storages.close();
    }
  });
}
