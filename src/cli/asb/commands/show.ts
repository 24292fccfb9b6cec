import { showSchema } from '../../../config/catalog/show-config.js';
import { toCatalogStorages } from '../../../config/catalog/storages.js';
import { catalogOptions } from '../../../config/schema/catalog/common.js';
import type { StorageRegistry } from '../../../storage/registry.js';
import type { Command } from '../../command.js';

interface ShowConfig {
  path: string;
  json: boolean;
  storages: StorageRegistry;
}

export const showCommand: Command<typeof catalogOptions, ShowConfig> = {
  name: 'asb show',
  title: 'Aerospike Backup Catalog',
  summary: 'Show one backup: everything that its documents say, file by file.',
  usage: 'BACKUP [options]',
  operands: { min: 1, max: 1, names: ['BACKUP'] },
  examples: [['A backup of a catalog:', 'asb show /backups/nightly-1']],
  options: catalogOptions,
  schema: showSchema,
  subject: 'Command',
  warningLevel: 'info',
  toConfig: (values, { operands, ...dependencies }) => ({
    path: operands[0]!,
    json: values.has('json'),
    storages: toCatalogStorages(values, dependencies),
  }),
  securityValues: () => undefined,
  readsStdin: () => false,
  run: async ({ path, json, storages }, { stdout }) => {
    const { readBackup } = await import('../../../engine/catalog/find-backups.js');
    const { formatBackup, formatBackupJson } = await import('../../../ui/catalog/show.js');
    try {
      const entry = await readBackup(path, storages);
      stdout(json ? formatBackupJson(entry) : formatBackup(entry));
    } finally {
      await storages.close();
    }
  },
};
