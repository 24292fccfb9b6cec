import { Readable } from 'node:stream';
import * as sdk from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { BlockPool, PartBuffer, type Part } from '../../../src/storage/object-store/part-buffer.js';
import { S3Client } from '../../../src/storage/s3/client.js';
import type { S3Settings } from '../../../src/storage/s3/config.js';
import type { S3Connection } from '../../../src/storage/s3/sdk.js';

interface Sent {
  name: string;
  input: Record<string, unknown>;
}

/** A client whose commands are kept and answered by `answer`. */
function open(settings: S3Settings, answer: (sent: Sent) => unknown = () => ({})): { client: S3Client; sent: Sent[] } {
  const sent: Sent[] = [];
  const send = (command: { constructor: { name: string }; input: Record<string, unknown> }): Promise<unknown> => {
    const entry = { name: command.constructor.name, input: command.input };
    sent.push(entry);
    return Promise.resolve().then(() => answer(entry));
  };
  const connection = { sdk, client: { send }, settings, host: 'h', region: 'r', log: () => undefined };
  return { client: new S3Client(connection as unknown as S3Connection), sent };
}

function part(text: string): Part {
  const buffer = new PartBuffer(new BlockPool());
  buffer.append(Buffer.from(text));
  return buffer.drain();
}

const address = { bucket: 'b', key: 'k' };
const upload = { ...address, uploadId: 'u' };

describe('what new objects are to be like', () => {
  const settings: S3Settings = {
    storageClass: 'GLACIER',
    serverSideEncryption: 'aws:kms',
    kmsKeyId: 'alias/x',
    objectLockMode: 'GOVERNANCE',
    objectLockDays: 2,
    tags: 'a=b',
  };
  const everywhere = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'alias/x', Tagging: 'a=b' };

  it('goes with objects of one request and with uploads', async () => {
    const { client, sent } = open(settings);
    await client.put({ ...address, part: part('x') });
    await client.createUpload(address);
    for (const { input } of sent) {
      expect(input).toMatchObject({ ...everywhere, StorageClass: 'GLACIER', ObjectLockMode: 'GOVERNANCE' });
      const days = ((input.ObjectLockRetainUntilDate as Date).getTime() - Date.now()) / 86_400_000;
      expect(days).toBeCloseTo(2, 2);
    }
  });

  it('no class and no lock goes with state and lock files', async () => {
    const { client, sent } = open(settings);
    await client.put({ ...address, part: part('x'), isControl: true });
    expect(sent[0]!.input).toMatchObject(everywhere);
    expect(sent[0]!.input).not.toHaveProperty('StorageClass');
    expect(sent[0]!.input).not.toHaveProperty('ObjectLockMode');
  });
});

describe('an upload', () => {
  const answer = ({ name }: Sent): unknown => {
    if (name === 'CreateMultipartUploadCommand') return { UploadId: 'second' };
    const [own, lost] = [
      { Key: 'k', UploadId: 'second' },
      { Key: 'k', UploadId: 'first' },
    ];
    return name === 'ListMultipartUploadsCommand' ? { Uploads: [own, lost, { Key: 'k2', UploadId: 'other' }] } : {};
  };

  it('that is begun again as the first answer was lost, ends what the first attempt has begun', async () => {
    const { client, sent } = open({}, answer);
    expect(await client.createUpload(address, { attempt: 2, received: 0 })).toBe('second');
    const aborted = sent.filter(({ name }) => name === 'AbortMultipartUploadCommand');
    expect(aborted.map(({ input }) => input)).toEqual([{ Bucket: 'b', Key: 'k', UploadId: 'first' }]);
  });

  it('goes on if nobody may list the uploads', async () => {
    const { client } = open({}, (one) => {
      if (one.name === 'ListMultipartUploadsCommand') throw new Error('denied');
      return answer(one);
    });
    expect(await client.createUpload(address, { attempt: 2, received: 0 })).toBe('second');
  });

  it('that is begun at the first attempt, costs no further request', async () => {
    const { client, sent } = open({}, answer);
    await client.createUpload(address);
    expect(sent).toHaveLength(1);
  });
});

describe('a customer key', () => {
  const customerKey = Buffer.alloc(32, 7).toString('base64');

  it('goes with every request that reads or writes bytes of an object', async () => {
    const { client, sent } = open({ customerKey }, ({ name }) =>
      name === 'GetObjectCommand'
        ? { ContentRange: 'bytes 0-0/1', ContentLength: 1, Body: Readable.from([Buffer.from('x')]) }
        : {},
    );
    await client.put({ ...address, part: part('x'), isControl: true });
    await client.createUpload(address);
    await client.putPart({ ...upload, number: 1, part: part('x') });
    await client.copyPart({ ...upload, number: 1, first: 0, length: 1 });
    const get = client.getRange({ ...address, first: 0, length: 1, memory: new ArrayBuffer(1) });
    await get.catch(() => undefined);
    expect(sent.map(({ name }) => name)).toEqual([
      'PutObjectCommand',
      'CreateMultipartUploadCommand',
      'UploadPartCommand',
      'UploadPartCopyCommand',
      'GetObjectCommand',
    ]);
    for (const { input } of sent) {
      expect(input).toMatchObject({ SSECustomerAlgorithm: 'AES256', SSECustomerKey: customerKey });
    }
    expect(sent[3]!.input).toMatchObject({ CopySourceSSECustomerKey: customerKey });
  });

  it('that is none, is refused before a request, and not repeated', () => {
    expect(() => open({ customerKey: 'short' })).toThrow(/customer key .* is not the base64 of 32 bytes/);
    expect(() => open({ customerKey: 'short' })).not.toThrow(/short/);
  });
});

describe('checksums', () => {
  it('are sent with parts and named when the upload is completed', async () => {
    const { client, sent } = open({ calculateChecksum: true }, () => ({ ETag: 'e' }));
    await client.createUpload(address);
    const { checksum, etag } = await client.putPart({ ...upload, number: 1, part: part('123456789') });
    await client.completeUpload({ ...upload, parts: [{ number: 1, etag, sizeBytes: 9, checksum }] });
    const [created, put, completed] = sent.map(({ input }) => input);
    expect(created).toMatchObject({ ChecksumAlgorithm: 'CRC32C' });
    expect(put).toMatchObject({ ChecksumCRC32C: '4waSgw==' });
    expect(completed).toMatchObject({ MultipartUpload: { Parts: [{ PartNumber: 1, ChecksumCRC32C: '4waSgw==' }] } });
  });

  it('are not sent unless they are wanted: many services do not know them', async () => {
    const { client, sent } = open({});
    await client.putPart({ ...upload, number: 1, part: part('x') });
    expect(sent[0]!.input).not.toHaveProperty('ChecksumCRC32C');
  });
});

describe('archived objects', () => {
  const archived = Object.assign(new Error('archived'), { name: 'InvalidObjectState', $metadata: {} });
  const read = (client: S3Client) => client.getRange({ ...address, first: 0, length: 1, memory: new ArrayBuffer(1) });

  it('without a tier are an error', async () => {
    const { client, sent } = open({}, () => Promise.reject(archived));
    await expect(read(client)).rejects.toBe(archived);
    expect(sent).toHaveLength(1);
  });

  it('of a directory are all asked for at once, also those that are restored or on their way already', async () => {
    const keys = ['a', 'b', 'c'];
    const { client, sent } = open({ tier: 'Standard' }, ({ name, input }) => {
      if (name !== 'RestoreObjectCommand') {
        const Contents = [...keys.map((Key) => ({ Key, StorageClass: 'DEEP_ARCHIVE' })), { Key: 'd' }];
        return { Contents };
      }
      if (input.Key === 'a') return Promise.reject(archived);
      if (input.Key !== 'b') return {};
      return Promise.reject(Object.assign(new Error('running'), { name: 'RestoreAlreadyInProgress', $metadata: {} }));
    });
    const listed = await client.list({ bucket: 'b', prefix: '' });
    expect(listed.filter((object) => object.archived === true).map(({ key }) => key)).toEqual(keys);
    await client.thaw({ bucket: 'b', keys });
    expect(sent.slice(1).map(({ input }) => input.Key)).toEqual(keys);
  });

  it('without a tier are not asked for', async () => {
    const { client, sent } = open({});
    await client.thaw({ bucket: 'b', keys: ['a'] });
    expect(sent).toEqual([]);
  });

  it('with a tier are restored, looked at until they are there, and then read by the next attempt', async () => {
    let looks = 0;
    const { client, sent } = open({ tier: 'Bulk', restorePollMs: 1 }, ({ name }) => {
      if (name === 'GetObjectCommand') return Promise.reject(archived);
      return name === 'HeadObjectCommand' ? { Restore: `ongoing-request="${++looks < 3 ? 'true' : 'false'}"` } : {};
    });
    await expect(read(client)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(sent.map(({ name }) => name.replace('Command', ''))).toEqual([
      'GetObject',
      'RestoreObject',
      'HeadObject',
      'HeadObject',
      'HeadObject',
    ]);
    expect(sent[1]!.input).toMatchObject({ RestoreRequest: { Days: 1, GlacierJobParameters: { Tier: 'Bulk' } } });
  });
});

describe('a prefix with 100,000 objects', () => {
  const COUNT = 100_000;
  const PAGE = 1000;
  const keys = Array.from({ length: COUNT }, (_, i) => `dir/${i} ä&<"'+%2F.asb`);

  it('is listed by pages, each object once', async () => {
    const { client, sent } = open({}, ({ input }) => {
      const begin = Number(input.ContinuationToken ?? 0);
      const end = begin + PAGE;
      const Contents = keys.slice(begin, end).map((Key) => ({ Key, Size: 1, ETag: 'e' }));
      return { Contents, IsTruncated: end < COUNT, NextContinuationToken: String(end) };
    });
    const found = await client.list({ bucket: 'b', prefix: 'dir/' });
    expect(found.map(({ key }) => key)).toEqual(keys);
    expect(sent).toHaveLength(COUNT / PAGE);
  });

  it('is deleted by a thousand objects at a time, and each that stays is named', async () => {
    const { client, sent } = open({}, ({ input }) => {
      const { Objects } = input.Delete as { Objects: { Key: string }[] };
      const Errors = Objects.filter(({ Key }) => Key.startsWith('dir/99')).map(({ Key }) => ({ Key, Code: 'Denied' }));
      return { Errors };
    });
    const error: unknown = await client.delete({ bucket: 'b', keys }).catch((failure: unknown) => failure);
    expect(sent).toHaveLength(COUNT / PAGE);
    const stay = keys.filter((key) => key.startsWith('dir/99'));
    expect(error).toMatchObject({
      code: 'S3_DELETE',
      message: expect.stringContaining(`and ${stay.length - 3} more`) as string,
      details: { failures: stay.map((key) => `${key}: Denied`) },
    });
  });
});

describe('deleting', () => {
  it('every object that is still there is named', async () => {
    const Errors = ['a', 'b', 'c', 'd'].map((Key) => ({ Key, Code: 'AccessDenied' }));
    const { client } = open({}, () => ({ Errors }));
    await expect(client.delete({ bucket: 'b', keys: ['a', 'b', 'c', 'd', 'e'] })).rejects.toMatchObject({
      code: 'S3_DELETE',
      details: { failures: ['a: AccessDenied', 'b: AccessDenied', 'c: AccessDenied', 'd: AccessDenied'] },
    });
  });
});
