import { MAX_NAMESPACE_BYTES } from '../../../asb/format.js';
import { azureRestoreOptions } from '../azure.js';
import { connectionOptions, tlsOptions } from '../connection.js';
import { machineOption } from '../general.js';
import type { OptionSpec } from '../option-spec.js';
import { restorePerformanceOptions } from '../restore-performance.js';
import { restoreApplyOptions, restoreContentOptions } from '../restore-selection.js';
import { s3RestoreOptions } from '../s3-extensions.js';
import { pipelineOptions } from '../storage.js';
import { catalogOptions } from './common.js';

/** Options that mean here what they mean to asrestore. */
export const commonRestoreOptions = [
  ...connectionOptions,
  ...tlsOptions,
  ...restoreContentOptions,
  ...restoreApplyOptions,
  ...restorePerformanceOptions,
  ...pipelineOptions,
  ...s3RestoreOptions,
  ...azureRestoreOptions,
  machineOption,
] as const satisfies readonly OptionSpec[];

export const catalogRestoreOptions = [
  {
    name: 'at',
    argument: 'required',
    placeholder: 'time',
    value: { type: 'moment' },
    group: 'Input',
    api: 'at',
    apiHelp: 'Restore the state at this time from the backups below the path.',
    help: 'Restore the state at this time from the backups below ROOT: YYYY-MM-DD_HH:MM:SS, YYYY-MM-DD or HH:MM:SS in local time, or ISO 8601.',
  },
  {
    name: 'namespace',
    short: 'n',
    argument: 'required',
    placeholder: 'ns,...',
    value: { type: 'names', maxBytes: MAX_NAMESPACE_BYTES },
    group: 'What to restore',
    section: 'tool',
    api: 'namespaces',
    help: 'Only these namespaces of the backup.',
  },
  {
    name: 'include',
    argument: 'required',
    placeholder: 'ns[.set],...',
    value: { type: 'namespace-sets' },
    group: 'What to restore',
    section: 'tool',
    api: 'include',
    help: 'Only these namespaces and sets of the backup; ns. is records without a set.',
  },
  {
    name: 'exclude',
    argument: 'required',
    placeholder: 'ns[.set],...',
    value: { type: 'namespace-sets' },
    group: 'What to restore',
    section: 'tool',
    api: 'exclude',
    help: 'Not these namespaces and sets of the backup.',
  },
  {
    name: 'rename-namespace',
    argument: 'required',
    placeholder: 'old=new,...',
    value: { type: 'renames' },
    group: 'How to write',
    section: 'tool',
    api: 'renamedNamespaces',
    help: 'Restore namespace old of the backup into namespace new of the cluster.',
  },
  {
    name: 'rename-set',
    argument: 'required',
    placeholder: 'ns.old=new,...',
    value: { type: 'set-renames' },
    group: 'How to write',
    section: 'tool',
    api: 'renamedSets',
    help: 'Restore records of set old into set new. Only those whose keys are stored can be moved; others are an error.',
  },
  {
    name: 'on-existing',
    argument: 'required',
    placeholder: 'policy',
    value: { type: 'choice', values: ['refuse', 'merge', 'replace', 'create-only', 'overwrite'] },
    default: 'refuse',
    group: 'How to write',
    section: 'tool',
    api: 'onExisting',
    help: 'Records that exist: refuse to begin if there are any; merge bins, or replace records, of a lower generation; create-only leaves them alone; overwrite replaces all.',
  },
  {
    name: 'dry-run',
    argument: 'none',
    value: { type: 'flag' },
    group: 'General',
    help: 'Only print which backups would be restored into which namespaces; connect to no cluster.',
  },
  ...commonRestoreOptions,
  ...catalogOptions,
] as const satisfies readonly OptionSpec[];
