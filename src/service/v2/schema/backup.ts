import { Type, type Static } from 'typebox';
import { STRICT } from '../../document/schema/keywords.js';
import {
  backupId,
  BackupStateName,
  CAPTURES_DELETES,
  Consistency,
  count,
  text,
  time,
  Trigger,
  V2BackupType,
  V2Compression,
} from './values.js';
import { Verification } from './verification.js';

/** A part of a backup: a range of partitions of one namespace, or the whole namespace where no more is known. */
export const BackupDetail = Type.Object(
  {
    namespace: text('The namespace.'),
    partitions: Type.Optional(text('First and last partition: 0-255.')),
    nodes: Type.Optional(Type.Array(Type.String(), { description: 'Ids of the nodes of the cluster.' })),
    'server-version': Type.Optional(text('Lowest version of the nodes.')),
    state: BackupStateName,
    reason: Type.Optional(text('Why it is not complete.')),
    created: Type.Optional(time('When the run of the namespace started.')),
    updated: Type.Optional(time('When the part was last known to advance.')),
    done: Type.Optional(count('Partitions of the range that are complete.')),
    records: Type.Optional(count('Records; of the whole namespace.')),
    bytes: Type.Optional(count('Bytes of files; of the whole namespace.')),
    files: Type.Optional(count('Files; of the whole namespace.')),
    cursor: Type.Optional(text('Where a run that is interrupted goes on: partition and digest.')),
    checksum: Type.Optional(text('SHA-256 over the checksums of the files of the namespace, in base64.')),
    'lower-bound': Type.Optional(time('Records that were not changed after it are in an earlier backup.')),
    'upper-bound': Type.Optional(time('Changes after it may be missing.')),
  },
  { ...STRICT, title: 'BackupDetail', description: 'A part of a backup.' },
);
export type BackupDetail = Static<typeof BackupDetail>;

export const Backup = Type.Object(
  {
    id: backupId('Id.'),
    storage: text('Name of the storage.'),
    path: text('Directory of the backup below the root of the storage.'),
    routine: Type.Optional(text('The routine whose run it is.')),
    run: Type.Optional(text('Name of the folder of the run: the start in milliseconds since 1970.')),
    cluster: Type.Optional(text('Name of the cluster in the configuration, or the name that the cluster has.')),
    state: BackupStateName,
    reason: Type.Optional(text('Why it is not complete.')),
    type: Type.Optional(V2BackupType),
    trigger: Type.Optional(Trigger),
    consistency: Type.Optional(Consistency),
    'captures-deletes': CAPTURES_DELETES,
    parent: Type.Optional(backupId('The backup whose changes it holds.')),
    created: time('When it was asked for, or begun.'),
    updated: time('When it was last changed.'),
    finished: Type.Optional(time('When it was complete.')),
    deleted: Type.Optional(time('When its deletion began.')),
    namespaces: Type.Array(Type.String(), { description: 'Its namespaces, as far as known.' }),
    include: Type.Optional(Type.Array(Type.String(), { description: 'What was included: namespaces and sets.' })),
    exclude: Type.Optional(Type.Array(Type.String(), { description: 'What was excluded: namespaces and sets.' })),
    compression: Type.Optional(V2Compression),
    encryption: Type.Optional(
      Type.Enum(['NONE', 'AES128', 'AES256'], { type: 'string', description: 'How its files are encrypted.' }),
    ),
    'lower-bound': Type.Optional(time('Records that were not changed after it are in an earlier backup.')),
    'upper-bound': Type.Optional(time('Changes after it may be missing.')),
    records: Type.Optional(count('Records.')),
    bytes: count('Bytes of its files.'),
    files: count('Files.'),
    progress: Type.Optional(
      Type.Integer({ description: 'Percentage of a run that works on it.', minimum: 0, maximum: 100 }),
    ),
    held: Type.Boolean({ description: 'Whether it must not be deleted.' }),
    'hold-reason': Type.Optional(text('Why it is held.')),
    dependents: Type.Optional(Type.Array(Type.String(), { description: 'Ids of backups that build on it.' })),
    verification: Type.Optional(Verification),
    details: Type.Optional(
      Type.Array(BackupDetail, { description: 'By namespace and range of partitions; not in lists.' }),
    ),
    href: text('Path of this document.'),
  },
  { ...STRICT, title: 'Backup', description: 'A backup: one that is complete or not, being made, or deleted.' },
);
export type Backup = Static<typeof Backup>;

export const BackupPage = Type.Object(
  {
    backups: Type.Array(Backup, { description: 'The newest first.' }),
    next: Type.Optional(text('What the next page is asked for with, as `after`; absent = this is the last one.')),
    total: count('Backups that match, on all pages.'),
  },
  { ...STRICT, title: 'BackupPage', description: 'A page of a list of backups.' },
);
export type BackupPage = Static<typeof BackupPage>;
