/** Options of the commands that read the files of backups. */
import type { OptionSpec } from '../option-spec.js';
import { pipelineOptions } from '../storage.js';
import { catalogOptions } from './common.js';

export const setListOption = {
  name: 'set-list',
  short: 's',
  argument: 'required',
  placeholder: 'set,...',
  value: { type: 'sets' },
  group: 'What to show',
  section: 'tool',
  api: 'sets',
  help: 'Only records of these sets; an empty name is that of records without a set.',
} as const satisfies OptionSpec;

export const temporaryDirectoryOption = {
  name: 'temporary-directory',
  argument: 'required',
  placeholder: 'dir',
  value: { type: 'path' },
  group: 'General',
  section: 'tool',
  api: 'temporaryDirectory',
  example: '/var/tmp',
  help: 'Directory for data that do not fit into memory, which are encrypted there; by default that of the system.',
} as const satisfies OptionSpec;

/** How the files are stored, and where they are. */
export const backupInputOptions = [
  {
    name: 'allow-incomplete',
    argument: 'none',
    value: { type: 'flag' },
    group: 'Input',
    section: 'tool',
    api: 'allowIncomplete',
    help: 'Read a backup that did not come to its end, too.',
  },
  ...pipelineOptions,
  ...catalogOptions,
] as const satisfies readonly OptionSpec[];
