import { Type, type Static } from 'typebox';
import { STRICT } from '../../document/schema/keywords.js';
import { count, text, time } from './values.js';

export const VERIFY_MODES = ['CHECKSUMS', 'DEEP', 'TRIAL'] as const;

export const VerifyMode = Type.Enum([...VERIFY_MODES], {
  type: 'string',
  description:
    'All bytes are compared with checksums, every record is read as well, or the state is restored on trial.',
});
export type VerifyMode = Static<typeof VerifyMode>;

export const VerificationCheck = Type.Object(
  {
    mode: VerifyMode,
    time: time('When it ended.'),
    sound: Type.Boolean({ description: 'Whether nothing was wrong.' }),
    problems: Type.Array(Type.String(), { description: 'What is wrong, with file and block; at most 5.' }),
  },
  { ...STRICT, title: 'VerificationCheck', description: 'The last verification of one kind.' },
);
export type VerificationCheck = Static<typeof VerificationCheck>;

export const Verification = Type.Object(
  {
    state: Type.Enum(['SOUND', 'DAMAGED'], {
      type: 'string',
      description: 'DAMAGED if the last verification of any kind has found something.',
    }),
    checks: Type.Array(VerificationCheck, { description: 'The last of each kind.' }),
  },
  { ...STRICT, title: 'Verification', description: 'What verifications have found; absent = there was none.' },
);
export type Verification = Static<typeof Verification>;

export const ScheduledCheck = Type.Object(
  {
    mode: VerifyMode,
    next: Type.Optional(time('When it is due next.')),
    last: Type.Optional(time('When the last one ended.')),
    sound: Type.Optional(Type.Boolean({ description: 'Whether the last one has found nothing.' })),
    problem: Type.Optional(text('The first thing that the last one has found, or why it failed.')),
    'last-sound': Type.Optional(time('When the last one that has found nothing ended.')),
  },
  { ...STRICT, title: 'ScheduledCheck', description: 'A way in which backups are verified by a schedule.' },
);
export type ScheduledCheck = Static<typeof ScheduledCheck>;

export const CopyTarget = Type.Object(
  {
    storage: text('The storage that is copied to.'),
    pending: Type.Optional(count('Backups that are not copied yet, as of the last look.')),
    last: Type.Optional(time('When the last copy was complete.')),
    problem: Type.Optional(text('Why the last attempt failed.')),
    failures: Type.Optional(count('Attempts that failed since the last copy that was complete.')),
    'next-attempt': Type.Optional(time('When it is tried again.')),
  },
  { ...STRICT, title: 'CopyTarget', description: 'A storage that the backups of a routine are copied to.' },
);
export type CopyTarget = Static<typeof CopyTarget>;
