import { toCatalogStorages } from '../../../config/catalog/storages.js';
import { catalogOptions } from '../../../config/schema/catalog/common.js';
import { holdOptions } from '../../../config/schema/catalog/hold.js';
import type { StorageRegistry } from '../../../storage/registry.js';
import type { Command } from '../../command.js';

interface HoldConfig {
  path: string;
  reason: string;
  storages: StorageRegistry;
}

const shared = {
  title: 'Aerospike Backup Catalog',
  usage: 'BACKUP [options]',
  operands: { min: 1, max: 1, names: ['BACKUP'] },
  subject: 'Command',
  warningLevel: 'info',
  securityValues: () => undefined,
  readsStdin: () => false,
} as const;

export const holdCommand: Command<typeof holdOptions, HoldConfig> = {
  ...shared,
  name: 'asb hold',
  summary: 'Keep a backup from being deleted, until asb release.',
  examples: [['For an audit:', 'asb hold /backups/nightly-1 --reason "annual audit"']],
  options: holdOptions,
  schema: { name: 'asb', options: holdOptions, constraints: [] },
  toConfig: (values, { operands, ...dependencies }) => ({
    path: operands[0]!,
    reason: values.get('reason') ?? '',
    storages: toCatalogStorages(values, dependencies),
  }),
  run: async ({ path, reason, storages }) => {
    const { readBackup } = await import('../../../engine/catalog/find-backups.js');
    const { holdBackup } = await import('../../../engine/catalog/hold.js');
    try {
      await readBackup(path, storages);
      await holdBackup(path, reason, storages);
    } finally {
      await storages.close();
    }
  },
};

export const releaseCommand: Command<typeof catalogOptions, Omit<HoldConfig, 'reason'>> = {
  ...shared,
  name: 'asb release',
  summary: 'End a hold: the backup may be deleted again.',
  examples: [['After the audit:', 'asb release /backups/nightly-1']],
  options: catalogOptions,
  schema: { name: 'asb', options: catalogOptions, constraints: [] },
  toConfig: (values, { operands, ...dependencies }) => ({
    path: operands[0]!,
    storages: toCatalogStorages(values, dependencies),
  }),
  run: async ({ path, storages }) => {
    const { releaseBackup } = await import('../../../engine/catalog/hold.js');
    try {
      await releaseBackup(path, storages);
    } finally {
      await storages.close();
    }
  },
};
