import { Type, type Static } from 'typebox';
import { STRICT } from './keywords.js';

const EXTENSION = 'ABS does not know this key.';

function cron(description: string) {
  return Type.Optional(Type.String({ description: `${description} A schedule as of interval-cron.`, minLength: 1 }));
}

/**
 * Of a routine, and of a storage for the backups that no routine has made. The names of the schedules are those of the
 * ways to verify.
 */
export const VerifySchedules = Type.Object(
  {
    checksums: cron('When all bytes of the backups are compared with their checksums.'),
    deep: cron('When every record of the backups is read as well.'),
    trial: cron('When the newest state is restored into a node in the memory of the service.'),
    last: Type.Optional(
      Type.Integer({
        description: 'Only so many of the newest backups are verified; all without it.',
        minimum: 1,
      }),
    ),
    'trial-limit': Type.Optional(
      Type.Integer({
        description: 'Most MiB of files that a trial restore may have, as its records are kept in memory.',
        default: 1024,
        minimum: 1,
      }),
    ),
  },
  { ...STRICT, title: 'VerifySchedules', description: `When backups are verified. ${EXTENSION}` },
);
export type VerifySchedules = Static<typeof VerifySchedules>;
