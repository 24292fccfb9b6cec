/** A backup in shards on object stores, compressed and encrypted. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { StorageRegistry } from '../../src/storage/registry.js';
import { clientRecord, putRecord, readContents } from '../support/cluster-contents.js';
import { KEY_FILE } from '../support/codecs.js';
import { STORES, type StoreUnderTest } from '../support/object-stores.js';

const BIN = fileURLToPath(new URL('../../bin/', import.meta.url));
const CRYPT = ['-z', 'zstd', '-y', 'aes256', '--encryption-key-file', KEY_FILE];
const RECORDS = 500;
const STORES_OF_SHARDS = STORES.filter(({ name }) => name === 'S3' || name === 'Google Cloud Storage');

describe.each(STORES_OF_SHARDS.map((kind) => [kind.name, kind] as const))('shards on %s', (_name, kind) => {
  describe.skipIf(kind.skip !== undefined)(kind.skip ?? 'a server', { timeout: 120_000 }, () => {
    let cluster: InMemoryCluster;
    let store: StoreUnderTest;

    beforeAll(async () => {
      store = await kind.open();
      cluster = await InMemoryCluster.start({ nodes: 2, namespaces: ['test', 'restored'] });
      for (let n = 0; n < RECORDS; n++) putRecord(cluster, 'test', clientRecord('s', n, n));
    });
    afterAll(async () => {
      await cluster.stop();
      await store.close();
    });

    async function run(tool: string, ...args: string[]): Promise<string> {
      const argv = [join(BIN, tool), ...args, ...store.args(), '--no-config-file'];
      const [code, text] = await new Promise<[unknown, string]>((resolve) => {
        execFile(process.execPath, argv, { env: store.env }, (error, stdout, stderr) => {
          resolve([error?.code ?? 0, stdout + stderr]);
        });
      });
      expect(code, text).toBe(0);
      return text;
    }

    it('written by one process each, are one backup with every record', async () => {
      const path = `${store.root}/shards`;
      const hosts = ['-h', `${cluster.seed.host}:${cluster.seed.port}`];
      const backUp = (shard: string) => run('asbackup', ...hosts, '-n', 'test', '-d', path, '--shard', shard, ...CRYPT);
      await Promise.all([backUp('1/2'), backUp('0/2')]);
      const registry = new StorageRegistry({ settings: store.settings() });
      const names = (await (await registry.forPath(path)).list(path)).map(({ name }) => name).sort();
      await registry.close();
      expect(names).toEqual([
        'test-0of2.manifest.json',
        'test-0of2_00000.asb',
        'test-1of2.manifest.json',
        'test-1of2_00000.asb',
      ]);
      expect(await backUp('1/2')).toContain('complete already');
      await run('asb', 'verify', path, ...CRYPT.slice(2));
      await run('asrestore', ...hosts, '-n', 'test,restored', '-d', path, ...CRYPT);
      const expected = await readContents(cluster, 'test');
      expect(expected).toHaveLength(RECORDS);
      expect(await readContents(cluster, 'restored')).toEqual(expected);
    });
  });
});
