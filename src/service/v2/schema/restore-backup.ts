import { Type, type Static } from 'typebox';
import { AerospikeCluster } from '../../document/schema/aerospike-cluster.js';
import { RestorePolicy } from '../../document/schema/restore-request.js';
import { name, STRICT } from '../../document/schema/keywords.js';
import { count, selectors, text, time } from './values.js';

export const ON_EXISTING_VALUES = ['refuse', 'merge', 'replace', 'create-only', 'overwrite'] as const;

const POLICY_PROPERTIES = [
  'parallel',
  'no-records',
  'no-indexes',
  'no-udfs',
  'socket-timeout',
  'total-timeout',
  'disable-batch-writes',
  'max-async-batches',
  'batch-size',
  'bin-list',
  'bandwidth',
  'tps',
  'encryption',
  'retry-policy',
  'extra-ttl',
] as const;

const requestProperties = {
  cluster: Type.Optional(
    name(
      'The cluster that is restored into: one of aerospike-clusters. Without it, that of the backup, or the only one.',
    ),
  ),
  destination: Type.Optional(AerospikeCluster),
  'secret-agent': Type.Optional(name('An agent of secret-agents, for the encryption key.')),
  'on-existing': Type.Optional(
    Type.Enum([...ON_EXISTING_VALUES], {
      type: 'string',
      description:
        'What becomes of records that exist. refuse: there must be none where the restore writes. merge: bins of the ' +
        'backup are added or replace theirs. replace: they become what the backup has. Both only where the generation ' +
        'of the backup is higher. create-only: they are left alone. overwrite: they become what the backup has.',
      default: 'refuse',
    }),
  ),
  include: Type.Optional(selectors('Only these, by their names in the backup. Not with exclude.')),
  exclude: Type.Optional(selectors('All but these. Not with include.')),
  rename: Type.Optional(
    Type.Record(Type.String(), Type.String({ minLength: 1 }), {
      description:
        'New names by old ones: {"orders": "orders2", "users.premium": "users.vip"}. A set is renamed after its namespace.',
    }),
  ),
  policy: Type.Optional(
    Type.Pick(RestorePolicy, POLICY_PROPERTIES, {
      ...STRICT,
      title: 'V2RestorePolicy',
      description: 'How the backup is restored. Its documents tell how it is compressed.',
    }),
  ),
};

export const RestoreBackup = Type.Object(
  {
    ...requestProperties,
    'allow-incomplete': Type.Optional(
      Type.Boolean({ description: 'Restore what is there of a backup that lacks parts.', default: false }),
    ),
  },
  {
    ...STRICT,
    title: 'RestoreBackup',
    description:
      'What is restored of one backup, into which cluster. An increment is restored by itself: its changes alone.',
  },
);
export type RestoreBackup = Static<typeof RestoreBackup>;

export const RestoreAtTime = Type.Object(
  {
    time: time('The state at this time is restored.'),
    routine: Type.Optional(
      name(
        'Only runs of this routine. Without it, the backups that were made without one, or those of the only routine.',
      ),
    ),
    ...requestProperties,
  },
  {
    ...STRICT,
    title: 'RestoreAtTime',
    description: 'The newest backups that had begun by a time, with all that they build on, are restored.',
  },
);
export type RestoreAtTime = Static<typeof RestoreAtTime>;

export const PlannedRestoreNamespace = Type.Object(
  {
    namespace: text('The namespace of the backups.'),
    target: text('The namespace that is written to.'),
    'as-of': Type.Optional(time('The start of the newest backup: its state is restored.')),
    sets: Type.Optional(Type.Array(Type.String(), { description: 'Only these sets.' })),
    'excluded-sets': Type.Optional(Type.Array(Type.String(), { description: 'Not these sets.' })),
    'renamed-sets': Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'New names by old ones.' })),
    backups: Type.Array(
      Type.Object(
        {
          id: text('Id.'),
          type: Type.Optional(text('full or incremental.')),
          created: Type.Optional(time('When it was begun.')),
          records: Type.Optional(count('Records of the namespace in it.')),
          bytes: count('Bytes of the files of the namespace.'),
        },
        { ...STRICT, title: 'PlannedBackup', description: 'A backup that is read.' },
      ),
      { description: 'In the order in which they are restored, the newest first.' },
    ),
    records: Type.Optional(count('Records that are read; absent = not known.')),
    bytes: count('Bytes that are read.'),
    'existing-records': Type.Optional(count('Records where the restore writes.')),
  },
  { ...STRICT, title: 'PlannedRestoreNamespace', description: 'What one namespace is restored from.' },
);
export type PlannedRestoreNamespace = Static<typeof PlannedRestoreNamespace>;

export const RestorePlan = Type.Object(
  {
    storage: text('Name of the storage.'),
    backup: Type.Optional(text('The backup that is restored.')),
    time: Type.Optional(time('The time whose state is restored.')),
    cluster: Type.Optional(text('The cluster that is written to, if it has a name.')),
    'on-existing': text('What becomes of records that exist.'),
    namespaces: Type.Array(PlannedRestoreNamespace, { description: 'By their names.' }),
    later: Type.Array(Type.String(), { description: 'Namespaces whose first backup was begun later.' }),
    records: Type.Optional(count('Records that are read; absent = not known.')),
    bytes: count('Bytes that are read.'),
    refusals: Type.Array(
      Type.Object(
        {
          code: text('Code of the error.'),
          message: text('Why the restore would be refused.'),
          details: Type.Optional(Type.Unknown({ description: 'As the error has them.' })),
        },
        { ...STRICT, title: 'RestoreRefusal', description: 'Why the restore would be refused.' },
      ),
      { description: 'None = it would begin.' },
    ),
    'captures-deletes': Type.Boolean({ description: 'Always false: deletions between backups are not known.' }),
  },
  { ...STRICT, title: 'RestorePlan', description: 'What a restore would do. Nothing was changed.' },
);
export type RestorePlan = Static<typeof RestorePlan>;
