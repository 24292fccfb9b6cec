/** The storage conformance suite on a real S3 server. */
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, it } from 'vitest';
import { MIB } from '../../src/storage/object-store/part-size.js';
import { StorageRegistry } from '../../src/storage/registry.js';
import { describeStorage } from '../storage/conformance.js';
import { s3Server, skipReason } from '../support/s3.js';
import type { Storage } from '../../src/storage/storage.js';

const server = s3Server();
const BUCKET = `conformance-${Date.now()}`;

if (server === undefined) {
  describe.skip(`S3 as a storage (${skipReason})`, () => it('is tested with a server', () => undefined));
} else {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  describeStorage('S3', async () => {
    // The SDK reads credentials from the environment.
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    });
    const client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    });
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const registry = new StorageRegistry({ settings: { s3: { endpoint, region } } });
    const storage: Storage = await registry.forPath(`s3://${BUCKET}/`);
    return {
      open: () => storage,
      directory: `s3://${BUCKET}/dir`,
      minDurableBytes: 5 * MIB,
      overwrite: async (path, bytes) => {
        const Key = path.slice(`s3://${BUCKET}/`.length);
        await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: bytes }));
      },
      close: async () => {
        client.destroy();
        await registry.close();
      },
    };
  });
}
