/** The storage conformance suite on an emulator of Azure Blob Storage. */
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { describe, it } from 'vitest';
import { MIB } from '../../src/storage/object-store/part-size.js';
import { StorageRegistry } from '../../src/storage/registry.js';
import { azureServer, azureSkipReason } from '../support/azure.js';
import { describeStorage } from '../storage/conformance.js';

const server = azureServer();
const CONTAINER = `conformance-${Date.now()}`;

if (server === undefined) {
  describe.skip(`Azure as a storage (${azureSkipReason})`, () => it('is tested with a server', () => undefined));
} else {
  const { endpoint, accountName, accountKey } = server;
  describeStorage('Azure', async () => {
    const service = new BlobServiceClient(endpoint, new StorageSharedKeyCredential(accountName, accountKey));
    const container = service.getContainerClient(CONTAINER);
    await container.create();
    const registry = new StorageRegistry({ settings: { azblob: { endpoint, accountName, accountKey } } });
    const storage = await registry.forPath(`azblob://${CONTAINER}/`);
    return {
      open: () => storage,
      directory: `azblob://${CONTAINER}/dir`,
      minDurableBytes: 5 * MIB,
      overwrite: async (path, bytes) => {
        await container.getBlockBlobClient(path.slice(`azblob://${CONTAINER}/`.length)).upload(bytes, bytes.length);
      },
      close: async () => {
        await container.delete();
        await registry.close();
      },
    };
  });
}
