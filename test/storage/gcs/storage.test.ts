/** The storage conformance suite on a fake of Google Cloud Storage. */
import { MIB } from '../../../src/storage/object-store/part-size.js';
import { StorageRegistry } from '../../../src/storage/registry.js';
import { FakeGcs } from '../../support/gcs-fake.js';
import { describeStorage } from '../conformance.js';

describeStorage('Google Cloud Storage', async () => {
  const server = new FakeGcs();
  server.buckets.set('b', new Map());
  const registry = new StorageRegistry({ settings: { gs: { endpoint: await server.listen() } } });
  const storage = await registry.forPath('gs://b/');
  return {
    open: () => storage,
    directory: 'gs://b/dir',
    minDurableBytes: 5 * MIB,
    overwrite: (path, bytes) => Promise.resolve(void server.store('b', path.slice('gs://b/'.length), bytes)),
    close: async () => {
      await registry.close();
      await server.close();
    },
  };
});
