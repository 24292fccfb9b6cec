import type { OptionSpec } from '../option-spec.js';
import { catalogOptions } from './common.js';

export const holdOptions = [
  {
    name: 'reason',
    argument: 'required',
    placeholder: 'text',
    value: { type: 'text' },
    group: 'General',
    help: 'Why the backup is kept; it is written into the hold.',
  },
  ...catalogOptions,
] as const satisfies readonly OptionSpec[];
