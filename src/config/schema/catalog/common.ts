/** Options that the commands of `asb` share. */
import { configFileOptions, generalOptions, logOptions, secretAgentOptions } from '../general.js';
import type { OptionSpec } from '../option-spec.js';
import { azureOptions } from '../azure.js';
import { gcsOptions } from '../gcs.js';
import { s3ExtraOptions } from '../s3-extensions.js';
import { s3Options } from '../storage.js';

export const jsonOption = {
  name: 'json',
  argument: 'none',
  value: { type: 'flag' },
  group: 'General',
  section: 'tool',
  help: 'Print the result as JSON.',
} as const satisfies OptionSpec;

/** Where backups are, and how the program answers. */
export const catalogOptions = [
  ...s3Options,
  ...s3ExtraOptions,
  ...gcsOptions,
  ...azureOptions,
  ...configFileOptions,
  ...secretAgentOptions,
  jsonOption,
  ...logOptions,
  ...generalOptions,
] as const satisfies readonly OptionSpec[];
