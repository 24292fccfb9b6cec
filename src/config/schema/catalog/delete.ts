import type { OptionSpec } from '../option-spec.js';
import { catalogOptions } from './common.js';

export const deleteOptions = [
  {
    name: 'cascade',
    argument: 'none',
    value: { type: 'flag' },
    group: 'What to delete',
    help: 'Delete the backups that are based on it, too: without their base they cannot be restored.',
  },
  ...catalogOptions,
] as const satisfies readonly OptionSpec[];
