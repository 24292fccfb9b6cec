import type { OptionSpec } from '../option-spec.js';
import { pipelineOptions } from '../storage.js';
import { catalogOptions } from './common.js';

export const verifyOptions = [
  {
    name: 'checksums-only',
    argument: 'none',
    value: { type: 'flag' },
    group: 'What to show',
    section: 'tool',
    help: 'Compare the checksums of all bytes, and read no record.',
  },
  {
    name: 'parallel',
    argument: 'required',
    placeholder: 'n',
    value: { type: 'integer', min: 1, max: 4096 },
    default: '4',
    group: 'Speed and timeouts',
    section: 'tool',
    help: 'Read the records of so many files at the same time.',
  },
  ...pipelineOptions,
  ...catalogOptions,
] as const satisfies readonly OptionSpec[];
