/** What a cluster in this process holds, and records that clients could have written. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { Particle } from '../../src/core/particle.js';
import type { InMemoryCluster } from '../../src/node/cluster.js';
import { decode, records, type PlainRecord } from './asb.js';
import { int64, integerBin, plainRecord } from './backup-files.js';

const ASBACKUP = fileURLToPath(new URL('../../bin/asbackup', import.meta.url));
const MAX_BYTES = 64 * 1024 * 1024;

/** The digest that clients make of a set and an integer key. */
export function digestOfKey(set: string, key: number): Buffer {
  return createHash('ripemd160').update(set).update(Buffer.of(Particle.INTEGER)).update(int64(key)).digest();
}

/** Record number `n` of a set, with the value `value` in bin n. */
export function clientRecord(
  set: string,
  n: number,
  value: number,
  rest: Partial<PlainRecord> & { hasKey?: boolean } = {},
): PlainRecord {
  const { hasKey = true, ...fields } = rest;
  return plainRecord(n, {
    set: Buffer.from(set),
    digest: digestOfKey(set, n),
    bins: [integerBin('n', value)],
    ...(hasKey ? {} : { keyType: 0, key: Buffer.alloc(0) }),
    ...fields,
  });
}

export function putRecord(cluster: InMemoryCluster, namespace: string, record: PlainRecord, changedMs?: number): void {
  const { set, digest, keyType, key, generation, voidTime, bins } = record;
  const stored = bins.map(({ name, particle, value }) => ({ name: name.toString(), type: particle, value }));
  const userKey = keyType === 0 ? undefined : Buffer.concat([Buffer.of(keyType), key]);
  cluster.store(namespace).putRaw(set.toString(), digest, userKey, generation, voidTime, stored, changedMs);
}

/** `set/key=value` of each record with one integer bin, and `+bin` of each further bin, sorted. */
export async function readContents(cluster: InMemoryCluster, namespace: string): Promise<string[]> {
  return (await readRecords(cluster, namespace)).map(describeRecord).sort();
}

/** `set/name` of each secondary index, and the names of the modules, sorted. */
export async function readMetadata(cluster: InMemoryCluster, namespace: string): Promise<string[]> {
  const { entries } = decode(await backUp(cluster, namespace));
  return entries
    .flatMap((entry) =>
      entry.kind === 'sindex'
        ? [`${entry.sindex.set}/${entry.sindex.name}`]
        : entry.kind === 'udf'
          ? [entry.udf.name]
          : [],
    )
    .sort();
}

export async function readRecords(cluster: InMemoryCluster, namespace: string): Promise<PlainRecord[]> {
  return records(decode(await backUp(cluster, namespace)));
}

async function backUp(cluster: InMemoryCluster, namespace: string): Promise<Buffer> {
  const { host, port } = cluster.seed;
  const args = [ASBACKUP, '-h', host, '-p', String(port), '-n', namespace, '-o', '-', '--no-config-file'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { encoding: 'buffer', maxBuffer: MAX_BYTES });
  return stdout;
}

export function describeRecord({ set, keyType, key, bins }: PlainRecord): string {
  const name = keyType === Particle.INTEGER ? String(key.readBigInt64BE()) : '?';
  const [first, ...others] = [...bins].sort((a, b) => a.name.compare(b.name));
  const value = first?.value.length === 8 ? String(first.value.readBigInt64BE()) : '?';
  return `${set.toString()}/${name}=${value}${others.map((bin) => `+${bin.name.toString()}`).join('')}`;
}
