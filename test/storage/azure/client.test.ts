import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { AzureClient } from '../../../src/storage/azure/client.js';
import type { AzureSettings } from '../../../src/storage/azure/config.js';
import type { AzureConnection } from '../../../src/storage/azure/sdk.js';
import { BlockPool, PartBuffer, type Part } from '../../../src/storage/object-store/part-buffer.js';

interface Sent {
  method: string;
  options: Record<string, unknown>;
}

/** A client whose requests are kept: the options are the last argument of each. */
function open(settings: AzureSettings): { client: AzureClient; sent: Sent[] } {
  const sent: Sent[] = [];
  const blob = new Proxy(
    {},
    {
      get:
        (_, method: string) =>
        (...parameters: unknown[]) => {
          sent.push({ method, options: parameters.at(-1) as Sent['options'] });
          const readableStreamBody = Readable.from([Buffer.from('x')]);
          return Promise.resolve({ contentRange: 'bytes 0-0/1', contentLength: 1, readableStreamBody });
        },
    },
  );
  const getBlockBlobClient = (name: string) =>
    new Proxy(blob, { get: (of, key) => (key === 'name' ? name : (Reflect.get(of, key) as unknown)) });
  const service = { getContainerClient: () => ({ getBlockBlobClient }) };
  return {
    client: new AzureClient({ service, settings, host: 'h', log: () => undefined } as unknown as AzureConnection),
    sent,
  };
}

function createPart(): Part {
  const buffer = new PartBuffer(new BlockPool(), 'md5');
  buffer.append(Buffer.from('x'));
  return buffer.drain();
}

const address = { bucket: 'c', key: 'b' };
const upload = { ...address, uploadId: 'u' };

describe('archived blobs', () => {
  it('of a directory are all asked for at once, if a tier was given', async () => {
    const { client, sent } = open({ accessTier: 'Cool' });
    await client.thaw({ bucket: 'c', keys: ['a', 'b'] });
    expect(sent.map(({ method }) => method)).toEqual(['setAccessTier', 'setAccessTier']);
    const without = open({});
    await without.client.thaw({ bucket: 'c', keys: ['a'] });
    expect(without.sent).toEqual([]);
  });
});

describe('a customer key of Azure', () => {
  it('goes with every request that reads or writes bytes of a blob', async () => {
    const customerKey = Buffer.alloc(32, 7).toString('base64');
    const { client, sent } = open({ customerKey });
    await client.put({ ...address, part: createPart() });
    await client.putPart({ ...upload, number: 1, part: createPart() });
    await client.completeUpload({ ...upload, parts: [] });
    await client.getRange({ ...address, first: 0, length: 1, memory: new ArrayBuffer(1) });
    await client.find(address);
    const methods = sent.map(({ method }) => method);
    expect(methods).toEqual(['upload', 'stageBlock', 'commitBlockList', 'download', 'getProperties']);
    for (const { options } of sent) {
      expect(options.customerProvidedKey).toMatchObject({ encryptionKey: customerKey, encryptionAlgorithm: 'AES256' });
    }
  });

  it('that is none, is refused before a request', () => {
    expect(() => open({ customerKey: 'short' })).toThrow(/is not the base64 of 32 bytes/);
  });
});
