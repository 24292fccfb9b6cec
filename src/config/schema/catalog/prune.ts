import type { OptionSpec } from '../option-spec.js';
import { catalogOptions } from './common.js';

const MOST = 1_000_000;

/** Of each period that has backups, the newest one is kept. */
function keepOption<const Name extends string>(name: Name, help: string) {
  return {
    name,
    argument: 'required',
    placeholder: 'n',
    value: { type: 'integer', min: 1, max: MOST },
    group: 'What to delete',
    section: 'tool',
    help,
  } as const satisfies OptionSpec;
}

export const pruneOptions = [
  keepOption('keep-last', 'Keep the newest n backups.'),
  keepOption('keep-hourly', 'Keep the newest backup of each of the last n hours that have one.'),
  keepOption('keep-daily', 'Keep the newest backup of each of the last n days that have one, in UTC.'),
  keepOption('keep-weekly', 'Keep the newest backup of each of the last n weeks that have one; weeks begin on Monday.'),
  keepOption('keep-monthly', 'Keep the newest backup of each of the last n months that have one.'),
  keepOption('keep-yearly', 'Keep the newest backup of each of the last n years that have one.'),
  {
    name: 'keep-within',
    argument: 'required',
    placeholder: 'age',
    value: { type: 'age' },
    group: 'What to delete',
    section: 'tool',
    example: '30d',
    help: 'Keep backups that are at most so much older than the newest one: years, months, weeks, days and hours, such as 1y6m, 30d or 12h.',
  },
  {
    name: 'remove-incomplete-after',
    argument: 'required',
    placeholder: 'age',
    value: { type: 'age' },
    group: 'What to delete',
    section: 'tool',
    example: '7d',
    help: 'Delete backups that cannot be restored, as they did not come to their end or have lost their base, and that were begun so long ago; none on which a run works. By default they stay.',
  },
  {
    name: 'dry-run',
    argument: 'none',
    value: { type: 'flag' },
    group: 'What to show',
    section: 'tool',
    help: 'Show what would be deleted, and delete nothing.',
  },
  ...catalogOptions,
] as const satisfies readonly OptionSpec[];
