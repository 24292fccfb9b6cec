import { Type, type Static } from 'typebox';
import { name, STRICT } from '../../document/schema/keywords.js';
import { backupId, selectors, V2BackupType, V2Compression } from './values.js';

export const CreateBackup = Type.Object(
  {
    id: Type.Optional(
      backupId('Id of the backup, which no backup of the storage has or had. One that is generated without it.'),
    ),
    routine: Type.Optional(
      name('The backup is a run of this routine, which chooses cluster, namespaces, sets and policy.'),
    ),
    cluster: Type.Optional(name('A cluster of aerospike-clusters; the only one without it. Not with a routine.')),
    'backup-policy': Type.Optional(name('A policy of backup-policies; all defaults without it. Not with a routine.')),
    type: Type.Optional(V2BackupType),
    parent: Type.Optional(
      backupId('Id of the backup whose changes this one holds. Without it, the newest that can be one.'),
    ),
    include: Type.Optional(selectors('Only these. Not with exclude.')),
    exclude: Type.Optional(selectors('All but these. Not with include.')),
    compression: Type.Optional(V2Compression),
    sealed: Type.Optional(
      Type.Boolean({
        description:
          'Only records that were last changed before the start; else as the policy says. Not with a routine.',
      }),
    ),
    parallel: Type.Optional(Type.Integer({ description: 'Scans at a time.', minimum: 1, maximum: 100 })),
  },
  {
    ...STRICT,
    title: 'CreateBackup',
    description: 'What is backed up. An empty object: all namespaces of the only cluster.',
  },
);
export type CreateBackup = Static<typeof CreateBackup>;
