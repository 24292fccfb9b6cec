import type { OptionSpec } from './option-spec.js';

/** Of the service. Those with a letter have the names of the Aerospike Backup Service. */
export const serviceOptions = [
  {
    name: 'config',
    short: 'c',
    argument: 'required',
    placeholder: 'file or URL',
    value: { type: 'text' },
    group: 'Configuration and secrets',
    help: 'Where the configuration (YAML) is: a file, or an http or https URL, which cannot be changed through the API.',
  },
  {
    name: 'remote',
    short: 'r',
    argument: 'none',
    value: { type: 'flag' },
    group: 'Configuration and secrets',
    help: 'What --config names describes a storage, whose path is that of the configuration.',
  },
  {
    name: 'check-config',
    argument: 'none',
    value: { type: 'flag' },
    group: 'Configuration and secrets',
    help: 'Read and check the configuration, say everything that is wrong with it, and exit.',
  },
  {
    name: 'data-directory',
    argument: 'required',
    placeholder: 'directory',
    value: { type: 'path' },
    group: 'Configuration and secrets',
    help: 'Keep restore jobs in this directory, so that their status is known after a restart; by default in memory.',
  },
  {
    name: 'help',
    short: 'h',
    argument: 'none',
    value: { type: 'flag' },
    group: 'General',
    help: 'Show this help and exit.',
  },
  {
    name: 'version',
    short: 'v',
    argument: 'none',
    value: { type: 'flag' },
    group: 'General',
    help: 'Show the version and exit.',
  },
] as const satisfies readonly OptionSpec[];
