import { restorePerformanceOptions } from './restore-performance.js';
import { restoreInputOptions, restoreSelectionOptions, restoreWriteOptions } from './restore-selection.js';
import { connectionOptions, tlsOptions } from './connection.js';
import { configFileOptions, generalOptions, logOptions, machineOption, secretAgentOptions } from './general.js';
import type { OptionSpec } from './option-spec.js';
import { azureOptions, azureRestoreOptions } from './azure.js';
import { gcsOptions } from './gcs.js';
import { s3ExtraOptions, s3RestoreOptions } from './s3-extensions.js';
import { pipelineOptions, s3Options } from './storage.js';

/** Every option of asrestore. Order = order in --help within a group. */
export const asrestoreOptions = [
  ...connectionOptions,
  ...tlsOptions,
  ...restoreInputOptions,
  ...restoreSelectionOptions,
  ...restoreWriteOptions,
  ...restorePerformanceOptions,
  ...pipelineOptions,
  ...s3Options,
  ...s3ExtraOptions,
  ...s3RestoreOptions,
  ...gcsOptions,
  ...azureOptions,
  ...azureRestoreOptions,
  ...configFileOptions,
  ...secretAgentOptions,
  {
    name: 'validate',
    argument: 'none',
    value: { type: 'flag' },
    group: 'General',
    section: 'tool',
    help: 'Only check that the files can be read; connect to nothing.',
  },
  machineOption,
  ...logOptions,
  ...generalOptions,
] as const satisfies readonly OptionSpec[];
