/** Objects of S3 and of services that speak its protocol: `s3://BUCKET/KEY` (asbackup.md 10). */
import type { DriverContext, StorageDriver } from '../driver.js';
import { createObjectStoreDriver } from '../object-store/driver.js';
import type { ObjectStoreConnection } from '../object-store/definition.js';
import { DEFAULTS, isLogged, type S3LogLevel, type S3Settings } from './config.js';
import { isTransient, isUnreachable, readName, toStorageError } from './errors.js';

/** Longer than a small write of another run that began at the same moment. */
const SETTLE_MS = 500;

export const s3Driver: StorageDriver<S3Settings> = createObjectStoreDriver({
  kind: { scheme: 's3', name: 'S3', partHash: 'sha256' },
  connect,
  // AWS obeys conditions of writes; other services may ignore them.
  settleMs: ({ endpoint }) => (endpoint === undefined ? 0 : SETTLE_MS),
});

async function connect({ settings, log, signal }: DriverContext<S3Settings>): Promise<ObjectStoreConnection> {
  const [{ connectS3 }, { S3Client }] = await Promise.all([import('./sdk.js'), import('./client.js')]);
  const logSdk = (level: S3LogLevel, text: string): void => {
    const isError = level === 'Error' || level === 'Fatal';
    log(isError ? 'error' : 'info', `[AWS ${level.toUpperCase()}] ${text}`);
  };
  const connection = await connectS3(settings, logSdk, { log, signal });
  const { host, region, profile } = connection;
  const isWanted = (level: S3LogLevel): boolean => isLogged(settings.logLevel ?? DEFAULTS.logLevel, level);
  return {
    client: new S3Client(connection),
    host,
    isTransient,
    isUnreachable,
    readName,
    toStorageError(error, request) {
      const explained = toStorageError(error, { ...request, host, region, profile });
      if (isWanted('Error')) logSdk('Error', explained.message);
      return explained;
    },
    onRetry(path, error, attempt) {
      if (isWanted('Warn')) logSdk('Warn', `${path}: ${readName(error)}; trying again (${attempt})`);
    },
    close: () => connection.client.destroy(),
  };
}
