/**
 * The life of a backup, on an in-memory server: made, continued by an increment, listed, verified, damaged, compared
 * with the cluster, merged, looked into with the official client, restored at a time, and deleted. Ends with exit code
 * 1 if a command does otherwise than it should, or a record is not what it was.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Aerospike from 'aerospike';
import { startServer, type Server } from '../benchmark/server.js';

const ASB = fileURLToPath(new URL('../../bin/asb', import.meta.url));
const USERS = 2000;
const CHANGED = 50;
const DELETED = 20;
/** An increment takes again what was changed in the ten seconds before its parent was begun. */
const OVERLAP_MS = 11_000;
const { Key } = Aerospike;

type Client = Awaited<ReturnType<typeof Aerospike.connect>>;

const directory = mkdtempSync(join(tmpdir(), 'asb-demo-'));

async function main(): Promise<void> {
  const server = await startServer();
  const client = await connect(`${server.host}:${server.port}`);
  try {
    await live(server, client);
  } finally {
    client.close();
    await server.stop();
    rmSync(directory, { recursive: true });
  }
}

async function live(server: Server, client: Client): Promise<void> {
  const host = ['-h', server.host, '-p', String(server.port)];
  note(`${USERS} users are written; ${OVERLAP_MS / 1000} s later, they are backed up.`);
  for (let n = 0; n < USERS; n++) await put(client, n, `user ${n}`);
  await sleep(OVERLAP_MS);
  await asb(0, 'backup', '.', '--id', 'sunday', '-n', 'test', ...host);
  note(`${CHANGED} users change, and ${DELETED} are new.`);
  for (let n = 0; n < CHANGED; n++) await put(client, n, `changed ${n}`);
  for (let n = USERS; n < USERS + DELETED; n++) await put(client, n, `new ${n}`);
  await asb(0, 'backup', '.', '--id', 'monday', '-n', 'test', '--incremental-from', 'sunday', ...host);
  const monday = new Date();
  const before = await readAll(client);
  await asb(0, 'list', '.');
  await asb(0, 'verify', '.');

  note('One bit of a file is flipped.');
  const file = join(directory, 'monday', 'test', findBackupFile(join(directory, 'monday', 'test')));
  flipBit(file);
  await asb(1, 'verify', 'monday');
  flipBit(file);

  note(`${DELETED} users are deleted, and one is changed.`);
  for (let n = 100; n < 100 + DELETED; n++) await client.remove(new Key('test', 'users', n));
  await put(client, 0, 'changed again');
  await asb(0, 'merge', 'sunday', 'monday', '-o', 'monday-full');
  await asb(0, 'diff', 'monday-full', '-n', 'test', ...host);

  const served = await serve('monday-full');
  const reader = await connect(served.address);
  const { bins } = await reader.get(new Key('test', 'users', 100));
  note(`The official client reads a deleted user of the backup: ${JSON.stringify(bins)}`);
  reader.close();
  await served.stop();

  note('Everything is lost.');
  await client.infoAll('truncate-namespace:namespace=test');
  await asb(0, 'restore', '.', '--at', monday.toISOString(), ...host);
  const after = await readAll(client);
  const different = [...before].filter(([key, name]) => after.get(key) !== name).length;
  note(`${after.size} users are there, ${different} of them otherwise than on Monday.`);
  if (different > 0 || after.size !== before.size) fail('The state of Monday was not restored');

  await asb(0, 'prune', '.', '--keep-last', '1');
  await asb(0, 'list', '.');
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
async function readAll(client: Client): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  await new Promise<void>((resolve, reject) => {
    const stream = client.scan('test', 'users').foreach();
    stream.on('data', ({ key, bins }) => found.set(Number(key.key), bins.name as string));
    stream.on('error', reject);
    stream.on('end', () => {
      resolve();
    });
  });
  return found;
}

/** Runs a command and shows what it prints. Its log is shown only if it does not end as expected. */
async function asb(expectedCode: number, ...args: readonly string[]): Promise<void> {
  console.log(`$ asb ${args.join(' ')}`);
  const child = spawn(process.execPath, [ASB, ...args], { cwd: directory, stdio: ['ignore', 'inherit', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === expectedCode) return;
  process.stderr.write(log);
  fail(`asb ${args[0] ?? ''} ended with exit code ${code ?? 'null'}`);
}

async function serve(backup: string): Promise<{ address: string; stop: () => Promise<void> }> {
  console.log(`$ asb serve ${backup} --port 0 &`);
  const child = spawn(process.execPath, [ASB, 'serve', backup, '--port', '0'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    const text = String(chunk);
    const address = / on (\S+:\d+)\n/.exec(text)?.[1];
    if (address === undefined) continue;
    process.stdout.write(text);
    const stop = async (): Promise<void> => {
      child.kill('SIGINT');
      await ended;
    };
    return { address, stop };
  }
  return fail('asb serve ended');
}

function findBackupFile(path: string): string {
  return readdirSync(path).find((name) => name.endsWith('.asb')) ?? fail(`There is no backup file in ${path}`);
}

/** The lowest bit of byte 1000. */
function flipBit(path: string): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, 1000);
  byte[0]! ^= 1;
  writeSync(file, byte, 0, 1, 1000);
  closeSync(file);
}

function note(text: string): void {
  console.log(`# ${text}`);
}

function fail(text: string): never {
  throw new Error(text);
}

await main();
