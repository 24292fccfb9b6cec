/** Objects of Google Cloud Storage: `gs://BUCKET/KEY`. */
import type { StorageDriver } from '../driver.js';
import { createObjectStoreDriver } from '../object-store/driver.js';
import type { GcsSettings } from './config.js';
import { isTransient, isUnreachable, readName, toStorageError } from './errors.js';

/** A part that is copied passes through the memory of this process. */
const MAX_COPY_BYTES = 32 * 1024 * 1024;

export const gcsDriver: StorageDriver<GcsSettings> = createObjectStoreDriver({
  kind: { scheme: 'gs', name: 'Google Cloud Storage', partHash: 'md5', maxCopyBytes: MAX_COPY_BYTES },

  async connect({ settings }) {
    const [{ GcsConnection }, { GcsClient }] = await Promise.all([import('./connection.js'), import('./client.js')]);
    const connection = await GcsConnection.open(settings);
    const { host } = connection;
    return {
      client: new GcsClient(connection),
      host,
      isTransient,
      isUnreachable,
      readName,
      toStorageError: (error, request) => toStorageError(error, { ...request, host }),
      close: () => connection.close(),
    };
  },

  settleMs: () => 0,
});
