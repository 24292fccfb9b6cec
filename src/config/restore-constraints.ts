/** What a restore's options require of each other (asrestore.md 2.1), in the order of the C tool. */
import { exclusive, keyWithoutMode } from './constraints.js';
import { joinMentions, mentions, optionText } from './option-text.js';
import type { OptionValues } from './option-values.js';
import type { OptionName } from './schema/option-spec.js';
import { asrestoreOptions } from './schema/restore.js';
import type { Constraint, ToolSchema } from './tool-schema.js';

type Table = typeof asrestoreOptions;
export type RestoreValues = OptionValues<Table>;

const option = mentions(asrestoreOptions);

const constraints: readonly Constraint<Table>[] = [
  (v) =>
    v.has('directory') || v.has('directory-list') || v.has('input-file')
      ? undefined
      : optionText`No input specified. Use ${joinMentions([option('directory'), option('directory-list'), option('input-file')], 'or')}`,
  (v) =>
    v.has('parent-directory') && !v.has('directory-list')
      ? optionText`${option('parent-directory')} needs ${option('directory-list')}`
      : undefined,
  (v) => exclusive(v, option, 'directory', 'input-file'),
  (v) =>
    exclusive(v, option, 'unique', 'replace') ??
    exclusive(v, option, 'unique', 'no-generation') ??
    exclusive(v, option, 'unique', 'apply-increment'),
  (v) =>
    v.has('shard') && v.has('input-file')
      ? optionText`${option('shard')} needs ${joinMentions([option('directory'), option('directory-list')], 'or')}`
      : undefined,
  (v) => exclusive(v, option, 'directory', 'directory-list'),
  (v) => exclusive(v, option, 'input-file', 'directory-list'),
  (v) => keyWithoutMode(v, option),
];

export const restoreSchema: ToolSchema<Table> = {
  name: 'asrestore',
  options: asrestoreOptions,
  constraints,
  // Alternatives: the answer of the command line counts (asrestore.md 12, fault 40).
  overrides: {
    directory: ['directory-list', 'input-file'],
    'directory-list': ['directory', 'input-file'],
    'parent-directory': ['directory', 'input-file'],
    'input-file': ['directory', 'directory-list'],
    unique: ['replace', 'no-generation', 'apply-increment'],
    replace: ['unique'],
    'no-generation': ['unique'],
    'apply-increment': ['unique'],
    'encryption-key-file': ['encryption-key-env'],
    'encryption-key-env': ['encryption-key-file'],
  } satisfies Partial<Record<OptionName<Table>, readonly OptionName<Table>[]>>,
};
