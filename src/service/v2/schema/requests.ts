/** Smaller requests. */
import { Type, type Static } from 'typebox';
import { AerospikeCluster } from '../../document/schema/aerospike-cluster.js';
import { name, STRICT } from '../../document/schema/keywords.js';
import { ON_EXISTING_VALUES } from './restore-backup.js';
import { selectors, backupId } from './values.js';

export const CopyBackup = Type.Object(
  {
    to: name('The storage that is copied to.'),
    verify: Type.Optional(
      Type.Boolean({ description: 'Read the copy back and compare its checksums.', default: true }),
    ),
  },
  { ...STRICT, title: 'CopyBackup', description: 'Where a backup is copied to.' },
);
export type CopyBackup = Static<typeof CopyBackup>;

export const VerifyBackup = Type.Object(
  {
    'checksums-only': Type.Optional(
      Type.Boolean({ description: 'Compare checksums of all bytes, and read no record.', default: false }),
    ),
    deep: Type.Optional(
      Type.Boolean({ description: 'Read every record as well: the opposite of checksums-only.', default: true }),
    ),
  },
  { ...STRICT, title: 'VerifyBackup', description: 'How thoroughly a backup is compared with its documents.' },
);
export type VerifyBackup = Static<typeof VerifyBackup>;

export const HoldBackup = Type.Object(
  { reason: Type.Optional(Type.String({ description: 'Why the backup must not be deleted.', maxLength: 1000 })) },
  { ...STRICT, title: 'HoldBackup', description: 'A hold keeps a backup from being deleted.' },
);
export type HoldBackup = Static<typeof HoldBackup>;

export const CloneRequest = Type.Object(
  {
    storage: name('The storage that the backup is made in.'),
    id: Type.Optional(backupId('Id of the backup that is made; generated without it.')),
    source: Type.Optional(name('The cluster that is read: one of aerospike-clusters; the only one without it.')),
    'backup-policy': Type.Optional(name('How it is read: one of backup-policies.')),
    cluster: Type.Optional(name('The cluster that is written to: one of aerospike-clusters.')),
    destination: Type.Optional(AerospikeCluster),
    include: Type.Optional(selectors('Only these. Not with exclude.')),
    exclude: Type.Optional(selectors('All but these. Not with include.')),
    rename: Type.Optional(
      Type.Record(Type.String(), Type.String({ minLength: 1 }), {
        description: 'New names by old ones: {"orders": "orders2", "users.premium": "users.vip"}.',
      }),
    ),
    'on-existing': Type.Optional(
      Type.Enum([...ON_EXISTING_VALUES], {
        type: 'string',
        description: 'What becomes of records that exist.',
        default: 'refuse',
      }),
    ),
  },
  {
    ...STRICT,
    title: 'CloneRequest',
    description: 'Copies namespaces or sets to another cluster, or to other names: a backup that is restored.',
  },
);
export type CloneRequest = Static<typeof CloneRequest>;
