import type { OptionSpec } from '../option-spec.js';
import { catalogOptions } from './common.js';

export const copyOptions = [
  {
    name: 'verify',
    argument: 'none',
    value: { type: 'flag' },
    group: 'Output',
    section: 'tool',
    help: 'Read the copy back from its storage and compare its checksums again, before its manifest says that it is complete.',
  },
  {
    name: 'parallel',
    argument: 'required',
    placeholder: 'n',
    value: { type: 'integer', min: 1, max: 4096 },
    default: '4',
    group: 'Speed and timeouts',
    section: 'tool',
    help: 'Copy so many files at the same time.',
  },
  ...catalogOptions,
] as const satisfies readonly OptionSpec[];
