/** The storages that every integration test of storages runs on, each with a bucket of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { StorageRegistry, type StorageSettings } from '../../src/storage/registry.js';
import type { ByteSource } from '../../src/core/byte-stream.js';
import { azureServer, azureSkipReason } from './azure.js';
import { FakeGcs } from './gcs-fake.js';
import { s3Environment, s3Server, skipReason } from './s3.js';

export interface StoreUnderTest {
  /** What paths begin with, without a slash at the end: `gs://BUCKET`. */
  root: string;
  /** `http://HOST:PORT`; absent for local files. */
  origin?: string;
  /** The options of both commands, with another origin if it is given. */
  args(origin?: string): string[];
  /** The environment of the commands. */
  env: NodeJS.ProcessEnv;
  /** The settings of the storages, with another origin if it is given. */
  settings(origin?: string): StorageSettings;
  close(): Promise<void>;
}

export interface StoreKind {
  name: string;
  /** Why its tests skip; undefined = they do not. */
  skip: string | undefined;
  /** Options and environment with a key that is not the right one, and what is said then. */
  wrongKey?: { args: readonly string[]; env: Record<string, string>; message: RegExp };
  open(): Promise<StoreUnderTest>;
}

const local: StoreKind = {
  name: 'local files',
  skip: undefined,
  open() {
    const root = mkdtempSync(join(tmpdir(), 'asbackup-test-'));
    return Promise.resolve({
      root,
      args: () => [],
      env: process.env,
      settings: () => ({}),
      close: () => {
        rmSync(root, { recursive: true });
        return Promise.resolve();
      },
    });
  },
};

const s3: StoreKind = {
  name: 'S3',
  wrongKey: {
    args: ['--s3-access-key-id', s3Server()?.accessKeyId ?? '', '--s3-secret-access-key', 'd3Jvbmc='],
    env: {},
    message: /the secret key does not belong to the access key.* --s3-secret-access-key/,
  },
  skip: s3Server() === undefined ? skipReason : undefined,
  async open() {
    const server = s3Server()!;
    const { endpoint, region } = server;
    const bucket = `stores-${Date.now()}`;
    const client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      credentials: server,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    client.destroy();
    const env = s3Environment(server);
    // The storages of this process read the environment, too.
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: server.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    });
    return {
      root: `s3://${bucket}`,
      origin: endpoint,
      args: (origin = endpoint) => ['--s3-endpoint-override', origin],
      env,
      settings: (origin = endpoint) => ({ s3: { endpoint: origin, region } }),
      close: () => Promise.resolve(),
    };
  },
};

const gcs: StoreKind = {
  name: 'Google Cloud Storage',
  skip: undefined,
  async open() {
    const server = new FakeGcs();
    server.buckets.set('stores', new Map());
    const endpoint = await server.listen();
    return {
      root: 'gs://stores',
      origin: endpoint,
      args: (origin = endpoint) => ['--gcp-endpoint-override', origin],
      env: process.env,
      settings: (origin = endpoint) => ({ gs: { endpoint: origin } }),
      close: () => server.close(),
    };
  },
};

const azure: StoreKind = {
  name: 'Azure',
  wrongKey: {
    args: ['--azure-account-key', 'd3Jvbmc='],
    env: {},
    message: /refuses the account key or the SAS: it is wrong.* --azure-account-key/,
  },
  skip: azureServer() === undefined ? azureSkipReason : undefined,
  async open() {
    const { endpoint, accountName, accountKey } = azureServer()!;
    const container = `stores-${Date.now()}`;
    const service = new BlobServiceClient(endpoint, new StorageSharedKeyCredential(accountName, accountKey));
    await service.createContainer(container);
    const { origin: own, pathname } = new URL(endpoint);
    return {
      root: `azblob://${container}`,
      origin: own,
      args: (origin = own) => ['--azure-endpoint', `${origin}${pathname}`],
      env: { ...process.env, AZURE_STORAGE_ACCOUNT: accountName, AZURE_STORAGE_KEY: accountKey },
      settings: (origin = own) => ({ azblob: { endpoint: `${origin}${pathname}`, accountName, accountKey } }),
      close: async () => {
        await service.deleteContainer(container);
      },
    };
  },
};

export const STORES: readonly StoreKind[] = [local, s3, gcs, azure];

/** The contents of the backup files of a directory, or of one file. */
export async function readStored(store: StoreUnderTest, path: string): Promise<Buffer[]> {
  const registry = new StorageRegistry({ settings: store.settings() });
  try {
    const storage = await registry.forPath(path);
    const names = path.endsWith('.asb') ? [''] : (await storage.list(path)).map(({ name }) => `/${name}`);
    const files: Buffer[] = [];
    for (const name of names.filter((one) => one === '' || one.endsWith('.asb'))) {
      files.push(await readAll(await storage.open(`${path}${name}`)));
    }
    return files;
  } finally {
    await registry.close();
  }
}

export async function readAll(source: ByteSource): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) {
    chunks.push(Buffer.from(chunk));
  }
  await source.close();
  return Buffer.concat(chunks);
}
