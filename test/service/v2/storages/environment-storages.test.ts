import { describe, expect, it } from 'vitest';
import { checkValue } from '../../../../src/service/document/check-value.js';
import { Storage } from '../../../../src/service/document/schema/storage.js';
import { readEnvironmentStorages } from '../../../../src/service/v2/storages/environment-storages.js';

describe('storages of the environment', () => {
  it('of all kinds, are storages of the configuration', () => {
    const storages = readEnvironmentStorages({
      BACKUP_S3_BUCKET: 'b',
      BACKUP_S3_PATH: 'p',
      BACKUP_S3_ENDPOINT: 'minio:9000',
      BACKUP_S3_USE_SSL: 'false',
      AWS_DEFAULT_REGION: 'eu-central-1',
      BACKUP_GCS_BUCKET: 'g',
      BACKUP_FILESYSTEM_PATH: '/backups',
      BACKUP_AZURE_CONTAINER: 'c',
      BACKUP_AZURE_ENDPOINT: 'https://x.blob.core.windows.net',
    });
    expect(Object.keys(storages)).toEqual(['s3', 'gcs', 'filesystem', 'azure']);
    for (const storage of Object.values(storages)) expect(checkValue(Storage, storage, '')).toEqual([]);
    expect(storages.s3).toEqual({
      's3-storage': {
        bucket: 'b',
        path: 'p',
        's3-region': 'eu-central-1',
        's3-endpoint-override': 'http://minio:9000',
      },
    });
  });

  it('of Azure, have a key and say whether it comes first', () => {
    const variables = {
      BACKUP_AZURE_CONTAINER: 'c',
      AZURE_STORAGE_ACCOUNT: 'a',
      AZURE_STORAGE_KEY: 'k',
    };
    const read = (more: Record<string, string>) => readEnvironmentStorages({ ...variables, ...more }).azure;
    const azure = {
      'container-name': 'c',
      endpoint: 'https://a.blob.core.windows.net',
      'account-name': 'a',
      'account-key': 'k',
    };
    expect(read({})).toEqual({ 'azure-storage': azure });
    expect(read({ BACKUP_AZURE_CREDENTIAL_ORDER: 'Ambient-First' })).toEqual({
      'azure-storage': { ...azure, 'credential-order': 'ambient-first' },
    });
    expect(() => read({ BACKUP_AZURE_CREDENTIAL_ORDER: 'x' })).toThrow('BACKUP_AZURE_CREDENTIAL_ORDER');
  });

  it('that are not set, are none', () => {
    expect(readEnvironmentStorages({ BACKUP_S3_BUCKET: ' ', BACKUP_S3_PATH: 'p' })).toEqual({});
  });

  it('of a wrong value, are refused', () => {
    expect(() => readEnvironmentStorages({ BACKUP_S3_BUCKET: 'b', BACKUP_S3_USE_SSL: 'maybe' })).toThrow(
      'BACKUP_S3_USE_SSL',
    );
    expect(() => readEnvironmentStorages({ BACKUP_AZURE_CONTAINER: 'c' })).toThrow('BACKUP_AZURE_ENDPOINT');
  });
});
