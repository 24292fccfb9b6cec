/** Pieces that several documents of /v2 have in common. */
import { Type, type Static } from 'typebox';
import { STRICT } from '../../document/schema/keywords.js';

export function count(description: string) {
  return Type.Integer({ description, minimum: 0, format: 'int64' });
}

export function time(description: string) {
  return Type.String({ description, format: 'date-time' });
}

export function text(description: string) {
  return Type.String({ description });
}

export function backupId(description: string) {
  return Type.String({ description: `${description} 1 to 64 characters a-z, 0-9, _ and -.` });
}

/** `namespace` or `namespace.set`; a list of none is like an absent one. */
export function selectors(description: string) {
  return Type.Array(Type.String({ minLength: 1 }), {
    description: `${description} Each is NAMESPACE or NAMESPACE.SET.`,
    uniqueItems: true,
  });
}

export const BACKUP_STATES = [
  'STARTED',
  'IN_PROGRESS',
  'COMPLETED',
  'FAILED',
  'CANCELED',
  'INCOMPLETE',
  'DELETED',
] as const;

export const BackupStateName = Type.Enum([...BACKUP_STATES], {
  type: 'string',
  description:
    'STARTED: accepted. IN_PROGRESS: a run works on it. COMPLETED: all of it is there. FAILED: a run has ended with an ' +
    'error. CANCELED: somebody has ended the run. INCOMPLETE: parts are missing, and nobody works on it. DELETED: only ' +
    'its id is left. Of several parts the first of FAILED, CANCELED, INCOMPLETE, IN_PROGRESS and COMPLETED counts.',
});
export type BackupStateName = Static<typeof BackupStateName>;

export const V2_BACKUP_TYPES = ['FULL', 'DIFFERENTIAL', 'CUMULATIVE', 'MARKER'] as const;

export const V2BackupType = Type.Enum([...V2_BACKUP_TYPES], {
  type: 'string',
  description:
    'FULL: everything. DIFFERENTIAL: what changed since the last backup. CUMULATIVE: what changed since the last full ' +
    'one. MARKER: a moment, without data.',
});
export type V2BackupType = Static<typeof V2BackupType>;

export const Trigger = Type.Enum(['SCHEDULED', 'MANUAL'], {
  type: 'string',
  description: 'Whether a schedule or somebody has started it.',
});
export type Trigger = Static<typeof Trigger>;

export const Consistency = Type.Enum(['fuzzy', 'sealed'], {
  type: 'string',
  description:
    'sealed: no record in it was changed after its start. fuzzy: a record is as it was when it was read. Neither is a ' +
    'point in time of the cluster.',
});
export type Consistency = Static<typeof Consistency>;

export const V2Compression = Type.Object(
  {
    mode: Type.Enum(['none', 'zstd'], { type: 'string', description: 'How files are compressed.' }),
    level: Type.Optional(Type.Integer({ description: 'Level of zstd.', minimum: 1, maximum: 22 })),
  },
  { ...STRICT, title: 'V2Compression', description: 'The compression of backup files.' },
);
export type V2Compression = Static<typeof V2Compression>;

export const CAPTURES_DELETES = Type.Boolean({
  description:
    'Whether records that were deleted between two backups are missing after a restore of the later one. Always ' +
    'false: a scan does not see deletions and expirations.',
});
