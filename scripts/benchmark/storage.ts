/**
 * Uploads and downloads of one object through the storages of this project, side by side with the helper of Azure's SDK
 * at the same concurrency with the same bytes. Servers are named as for the tests: S3_TEST_SERVER, AZURE_TEST_SERVER.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { StorageRegistry, type StorageSettings } from '../../src/storage/registry.js';
import { median } from './measure.js';

const { values } = parseArgs({
  options: { mib: { type: 'string', default: '256' }, runs: { type: 'string', default: '3' } },
});
const MIB = 1024 * 1024;
const PART_BYTES = 8 * MIB;
const CONCURRENCY = 8;
const CHUNK = randomBytes(MIB);
const CHUNKS = Number(values.mib);
const RUNS = Number(values.runs);

type Jobs = Record<string, () => Promise<void>>;

async function main(): Promise<void> {
  console.log(
    `${CHUNKS} MiB, parts of ${PART_BYTES / MIB} MiB, ${CONCURRENCY} at a time; medians of ${RUNS} runs, MB/s`,
  );
  await measureAzure();
  await measureS3();
  const [, peakKib = '0'] = /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  console.log(`peak memory of the process: ${Math.round(Number(peakKib) / 1024)} MiB`);
}

async function measureAzure(): Promise<void> {
  const line = process.env.AZURE_TEST_SERVER;
  if (line === undefined) {
    console.log('Azure: AZURE_TEST_SERVER is not set');
    return;
  }
  const { endpoint, accountName, accountKey } = JSON.parse(line) as Record<string, string>;
  const service = new BlobServiceClient(endpoint!, new StorageSharedKeyCredential(accountName!, accountKey!));
  const name = `bench-${Date.now()}`;
  await service.createContainer(name);
  const blob = service.getContainerClient(name).getBlockBlobClient('helper');
  const settings = { azblob: { endpoint: endpoint!, accountName: accountName!, accountKey: accountKey! } };
  await measure('Azure', {
    ...ownJobs(withTransfers(settings), `azblob://${name}/own`),
    'upload, helper of the SDK': async () => {
      await blob.uploadStream(Readable.from(Array.from({ length: CHUNKS }, () => CHUNK)), PART_BYTES, CONCURRENCY);
    },
    'download, helper of the SDK': async () => {
      await blob.downloadToBuffer(0, undefined, { blockSize: 5 * MIB, concurrency: CONCURRENCY });
    },
  });
  await service.deleteContainer(name);
}

async function measureS3(): Promise<void> {
  const line = process.env.S3_TEST_SERVER;
  if (line === undefined) {
    console.log('S3: S3_TEST_SERVER is not set');
    return;
  }
  const { endpoint, region, accessKeyId, secretAccessKey } = JSON.parse(line) as Record<string, string>;
  const credentials = { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! };
  const client = new S3Client({ endpoint: endpoint!, region: region!, forcePathStyle: true, credentials });
  const name = `bench-${Date.now()}`;
  await client.send(new CreateBucketCommand({ Bucket: name }));
  client.destroy();
  const settings = { s3: { endpoint: endpoint!, region: region!, ...credentials } };
  await measure('S3', ownJobs(withTransfers(settings), `s3://${name}/own`));
}

function withTransfers(settings: StorageSettings): StorageSettings {
  const transfers = { minPartBytes: PART_BYTES, maxUploads: CONCURRENCY, maxDownloads: CONCURRENCY };
  return Object.fromEntries(Object.entries(settings).map(([scheme, own]) => [scheme, { ...own, ...transfers }]));
}

function ownJobs(settings: StorageSettings, path: string): Jobs {
  return {
    upload: async () => {
      const registry = new StorageRegistry({ settings });
      const sink = await (await registry.forPath(path)).create(path, 0);
      for (let i = 0; i < CHUNKS; i++) await sink.write(CHUNK);
      await sink.close();
      await registry.close();
    },
    download: async () => {
      const registry = new StorageRegistry({ settings });
      const source = await (await registry.forPath(path)).open(path);
      while ((await source.read()) !== undefined);
      await source.close();
      await registry.close();
    },
  };
}

/** Alternating, so that what else the machine does meets all alike. */
async function measure(store: string, jobs: Jobs): Promise<void> {
  const seconds = new Map<string, number[]>();
  for (let run = 0; run < RUNS; run++) {
    for (const [name, job] of Object.entries(jobs)) {
      const startMs = performance.now();
      await job();
      seconds.set(name, [...(seconds.get(name) ?? []), (performance.now() - startMs) / 1000]);
    }
  }
  for (const [name, times] of seconds) {
    const speed = ((CHUNKS * MIB) / 1e6 / median(times)).toFixed(0);
    console.log(`${store.padEnd(8)}${name.padEnd(32)}${speed.padStart(6)}`);
  }
}

await main();
