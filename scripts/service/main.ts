/**
 * The service for somebody who has never seen it: started on a configuration of ten lines, asked for a full backup and
 * two increments, for their list, and for the state at a time in another namespace, which is compared with what was
 * there; then the same through /v2, with an id, a verification, a plan and a refusal, and the address of the console.
 * Ends with exit code 1 if an answer or a record is not what it should be.
 *
 * By default the cluster is an in-memory one and the storage a directory.
 *   --host HOST:PORT         a cluster with the empty namespaces test and restored
 *   --s3 ENDPOINT/BUCKET     an S3 storage; keys and region as the AWS tools find them in the environment
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Aerospike from 'aerospike';
import { stringify } from 'yaml';
import { startServer } from '../benchmark/server.js';
import {
  findFreePort,
  sendRequest,
  startServiceProcess,
  type ServiceProcess,
} from '../../test/support/service-process.js';

const USERS = 1000;
const CHANGED = 50;
/** An increment takes again what was changed in the ten seconds before the backup that it builds on. */
const OVERLAP_MS = 11_000;
const { Key } = Aerospike;

type Client = Awaited<ReturnType<typeof Aerospike.connect>>;

interface BackupDetails {
  timestamp: number;
  'finished-timestamp': number;
  namespace: string;
  'record-count': number;
  key: string;
}

interface RestoreStatus {
  status: string;
  error?: string;
  'inserted-records': number;
}

const directory = mkdtempSync(join(tmpdir(), 'asb-service-demo-'));
let url = '';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { host: { type: 'string' }, s3: { type: 'string' } } });
  const server = values.host === undefined ? await startServer() : undefined;
  const host = values.host ?? `${server!.host}:${server!.port}`;
  const client = await connect(host);
  let service: ServiceProcess | undefined;
  try {
    const port = await findFreePort();
    const file = join(directory, 'service.yml');
    const configuration = stringify(createConfiguration(host, port, values.s3), { collectionStyle: 'any' });
    writeFileSync(file, configuration);
    console.log(`# service.yml\n${configuration}`);
    service = await start(file);
    await live(client);
    await liveV2(client);
    await showConsole();
  } finally {
    if (service !== undefined) await stop(service);
    client.close();
    await server?.stop();
    rmSync(directory, { recursive: true });
  }
}

function createConfiguration(host: string, port: number, s3: string | undefined): object {
  const [name = '', clusterPort = ''] = host.split(':');
  return {
    service: { http: { address: '127.0.0.1', port } },
    'aerospike-clusters': { users: { 'seed-nodes': [{ 'host-name': name, port: Number(clusterPort) }] } },
    storage: { backups: s3 === undefined ? { 'local-storage': { path: join(directory, 'backups') } } : toS3(s3) },
    'backup-routines': {
      nightly: {
        'source-cluster': 'users',
        storage: 'backups',
        'interval-cron': '@daily',
        'incr-interval-cron': '0 0/30 * * * *',
        namespaces: ['test'],
      },
    },
  };
}

/** `http://HOST:PORT/BUCKET` */
function toS3(text: string): object {
  const { origin, pathname } = new URL(text);
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: region = 'us-east-1' } = process.env;
  return {
    's3-storage': {
      bucket: pathname.slice(1),
      path: `service-demo-${Date.now()}`,
      's3-region': region,
      's3-endpoint-override': origin,
      ...(id === undefined ? {} : { 'access-key-id': id, 'secret-access-key': secret }),
    },
  };
}

async function live(client: Client): Promise<void> {
  note(`${USERS} users are written; ${OVERLAP_MS / 1000} s later, they are backed up.`);
  for (let n = 0; n < USERS; n++) await put(client, n, `user ${n}`);
  await sleep(OVERLAP_MS);
  const [full] = await backUp('full', 1);
  if (full?.['record-count'] !== USERS) fail(`the full backup has not all ${USERS} users`);

  note(`${CHANGED} users change, and the routine backs up what has changed since.`);
  for (let n = 0; n < CHANGED; n++) await put(client, n, `changed ${n}`);
  const [first] = await backUp('incremental', 1);
  const before = await readAll(client, 'test');
  if (first?.['record-count'] !== CHANGED) fail(`the incremental backup has not the ${CHANGED} changed users alone`);

  note('They change again, by mistake; the next increment has the mistake.');
  await sleep(10);
  for (let n = 0; n < CHANGED; n++) await put(client, n, `mistake ${n}`);
  await backUp('incremental', 2);

  note('The state before the mistake is restored, into another namespace.');
  const id = await request('POST', '/v1/restore/timestamp', 202, {
    routine: 'nightly',
    time: first['finished-timestamp'],
    policy: { namespace: { source: 'test', destination: 'restored' } },
  });
  const restored = await waitForJob(id as number);
  if (restored.status !== 'success') fail(`the restore ended with ${restored.status}: ${restored.error ?? ''}`);
  const after = await readAll(client, 'restored');
  const different = [...before].filter(([key, name]) => after.get(key) !== name).length;
  note(`${after.size} users are there, ${different} of them otherwise than before the mistake.`);
  if (different > 0 || after.size !== before.size) fail('the state before the mistake was not restored');

  note('What the metrics tell of the backups:');
  const metrics = (await request('GET', '/metrics', 200)) as string;
  const lines = metrics
    .split('\n')
    .filter((line) => /^aerospike_backup_service_(?:backup|restore)_events_total/.test(line));
  console.log(lines.join('\n'));
  const page = (await request('GET', '/api-docs/', 200)) as string;
  if (!page.includes('<html')) fail('/api-docs/ has no page');
}

/** What a caller of /v2 sees: a backup by its id, from the first state to a restore. */
async function liveV2(client: Client): Promise<void> {
  note('/v2: a backup of one set, with an id; the answer comes when it has ended.');
  const backup = (await request('POST', '/v2/backups/backups?wait=60', 202, {
    id: 'before-release',
    include: ['test.users'],
  })) as Document;
  showDocument(backup, ['id', 'state', 'type', 'consistency', 'records', 'bytes']);
  if (backup.state !== 'COMPLETED' || backup.records !== USERS) fail('the backup has not all users');

  note('Every byte and record of it is read again.');
  const job = (await request('POST', '/v2/backups/backups/before-release/verify?wait=60', 202, {})) as Document;
  showDocument(job, ['id', 'state', 'verify']);
  if (job.state !== 'COMPLETED') fail('the verification has not succeeded');

  note('A restore into the set that was restored before is refused: there are records.');
  const target = { rename: { test: 'restored' } };
  const refused = (await request('POST', '/v2/backups/backups/before-release/restore', 409, target)) as Document;
  showDocument(refused, ['code', 'message']);
  if (refused.code !== 'target-not-empty') fail('the restore was not refused for the records');

  note('Into a set of another name, with the plan before.');
  const rename = { test: 'restored', 'test.users': 'users_v2' };
  const renamed = { include: ['test.users'], rename };
  const path = '/v2/backups/backups/before-release/restore';
  showDocument((await request('POST', `${path}?plan=true`, 200, renamed)) as Document, ['namespaces', 'refusals']);
  const restored = (await request('POST', `${path}?wait=60`, 202, renamed)) as Document;
  showDocument(restored, ['id', 'state']);
  const [before, after] = [await readAll(client, 'test'), await readAll(client, 'restored', 'users_v2')];
  const different = [...before].filter(([key, name]) => after.get(key) !== name).length;
  note(`${after.size} users are there, ${different} of them otherwise than in the backup.`);
  if (different > 0 || after.size !== USERS) fail('the backup was not restored');
}

async function showConsole(): Promise<void> {
  const page = (await request('GET', '/ui/', 200, undefined, false)) as string;
  if (!page.includes('<html')) fail('/ui/ has no page');
  note(`The web console: ${url}/ui/`);
}

type Document = Readonly<Record<string, unknown>>;

function showDocument(document: Document, names: readonly string[]): void {
  console.log(`  ${JSON.stringify(Object.fromEntries(names.map((name) => [name, document[name]])))}`);
}

/** Asks for a backup and waits until so many of the type are listed. */
async function backUp(type: 'full' | 'incremental', count: number): Promise<BackupDetails[]> {
  await request('POST', `/v1/backups/${type}/nightly`, 202);
  for (;;) {
    const list = (await request('GET', `/v1/backups/${type}/nightly`, 200, undefined, false)) as BackupDetails[];
    if (list.length >= count) {
      console.log(`\n$ curl ${url}/v1/backups/${type}/nightly`);
      for (const { key, namespace, 'record-count': records } of list) {
        console.log(`  ${key}  namespace ${namespace}, ${records} records`);
      }
      return list;
    }
    await sleep(50);
  }
}

async function waitForJob(id: number): Promise<RestoreStatus> {
  for (;;) {
    const status = (await request('GET', `/v1/restore/status/${id}`, 200, undefined, false)) as RestoreStatus;
    if (status.status !== 'running') {
      console.log(`\n$ curl ${url}/v1/restore/status/${id}\n  ${JSON.stringify(status)}`);
      return status;
    }
    await sleep(50);
  }
}

/** The answer: what its JSON says, or its text. */
async function request(
  method: 'GET' | 'POST',
  path: string,
  expected: number,
  body?: object,
  isShown = true,
): Promise<unknown> {
  if (isShown) {
    const data = body === undefined ? '' : ` -d '${JSON.stringify(body)}'`;
    console.log(`\n$ curl ${method === 'GET' ? '' : `-X ${method} `}${url}${path}${data}`);
  }
  const { status, text, json } = await sendRequest(`${url}${path}`, method, body);
  if (isShown) console.log(`  ${status}${text.length < 80 ? ` ${text}` : ''}`);
  if (status !== expected) fail(`${method} ${path} was answered by ${status}: ${text}`);
  return json ?? text;
}

async function start(file: string): Promise<ServiceProcess> {
  console.log(`$ aerospike-backup-service -c service.yml &`);
  const started = performance.now();
  const service = await startServiceProcess(file);
  url = service.url;
  note(`It answers at ${url} after ${((performance.now() - started) / 1000).toFixed(2)} s.`);
  return service;
}

async function stop(service: ServiceProcess): Promise<void> {
  const code = await service.end('SIGTERM');
  note(`SIGTERM: the service ended with exit code ${code ?? 'null'}.`);
  if (code !== 0) process.exitCode = 1;
}

function connect(hosts: string): Promise<Client> {
  const [addr = '', port = ''] = hosts.split(':');
  return Aerospike.connect({ hosts: [{ addr, port: Number(port) }], log: { level: Aerospike.log.OFF } });
}

async function put(client: Client, n: number, name: string): Promise<void> {
  const policy = new Aerospike.WritePolicy({ key: Aerospike.policy.key.SEND });
  await client.put(new Key('test', 'users', n), { name }, {}, policy);
}

/** Names by key. */
async function readAll(client: Client, namespace: string, set = 'users'): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  await new Promise<void>((resolve, reject) => {
    const stream = client.scan(namespace, set).foreach();
    stream.on('data', ({ key, bins }) => found.set(Number(key.key), bins.name as string));
    stream.on('error', reject);
    stream.on('end', () => {
      resolve();
    });
  });
  return found;
}

function note(text: string): void {
  console.log(`\n# ${text}`);
}

function fail(text: string): never {
  throw new Error(text);
}

await main();
