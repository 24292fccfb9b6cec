/** The values of `asb restore` as a restore's configuration and a selection of backups. */
import type { OnExisting } from '../../engine/catalog/restore-backup.js';
import type { RestoreSelection } from '../../engine/catalog/restore-plan.js';
import { exclusive, keyWithoutMode } from '../constraints.js';
import { mentions } from '../option-text.js';
import { OptionValues } from '../option-values.js';
import { type RestoreCommand, toRestoreConfig } from '../restore-config.js';
import type { RestoreValues } from '../restore-constraints.js';
import type { RunDependencies } from '../run-dependencies.js';
import { catalogRestoreOptions } from '../schema/catalog/restore.js';
import type { OptionSpec } from '../schema/option-spec.js';
import { asrestoreOptions } from '../schema/restore.js';
import type { ToolSchema } from '../tool-schema.js';

const MS_PER_S = 1000;

type Table = typeof catalogRestoreOptions;
export type CatalogRestoreValues = OptionValues<Table>;

const option = mentions(catalogRestoreOptions);

export const catalogRestoreSchema: ToolSchema<Table> = {
  name: 'asb',
  options: catalogRestoreOptions,
  constraints: [
    (values) => keyWithoutMode(values, option),
    (values) => exclusive(values, option, 'encryption-key-file', 'encryption-key-env'),
  ],
};

export interface CatalogRestoreConfig {
  /** Of one namespace of one backup; source, sets and policy follow from the plan. */
  restore: RestoreCommand;
  /** Milliseconds since 1970; absent = the path is that of a backup. */
  atMs?: number;
  selection: RestoreSelection;
  onExisting: OnExisting;
  dryRun: boolean;
}

/** Opens nothing but the file of the encryption key. Throws CodecError. */
export function toCatalogRestoreConfig(
  values: CatalogRestoreValues,
  dependencies: RunDependencies,
): CatalogRestoreConfig {
  const atMs = values.get('at');
  return {
    restore: toRestoreConfig(toRestoreValues(values), dependencies),
    // Times are shown to the second: a backup that was begun within the one that is given counts.
    ...(atMs === undefined ? {} : { atMs: atMs % MS_PER_S === 0 ? atMs + MS_PER_S - 1 : atMs }),
    selection: {
      namespaces: values.get('namespace') ?? [],
      include: values.get('include') ?? [],
      exclude: values.get('exclude') ?? [],
      renamedNamespaces: values.get('rename-namespace') ?? [],
      renamedSets: values.get('rename-set') ?? [],
    },
    onExisting: values.get('on-existing') as OnExisting,
    dryRun: values.has('dry-run'),
  };
}

/** The values of those options that asrestore has with the same meaning. */
function toRestoreValues(values: CatalogRestoreValues): RestoreValues {
  const result: RestoreValues = new OptionValues(asrestoreOptions);
  const own = new Set<OptionSpec>(asrestoreOptions);
  for (const spec of catalogRestoreOptions) {
    if (!own.has(spec) || !values.has(spec.name)) continue;
    result.markGiven(spec.name);
    const value = values.get(spec.name);
    if (value !== undefined) result.set(spec, value);
  }
  return result;
}
