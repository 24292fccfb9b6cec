import { Type, type Static } from 'typebox';
import { AerospikeCluster } from './aerospike-cluster.js';
import { EncryptionPolicy, retryPolicy } from './backup-policy.js';
import { flag, milliseconds, name, names, STRICT } from './keywords.js';
import { agentProperties } from './secret-agent.js';
import { Storage } from './storage.js';

const policyProperties = {
  parallel: Type.Optional(Type.Integer({ description: 'Files that are read at a time.', default: 8, minimum: 1 })),
  'no-records': Type.Optional(flag('No records.')),
  'no-indexes': Type.Optional(flag('No secondary indexes.')),
  'no-udfs': Type.Optional(flag('No UDF modules.')),
  'socket-timeout': Type.Optional(milliseconds('Time without a byte after which a write is retried.', 600_000)),
  'total-timeout': Type.Optional(milliseconds('Limit for one write; 0 for none.', 0)),
  'disable-batch-writes': Type.Optional(flag('Write each record with a command of its own.')),
  'max-async-batches': Type.Optional(Type.Integer({ description: 'Batches in flight.', default: 128, minimum: 1 })),
  'batch-size': Type.Optional(Type.Integer({ description: 'Records of a batch.', default: 128, minimum: 1 })),
  namespace: Type.Optional(
    Type.Object(
      {
        source: name('The namespace of the backup.'),
        destination: name('The namespace to restore into.'),
      },
      { ...STRICT, title: 'RestoreNamespace', description: 'Another namespace than that of the backup.' },
    ),
  ),
  'set-list': Type.Optional(names('Only these sets.')),
  'bin-list': Type.Optional(names('Only these bins.')),
  replace: Type.Optional(flag('Replace existing records instead of merging their bins. Not with unique.')),
  unique: Type.Optional(flag('Do not change existing records. Not with replace.')),
  'no-generation': Type.Optional(flag('Overwrite newer records, too.')),
  bandwidth: Type.Optional(
    Type.Integer({ description: 'Most MiB read in a second; no limit without it.', minimum: 1 }),
  ),
  tps: Type.Optional(
    Type.Integer({ description: 'Most records written in a second; no limit without it.', minimum: 1 }),
  ),
  encryption: Type.Optional(EncryptionPolicy),
  'retry-policy': Type.Optional(retryPolicy('RestoreRetryPolicy', 2000, 2)),
  'extra-ttl': Type.Optional(
    Type.Integer({ description: 'Seconds added to the TTL of expiring records.', default: 0, minimum: 0 }),
  ),
};

export const TimestampRestorePolicy = Type.Object(policyProperties, {
  ...STRICT,
  title: 'TimestampRestorePolicy',
  description: 'How backups are restored. Their metadata tells how they are compressed.',
});
export type TimestampRestorePolicy = Static<typeof TimestampRestorePolicy>;

export const RestorePolicy = Type.Object(
  {
    ...policyProperties,
    compression: Type.Optional(
      Type.Object(
        {
          mode: Type.Enum(['NONE', 'ZSTD'], { type: 'string', description: 'How the files are compressed.' }),
        },
        { ...STRICT, title: 'RestoreCompressionPolicy', description: 'The compression of the backup.' },
      ),
    ),
    'allow-incomplete': Type.Optional(
      flag('Restore what is there of a backup that is known to lack parts, or that has no metadata.'),
    ),
  },
  { ...STRICT, title: 'RestorePolicy', description: 'How a backup is restored.' },
);
export type RestorePolicy = Static<typeof RestorePolicy>;

const placeProperties = {
  destination: Type.Optional(AerospikeCluster),
  'destination-name': Type.Optional(name('A cluster of aerospike-clusters; in place of destination.')),
  source: Type.Optional(Storage),
  'source-name': Type.Optional(name('A storage of storage; in place of source.')),
  ...agentProperties,
};

export const RestoreRequest = Type.Object(
  {
    'backup-data-path': Type.String({
      description: 'Folder of a namespace or of a run, relative to the root of the storage.',
      minLength: 1,
    }),
    ...placeProperties,
    policy: Type.Optional(RestorePolicy),
  },
  { ...STRICT, title: 'RestoreRequest', description: 'Which backup is restored, and into which cluster.' },
);
export type RestoreRequest = Static<typeof RestoreRequest>;

export const RestoreTimestampRequest = Type.Object(
  {
    routine: name('The routine whose backups are restored.'),
    time: Type.Integer({
      description: 'The state at this time is restored. Milliseconds since 1970.',
      minimum: 1_000_000_000_000,
      format: 'int64',
    }),
    ...placeProperties,
    policy: Type.Optional(TimestampRestorePolicy),
    'disable-reordering': Type.Optional(flag('Restore the backups from the oldest to the newest.')),
  },
  {
    ...STRICT,
    title: 'RestoreTimestampRequest',
    description: 'The full backup before a time and the incremental ones up to it are restored.',
  },
);
export type RestoreTimestampRequest = Static<typeof RestoreTimestampRequest>;
