import { Type, type Static } from 'typebox';
import { name, secret, secretUrl, STRICT } from './keywords.js';
import { agentProperties } from './secret-agent.js';
import { VerifySchedules } from './verify-schedules.js';

const MIB = 1024 * 1024;

const path = Type.Optional(
  Type.String({ description: 'Where backups are, below the bucket or container; its root without it.' }),
);

function minPartSize(minimum: number) {
  return Type.Optional(
    Type.Integer({ description: 'Bytes of an uploaded part.', default: 50 * MIB, minimum, maximum: 5 * 1024 * MIB }),
  );
}

function credentialOrder(identity: string) {
  return Type.Optional(
    Type.Enum(['static-first', 'ambient-first'], {
      type: 'string',
      description:
        `static-first: the credentials of this entry; without any, ${identity}. ` +
        `ambient-first: ${identity}; where there is no identity, the credentials of this entry.`,
      default: 'static-first',
    }),
  );
}

/** Of the backups in it that no routine has made. */
const verify = Type.Optional(VerifySchedules);

export const LocalStorage = Type.Object(
  {
    path: Type.String({ description: 'Directory of the backups.', minLength: 1 }),
    'min-part-size': Type.Optional(Type.Integer({ description: 'Bytes that are written at once.', minimum: 1 })),
    verify,
  },
  { ...STRICT, title: 'LocalStorage', description: 'A directory of the host of the service.' },
);
export type LocalStorage = Static<typeof LocalStorage>;

export const S3Storage = Type.Object(
  {
    bucket: name('Name of the bucket.'),
    's3-region': name('Region of the bucket.'),
    path,
    's3-profile': Type.Optional(Type.String({ description: 'Profile of the AWS configuration.' })),
    's3-endpoint-override': Type.Optional(secretUrl('URL of an S3 service other than AWS. Empty = none.')),
    's3-log-level': Type.Optional(
      Type.Enum(['OFF', 'FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE'], {
        type: 'string',
        description: 'Least severe messages of the S3 client that are logged.',
        default: 'FATAL',
      }),
    ),
    'access-key-id': Type.Optional(secret('Access key; needs secret-access-key. Else the sources of the AWS SDK.')),
    'secret-access-key': Type.Optional(secret('Secret key that belongs to the access key.')),
    'credential-order': credentialOrder('the sources of the AWS SDK'),
    'min-part-size': minPartSize(5 * MIB),
    'max-async-connections': Type.Optional(
      Type.Integer({ description: 'Requests at a time; 0 for no limit.', minimum: 0 }),
    ),
    'storage-class': Type.Optional(
      Type.Object(
        {
          data: Type.Optional(
            Type.Enum(
              [
                'STANDARD',
                'GLACIER',
                'STANDARD_IA',
                'ONEZONE_IA',
                'INTELLIGENT_TIERING',
                'DEEP_ARCHIVE',
                'OUTPOSTS',
                'GLACIER_IR',
                'SNOW',
                'EXPRESS_ONEZONE',
              ],
              { type: 'string', description: 'Class of backup files.' },
            ),
          ),
          metadata: Type.Optional(
            Type.Enum(['STANDARD', 'STANDARD_IA', 'INTELLIGENT_TIERING', 'EXPRESS_ONEZONE', 'ONEZONE_IA', 'OUTPOSTS'], {
              type: 'string',
              description: 'Accepted without effect: metadata is in the default class of the bucket.',
            }),
          ),
        },
        { ...STRICT, title: 'S3StorageClass', description: 'Storage classes of new objects.' },
      ),
    ),
    verify,
    ...agentProperties,
  },
  { ...STRICT, title: 'S3Storage', description: 'A bucket of S3 or of a service that speaks its protocol.' },
);
export type S3Storage = Static<typeof S3Storage>;

export const GcpStorage = Type.Object(
  {
    'bucket-name': name('Name of the bucket.'),
    path,
    'key-file-path': Type.Optional(
      Type.String({
        description: 'File with the key (JSON) of a service account. Else Application Default Credentials.',
      }),
    ),
    key: Type.Optional(secret('The key (JSON) of a service account itself; in place of key-file-path.')),
    'credential-order': credentialOrder('Application Default Credentials'),
    endpoint: Type.Optional(secretUrl('URL of an emulator; nothing is authenticated then. Empty = none.')),
    'min-part-size': minPartSize(256 * 1024),
    'storage-class': Type.Optional(
      Type.Object(
        {
          data: Type.Optional(
            Type.Enum(['STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE'], {
              type: 'string',
              description: 'Class of backup files.',
            }),
          ),
        },
        { ...STRICT, title: 'GcpStorageClass', description: 'Storage class of new objects.' },
      ),
    ),
    verify,
    ...agentProperties,
  },
  { ...STRICT, title: 'GcpStorage', description: 'A bucket of Google Cloud Storage.' },
);
export type GcpStorage = Static<typeof GcpStorage>;

export const AzureStorage = Type.Object(
  {
    'container-name': name('Name of the container.'),
    endpoint: Type.String({
      ...secretUrl('URL of the blob service; a SAS is its query.'),
      minLength: 1,
    }),
    path,
    'account-name': Type.Optional(Type.String({ description: 'Storage account; needs account-key.' })),
    'account-key': Type.Optional(secret('Key of the storage account.')),
    'tenant-id': Type.Optional(secret('Tenant of a registered application; needs client-id and client-secret.')),
    'client-id': Type.Optional(secret('Id of a registered application.')),
    'client-secret': Type.Optional(secret('Secret of a registered application.')),
    'credential-order': credentialOrder('the sources of DefaultAzureCredential'),
    'min-part-size': minPartSize(MIB),
    'storage-class': Type.Optional(
      Type.Object(
        {
          data: Type.Optional(
            Type.Enum(['Hot', 'Cool', 'Cold', 'Archive'], {
              type: 'string',
              description: 'Access tier of backup files.',
            }),
          ),
          metadata: Type.Optional(
            Type.Enum(['Hot', 'Cool', 'Cold'], {
              type: 'string',
              description: 'Accepted without effect: metadata is in the default tier of the account.',
            }),
          ),
        },
        { ...STRICT, title: 'AzureStorageClass', description: 'Access tiers of new blobs.' },
      ),
    ),
    verify,
    ...agentProperties,
  },
  { ...STRICT, title: 'AzureStorage', description: 'A container of Azure Blob Storage.' },
);
export type AzureStorage = Static<typeof AzureStorage>;

export const Storage = Type.Object(
  {
    'local-storage': Type.Optional(LocalStorage),
    's3-storage': Type.Optional(S3Storage),
    'gcp-storage': Type.Optional(GcpStorage),
    'azure-storage': Type.Optional(AzureStorage),
  },
  {
    ...STRICT,
    title: 'Storage',
    description: 'Where backups are kept: exactly one kind of storage.',
    minProperties: 1,
    maxProperties: 1,
  },
);
export type Storage = Static<typeof Storage>;
