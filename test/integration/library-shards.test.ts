/** The library's setting `shard`: one part of a backup or a restore. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backup, type BackupSettings, OptionError, restore } from '../../dist/index.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { clientRecord, putRecord, readContents } from '../support/cluster-contents.js';
import { scratch } from '../support/target.js';

const RECORDS = 300;
const folder = scratch();
let cluster: InMemoryCluster;
let hosts = '';

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ nodes: 2, namespaces: ['test', 'restored'] });
  for (let n = 0; n < RECORDS; n++) putRecord(cluster, 'test', clientRecord('s', n, n));
  hosts = `${cluster.seed.host}:${cluster.seed.port}`;
});
afterAll(async () => {
  await cluster.stop();
  folder.remove();
});

describe('the setting shard', () => {
  it('as an object or as a text, makes parts of one backup, which parts of a restore read', async () => {
    const directory = join(folder.path, 'parts');
    const shards: BackupSettings['shard'][] = [{ index: 1, count: 2 }, '0/2'];
    const results = await Promise.all(
      shards.map((shard) => backup({ hosts, namespace: 'test', directory, ...(shard === undefined ? {} : { shard }) })),
    );
    expect(results.reduce((sum, { records }) => sum + records, 0)).toBe(RECORDS);
    const names = readdirSync(directory).filter((name) => name.endsWith('.asb'));
    expect(names.sort()).toEqual(['test-0of2_00000.asb', 'test-1of2_00000.asb']);
    for (const index of [0, 1]) {
      await restore({ hosts, namespace: { from: 'test', to: 'restored' }, directory, shard: { index, count: 2 } });
    }
    expect(await readContents(cluster, 'restored')).toEqual(await readContents(cluster, 'test'));
  });

  it.each<[string, Partial<BackupSettings>]>([
    ['an index beyond the count', { directory: 'd', shard: { index: 2, count: 2 } }],
    ['a negative index', { directory: 'd', shard: { index: -1, count: 2 } }],
    ['a fraction', { directory: 'd', shard: { index: 0.5, count: 2 } }],
    ['a word', { directory: 'd', shard: 'first' }],
    ['auto without a scheduler', { directory: 'd', shard: 'auto' }],
    ['a file that is named after another shard', { file: 'x-1of2.asb', shard: { index: 0, count: 2 } }],
    ['a file that is named after none', { file: 'x.asb', shard: '0/2' }],
  ])('with %s, is refused', async (_name, settings) => {
    const run = async () => backup({ hosts, namespace: 'test', ...settings });
    await expect(run()).rejects.toThrow(OptionError);
  });
});
