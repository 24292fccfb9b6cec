import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { StorageError } from '../../src/storage/errors.js';
import { OBJECT_STORE_METHODS, type ObjectStoreClient } from '../../src/storage/object-store/client.js';
import { createRemoteClient, serveClient } from '../../src/storage/worker-bridge.js';
import { FakeObjectStore } from './object-store/fake-client.js';

const channels: MessageChannel[] = [];
afterEach(() => {
  for (const { port1 } of channels.splice(0)) port1.close();
});

function connect(client: object, onClose?: () => void): ObjectStoreClient {
  const channel = new MessageChannel();
  channels.push(channel);
  serveClient(client, channel.port1, onClose);
  channel.port2.ref();
  return createRemoteClient(OBJECT_STORE_METHODS, channel.port2);
}

describe('the bridge between a worker and the main thread', () => {
  it('makes the calls of the worker in the main thread, and moves the memory instead of copying it', async () => {
    const store = new FakeObjectStore();
    store.objects.set('k', Buffer.from('contents'));
    const remote = connect(store);
    const memory = new ArrayBuffer(100);
    const pending = remote.getRange({ bucket: 'b', key: 'k', first: 2, length: 100, memory });
    expect(memory.byteLength).toBe(0);
    const range = await pending;
    expect(Buffer.from(range.memory, 0, range.length).toString()).toBe('ntents');
  });

  it('passes the code, details and hint of an error on', async () => {
    const failing = {
      find: () =>
        Promise.reject(new StorageError('S3_REGION', 'Cannot read', { hint: 'set-s3-region', details: { host: 'h' } })),
    };
    const error: unknown = await connect(failing)
      .find({ bucket: 'b', key: 'k' })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ code: 'S3_REGION', hint: 'set-s3-region', details: { host: 'h' } });
  });

  it('tells the worker when the limits let its call begin, before the call ends', async () => {
    const order: string[] = [];
    const store = new FakeObjectStore();
    const remote = connect(store);
    const part = { blocks: [new ArrayBuffer(10)], length: 3, hash: '' };
    const onStart = (): void => void order.push('started');
    await remote.put({ bucket: 'b', key: 'k', part }, { attempt: 1, received: 0, onStart });
    order.push('done');
    expect(order).toEqual(['started', 'done']);
  });

  it('learns that the thread has ended', async () => {
    const closed = new Promise<void>((resolve) => connect(new FakeObjectStore(), resolve));
    channels[0]!.port2.close();
    await closed;
  });
});
