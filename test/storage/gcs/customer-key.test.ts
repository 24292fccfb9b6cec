import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StorageRegistry } from '../../../src/storage/registry.js';
import { FakeGcs } from '../../support/gcs-fake.js';

const KEY = Buffer.alloc(32, 7).toString('base64');
const OTHER = Buffer.alloc(32, 8).toString('base64');
const BYTES = Buffer.alloc(6 * 1024 * 1024, 'x');
const PATH = 'gs://b/k.asb';
const server = new FakeGcs();
let endpoint = '';
const registries: StorageRegistry[] = [];

beforeAll(async () => {
  server.buckets.set('b', new Map());
  endpoint = await server.listen();
});
afterAll(async () => {
  for (const registry of registries) await registry.close();
  await server.close();
});

function openStorage(customerKey?: string) {
  const registry = new StorageRegistry({
    settings: { gs: { endpoint, ...(customerKey === undefined ? {} : { customerKey }) } },
  });
  registries.push(registry);
  return registry.forPath(PATH);
}

async function readBytes(customerKey?: string): Promise<number> {
  const source = await (await openStorage(customerKey)).open(PATH, { readers: 2 });
  let bytes = 0;
  for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) bytes += chunk.length;
  await source.close();
  return bytes;
}

describe('a customer key of Google Cloud Storage', () => {
  it('encrypts uploads and small objects, which nobody reads without it', async () => {
    const storage = await openStorage(KEY);
    const sink = await storage.create(PATH, BYTES.length);
    await sink.write(Buffer.from(BYTES));
    await sink.close();
    await storage.writeSmall('gs://b/k.asb.state', 'state', 'the state file');
    expect(await readBytes(KEY)).toBe(BYTES.length);
    expect((await storage.readSmall('gs://b/k.asb.state', 'the state file')).toString()).toBe('state');
    await expect(readBytes()).rejects.toThrow(/encryption key is incorrect/i);
    await expect(readBytes(OTHER)).rejects.toThrow(/encryption key is incorrect/i);
    await expect(readBytes(OTHER)).rejects.not.toThrow(OTHER);
  });

  it('that is none, is refused', async () => {
    await expect(readBytes('short')).rejects.toMatchObject({ code: 'GS_CUSTOMER_KEY' });
  });
});
