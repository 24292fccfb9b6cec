/** A node over records that are elsewhere answers as one that has them in memory, and lets nothing be changed. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Particle } from '../../src/core/particle.js';
import { indexBackup, type IndexedBackup } from '../../src/engine/catalog/indexed-backup.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import type { PlainRecord } from '../support/asb.js';
import {
  integerBin,
  NEVER,
  plainRecord,
  SEALED,
  temporaryDirectory,
  textBin,
  writeBackup,
} from '../support/backup-files.js';
import { ALL_PARTITIONS, digest, field, message, op, parseScan, WireClient, type Reply } from '../support/node.js';

const root = temporaryDirectory();
const GEO = '{"type":"Point","coordinates":[1,2]}';
const records: PlainRecord[] = [];
for (let n = 0; n < 300; n++) {
  const bins = [
    integerBin('n', n),
    textBin('t', 'x'.repeat(n)),
    { name: Buffer.from('g'), particle: Particle.GEOJSON, value: Buffer.from(GEO) },
  ];
  const set = Buffer.from(['', 'a', 'b'][n % 3]!);
  // A void time in the past: a backup shows what there was.
  records.push(plainRecord(n, { digest: digest(n % 7, n), bins, set, generation: (n % 9) + 1, voidTime: n % 2 }));
}

describe.each([
  ['a plain backup', {}],
  ['a compressed and encrypted backup', { codecs: SEALED }],
])('a node over %s', (name, options) => {
  let backup: IndexedBackup;
  let served: InMemoryCluster;
  let model: InMemoryCluster;
  let client: WireClient;
  let modelClient: WireClient;

  beforeAll(async () => {
    const files = await writeBackup(join(root, name), { records, perFile: 100, ...options });
    backup = await indexBackup(files, { sets: [], signal: NEVER });
    served = await InMemoryCluster.start({ namespaces: ['test'], sources: backup.sources, nsupPeriodS: 0 });
    model = await InMemoryCluster.start({ namespaces: ['test'], nsupPeriodS: 0 });
    for (const { set, digest: id, keyType, key, generation, bins } of records) {
      const stored = bins.map(({ name: bin, particle, value }) => ({
        name: bin.toString('latin1'),
        type: particle,
        value: particle === Particle.GEOJSON ? Buffer.concat([Buffer.alloc(3), value]) : value,
      }));
      const userKey = Buffer.concat([Buffer.of(keyType), key]);
      model.store('test').putRaw(set.toString('latin1'), id, userKey, generation, 0, stored);
    }
    for (const cluster of [served, model]) {
      const index = {
        namespace: 'test',
        name: 'i',
        set: undefined,
        bin: 'n',
        context: undefined,
        expression: undefined,
      };
      cluster.sindexes.add({ ...index, type: 'numeric', collection: 'default' });
    }
    client = await WireClient.open(served.seed);
    modelClient = await WireClient.open(model.seed);
  });
  afterAll(async () => {
    client.close();
    modelClient.close();
    await served.stop();
    await model.stop();
    backup.close();
  });

  /** Both answers, but for void times. */
  async function askBoth(frame: Buffer): Promise<[Reply[], Reply[]]> {
    const clean = (replies: readonly Reply[]): Reply[] => replies.map((reply) => ({ ...reply, voidTime: 0 }));
    const answer = await client.many(frame);
    const expected = await modelClient.many(frame);
    return [clean([...answer.rows, answer.last]), clean([...expected.rows, expected.last])];
  }

  it('scans give the same rows in the same order', async () => {
    for (const frame of [
      parseScan(ALL_PARTITIONS),
      parseScan([3, 1]),
      parseScan(ALL_PARTITIONS, { fields: [field(1, 'b')] }),
      parseScan(ALL_PARTITIONS, { fields: [field(1, 'unknown')] }),
      parseScan(ALL_PARTITIONS, { ops: [op(1, 0, 'n')] }),
      parseScan(ALL_PARTITIONS, { info1: 1 | 0x20 }),
      parseScan([], { fields: [field(12, Buffer.concat([digest(2, 100), digest(3, 101)]))] }),
    ]) {
      const [answer, expected] = await askBoth(frame);
      expect(answer).toEqual(expected);
    }
    const [all] = await askBoth(parseScan(ALL_PARTITIONS));
    expect(all).toHaveLength(301);
  });

  it('single reads give the same, expired or not', async () => {
    for (const n of [0, 1, 17, 299, 300]) {
      const frame = message({ info1: 3, fields: [field(0, 'test'), field(4, digest(n % 7, n))] });
      expect({ ...(await client.one(frame)), voidTime: 0 }).toEqual(await modelClient.one(frame));
    }
  });

  it('counts are known without reading', async () => {
    expect(await client.info('namespace/test')).toMatch(/;objects=300;/);
    expect(await client.info('sets/test/a')).toMatch(/objects=100:/);
  });

  it('writes, deletes and changing commands are refused', async () => {
    const fields = [field(0, 'test'), field(4, digest(1, 1))];
    const write = message({ info2: 1, fields, ops: [op(2, 1, 'n', '0000000000000001')] });
    expect((await client.one(write)).result).toBe(22);
    expect((await client.one(message({ info2: 3, fields }))).result).toBe(22);
    const missing = message({
      info2: 1,
      fields: [field(0, 'test'), field(4, digest(1, 9999))],
      ops: [op(2, 1, 'n', '0000000000000001')],
    });
    expect((await client.one(missing)).result).toBe(22);
    for (const command of [
      'truncate:namespace=test',
      'sindex-delete:ns=test;indexname=i',
      'udf-remove:filename=a.lua',
    ]) {
      expect(await client.info(command)).toBe('ERROR:22:read-only');
    }
    expect(served.nodes[0]!.failures).toEqual([]);
  });
});
