import { describe, expect, it } from 'vitest';
import { MIB } from '../../../src/storage/object-store/part-size.js';
import { RangedReader } from '../../../src/storage/object-store/ranged-reader.js';
import { FakeObjectStore } from './fake-client.js';

describe('a reader of ranges', () => {
  it.each([0, 1, 5 * MIB, 5 * MIB + 1, 12 * MIB + 3])('gives %i bytes in order', async (length) => {
    const store = new FakeObjectStore();
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i += 1000) bytes[i] = i % 251;
    store.objects.set('k', bytes);
    const source = new RangedReader('s3://b/k', store, { bucket: 'b', key: 'k' }, 3);
    const chunks: Buffer[] = [];
    for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) {
      chunks.push(Buffer.from(chunk));
    }
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    await source.close();
    expect(await source.read()).toBeUndefined();
  });

  it('fails when the object is replaced between two ranges', async () => {
    const store = new FakeObjectStore();
    store.objects.set('k', Buffer.alloc(20 * MIB, 1));
    const source = new RangedReader('s3://b/k', store, { bucket: 'b', key: 'k' }, 2);
    await source.read();
    store.objects.set('k', Buffer.alloc(20 * MIB, 2));
    const rest = async (): Promise<void> => {
      while ((await source.read()) !== undefined);
    };
    await expect(rest()).rejects.toMatchObject({ code: 'S3_CHANGED' });
  });
});
