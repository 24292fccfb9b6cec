import { toCatalogStorages } from '../../../config/catalog/storages.js';
import { deleteOptions } from '../../../config/schema/catalog/delete.js';
import { createProcessLimits } from '../../../core/run-context.js';
import { createRunId } from '../../../core/run.js';
import type { StorageRegistry } from '../../../storage/registry.js';
import type { Command } from '../../command.js';

interface DeleteCommandConfig {
  path: string;
  cascade: boolean;
  json: boolean;
  storages: StorageRegistry;
}

export const deleteCommand: Command<typeof deleteOptions, DeleteCommandConfig> = {
  name: 'asb delete',
  title: 'Aerospike Backup Catalog',
  summary:
    'Delete a backup: its files, and no others. One that others are based on, one that is held, and one on which a run works are refused. A deletion that was interrupted is finished.',
  usage: 'BACKUP [options]',
  operands: { min: 1, max: 1, names: ['BACKUP'] },
  examples: [
    ['A backup that nothing is based on:', 'asb delete /backups/nightly-1'],
    ['A full backup with all increments that are based on it:', 'asb delete /backups/sunday --cascade'],
  ],
  options: deleteOptions,
  schema: { name: 'asb', options: deleteOptions, constraints: [] },
  subject: 'Command',
  warningLevel: 'info',
  toConfig: (values, { operands, ...dependencies }) => ({
    path: operands[0]!,
    cascade: values.has('cascade'),
    json: values.has('json'),
    storages: toCatalogStorages(values, dependencies),
  }),
  securityValues: () => undefined,
  readsStdin: () => false,
  run: async (config, { log, signal, stdout }) => {
    const { deleteBackup } = await import('../../../engine/catalog/delete-backup.js');
    const { formatRemovalJson, logRemoval } = await import('../../../ui/catalog/removal.js');
    const context = { runId: createRunId(), signal, limits: createProcessLimits(), emit: () => undefined };
    try {
      const removal = await deleteBackup(config, context);
      logRemoval(removal, log);
      if (config.json) stdout(formatRemovalJson(removal));
      const [spared] = removal.spared;
      if (spared !== undefined) throw spared.error;
    } finally {
      await config.storages.close();
    }
  },
};
