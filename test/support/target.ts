/** What the integration tests run against: the in-memory node, or a real cluster when AEROSPIKE_HOST is set. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Aerospike, { type Client } from 'aerospike';
import { Cluster } from '../../src/aerospike/cluster/cluster.js';
import { dropSindex, listSindexes } from '../../src/aerospike/commands/sindex.js';
import { listUdfs } from '../../src/aerospike/commands/udf.js';
import { infoCommand, infoPathCommand } from '../../src/aerospike/protocol/info-command.js';
import { decode, records, type PlainRecord } from './asb.js';

const BIN = fileURLToPath(new URL('../../bin/', import.meta.url));

/** HOST:PORT of a real cluster whose namespaces `test` and `restored` the suite may empty. */
export const REAL_HOST = process.env.AEROSPIKE_HOST;

export interface Target {
  host: string;
  port: number;
  /** `-h HOST -p PORT` */
  args: string[];
  client: Client;
  /** Removes all records, indexes and UDF modules. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The in-memory node runs as a process of its own, because the official client blocks its thread while it connects.
 * `serverArgs` are for the in-memory node; tests that need them do not run on a real cluster.
 */
export async function openTarget(serverArgs: string[] = []): Promise<Target> {
  const server = REAL_HOST === undefined ? await startServer(serverArgs) : undefined;
  const { host, port } = server ?? splitHost(REAL_HOST!);
  const client = await Aerospike.connect({
    hosts: [{ addr: host, port }],
    log: { level: Aerospike.log.OFF },
  });
  return {
    host,
    port,
    args: ['-h', host, '-p', String(port)],
    client,
    empty: () => emptyCluster(host, port),
    async close() {
      client.close();
      await server?.stop();
    },
  };
}

const SERVER = fileURLToPath(new URL('../../dist/node/main.js', import.meta.url));

export async function startServer(args: string[]): Promise<{ host: string; port: number; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [SERVER, '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const address = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the in-memory node ended with code ${code ?? 'null'}`)));
    createInterface({ input: child.stdout }).once('line', (line) => resolve(line.replace(/^ready ([^,]*).*$/, '$1')));
  });
  return {
    ...splitHost(address),
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function splitHost(text: string): { host: string; port: number } {
  const [host = '', port = '3000'] = text.split(':');
  return { host, port: Number(port) };
}

async function emptyCluster(host: string, port: number): Promise<void> {
  const cluster = await Cluster.connect({
    seeds: [{ host, port }],
    servicesAlternate: false,
    connectTimeoutMs: 5000,
    infoTimeoutMs: 5000,
  });
  try {
    for (const namespace of ['test', 'restored']) {
      await cluster.infoAll(infoCommand('truncate-namespace', { namespace }));
      const { sindexes } = await listSindexes(cluster, namespace);
      for (const { name } of sindexes) await dropSindex(cluster, namespace, name);
    }
    for (const name of await listUdfs(cluster)) await cluster.info(infoCommand('udf-remove', { filename: name }));
    // A truncation takes a moment on a real server, and refuses writes of the same millisecond.
    for (;;) {
      const counts = await cluster.infoAll(infoPathCommand('namespace', 'test'));
      const others = await cluster.infoAll(infoPathCommand('namespace', 'restored'));
      if ([...counts, ...others].every(({ value }) => /(^|;)objects=0(;|$)/.test(value))) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  } finally {
    cluster.close();
  }
}

export interface Ran {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

/** Runs one of the commands as a user would. */
export function run(
  tool: 'asbackup' | 'asrestore' | 'asb',
  args: string[],
  options: { input?: Buffer; env?: Record<string, string> } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(BIN, tool), ...args], {
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout: Buffer.concat(stdout), stderr }));
    // A command that fails early closes its end of the pipe.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
  });
}

/** A folder that is removed when the test file ends. */
export function scratch(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'asbackup-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The bytes of all backup files of a folder, or of one file. */
export function readBackup(path: string): Buffer[] {
  if (path.endsWith('.asb')) return [readFileSync(path)];
  return readdirSync(path)
    .filter((name) => name.endsWith('.asb'))
    .sort()
    .map((name) => readFileSync(join(path, name)));
}

/** Records of backup files by digest. A digest that occurs twice is an error: every record belongs once. */
export function readRecords(files: readonly Buffer[]): Map<string, PlainRecord> {
  const found = new Map<string, PlainRecord>();
  for (const file of files) {
    for (const record of records(decode(file))) {
      const digest = record.digest.toString('base64');
      if (found.has(digest)) throw new Error(`the record ${digest} is in the backup twice`);
      found.set(digest, record);
    }
  }
  return found;
}

/** A restored TTL is "seconds from now", so the second of expiry may be the next one. */
const TTL_TOLERANCE_S = 3;

/** What differs between two sets of records, as sentences; empty = byte for byte the same. */
export function differences(
  expected: ReadonlyMap<string, PlainRecord>,
  actual: ReadonlyMap<string, PlainRecord>,
  extraTtlS = 0,
): string[] {
  const found: string[] = [];
  for (const [digest, record] of expected) {
    const other = actual.get(digest);
    if (other === undefined) {
      found.push(`${digest} is missing`);
      continue;
    }
    const { voidTime, ...rest } = record;
    const { voidTime: otherTime, ...otherRest } = other;
    const wantedTime = voidTime === 0 ? 0 : voidTime + extraTtlS;
    if (Math.abs(wantedTime - otherTime) > TTL_TOLERANCE_S) found.push(`${digest} expires at ${otherTime}`);
    if (text(rest) !== text(otherRest)) found.push(`${digest}: ${text(otherRest)} instead of ${text(rest)}`);
  }
  for (const digest of actual.keys()) if (!expected.has(digest)) found.push(`${digest} should not be there`);
  return found;
}

function text(record: Omit<PlainRecord, 'voidTime'>): string {
  // The server keeps bins in an order of its own.
  const bins = record.bins.map(
    ({ name, particle, value }) => `${name.toString('hex')}:${particle}:${value.toString('hex')}`,
  );
  const { namespace, set, keyType, key, generation } = record;
  return JSON.stringify([namespace, set.toString('hex'), keyType, key.toString('hex'), generation, bins.sort()]);
}
