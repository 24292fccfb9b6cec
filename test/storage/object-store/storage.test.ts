import { describe, expect, it } from 'vitest';
import { createClient } from '../../../src/storage/client.js';
import { StorageError } from '../../../src/storage/errors.js';
import { OBJECT_STORE_METHODS, type ObjectStoreClient } from '../../../src/storage/object-store/client.js';
import { MIB } from '../../../src/storage/object-store/part-size.js';
import { ObjectStorage } from '../../../src/storage/object-store/storage.js';
import { s3Driver } from '../../../src/storage/s3/storage.js';
import { describeStorage } from '../conformance.js';
import { FakeObjectStore } from './fake-client.js';

function openStorage(client: ObjectStoreClient): ObjectStorage {
  const { capabilities } = s3Driver;
  const kind = { scheme: 's3', name: 'S3' };
  return new ObjectStorage({ kind, capabilities, client, maxDownloads: 32, verbose: () => undefined });
}

describeStorage('an object store', () => {
  const store = new FakeObjectStore();
  return Promise.resolve({
    open: () => openStorage(store),
    directory: 's3://b/dir',
    minDurableBytes: 5 * MIB,
    overwrite: (path, bytes) => Promise.resolve(void store.objects.set(path.slice('s3://b/'.length), bytes)),
    close: () => Promise.resolve(),
  });
});

describe('writing an object', () => {
  const bytes = Buffer.alloc(23 * MIB + 17, 'some text that is not all the same, ');
  for (let i = 0; i + 4 <= bytes.length; i += 4096) bytes.writeUInt32LE(i, i);

  it('sends a small file as one request, and a large one in parts', async () => {
    const store = new FakeObjectStore();
    for (const [key, end] of [
      ['small', 100],
      ['large', bytes.length],
    ] as const) {
      const sink = await openStorage(store).create(`s3://b/${key}`, 0);
      for (let at = 0; at < end; at += 700_001) await sink.write(bytes.subarray(at, Math.min(end, at + 700_001)));
      await sink.close();
      expect(store.objects.get(key)?.equals(bytes.subarray(0, end))).toBe(true);
    }
    expect(store.calls.filter((name) => name === 'put')).toHaveLength(1);
    expect(store.calls.filter((name) => name === 'putPart').length).toBeGreaterThan(3);
    expect(store.uploads.size).toBe(0);
  });

  it('nothing is durable before there is a part, then everything', async () => {
    const sink = await openStorage(new FakeObjectStore()).create('s3://b/k', 0);
    await sink.write(bytes.subarray(0, 4 * MIB));
    expect([await sink.sync(), sink.token]).toEqual([0, undefined]);
    await sink.write(bytes.subarray(4 * MIB, 7 * MIB + 3));
    expect(await sink.sync()).toBe(7 * MIB + 3);
    await sink.write(bytes.subarray(0, MIB));
    // Too few bytes for a part of their own: what was durable before still is.
    expect(await sink.sync()).toBe(7 * MIB + 3);
    expect(sink.token).toBeDefined();
  });

  it('an upload that is gone or has other parts is not continued', async () => {
    const store = new FakeObjectStore();
    const sink = await openStorage(store).create('s3://b/k', 0);
    await sink.write(bytes.subarray(0, 6 * MIB));
    const point = { bytes: await sink.sync(), token: sink.token! };
    const other = { ...point, token: point.token.replace(/"etags":"../, '"etags":"zz') };
    expect(await openStorage(store).checkResumable('s3://b/k', other)).toContain('not those that were saved');
    store.uploads.clear();
    expect(await openStorage(store).checkResumable('s3://b/k', point)).toContain('is gone');
    await expect(openStorage(store).checkResumable('s3://b/k', { bytes: 1, token: '{' })).rejects.toThrow('damaged');
  });

  it('an abort ends the upload of a file that cannot be continued, and keeps that of one that can', async () => {
    const store = new FakeObjectStore();
    for (const isKept of [false, true]) {
      const sink = await openStorage(store).create(`s3://b/${isKept}`, 0);
      await sink.write(bytes);
      if (isKept) await sink.sync();
      await sink.abort();
    }
    expect([...store.uploads.values()].map(({ key }) => key)).toEqual(['true']);
  });

  it('a part that cannot be sent fails the next write, and the file is not completed', async () => {
    const store = new FakeObjectStore();
    const failing = createClient<ObjectStoreClient>(OBJECT_STORE_METHODS, (method, input, call) => {
      if (method === 'putPart') return Promise.reject(new StorageError('S3_FULL', 'no space left'));
      return (store as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[method]!(input, call);
    });
    const sink = await openStorage(failing).create('s3://b/k', 0);
    await expect(sink.write(bytes)).rejects.toThrow('no space left');
    await expect(sink.close()).rejects.toThrow('no space left');
    expect(store.objects.size).toBe(0);
  });
});

describe('locks on a store without conditional requests', () => {
  const withoutConditions = (store: FakeObjectStore, refuse: boolean): ObjectStorage =>
    openStorage(
      createClient<ObjectStoreClient>(OBJECT_STORE_METHODS, (method, input, call) => {
        const request = input as { onlyIf?: unknown };
        if (refuse && request.onlyIf !== undefined) {
          return Promise.reject(new StorageError('S3_UNSUPPORTED', 'not implemented'));
        }
        const plain = { ...(input as object), onlyIf: undefined };
        return (store as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[method]!(plain, call);
      }),
    );

  it.each([
    ['refuses', true],
    ['ignores', false],
  ])('one that %s the condition: a second run does not get the lock', async (_, refuse) => {
    const storage = withoutConditions(new FakeObjectStore(), refuse);
    expect(await storage.createExclusive('s3://b/l', 'run 1')).toBe(true);
    expect(await storage.createExclusive('s3://b/l', 'run 2')).toBe(false);
    expect((await storage.readVersion('s3://b/l'))?.text).toBe('run 1');
  });

  it('a run that loses the race finds the text of the other', async () => {
    const store = new FakeObjectStore();
    const results = await Promise.all(
      ['run 1', 'run 2'].map((text) => withoutConditions(store, false).createExclusive('s3://b/l', text)),
    );
    expect(results.filter((won) => won)).toHaveLength(1);
  });
});
