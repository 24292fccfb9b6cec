import { type ListConfig, listSchema, toListConfig } from '../../../config/catalog/list-config.js';
import { listOptions } from '../../../config/schema/catalog/list.js';
import type { Command } from '../../command.js';

interface ListCommandConfig extends ListConfig {
  root: string;
  prefixes: readonly string[];
  json: boolean;
}

export const listCommand: Command<typeof listOptions, ListCommandConfig> = {
  name: 'asb list',
  title: 'Aerospike Backup Catalog',
  summary:
    'List the backups below a directory or s3://BUCKET/PREFIX: id, state, type, parent, time, namespaces, records, bytes.',
  usage: 'ROOT [PREFIX...] [options]',
  operands: { min: 1, max: Infinity, names: ['ROOT'] },
  examples: [
    ['All backups below a directory:', 'asb list /backups'],
    ['Those of a month that are complete, for a program:', 'asb list /backups 202601 --state COMPLETED --json'],
  ],
  options: listOptions,
  schema: listSchema,
  subject: 'Command',
  warningLevel: 'info',
  toConfig: (values, { operands, ...dependencies }) => ({
    ...toListConfig(values, dependencies),
    root: operands[0]!,
    prefixes: operands.slice(1),
    json: values.has('json'),
  }),
  securityValues: () => undefined,
  readsStdin: () => false,
  run: async (config, { stdout }) => {
    const { filterBackups } = await import('../../../engine/catalog/filter-backups.js');
    const { findBackups } = await import('../../../engine/catalog/find-backups.js');
    const { formatEntriesJson, formatEntryTable } = await import('../../../ui/catalog/list.js');
    try {
      const entries = filterBackups(await findBackups(config.root, config.storages), config);
      stdout(config.json ? formatEntriesJson(entries) : formatEntryTable(entries));
    } finally {
      await config.storages.close();
    }
  },
};
