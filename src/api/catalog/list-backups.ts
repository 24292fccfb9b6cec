import { listSchema, toListConfig } from '../../config/catalog/list-config.js';
import { filterBackups } from '../../engine/catalog/filter-backups.js';
import { findBackups } from '../../engine/catalog/find-backups.js';
import { createHooks } from '../hooks.js';
import { readSettings } from '../read-settings.js';
import { toCatalogBackup, type CatalogBackup } from './catalog-backup.js';
import type { ListBackupsSettings } from './settings.js';

/**
 * The backups directly below `root`, in the order of their ids. Damaged ones are in the list, with the reason.
 * Deleted ones are left out unless `state` asks for them. Throws OptionError, and StorageError if `root` cannot be
 * listed.
 */
export async function listBackups(input: string | ListBackupsSettings): Promise<CatalogBackup[]> {
  const { root, prefixes = [], signal, log, ...options } = typeof input === 'string' ? { root: input } : input;
  const values = await readSettings(listSchema, options);
  const hooks = createHooks({ ...(signal === undefined ? {} : { signal }), ...(log === undefined ? {} : { log }) });
  return hooks.around(async () => {
    const config = toListConfig(values, hooks);
    try {
      const entries = await findBackups(root, config.storages);
      return filterBackups(entries, { ...config, prefixes }).map(toCatalogBackup);
    } finally {
      await config.storages.close();
    }
  });
}
