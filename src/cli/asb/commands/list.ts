import { toCatalogStorages } from '../../../config/catalog/storages.js';
import { listOptions } from '../../../config/schema/catalog/list.js';
import type { CatalogEntry } from '../../../engine/catalog/find-backups.js';
import type { StorageRegistry } from '../../../storage/registry.js';
import type { Command } from '../../command.js';

interface ListConfig {
  root: string;
  /** Ids that begin with one of these; none = all. */
  prefixes: readonly string[];
  state: string | undefined;
  /** Milliseconds since 1970. */
  fromMs: number | undefined;
  toMs: number | undefined;
  json: boolean;
  storages: StorageRegistry;
}

export const listCommand: Command<typeof listOptions, ListConfig> = {
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
  schema: { name: 'asb', options: listOptions, constraints: [] },
  subject: 'Command',
  warningLevel: 'info',
  toConfig: (values, { operands, ...dependencies }) => ({
    root: operands[0]!,
    prefixes: operands.slice(1),
    state: values.get('state'),
    fromMs: values.get('from'),
    toMs: values.get('to'),
    json: values.has('json'),
    storages: toCatalogStorages(values, dependencies),
  }),
  securityValues: () => undefined,
  readsStdin: () => false,
  run: async (config, { stdout }) => {
    const { findBackups } = await import('../../../engine/catalog/find-backups.js');
    const { formatEntriesJson, formatEntryTable } = await import('../../../ui/catalog/list.js');
    try {
      const entries = (await findBackups(config.root, config.storages)).filter((entry) => isWanted(entry, config));
      stdout(config.json ? formatEntriesJson(entries) : formatEntryTable(entries));
    } finally {
      await config.storages.close();
    }
  },
};

/** A prefix may end in `*`, as people write it. What has no time is shown unless a time was asked for. */
function isWanted(
  { id, state, started }: CatalogEntry,
  { prefixes, state: wanted, fromMs, toMs }: ListConfig,
): boolean {
  if (wanted === undefined ? state === 'DELETED' : state !== wanted) return false;
  if (prefixes.length > 0 && !prefixes.some((prefix) => id.startsWith(prefix.replace(/\*$/, '')))) return false;
  if (fromMs === undefined && toMs === undefined) return true;
  const time = started === undefined ? NaN : Date.parse(started);
  return time >= (fromMs ?? -Infinity) && time < (toMs ?? Infinity);
}
