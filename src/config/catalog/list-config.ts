import type { BackupFilter } from '../../engine/catalog/filter-backups.js';
import type { StorageRegistry } from '../../storage/registry.js';
import type { OptionValues } from '../option-values.js';
import type { RunDependencies } from '../run-dependencies.js';
import { listOptions } from '../schema/catalog/list.js';
import type { ToolSchema } from '../tool-schema.js';
import { toCatalogStorages } from './storages.js';

export const listSchema: ToolSchema<typeof listOptions> = { name: 'asb', options: listOptions, constraints: [] };

export interface ListConfig extends Omit<BackupFilter, 'prefixes'> {
  storages: StorageRegistry;
}

/** Whoever calls this closes the storages. */
export function toListConfig(values: OptionValues<typeof listOptions>, dependencies: RunDependencies): ListConfig {
  return {
    state: values.get('state'),
    fromMs: values.get('from'),
    toMs: values.get('to'),
    storages: toCatalogStorages(values, dependencies),
  };
}
