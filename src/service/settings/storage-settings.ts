/** From a storage of the document to the settings of the library. */
import { isAbsolute, join, resolve } from 'node:path';
import type { BackupOptionSettings, RestoreOptionSettings, S3Settings } from '../../api/option-settings.js';
import type { AzureStorage, GcpStorage, S3Storage, Storage } from '../document/schema/storage.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import { ServiceError } from '../errors.js';
import { optional } from './optional.js';
import { SecretResolver } from './secret-resolver.js';

const MIB = 1024 * 1024;
const DEFAULT_PART_BYTES = 50 * MIB;
/** What the library takes as the least and largest part; those of Azure are smaller. */
const LEAST_PART_MIB = 5;
const LARGEST_PART_MIB = 5120;
const LARGEST_BLOCK_MIB = 4000;

/** Of storages on the host: nobody but the service reads them. */
export const LOCAL_FILE_MODE = 0o600;
export const LOCAL_DIRECTORY_MODE = 0o700;

const LOG_LEVELS: Readonly<Record<string, NonNullable<S3Settings['logLevel']>>> = {
  OFF: 'Off',
  FATAL: 'Fatal',
  ERROR: 'Error',
  WARN: 'Warn',
  INFO: 'Info',
  DEBUG: 'Debug',
  TRACE: 'Trace',
};

/** How the storage is reached, for any use. */
export type StorageAccessSettings = Pick<RestoreOptionSettings, 's3' | 'gcs' | 'azure'> & {
  /** Where the backups are: a directory, or `s3://`, `gs://`, `azblob://` with the bucket and the path. */
  root: string;
};

/** Those of a backup, which creates files. */
export type StorageSettings = Pick<BackupOptionSettings, 's3' | 'gcs' | 'azure' | 'fileMode' | 'dirMode'> & {
  root: string;
};

/** For a backup. Throws ServiceError. */
export async function toStorageSettings(storage: Storage, document: ServiceDocument): Promise<StorageSettings> {
  const { root, s3, gcs, azure } = await toAccessSettings(storage, document);
  const { 's3-storage': s3Storage, 'gcp-storage': gcpStorage, 'azure-storage': azureStorage } = storage;
  return {
    root,
    ...(storage['local-storage'] === undefined ? {} : { fileMode: LOCAL_FILE_MODE, dirMode: LOCAL_DIRECTORY_MODE }),
    ...(s3Storage === undefined
      ? {}
      : {
          s3: {
            ...s3,
            minPartSizeMiB: toPartMiB(s3Storage['min-part-size'], LARGEST_PART_MIB),
            ...optional('storageClass', s3Storage['storage-class']?.data),
          },
        }),
    ...(gcpStorage === undefined
      ? {}
      : {
          gcs: {
            ...gcs,
            chunkSizeMiB: toPartMiB(gcpStorage['min-part-size'], LARGEST_PART_MIB),
            ...optional('storageClass', gcpStorage['storage-class']?.data),
          },
        }),
    ...(azureStorage === undefined
      ? {}
      : {
          azure: {
            ...azure,
            blockSizeMiB: toPartMiB(azureStorage['min-part-size'], LARGEST_BLOCK_MIB),
            ...optional('accessTier', azureStorage['storage-class']?.data),
          },
        }),
  };
}

/** For reading and for single small files. Throws ServiceError. */
export async function toAccessSettings(storage: Storage, document: ServiceDocument): Promise<StorageAccessSettings> {
  const secrets = new SecretResolver(document);
  const root = findRoot(storage);
  const { 's3-storage': s3, 'gcp-storage': gcp, 'azure-storage': azure } = storage;
  if (s3 !== undefined) return { root, s3: await toS3Settings(s3, secrets) };
  if (gcp !== undefined) return { root, gcs: await toGcsSettings(gcp, secrets) };
  if (azure !== undefined) return { root, azure: await toAzureSettings(azure, secrets) };
  return { root };
}

/** Where the backups of a storage are. */
export function findRoot(storage: Storage): string {
  const { 'local-storage': local, 's3-storage': s3, 'gcp-storage': gcp, 'azure-storage': azure } = storage;
  if (s3 !== undefined) return toObjectRoot('s3', s3.bucket, s3.path);
  if (gcp !== undefined) return toObjectRoot('gs', gcp['bucket-name'], gcp.path);
  if (azure !== undefined) return toObjectRoot('azblob', azure['container-name'], azure.path);
  if (local === undefined) throw new ServiceError('SERVICE_INVALID', 'the storage is of no kind');
  return isAbsolute(local.path) ? join(local.path) : resolve(local.path);
}

function toObjectRoot(scheme: string, bucket: string, path = ''): string {
  const key = path.replace(/^\/+|\/+$/g, '');
  return `${scheme}://${bucket}${key === '' ? '' : `/${key}`}`;
}

/** Whole MiB within the bounds of the library. */
function toPartMiB(bytes = DEFAULT_PART_BYTES, largest: number): number {
  return Math.min(largest, Math.max(LEAST_PART_MIB, Math.ceil(bytes / MIB)));
}

async function toS3Settings(s3: S3Storage, secrets: SecretResolver): Promise<S3Settings> {
  const connections = s3['max-async-connections'] ?? 0;
  return {
    region: s3['s3-region'],
    ...optional('profile', s3['s3-profile']),
    ...optional('endpoint', s3['s3-endpoint-override']),
    ...optional('logLevel', LOG_LEVELS[s3['s3-log-level'] ?? '']),
    ...optional('accessKeyId', await secrets.resolve(s3['access-key-id'], s3)),
    ...optional('secretAccessKey', await secrets.resolve(s3['secret-access-key'], s3)),
    ...optional('credentialOrder', s3['credential-order']),
    ...(connections === 0 ? {} : { maxConnections: connections }),
    useSystemProxy: true,
  };
}

async function toGcsSettings(
  gcp: GcpStorage,
  secrets: SecretResolver,
): Promise<NonNullable<RestoreOptionSettings['gcs']>> {
  return {
    ...optional('keyFile', gcp['key-file-path']),
    ...optional('keyJson', await secrets.resolve(gcp.key, gcp)),
    ...optional('credentialOrder', gcp['credential-order']),
    ...optional('endpoint', gcp.endpoint),
    useSystemProxy: true,
  };
}

async function toAzureSettings(
  azure: AzureStorage,
  secrets: SecretResolver,
): Promise<NonNullable<RestoreOptionSettings['azure']>> {
  return {
    endpoint: azure.endpoint,
    ...optional('accountName', await secrets.resolve(azure['account-name'], azure)),
    ...optional('accountKey', await secrets.resolve(azure['account-key'], azure)),
    ...optional('tenantId', await secrets.resolve(azure['tenant-id'], azure)),
    ...optional('clientId', await secrets.resolve(azure['client-id'], azure)),
    ...optional('clientSecret', await secrets.resolve(azure['client-secret'], azure)),
    ...optional('credentialOrder', azure['credential-order']),
    useSystemProxy: true,
  };
}
