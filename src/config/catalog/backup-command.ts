import { randomBytes } from 'node:crypto';
import { createBackupId, isBackupId } from '../../engine/catalog/manifest.js';
import type { CreateBackupConfig } from '../../engine/catalog/create-backup.js';
import { toBackupSelection } from '../../engine/catalog/set-selection.js';
import { toBackupConfig, type BackupCommand } from '../backup-config.js';
import { pipelineConstraints, uploadConstraints, type BackupValues } from '../backup-constraints.js';
import { exclusive } from '../constraints.js';
import { mentions, optionText } from '../option-text.js';
import { OptionValues } from '../option-values.js';
import type { RunDependencies } from '../run-dependencies.js';
import { asbackupOptions } from '../schema/backup.js';
import { catalogBackupOptions } from '../schema/catalog/backup.js';
import type { Constraint, ToolSchema } from '../tool-schema.js';

type Table = typeof catalogBackupOptions;
export type CatalogBackupValues = OptionValues<Table>;

/** What `asb backup` asks for. `backup.run` is what the runs of all namespaces have in common. */
export interface CatalogBackupCommand {
  /** Finish the backup of this id instead of making one. */
  continues: boolean;
  backup: Omit<CreateBackupConfig, 'signal' | 'runNamespace' | 'run'> & { run: BackupCommand };
  json: boolean;
}

const option = mentions(catalogBackupOptions);

function isId(name: 'id' | 'incremental-from'): Constraint<Table> {
  return (v) => {
    const id = v.get(name);
    return id === undefined || isBackupId(id)
      ? undefined
      : optionText`${option(name)} takes 1 to 64 of a-z, 0-9, - and _, not "${id}"`;
  };
}

const constraints: readonly Constraint<Table>[] = [
  isId('id'),
  isId('incremental-from'),
  (v) =>
    v.has('shard') && !v.has('id')
      ? optionText`${option('shard')} needs ${option('id')}, the same for all shards`
      : undefined,
  (v) => exclusive(v, option, 'shard', 'continue'),
  (v) => (v.has('continue') && !v.has('id') ? optionText`${option('continue')} needs ${option('id')}` : undefined),
  (v) => {
    const given = (['namespace', 'all-namespaces', 'include', 'exclude', 'incremental-from'] as const).find(
      (name) => v.has('continue') && v.has(name),
    );
    return given === undefined
      ? undefined
      : optionText`${option('continue')} takes what was begun with ${option(given)}: leave that out`;
  },
  (v) =>
    v.has('continue') || v.has('namespace') || v.has('all-namespaces')
      ? undefined
      : optionText`No namespace specified. Use ${option('namespace')} or ${option('all-namespaces')}`,
  (v) => exclusive(v, option, 'namespace', 'all-namespaces'),
  ...[...pipelineConstraints, ...uploadConstraints].map(
    (constraint): Constraint<Table> =>
      (v) =>
        constraint(toBackupValues(v)),
  ),
];

export const catalogBackupSchema: ToolSchema<Table> = { name: 'asb', options: catalogBackupOptions, constraints };

/** Opens nothing but the file of the encryption key. Throws CodecError. */
export function toCatalogBackup(
  root: string,
  values: CatalogBackupValues,
  dependencies: RunDependencies,
): CatalogBackupCommand {
  const parent = values.get('incremental-from');
  return {
    continues: values.has('continue'),
    json: values.has('json'),
    backup: {
      root,
      id: values.get('id') ?? createBackupId(new Date(), randomBytes(3).toString('hex')),
      namespaces: values.has('all-namespaces') ? 'all' : (values.get('namespace') ?? []),
      selection: toBackupSelection(values.get('include') ?? [], values.get('exclude') ?? []),
      ...(parent === undefined ? {} : { parent }),
      run: toBackupConfig(toBackupValues(values), dependencies),
    },
  };
}

/** What the options say that both commands have. */
function toBackupValues(values: CatalogBackupValues): BackupValues {
  const shared = new OptionValues(asbackupOptions);
  for (const { name } of catalogBackupOptions) {
    const spec = asbackupOptions.find((each) => each.name === name);
    if (spec === undefined || OWN_OPTIONS.includes(name)) continue;
    const value = values.get(name);
    const isMode = name === 'file-mode' || name === 'dir-mode';
    if (values.has(name) || isMode) shared.markGiven(name);
    if (value !== undefined && (values.has(name) || isMode)) shared.set(spec, value);
  }
  return shared;
}

/** Of the same name as an option of asbackup, and of another meaning. */
const OWN_OPTIONS: readonly string[] = ['namespace', 'continue'];
