import type { OptionSpec } from '../option-spec.js';
import { catalogOptions } from './common.js';

export const listOptions = [
  {
    name: 'state',
    argument: 'required',
    placeholder: 'state',
    value: {
      type: 'choice',
      values: ['IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELED', 'INCOMPLETE', 'UNKNOWN', 'DAMAGED', 'DELETED'],
      anyCase: true,
    },
    group: 'What to show',
    section: 'tool',
    api: 'state',
    help: 'Only backups in this state: IN_PROGRESS, COMPLETED, FAILED, CANCELED, INCOMPLETE (was interrupted), UNKNOWN (files without a manifest), DAMAGED or DELETED. Without this option, deleted ones are left out.',
  },
  {
    name: 'from',
    argument: 'required',
    placeholder: 'time',
    value: { type: 'time' },
    group: 'What to show',
    section: 'tool',
    api: 'from',
    apiHelp: 'Only backups begun at or after this time.',
    help: 'Only backups begun at or after this local time: YYYY-MM-DD_HH:MM:SS, YYYY-MM-DD or HH:MM:SS.',
  },
  {
    name: 'to',
    argument: 'required',
    placeholder: 'time',
    value: { type: 'time' },
    group: 'What to show',
    section: 'tool',
    api: 'to',
    apiHelp: 'Only backups begun before this time.',
    help: 'Only backups begun before this local time.',
  },
  ...catalogOptions,
] as const satisfies readonly OptionSpec[];
