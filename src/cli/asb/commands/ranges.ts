import { toCatalogStorages } from '../../../config/catalog/storages.js';
import { catalogOptions } from '../../../config/schema/catalog/common.js';
import type { StorageRegistry } from '../../../storage/registry.js';
import type { Command } from '../../command.js';

interface RangesConfig {
  root: string;
  /** None = all. */
  namespaces: readonly string[];
  json: boolean;
  storages: StorageRegistry;
}

export const rangesCommand: Command<typeof catalogOptions, RangesConfig> = {
  name: 'asb ranges',
  title: 'Aerospike Backup Catalog',
  summary:
    'Show of which moments each namespace can be restored: unbroken chains of a full backup and its increments, and the gaps between them.',
  usage: 'ROOT [NAMESPACE...] [options]',
  operands: { min: 1, max: Infinity, names: ['ROOT'] },
  examples: [
    ['All namespaces of a catalog:', 'asb ranges /backups'],
    ['One of them, for a program:', 'asb ranges /backups test --json'],
  ],
  options: catalogOptions,
  schema: { name: 'asb', options: catalogOptions, constraints: [] },
  subject: 'Command',
  warningLevel: 'info',
  toConfig: (values, { operands, ...dependencies }) => ({
    root: operands[0]!,
    namespaces: operands.slice(1),
    json: values.has('json'),
    storages: toCatalogStorages(values, dependencies),
  }),
  securityValues: () => undefined,
  readsStdin: () => false,
  run: async ({ root, namespaces, json, storages }, { stdout }) => {
    const { findRanges } = await import('../../../engine/catalog/chains.js');
    const { findBackups } = await import('../../../engine/catalog/find-backups.js');
    const { formatRanges, formatRangesJson } = await import('../../../ui/catalog/ranges.js');
    try {
      const all = findRanges(await findBackups(root, storages));
      const found = all.filter(({ namespace }) => namespaces.length === 0 || namespaces.includes(namespace));
      stdout(json ? formatRangesJson(found) : formatRanges(found));
    } finally {
      await storages.close();
    }
  },
};
