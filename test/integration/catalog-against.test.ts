/** asb verify --against: a backup beside a cluster in this process. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InMemoryCluster } from '../../src/node/cluster.js';
import type { PlainRecord } from '../support/asb.js';
import { plainRecord, temporaryDirectory } from '../support/backup-files.js';
import { writeCatalogBackup, writeNamespace } from '../support/catalog.js';
import { key, KEY_FILE } from '../support/codecs.js';

const ASB = fileURLToPath(new URL('../../bin/asb', import.meta.url));
const work = temporaryDirectory();
/** A year from now, in seconds since 2010. */
const LATER = Math.floor(Date.now() / 1000) - 1_262_304_000 + 365 * 86_400;

const [equal, missing, expired, newer, older, touched, added, wrapped] = [
  plainRecord(1),
  plainRecord(2),
  plainRecord(3, { voidTime: 100 }),
  plainRecord(4, { generation: 2 }),
  plainRecord(5, { generation: 3 }),
  plainRecord(6, { voidTime: LATER }),
  plainRecord(7),
  plainRecord(8, { generation: 65_535 }),
] as const;
const inBackup = [equal, missing, expired, newer, older, touched, wrapped];
const inCluster = [
  equal,
  { ...newer, generation: 9 },
  { ...older, generation: 1 },
  { ...touched, voidTime: LATER + 60 },
  added,
  { ...wrapped, generation: 1 },
];

let cluster: InMemoryCluster;

function fill(namespace: string, records: readonly PlainRecord[]): void {
  const store = cluster.store(namespace);
  for (const { digest, set, generation, voidTime, bins } of records) {
    const stored = bins.map(({ name, particle, value }) => ({ name: name.toString(), type: particle, value }));
    store.putRaw(set.toString(), digest, undefined, generation, voidTime, stored);
  }
}

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ namespaces: ['test', 'other', 'bar'], nodes: 2 });
  fill('test', inCluster);
  fill('other', inBackup);
});
afterAll(() => cluster.stop());

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function verify(path: string, ...args: string[]): Promise<Ended> {
  const { host, port } = cluster.seed;
  const line = [ASB, 'verify', path, '--against', `${host}:${port}`, ...args, '--no-config-file'];
  return new Promise((resolve) => {
    execFile(process.execPath, line, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

interface Against {
  namespace: string;
  examples: { kind: string; digest: string }[];
}

function parseAgainst(stdout: string): Against[] {
  return (JSON.parse(stdout) as { against: Against[] }[])[0]!.against;
}

const COUNTS = { records: 7, equal: 1, missing: 1, expired: 1, newer: 2, older: 1, touched: 1, added: 1 };

describe('asb verify --against', () => {
  it('counts what is missing, gone, newer, older and new, names the first of each, and fails', async () => {
    const path = join(work, 'plain');
    await writeNamespace(path, 'test', { id: 'plain' }, inBackup);
    const { code, stdout, stderr } = await verify(path, '--json');
    expect([code, stderr]).toEqual([1, expect.stringContaining('1 record(s) of the backup are not in the cluster')]);
    const [found] = parseAgainst(stdout);
    expect(found).toMatchObject({ namespace: 'test', clusterNamespace: 'test', ...COUNTS });
    const digests = (kind: string): string[] =>
      found!.examples.filter((each) => each.kind === kind).map(({ digest }) => digest);
    expect(digests('missing')).toEqual([missing.digest.toString('hex')]);
    expect(digests('expired')).toEqual([expired.digest.toString('hex')]);
    expect(digests('newer').sort()).toEqual([newer, wrapped].map(({ digest }) => digest.toString('hex')).sort());
    const text = await verify(path);
    expect(text.stdout).toMatch(/Missing in the cluster: +1\n.*Gone, as expired since: +1\n/s);
    expect(text.stdout).toContain(
      `older demo ${older.digest.toString('hex')}: generation 3, void time 0; cluster: generation 1, void time 0`,
    );
  });

  it('of records that are all there, under another name of the namespace, succeeds', async () => {
    const path = join(work, 'plain');
    const { code, stdout, stderr } = await verify(path, '-n', 'other', '--json');
    expect(code, stderr).toBe(0);
    // A node removes what has expired.
    const [found] = parseAgainst(stdout) as [Against & Record<string, number>];
    expect(found.equal! + found.expired!).toBe(7);
    const both = await verify(path, '-n', 'test,other', '--json');
    expect(both.code, both.stderr).toBe(0);
  });

  it('of several namespaces, encrypted, compares each with its own', async () => {
    const root = join(work, 'catalog');
    mkdirSync(root);
    const path = await writeCatalogBackup(root, { id: 'b1', namespaces: ['test', 'bar'] }, { key });
    const args = ['--encrypt', 'aes128', '--encryption-key-file', KEY_FILE];
    const { stdout } = await verify(path, '--json', ...args);
    expect(parseAgainst(stdout)).toMatchObject([
      { namespace: 'test', records: 3, missing: 2 },
      { namespace: 'bar', records: 3, missing: 3, added: 0 },
    ]);
    const withoutKey = await verify(path);
    expect([withoutKey.code, withoutKey.stderr]).toEqual([1, expect.stringContaining('no key was given')]);
  });

  it('of an increment or a part of a namespace, does not count what is new', async () => {
    const path = join(work, 'increment');
    await writeNamespace(path, 'test', { id: 'inc', type: 'incremental', parent: 'plain' }, [equal]);
    const { code, stdout } = await verify(path, '--json');
    expect(code).toBe(0);
    expect(parseAgainst(stdout)[0]).not.toHaveProperty('added');
  });

  it('of a damaged backup, says what is damaged, too', async () => {
    const path = join(work, 'damaged');
    await writeNamespace(path, 'test', { id: 'damaged' }, [equal]);
    const file = join(path, 'test_00000.asb');
    writeFileSync(file, readFileSync(file, 'latin1').replace('+ n test', '+ n tost'), 'latin1');
    const { code, stdout } = await verify(path);
    expect([code, stdout]).toEqual([1, expect.stringContaining('Block 0')]);
  });

  it('of encrypted files without a manifest, needs the name of the namespace', async () => {
    const path = join(work, 'files');
    await writeNamespace(path, 'test', {}, [equal], key);
    rmSync(join(path, 'manifest.json'));
    const args = ['--encrypt', 'aes128', '--encryption-key-file', KEY_FILE];
    const refused = await verify(path, ...args);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('--namespace')]);
    expect((await verify(path, '-n', 'test', ...args)).code).toBe(0);
  });
});
