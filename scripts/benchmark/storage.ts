/**
 * Uploads and downloads of one object through the storages of this project, side by side with the helpers of the SDKs
 * at the same concurrency with the same bytes. Each transfer is a process of its own: its memory is measured.
 * Servers are named as for the tests: S3_TEST_SERVER, AZURE_TEST_SERVER; the one for Google is the fake of the tests.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { StorageRegistry, type StorageSettings, type WorkerChannel } from '../../src/storage/registry.js';
import { FakeGcs } from '../../test/support/gcs-fake.js';
import { median } from './measure.js';
import { ResumableStore } from './resumable-store.js';

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '256' },
    runs: { type: 'string', default: '3' },
    /** STORE/JOB: this process is one transfer. */
    job: { type: 'string' },
    /** What the job needs to know of the server, as JSON. */
    server: { type: 'string', default: '{}' },
  },
});
const MIB = 1024 * 1024;
const PART_BYTES = 8 * MIB;
const RANGE_BYTES = 5 * MIB;
const CONCURRENCY = 8;
const CHUNKS = Number(values.mib);
const RUNS = Number(values.runs);
/** What a transfer may use. */
const ALLOWED_MIB = (CONCURRENCY * PART_BYTES) / MIB + 150;

interface Server {
  endpoint: string;
  /** Of the helper of the SDK, if it is another one. */
  helperEndpoint?: string;
  bucket: string;
  region?: string;
  accessKeyId?: string;
  secretAccessKey?: string;
  accountName?: string;
  accountKey?: string;
}

type Jobs = Record<string, (() => Promise<void>) | undefined>;

interface Figures {
  seconds: number;
  cpuSeconds: number;
  peakMib: number;
}

/** The packages of helpers that this project does not depend on are installed by scripts/bench. */
const require = createRequire(join(process.cwd(), '.tmp/storage-helpers/package.json'));

async function main(): Promise<void> {
  if (values.job !== undefined) return runJob(values.job, JSON.parse(values.server) as Server);
  console.log(
    `${CHUNKS} MiB, parts of ${PART_BYTES / MIB} MiB, ${CONCURRENCY} at a time; ${RUNS} runs of each in turn`,
  );
  console.log(`memory allowed: ${ALLOWED_MIB} MiB`);
  console.log(`${''.padEnd(32)}MB/s: median  best   processor s   peak MiB`);
  await measureAzure();
  await measureS3();
  await measureGcs();
}

async function measureAzure(): Promise<void> {
  const line = process.env.AZURE_TEST_SERVER;
  if (line === undefined) {
    console.log('Azure: AZURE_TEST_SERVER is not set');
    return;
  }
  const server = { ...(JSON.parse(line) as Server), bucket: `bench-${Date.now()}` };
  const service = connectAzure(server);
  await service.createContainer(server.bucket);
  await measure('azblob', server);
  await service.deleteContainer(server.bucket);
}

async function measureS3(): Promise<void> {
  const line = process.env.S3_TEST_SERVER;
  if (line === undefined) {
    console.log('S3: S3_TEST_SERVER is not set');
    return;
  }
  const server = { ...(JSON.parse(line) as Server), bucket: `bench-${Date.now()}` };
  const client = connectS3(server);
  await client.send(new CreateBucketCommand({ Bucket: server.bucket }));
  client.destroy();
  await measure('s3', server);
}

async function measureGcs(): Promise<void> {
  const fake = new FakeGcs();
  fake.buckets.set('bench', new Map());
  // The helpers speak another part of the API than this project does.
  const store = new ResumableStore();
  await measure('gs', { endpoint: await fake.listen(), helperEndpoint: await store.listen(), bucket: 'bench' });
  await store.close();
  await fake.close();
}

function connectAzure({ endpoint, accountName, accountKey }: Server): BlobServiceClient {
  return new BlobServiceClient(endpoint, new StorageSharedKeyCredential(accountName!, accountKey!));
}

function connectS3({ endpoint, region, accessKeyId, secretAccessKey }: Server): S3Client {
  const credentials = { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! };
  // The server of the tests takes no bodies in aws-chunked encoding.
  const checksums = {
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  } as const;
  return new S3Client({ endpoint, region: region!, forcePathStyle: true, credentials, ...checksums });
}

/** Alternating, so that what else the machine does meets all alike. */
async function measure(store: string, server: Server): Promise<void> {
  const figures = new Map<string, Figures[]>();
  const names = Object.entries(listJobs(store, server)).filter(([, job]) => job !== undefined);
  for (let run = 0; run < RUNS; run++) {
    for (const [name] of names)
      figures.set(name, [...(figures.get(name) ?? []), await startJob(`${store}/${name}`, server)]);
  }
  const speed = (seconds: number): string => ((CHUNKS * MIB) / 1e6 / seconds).toFixed(0).padStart(6);
  for (const [name, runs] of figures) {
    const seconds = runs.map((run) => run.seconds);
    const cpu = median(runs.map((run) => run.cpuSeconds)).toFixed(2);
    const peak = Math.round(Math.max(...runs.map((run) => run.peakMib)));
    const label = `${store.padEnd(8)}${name}`.padEnd(38);
    console.log(
      `${label}${speed(median(seconds))}${speed(Math.min(...seconds))}${cpu.padStart(14)}${String(peak).padStart(11)}`,
    );
  }
}

function startJob(job: string, server: Server): Promise<Figures> {
  const args = [...process.execArgv, process.argv[1]!, '--job', job, '--mib', values.mib];
  const child = spawn(process.execPath, [...args, '--server', JSON.stringify(server)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(stdout) as Figures);
      else reject(new Error(`${job} failed:\n${stderr}`));
    });
  });
}

/** Prints the figures of one transfer. Modules are loaded and a connection is made before the clock starts. */
async function runJob(name: string, server: Server): Promise<void> {
  const slash = name.indexOf('/');
  const job = listJobs(name.slice(0, slash), server)[name.slice(slash + 1)]!;
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  await job();
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const [, peakKib = '0'] = /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const figures: Figures = { seconds, cpuSeconds: (user + system) / 1e6, peakMib: Number(peakKib) / 1024 };
  console.log(JSON.stringify(figures));
}

function listJobs(store: string, server: Server): Jobs {
  if (store === 'azblob') return { ...listOwnJobs(store, server), ...listAzureHelpers(server) };
  if (store === 's3') return { ...listOwnJobs(store, server), ...listS3Helpers(server) };
  return { ...listOwnJobs(store, server), ...listGcsHelpers(server) };
}

function listOwnJobs(store: string, { bucket, ...server }: Server): Jobs {
  const transfers = { minPartBytes: PART_BYTES, maxUploads: CONCURRENCY, maxDownloads: CONCURRENCY };
  const settings: StorageSettings = { [store]: { ...server, ...transfers } };
  const path = `${store}://${bucket}/own`;
  return {
    'upload, as a backup does it': async () => {
      const registry = new StorageRegistry({ settings });
      const [channel] = await registry.openChannels([path], 1);
      const task: UploadTask = { channel: channel!, path };
      const worker = new Worker(process.argv[1]!, {
        workerData: task,
        argv: process.argv.slice(2),
        transferList: channel!.ports,
      });
      await once(worker, 'exit');
      const { sizeBytes } = await (await registry.forPath(path)).stat(path);
      if (sizeBytes !== CHUNKS * MIB) throw new Error(`${path} has ${sizeBytes} bytes`);
      await registry.close();
    },
    'upload, in the main thread': async () => {
      const registry = new StorageRegistry({ settings });
      await upload(registry, path);
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

/** What a worker thread gets: a backup writes its files there, and the main thread has the connections. */
interface UploadTask {
  channel: WorkerChannel;
  path: string;
}

async function upload(registry: StorageRegistry, path: string): Promise<void> {
  const chunk = randomBytes(MIB);
  const sink = await (await registry.forPath(path)).create(path, 0);
  for (let i = 0; i < CHUNKS; i++) await sink.write(chunk);
  await sink.close();
}

/** One chunk again and again, as the storages of this project get it. */
function createBody(): Readable {
  const chunk = randomBytes(MIB);
  let left = CHUNKS;
  return new Readable({
    read: function () {
      this.push(left-- > 0 ? chunk : null);
    },
    highWaterMark: MIB,
  });
}

function listAzureHelpers(server: Server): Jobs {
  const open = () => connectAzure(server).getContainerClient(server.bucket).getBlockBlobClient('helper');
  return {
    'upload, helper of the SDK': async () => {
      await open().uploadStream(createBody(), PART_BYTES, CONCURRENCY);
    },
    'download, helper of the SDK': async () => {
      await open().downloadToBuffer(0, undefined, { blockSize: RANGE_BYTES, concurrency: CONCURRENCY });
    },
  };
}

interface UploadHelper {
  Upload: new (options: {
    client: S3Client;
    params: { Bucket: string; Key: string; Body: Readable };
    partSize: number;
    queueSize: number;
  }) => { done(): Promise<unknown> };
}

/** The SDK has no helper for downloads in ranges: one request for the whole object stands for it. */
function listS3Helpers(server: Server): Jobs {
  const place = { Bucket: server.bucket, Key: 'helper' };
  return {
    'upload, helper of the SDK': async () => {
      const { Upload } = require('@aws-sdk/lib-storage') as UploadHelper;
      const client = connectS3(server);
      const params = { ...place, Body: createBody() };
      await new Upload({ client, params, partSize: PART_BYTES, queueSize: CONCURRENCY }).done();
      client.destroy();
    },
    'download, one request of the SDK': async () => {
      const client = connectS3(server);
      const { Body } = await client.send(new GetObjectCommand(place));
      const chunks = (Body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
      while ((await chunks.next()).done !== true);
      client.destroy();
    },
  };
}

interface GoogleStorage {
  Storage: new (options: { apiEndpoint: string; projectId: string; useAuthWithCustomEndpoint: boolean }) => {
    bucket(name: string): {
      file(name: string): {
        createWriteStream(options: { resumable: boolean; chunkSize: number; validation: boolean }): Writable;
        createReadStream(options: { validation: boolean }): Readable;
      };
    };
  };
}

/** The SDK uploads one object in one stream. Its downloads in ranges write a file: one request stands for them. */
function listGcsHelpers(server: Server): Jobs {
  const open = () => {
    const { Storage } = require('@google-cloud/storage') as GoogleStorage;
    const options = { apiEndpoint: server.helperEndpoint!, projectId: 'bench', useAuthWithCustomEndpoint: false };
    return new Storage(options).bucket(server.bucket).file('helper');
  };
  return {
    'upload, helper of the SDK': async () => {
      const options = { resumable: true, chunkSize: PART_BYTES, validation: false };
      await pipeline(createBody(), open().createWriteStream(options));
    },
    'download, one request of the SDK': async () => {
      const chunks = open().createReadStream({ validation: false })[Symbol.asyncIterator]();
      while ((await chunks.next()).done !== true);
    },
  };
}

if (isMainThread) await main();
else {
  const { channel, path } = workerData as UploadTask;
  // Calls to the main thread alone do not keep the thread alive.
  const alive = setInterval(() => undefined, 1000);
  await upload(StorageRegistry.forWorker(channel), path);
  clearInterval(alive);
}
