import type { OptionSpec } from '../option-spec.js';
import { backupInputOptions, temporaryDirectoryOption } from './input.js';

export const mergeOptions = [
  {
    name: 'output-directory',
    short: 'o',
    argument: 'required',
    placeholder: 'dir',
    value: { type: 'path', s3: true },
    group: 'Output',
    section: 'tool',
    api: 'directory',
    apiRequired: true,
    help: 'Write the merged backup to this new directory or s3://BUCKET/PREFIX.',
  },
  {
    name: 'file-limit',
    short: 'F',
    argument: 'required',
    placeholder: 'MiB',
    value: { type: 'integer', min: 1, max: 1_000_000 },
    default: '250',
    group: 'Output',
    section: 'tool',
    api: 'fileLimitMiB',
    help: 'Begin another file after this many MiB of text.',
  },
  temporaryDirectoryOption,
  ...backupInputOptions,
] as const satisfies readonly OptionSpec[];
