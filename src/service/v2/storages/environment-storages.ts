/** Storages that environment variables define, beside those of the configuration. */
import type { AzureStorage, Storage } from '../../document/schema/storage.js';
import { ServiceError } from '../../errors.js';

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_REGION = 'us-east-1';

/**
 * The storages `s3`, `gcs`, `filesystem` and `azure`, as far as their variables are set. Credentials come from where
 * the clients of these services look for them. Throws ServiceError SERVICE_INVALID for a variable that is wrong.
 */
export function readEnvironmentStorages(environment: Environment): Record<string, Storage> {
  const get = (name: string): string | undefined => {
    const value = environment[name]?.trim();
    return value === '' ? undefined : value;
  };
  const storages: Record<string, Storage> = {};
  const bucket = get('BACKUP_S3_BUCKET');
  if (bucket !== undefined) {
    const endpoint = get('BACKUP_S3_ENDPOINT');
    const path = get('BACKUP_S3_PATH');
    const usesTls = readFlag('BACKUP_S3_USE_SSL', get('BACKUP_S3_USE_SSL'), true);
    storages.s3 = {
      's3-storage': {
        bucket,
        's3-region': get('AWS_REGION') ?? get('AWS_DEFAULT_REGION') ?? DEFAULT_REGION,
        ...(path === undefined ? {} : { path }),
        ...(endpoint === undefined ? {} : { 's3-endpoint-override': withScheme(endpoint, usesTls) }),
      },
    };
  }
  const gcsBucket = get('BACKUP_GCS_BUCKET');
  if (gcsBucket !== undefined) {
    const path = get('BACKUP_GCS_PATH');
    const endpoint = get('BACKUP_GCS_ENDPOINT');
    storages.gcs = {
      'gcp-storage': {
        'bucket-name': gcsBucket,
        ...(path === undefined ? {} : { path }),
        ...(endpoint === undefined ? {} : { endpoint }),
      },
    };
  }
  const directory = get('BACKUP_FILESYSTEM_PATH');
  if (directory !== undefined) storages.filesystem = { 'local-storage': { path: directory } };
  const container = get('BACKUP_AZURE_CONTAINER');
  if (container !== undefined) {
    const path = get('BACKUP_AZURE_PATH');
    const account = get('AZURE_STORAGE_ACCOUNT');
    const key = get('AZURE_STORAGE_KEY');
    const order = readOrder('BACKUP_AZURE_CREDENTIAL_ORDER', get('BACKUP_AZURE_CREDENTIAL_ORDER'));
    const endpoint =
      get('BACKUP_AZURE_ENDPOINT') ?? (account === undefined ? undefined : `https://${account}.blob.core.windows.net`);
    if (endpoint === undefined) {
      throw new ServiceError('SERVICE_INVALID', 'BACKUP_AZURE_CONTAINER needs BACKUP_AZURE_ENDPOINT');
    }
    storages.azure = {
      'azure-storage': {
        'container-name': container,
        endpoint,
        ...(path === undefined ? {} : { path }),
        ...(account === undefined || key === undefined ? {} : { 'account-name': account, 'account-key': key }),
        ...(order === undefined ? {} : { 'credential-order': order }),
      },
    };
  }
  return storages;
}

/** An endpoint may be a host alone. */
function withScheme(endpoint: string, usesTls: boolean): string {
  if (/^https?:\/\//i.test(endpoint)) return endpoint;
  return `${usesTls ? 'https' : 'http'}://${endpoint}`;
}

function readFlag(name: string, value: string | undefined, whenAbsent: boolean): boolean {
  if (value === undefined) return whenAbsent;
  if (/^(?:true|1|yes)$/i.test(value)) return true;
  if (/^(?:false|0|no)$/i.test(value)) return false;
  throw new ServiceError('SERVICE_INVALID', `${name} is true or false, not "${value}"`);
}

/** Of the storages of the environment, those of Azure alone have a key that the clients do not find by themselves. */
function readOrder(name: string, value: string | undefined): AzureStorage['credential-order'] {
  const order = value?.toLowerCase();
  if (order === undefined || order === 'static-first' || order === 'ambient-first') return order;
  throw new ServiceError('SERVICE_INVALID', `${name} is static-first or ambient-first, not "${value}"`);
}
