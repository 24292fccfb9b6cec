/**
 * A tour for newcomers: load records of every kind with the official client, back them up, wipe the namespace, restore,
 * and compare every record. Ends with exit code 1 if anything differs.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Aerospike from 'aerospike';
import { startServer } from '../benchmark/server.js';

const BIN = fileURLToPath(new URL('../../bin/', import.meta.url));
const PER_KIND = 500;
const { Double, GeoJSON, Key } = Aerospike;

type Client = Awaited<ReturnType<typeof Aerospike.connect>>;
type Bins = Parameters<Client['put']>[1];

/** A record as the client returned it. */
interface Seen {
  set: string;
  text: string;
  ttl: number;
}

/** Kinds of records: what makes the bins of record i. */
const KINDS: Readonly<Record<string, (i: number) => Bins>> = {
  integers: (i) => ({ small: i, large: 2n ** 62n + BigInt(i), negative: -i }),
  doubles: (i) => ({ whole: new Double(i), fraction: new Double(i / 7), tiny: new Double(5e-324) }),
  strings: (i) => ({ plain: `record ${i}`, unicode: `naïve ☃ ${i}`, 'line\nfeed': 'a\nb \\ c', empty: '' }),
  blobs: (i) => ({ bytes: createHash('sha512').update(String(i)).digest(), none: Buffer.alloc(0) }),
  booleans: (i) => ({ yes: true, no: false, even: i % 2 === 0 }),
  lists: (i) => ({ list: [i, 'two', [3, new Double(4)], { five: i }], flat: Array<number>(20).fill(i) }),
  maps: (i) => ({ map: { a: i, b: ['x', i], c: { d: true } }, flat: { key: 'value' } }),
  geojson: (i) => ({ place: new GeoJSON({ type: 'Point', coordinates: [(i % 360) - 180, (i % 180) - 90] }) }),
  'with a TTL': (i) => ({ n: i }),
};

async function main(): Promise<number> {
  const server = await startServer();
  const directory = mkdtempSync(join(tmpdir(), 'asbackup-demo-'));
  const client = await Aerospike.connect({
    hosts: [{ addr: server.host, port: server.port }],
    log: { level: Aerospike.log.OFF },
  });
  try {
    console.log(`In-memory server on ${server.host}:${server.port}. Loading ${PER_KIND} records of each kind …`);
    await load(client);
    const before = await snapshot(client);

    run('asbackup', ['-h', server.host, '-p', String(server.port), '-n', 'test', '-d', directory, '-w', '2']);
    await client.infoAll('truncate-namespace:namespace=test');
    const wiped = (await snapshot(client)).size;
    console.log(`Wiped the namespace: ${wiped} records are left.`);
    run('asrestore', ['-h', server.host, '-p', String(server.port), '-d', directory]);
    const after = await snapshot(client);

    // The client cannot tell a double 2.0 from an integer 2; a second backup of the restored data can.
    const again = mkdtempSync(join(tmpdir(), 'asbackup-demo-'));
    run('asbackup', ['-h', server.host, '-p', String(server.port), '-n', 'test', '-d', again, '-r', '-w', '1']);
    const bytesDiffer = countDifferences(readRecordTexts(directory), readRecordTexts(again));
    rmSync(again, { recursive: true });

    const differences = report(before, after) + bytesDiffer + wiped;
    console.log(`\nBackup files before and after, compared byte by byte: ${bytesDiffer} differences.`);
    console.log(`${differences} differences`);
    return differences === 0 ? 0 : 1;
  } finally {
    client.close();
    await server.stop();
    rmSync(directory, { recursive: true });
  }
}

async function load(client: Client): Promise<void> {
  for (const [kind, makeBins] of Object.entries(KINDS)) {
    const meta = kind === 'with a TTL' ? { ttl: 86_400 } : {};
    const policy = new Aerospike.WritePolicy({ key: Aerospike.policy.key.SEND });
    const writes: Promise<unknown>[] = [];
    for (let i = 0; i < PER_KIND; i++) {
      const key = new Key('test', kind, i % 2 === 0 ? i : `key ${i}`);
      writes.push(client.put(key, makeBins(i), meta, policy));
      if (writes.length === 100) await Promise.all(writes.splice(0));
    }
    await Promise.all(writes);
  }
  await client.createIntegerIndex({ ns: 'test', set: 'integers', bin: 'small', index: 'idx_small' });
}

/** Every record as the official client reads it, by digest. */
async function snapshot(client: Client): Promise<Map<string, Seen>> {
  const found = new Map<string, Seen>();
  const scan = client.scan('test');
  await new Promise<void>((resolve, reject) => {
    const stream = scan.foreach();
    stream.on('data', ({ key, bins, gen, ttl }) => {
      const text = inspect({ set: key.set, key: key.key, bins, gen });
      // A TTL counts down while we work.
      found.set(key.digest!.toString('hex'), { set: key.set, text, ttl });
    });
    stream.on('error', reject);
    stream.on('end', () => {
      resolve();
    });
  });
  return found;
}

function inspect(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) => {
    if (typeof v === 'bigint') return `${v}n`;
    return typeof v === 'object' && v !== null && !Array.isArray(v) && Object.getPrototypeOf(v) === Object.prototype
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v;
  });
}

/** The records of all files of a backup, as texts. */
function readRecordTexts(directory: string): Map<string, string> {
  const all = new Map<string, string>();
  for (const file of readdirSync(directory)) {
    const text = readFileSync(join(directory, file), 'latin1');
    for (const record of text.split(/^(?=\+ k )/m).slice(1)) {
      const digest = /^\+ d (.*)$/m.exec(record)?.[1] ?? '';
      all.set(digest, record);
    }
  }
  return all;
}

/** A TTL travels as "seconds from now", so the second at which a record expires may be the next one. */
const TTL_TOLERANCE_S = 2;

function countDifferences(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): number {
  const expiry = /^\+ t (\d+)$/m;
  const readTime = (text: string): number => Number(expiry.exec(text)?.[1] ?? 0);
  let count = 0;
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const [x = '', y = ''] = [a.get(key), b.get(key)];
    const same = x.replace(expiry, '') === y.replace(expiry, '');
    if (!same || Math.abs(readTime(x) - readTime(y)) > TTL_TOLERANCE_S) count++;
  }
  return count;
}

/** Prints the table; returns the number of differences. */
function report(before: ReadonlyMap<string, Seen>, after: ReadonlyMap<string, Seen>): number {
  const rows = new Map(Object.keys(KINDS).map((kind) => [kind, { before: 0, after: 0, different: 0 }]));
  for (const [digest, { set, text, ttl }] of before) {
    const row = rows.get(set)!;
    row.before++;
    const now = after.get(digest);
    if (now?.text !== text || Math.abs(now.ttl - ttl) > 120) row.different++;
  }
  for (const { set } of after.values()) rows.get(set)!.after++;
  console.log('\n' + 'records'.padEnd(14) + 'written'.padStart(9) + 'restored'.padStart(10) + 'different'.padStart(11));
  let total = 0;
  for (const [kind, row] of rows) {
    total += row.different + Math.abs(row.before - row.after);
    const cells = [row.before, row.after, row.different].map((n, i) => String(n).padStart([9, 10, 11][i]!));
    console.log(kind.padEnd(14) + cells.join(''));
  }
  return total;
}

function run(tool: 'asbackup' | 'asrestore', args: readonly string[]): void {
  console.log(`\n$ ${tool} ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, [join(BIN, tool), ...args], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${tool} ended with exit code ${status ?? 'null'}`);
}

process.exitCode = await main();
