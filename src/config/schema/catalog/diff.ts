import { MAX_NAMESPACE_BYTES } from '../../../asb/format.js';
import { connectionOptions, tlsOptions } from '../connection.js';
import type { OptionSpec } from '../option-spec.js';
import { backupInputOptions, temporaryDirectoryOption } from './input.js';

/** Of a comparison of two backups. */
export const backupDiffOptions = [
  temporaryDirectoryOption,
  ...backupInputOptions,
] as const satisfies readonly OptionSpec[];

/** Of a comparison of a backup with a cluster. */
export const clusterDiffOptions = [
  ...connectionOptions,
  ...tlsOptions,
  ...backupDiffOptions,
] as const satisfies readonly OptionSpec[];

export const diffOptions = [
  {
    name: 'records',
    argument: 'none',
    value: { type: 'flag' },
    group: 'What to show',
    section: 'tool',
    help: 'List each record that differs, with the names of the bins.',
  },
  {
    name: 'namespace',
    short: 'n',
    argument: 'required',
    placeholder: 'ns[,other]',
    value: { type: 'names', maxBytes: MAX_NAMESPACE_BYTES },
    group: 'What to show',
    section: 'tool',
    help: 'The namespace of the cluster to compare with; two names: the first of A, and how it is called in B.',
  },
  ...clusterDiffOptions,
] as const satisfies readonly OptionSpec[];
