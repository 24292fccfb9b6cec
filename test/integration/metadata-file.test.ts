/**
 * Indexes that files of version 3.1 cannot hold lie in a file of their own, so that older tools can read the records.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from '../../src/aerospike/cluster/cluster.js';
import { createSindex, dropSindex, listSindexes } from '../../src/aerospike/commands/sindex.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { fill, start } from '../support/backup.js';
import { readBackup, readRecords, run, scratch } from '../support/target.js';

const KEY = fileURLToPath(new URL('../fixtures/backups/key.pem', import.meta.url));
const RECORDS = 20_000;
const METADATA = 'metadata_test_00000.asb';
const EXPRESSION = 'kVECoW4=';
const folder = scratch();
let cluster: InMemoryCluster;
let args: string[];
let runs = 0;
const fresh = (): string => join(folder.path, `b${runs++}`);

/** Puts the server's commands for indexes. */
let client: Cluster;

async function addIndexes(): Promise<void> {
  const index = { namespace: 'test', set: 's', context: '', expression: '' };
  await createSindex(client, { ...index, name: 'plain', bin: 'n', dataType: 'S', indexType: 'N' });
  const byExpression = { ...index, name: 'by_exp', bin: '', expression: EXPRESSION };
  await createSindex(client, { ...byExpression, dataType: 'N', indexType: 'N' });
  await createSindex(client, { ...index, name: 'of_set', bin: '', dataType: 'E', indexType: 'S' });
}

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ build: '8.1.2.0' });
  fill(cluster, RECORDS, 's');
  const { host, port } = cluster.nodes[0]!;
  const seeds = [{ host, port }];
  client = await Cluster.connect({ seeds, servicesAlternate: false, connectTimeoutMs: 5000, infoTimeoutMs: 5000 });
  await addIndexes();
  args = ['-h', host, '-p', String(port)];
});
afterAll(async () => {
  client.close();
  await cluster.stop();
  folder.remove();
});

async function restoreAndCompare(source: string[]): Promise<void> {
  for (const { name } of (await listSindexes(client, 'restored')).sindexes) await dropSindex(client, 'restored', name);
  const restored = await run('asrestore', [...args, '-n', 'test,restored', ...source]);
  expect(restored.code, restored.stderr).toBe(0);
  const { sindexes: expected } = await listSindexes(client, 'test');
  const { sindexes: found } = await listSindexes(client, 'restored');
  expect(expected).toHaveLength(3);
  expect(new Set(found)).toEqual(new Set(expected.map((sindex) => ({ ...sindex, namespace: 'restored' }))));
  const validated = await run('asrestore', ['--validate', ...source]);
  expect(validated.code, validated.stderr).toBe(0);
  expect(validated.stderr).toContain('3 secondary index(es)');
}

describe('indexes on expressions and on whole sets', () => {
  it('to a directory lie in a metadata file, and the record files stay of version 3.1', async () => {
    const path = fresh();
    const { code, stderr } = await start(cluster, ['-d', path, '-F', '1']).done;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('Backing up 3 secondary index(es)');
    expect(stderr).toContain(`are in ${METADATA}, of version 3.3; the C asrestore cannot read that file.`);
    const files = readdirSync(path).sort();
    expect(files.length).toBeGreaterThan(2);
    expect(files[0]).toBe(METADATA);
    const text = readFileSync(join(path, METADATA), 'utf8');
    expect(text).toBe(
      `Version 3.3\n# namespace test\n* e test s by_exp N 1 null N ${EXPRESSION}\n* i test s of_set S 1  E\n`,
    );
    for (const name of files.slice(1)) expect(readFileSync(join(path, name), 'utf8')).toMatch(/^Version 3\.1\n/);
    const bytes = files.reduce((sum, name) => sum + readFileSync(join(path, name)).length, 0);
    expect(stderr).toContain(`3 secondary index(es), 0 UDF file(s), ${bytes} byte(s) in total`);
    await restoreAndCompare(['-d', path]);
  });

  it('have their checksums in the manifest, which goes when the directory is cleared without one', async () => {
    const path = fresh();
    const kept = await start(cluster, ['-d', path, '--manifest']).done;
    expect(kept.code, kept.stderr).toBe(0);
    const manifest = JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')) as {
      files: { name: string; blocks: [number, string][] }[];
    };
    const bytes = readFileSync(join(path, METADATA));
    const sha256 = createHash('sha256').update(bytes).digest('base64');
    expect(manifest.files.find(({ name }) => name === METADATA)?.blocks).toEqual([[bytes.length, sha256]]);
    await restoreAndCompare(['-d', path]);
    const replaced = await start(cluster, ['-d', path, '-r']).done;
    expect(replaced.code, replaced.stderr).toBe(0);
    expect(readdirSync(path).sort()).toEqual([METADATA, 'test_00000.asb']);
  });

  it('compressed and encrypted as the records are', async () => {
    const path = fresh();
    const flags = ['-z', 'zstd', '-y', 'aes128', '--encryption-key-file', KEY];
    const { code, stderr } = await start(cluster, ['-d', path, ...flags]).done;
    expect(code, stderr).toBe(0);
    expect(readFileSync(join(path, METADATA)).includes('of_set')).toBe(false);
    await restoreAndCompare(['-d', path, ...flags]);
  });

  it('to one file make it one of version 3.3, for there is no other place', async () => {
    const path = `${fresh()}.asb`;
    const { code, stderr } = await start(cluster, ['-o', path]).done;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('make the backup one of version 3.3, which the C asrestore cannot read.');
    expect(readFileSync(path, 'utf8')).toMatch(/^Version 3\.3\n/);
    await restoreAndCompare(['-i', path]);
  });

  it('of an interrupted backup are kept when it is continued, and go with it when it is replaced or removed', async () => {
    const path = fresh();
    const running = start(cluster, ['-d', path, '-L', '4000', '--checkpoint-interval', '0']);
    await running.until(/Starting backup for/);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.done;
    expect(code, stderr).toBe(1);
    const before = readFileSync(join(path, METADATA));
    const state = join(path, 'test.asb.state');
    const continued = await start(cluster, ['-d', path, '-c', state]).done;
    expect(continued.code, continued.stderr).toBe(0);
    expect(existsSync(state)).toBe(false);
    expect(readFileSync(join(path, METADATA))).toEqual(before);
    expect(readdirSync(path).filter((name) => name.startsWith('metadata'))).toEqual([METADATA]);
    expect(readRecords(readBackup(path).slice(1)).size).toBe(RECORDS);
    await restoreAndCompare(['-d', path]);

    const replaced = await start(cluster, ['-d', path, '-r', '-q', 'test', '--no-indexes']).done;
    expect(replaced.code, replaced.stderr).toBe(0);
    expect(readdirSync(path)).toEqual(['test_00000.asb']);
  });
});
