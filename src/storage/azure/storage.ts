/** Blobs of Azure: `azblob://CONTAINER/KEY`. */
import type { StorageDriver } from '../driver.js';
import { createObjectStoreDriver } from '../object-store/driver.js';
import type { AzureSettings } from './config.js';
import { isTransient, isUnreachable, readName, toStorageError } from './errors.js';

/** A part that is copied passes through the memory of this process. */
const MAX_COPY_BYTES = 32 * 1024 * 1024;

export const azureDriver: StorageDriver<AzureSettings> = createObjectStoreDriver({
  kind: { scheme: 'azblob', name: 'Azure', partHash: 'md5', maxCopyBytes: MAX_COPY_BYTES },

  async connect({ settings, log, signal }) {
    const [{ connectAzure }, { AzureClient }] = await Promise.all([import('./sdk.js'), import('./client.js')]);
    const connection = await connectAzure(settings, log, signal);
    const { host } = connection;
    return {
      client: new AzureClient(connection),
      host,
      isTransient,
      isUnreachable,
      readName,
      toStorageError: (error, request) => toStorageError(error, { ...request, host }),
      // The SDK keeps its connections in agents of the process, which do not keep it alive.
      close: () => undefined,
    };
  },

  settleMs: () => 0,
});
