import type { AzureStorage, GcpStorage, S3Storage, Storage } from '../schema/storage.js';
import type { ServiceDocument } from '../schema/service-document.js';
import { joinPath } from '../json-schema.js';
import { findStorageBlock } from '../storage-schedules.js';
import { checkVerify } from './upkeep-rules.js';
import { checkCleanPath, checkExclusive, checkSecrets, checkTogether, isGiven } from './common-rules.js';

/** What the schema of a storage cannot say. */
export function checkStorage(storage: Storage, document: ServiceDocument, where: string): string[] {
  const { 'local-storage': local, 's3-storage': s3, 'gcp-storage': gcp, 'azure-storage': azure } = storage;
  const place = (block: string): string => joinPath(where, block);
  const [kind = ''] = Object.keys(storage);
  const zone = document.service?.backup?.['schedule-timezone'];
  return [
    ...checkVerify(findStorageBlock(storage)?.verify, zone, joinPath(place(kind), 'verify')),
    ...(local === undefined ? [] : checkCleanPath(local.path, joinPath(place('local-storage'), 'path'))),
    ...(s3 === undefined ? [] : checkS3(s3, document, place('s3-storage'))),
    ...(gcp === undefined ? [] : checkGcp(gcp, document, place('gcp-storage'))),
    ...(azure === undefined ? [] : checkAzure(azure, document, place('azure-storage'))),
  ];
}

function checkS3(s3: S3Storage, document: ServiceDocument, where: string): string[] {
  return [
    ...checkSegment(s3.bucket, joinPath(where, 'bucket')),
    ...checkRelativePath(s3.path, joinPath(where, 'path')),
    ...checkTogether(s3, ['access-key-id', 'secret-access-key'], where),
    ...checkSecrets(s3, selectSecrets(s3, ['access-key-id', 'secret-access-key'], where), document, where),
  ];
}

function checkGcp(gcp: GcpStorage, document: ServiceDocument, where: string): string[] {
  return [
    ...checkSegment(gcp['bucket-name'], joinPath(where, 'bucket-name')),
    ...checkRelativePath(gcp.path, joinPath(where, 'path')),
    ...checkCleanPath(gcp['key-file-path'], joinPath(where, 'key-file-path')),
    ...checkExclusive(gcp, ['key-file-path', 'key'], where),
    ...checkSecrets(gcp, selectSecrets(gcp, ['key'], where), document, where),
  ];
}

const APPLICATION = ['tenant-id', 'client-id', 'client-secret'] as const;

function checkAzure(azure: AzureStorage, document: ServiceDocument, where: string): string[] {
  const keys = ['account-name', 'account-key', ...APPLICATION] as const;
  const problems = [
    ...checkSegment(azure['container-name'], joinPath(where, 'container-name')),
    ...checkRelativePath(azure.path, joinPath(where, 'path')),
    ...checkTogether(azure, APPLICATION, where),
    ...checkExclusive(azure, ['account-key', 'client-secret'], where),
    ...checkSecrets(azure, selectSecrets(azure, keys, where), document, where),
  ];
  if (isGiven(azure, 'account-key') && !isGiven(azure, 'account-name')) {
    problems.push(`${joinPath(where, 'account-name')}: is required with account-key`);
  }
  if (!/^https?:\/\/[^/]/i.test(azure.endpoint)) {
    problems.push(`${joinPath(where, 'endpoint')}: expected a URL that begins with https:// or http://`);
  }
  return problems;
}

function checkSegment(bucket: string, where: string): string[] {
  return /[/\s]/.test(bucket) ? [`${where}: must not contain slashes and spaces`] : [];
}

function checkRelativePath(path: string | undefined, where: string): string[] {
  if (path?.startsWith('/') === true) return [`${where}: must be relative, without a slash at its beginning`];
  return checkCleanPath(path, where);
}

function selectSecrets(block: object, keys: readonly string[], where: string): Record<string, string | undefined> {
  const values = block as Readonly<Record<string, string | undefined>>;
  return Object.fromEntries(keys.map((key) => [joinPath(where, key), values[key]]));
}
