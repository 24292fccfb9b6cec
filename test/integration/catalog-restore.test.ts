/** `asb restore` as a process: backups of a catalog into a cluster in this process. */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sindex, Udf } from '../../src/core/sindex.js';
import { VOID_TIME_EPOCH_S } from '../../src/core/void-time.js';
import { createBackupDocument } from '../../src/engine/catalog/backup-document.js';
import type { ManifestInfo } from '../../src/engine/catalog/manifest.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import type { PlainRecord } from '../support/asb.js';
import { integerBin, SEALED, storages, temporaryDirectory, writeBackup } from '../support/backup-files.js';
import { writeNamespace } from '../support/catalog.js';
import {
  clientRecord,
  describeRecord,
  digestOfKey,
  putRecord,
  readContents,
  readMetadata,
  readRecords,
} from '../support/cluster-contents.js';
import { KEY_FILE, key } from '../support/codecs.js';
import { STARTED_MS, writeStored } from '../support/service-backups.js';

const ASB = fileURLToPath(new URL('../../bin/asb', import.meta.url));
const SEALED_OPTIONS = ['-z', 'zstd', '-y', 'aes128', '--encryption-key-file', KEY_FILE];

const root = temporaryDirectory();
let cluster: InMemoryCluster;
let count = 0;
const fresh = (): string => join(root, `catalog${count++}`);

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ namespaces: ['test', 'bar', 'copy'] });
});
afterEach(() => {
  for (const name of ['test', 'bar', 'copy']) cluster.store(name).truncate(undefined, cluster.clock.nowMs() + 1);
  for (const name of ['test', 'bar', 'copy']) cluster.store(name).truncateLutMs = 0;
});
afterAll(() => cluster.stop());

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function asb(...args: string[]): Promise<Ended> {
  const { host, port } = cluster.seed;
  const all = ['restore', ...args, '-h', host, '-p', String(port), '--no-config-file'];
  return new Promise((resolve) => {
    execFile(process.execPath, [ASB, ...all], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

async function restore(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await asb(...args);
  expect(code, stderr).toBe(0);
  return stdout;
}

async function refused(...args: string[]): Promise<string> {
  const { code, stderr } = await asb(...args);
  expect(code).toBe(1);
  return stderr;
}

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 2, 3, minute)).toISOString();

/** A member of a catalog with one namespace. */
async function writeMember(
  catalog: string,
  id: string,
  minute: number,
  records: readonly PlainRecord[],
  info: Partial<ManifestInfo> = {},
): Promise<string> {
  const path = join(catalog, id);
  const type = info.parent === undefined ? 'full' : 'incremental';
  await writeNamespace(path, 'test', { id, type, started: at(minute), ...info }, records);
  return path;
}

const describeAll = (...records: PlainRecord[]): string[] => records.map(describeRecord).sort();

describe('asb restore of runs of the Aerospike Backup Service', () => {
  it('full run and increments at a time, have the indexes of the full one', async () => {
    const root = fresh();
    mkdirSync(root, { recursive: true });
    const index = { namespace: 'test', set: 's', name: 'by_n', bin: 'n', context: '', expression: '' };
    const sindexes: Sindex[] = [{ ...index, indexType: 'N', dataType: 'N' }];
    await writeStored(root, { records: [clientRecord('s', 1, 1)], sindexes });
    const records = [clientRecord('s', 1, 11, { generation: 2 })];
    await writeStored(root, { type: 'incremental', startMs: STARTED_MS + 60_000, fromMs: STARTED_MS, records });
    await restore(root, '--at', '2026-05-02T02:00:00Z');
    expect(await readContents(cluster, 'test')).toEqual(['s/1=11']);
    expect(await readMetadata(cluster, 'test')).toEqual(['s/by_n']);
  });
});

describe('asb restore of a backup', () => {
  async function writeTwoNamespaces(): Promise<string> {
    const path = join(fresh(), 'b1');
    mkdirSync(path, { recursive: true });
    const document = { id: 'b1', type: 'full', started: at(0), namespaces: ['bar', 'test'], selection: {} } as const;
    await createBackupDocument(path, document, storages);
    const info = { id: 'b1', started: at(0) };
    const bar = [clientRecord('x', 1, 10, { namespace: 'bar' })];
    await writeNamespace(join(path, 'bar'), 'bar', info, bar);
    const test = [clientRecord('users', 1, 1), clientRecord('users', 2, 2), clientRecord('orders', 1, 3)];
    await writeNamespace(join(path, 'test'), 'test', info, [...test, clientRecord('', 9, 4)]);
    return path;
  }

  it('several namespaces, are restored into those of their names', async () => {
    const stdout = await restore(await writeTwoNamespaces(), '--json');
    expect(await readContents(cluster, 'bar')).toEqual(['x/1=10']);
    expect(await readContents(cluster, 'test')).toEqual(['/9=4', 'orders/1=3', 'users/1=1', 'users/2=2']);
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: false,
      namespaces: [
        { namespace: 'bar', target: 'bar', complete: true, backups: [{ id: 'b1', result: { inserted: 1 } }] },
        { namespace: 'test', target: 'test', complete: true, backups: [{ id: 'b1', result: { inserted: 4 } }] },
      ],
    });
  });

  it('a namespace with another name, is restored into that', async () => {
    const stdout = await restore(await writeTwoNamespaces(), '-n', 'test', '--rename-namespace', 'test=copy');
    expect(stdout).toMatch(/^Namespace test into copy, as of 2026-01-02 03:00:00Z$/m);
    expect(cluster.store('copy').objects).toBe(4);
    expect(cluster.store('test').objects + cluster.store('bar').objects).toBe(0);
  });

  it('sets, are included and excluded', async () => {
    const path = await writeTwoNamespaces();
    await restore(path, '--include', 'test.users,test.', '--rename-namespace', 'test=copy');
    expect(await readContents(cluster, 'copy')).toEqual(['/9=4', 'users/1=1', 'users/2=2']);
    await restore(path, '--exclude', 'bar,test.users');
    expect(await readContents(cluster, 'test')).toEqual(['/9=4', 'orders/1=3']);
    expect(cluster.store('bar').objects).toBe(0);
  });

  it('names that the backup does not have, are refused', async () => {
    const path = await writeTwoNamespaces();
    expect(await refused(path, '--include', 'tset.users')).toMatch(/has no namespace tset; it has bar, test/);
    expect(await refused(path, '-n', 'copy')).toMatch(/has no namespace copy/);
    expect(await refused(path, '--rename-namespace', 'copy=test')).toMatch(/has no namespace copy/);
    expect(await refused(path, '--rename-namespace', 'bar=test')).toMatch(/would be restored into test/);
    expect(cluster.store('test').objects).toBe(0);
  });

  it('records where it is to be restored, are counted and refused before anything is written', async () => {
    const path = await writeTwoNamespaces();
    putRecord(cluster, 'test', clientRecord('users', 7, 7));
    expect(await refused(path)).toMatch(/not empty: namespace test has 1 record\(s\).*--on-existing/s);
    expect(cluster.store('bar').objects).toBe(0);
    expect(await refused(path, '--include', 'test.users')).toMatch(/1 record\(s\) of set users/);
    await restore(path, '--include', 'test.orders');
    expect(await readContents(cluster, 'test')).toEqual(['orders/1=3', 'users/7=7']);
    expect(await refused(path, '--exclude', 'test.users')).toMatch(/has 1 record\(s\) outside of the excluded sets/);
    expect(await refused(path, '--include', 'test.users', '--rename-set', 'test.users=orders')).toMatch(
      /1 record\(s\) of set orders/,
    );
  });

  it('only what it would do, is printed without a server', async () => {
    const stdout = await restore(await writeTwoNamespaces(), '--dry-run', '-n', 'test', '--exclude', 'test.users');
    expect(stdout).toBe(
      'Namespace test, as of 2026-01-02 03:00:00Z\n' +
        '  Without the sets: users\n' +
        '  BACKUP  TYPE  STARTED               RECORDS\n' +
        '  b1      full  2026-01-02 03:00:00Z        4\n',
    );
    expect(cluster.store('test').objects).toBe(0);
  });

  it('a directory of asbackup, a file and sealed files, are backups, too', async () => {
    const plain = fresh();
    await writeBackup(plain, { records: [clientRecord('users', 1, 1)], namespace: 'test' });
    await restore(plain, '--rename-namespace', 'test=copy');
    expect(await readContents(cluster, 'copy')).toEqual(['users/1=1']);
    await restore(join(plain, 'test_00000.asb'));
    expect(await readContents(cluster, 'test')).toEqual(['users/1=1']);
    const sealed = fresh();
    await writeBackup(sealed, { records: [clientRecord('users', 1, 2)], namespace: 'test', codecs: SEALED });
    await restore(sealed, ...SEALED_OPTIONS, '--rename-namespace', 'test=bar');
    expect(await readContents(cluster, 'bar')).toEqual(['users/1=2']);
  });

  it('the manifest of an encrypted backup, asks for the key before anything is written', async () => {
    const path = fresh();
    await writeNamespace(path, 'test', {}, [clientRecord('users', 1, 1)], key);
    expect(await refused(path)).toMatch(/is encrypted with aes128, for which there is no key/);
    await restore(path, '-y', 'aes128', '--encryption-key-file', KEY_FILE);
    expect(await readContents(cluster, 'test')).toEqual(['users/1=1']);
  });

  it('what is not complete, is refused unless it is allowed', async () => {
    const path = await writeMember(fresh(), 'b1', 0, [clientRecord('users', 1, 1)], {
      state: 'FAILED',
      reason: 'The disk is full',
    });
    expect(await refused(path)).toMatch(/is FAILED: The disk is full.*--allow-incomplete/s);
    await restore(path, '--allow-incomplete');
    expect(await readContents(cluster, 'test')).toEqual(['users/1=1']);
  });

  it('a file that the manifest names and that is lost, is found before anything is written', async () => {
    const path = await writeMember(fresh(), 'b1', 0, [clientRecord('users', 1, 1)]);
    rmSync(join(path, 'test_00000.asb'));
    await writeBackup(path, { records: [], namespace: 'other' });
    expect(await refused(path)).toMatch(/test_00000\.asb is missing/);
    expect(await refused(join(root, 'nowhere'))).toMatch(/There is no backup at/);
  });
});

describe('asb restore onto records that exist', () => {
  const older = clientRecord('s', 1, 1, { generation: 3, bins: [integerBin('n', 1), integerBin('own', 1)] });
  const newer = clientRecord('s', 2, 1, { generation: 7 });
  const backup = [
    clientRecord('s', 1, 5, { generation: 5 }),
    clientRecord('s', 2, 5, { generation: 5 }),
    clientRecord('s', 3, 5),
  ];

  it.each([
    ['merge', ['s/1=5+own', 's/2=1', 's/3=5']],
    ['replace', ['s/1=5', 's/2=1', 's/3=5']],
    ['create-only', ['s/1=1+own', 's/2=1', 's/3=5']],
    ['overwrite', ['s/1=5', 's/2=5', 's/3=5']],
  ])('%s: a record with a lower and one with a higher generation, are as documented', async (policy, expected) => {
    const catalog = fresh();
    const path = await writeMember(catalog, 'full', 0, backup);
    await writeMember(catalog, 'next', 1, [clientRecord('s', 9, 9)], { parent: 'full' });
    for (const [args, more] of [
      [[path], []],
      [[catalog, '--at', at(5)], ['s/9=9']],
    ] as const) {
      putRecord(cluster, 'copy', older);
      putRecord(cluster, 'copy', newer);
      await restore(...args, '--rename-namespace', 'test=copy', '--on-existing', policy);
      expect(await readContents(cluster, 'copy')).toEqual([...expected, ...more]);
      cluster.store('copy').truncate(undefined, cluster.clock.nowMs() + 1);
      cluster.store('copy').truncateLutMs = 0;
    }
  });
});

describe('asb restore into other sets', () => {
  it('records with stored keys, have the digests of their keys in the new set', async () => {
    const path = await writeMember(fresh(), 'b1', 0, [clientRecord('users', 1, 1), clientRecord('orders', 1, 2)]);
    await restore(path, '--rename-set', 'test.users=people');
    expect(await readContents(cluster, 'test')).toEqual(['orders/1=2', 'people/1=1']);
    const moved = (await readRecords(cluster, 'test')).find(({ set }) => set.toString() === 'people');
    expect(moved?.digest).toEqual(digestOfKey('people', 1));
  });

  it('records without keys, are not written, counted and make the exit code 1', async () => {
    const records = [clientRecord('users', 1, 1), clientRecord('users', 2, 2, { hasKey: false })];
    const path = await writeMember(fresh(), 'b1', 0, [...records, clientRecord('orders', 3, 3, { hasKey: false })]);
    const { code, stdout, stderr } = await asb(path, '--rename-set', 'test.users=people', '--json');
    expect(code).toBe(1);
    expect(stderr).toMatch(/1 record\(s\) of renamed sets were not written: their keys are not stored/);
    expect(JSON.parse(stdout)).toMatchObject({
      namespaces: [{ complete: false, error: { code: 'RESTORE_UNMOVABLE' } }],
    });
    expect((await readContents(cluster, 'test')).sort()).toEqual(['orders/?=3', 'people/1=1']);
  });
});

describe('indexes and modules', () => {
  const sindex = (set: string, name: string): Sindex => ({
    namespace: 'test',
    set,
    name,
    indexType: 'N',
    bin: 'n',
    dataType: 'N',
    context: '',
    expression: '',
  });
  const udf = (name: string): Udf => ({ name, content: Buffer.from('-- nothing\n') });

  beforeEach(async () => {
    await cluster.stop();
    cluster = await InMemoryCluster.start({ namespaces: ['test', 'bar', 'copy'] });
  });

  it.each([[[]], [['--indexes-last']], [['--wait']]])(
    'with %j, are those of the newest backup of a chain, and of selected sets only',
    async (options) => {
      const catalog = fresh();
      const full = { id: 'full', started: at(0) };
      const next = { id: 'next', type: 'incremental', parent: 'full', started: at(1) } as const;
      await writeNamespace(join(catalog, 'full'), 'test', full, [clientRecord('s', 1, 1)], undefined, {
        sindexes: [sindex('s', 'old')],
        udfs: [udf('old.lua')],
      });
      await writeNamespace(join(catalog, 'next'), 'test', next, [clientRecord('s', 2, 2)], undefined, {
        sindexes: [sindex('s', 'new'), sindex('other', 'excluded')],
        udfs: [udf('new.lua')],
      });
      const stdout = await restore(catalog, '--at', at(5), '--exclude', 'test.other', '--json', ...options);
      expect(await readMetadata(cluster, 'test')).toEqual(['new.lua', 's/new']);
      expect(await readContents(cluster, 'test')).toEqual(['s/1=1', 's/2=2']);
      const [newest, oldest] = [
        { id: 'next', result: { udfs: 1, sindexes: 2 } },
        { id: 'full', result: { udfs: 0, sindexes: 0 } },
      ];
      expect(JSON.parse(stdout)).toMatchObject({ namespaces: [{ backups: [newest, oldest] }] });
    },
  );

  it('of a renamed set, are those of the new set, and take no name from another', async () => {
    const path = join(fresh(), 'b1');
    await writeNamespace(path, 'test', { started: at(0) }, [clientRecord('users', 1, 1)], undefined, {
      sindexes: [sindex('users', 'by-n')],
    });
    await restore(path, '--rename-namespace', 'test=copy', '--rename-set', 'test.users=people');
    expect(await readMetadata(cluster, 'copy')).toEqual(['people/by-n']);
    await restore(path);
    const stderr = await refused(path, '--include', 'test.users', '--rename-set', 'test.users=people');
    expect(stderr).toMatch(/set "users" has an index of that name/);
    expect(await readMetadata(cluster, 'test')).toEqual(['users/by-n']);
    expect(await readContents(cluster, 'test')).toEqual(['people/1=1', 'users/1=1']);
  });
});

describe('asb restore at a time', () => {
  const expired = Math.floor(Date.now() / 1000) - VOID_TIME_EPOCH_S - 1000;

  async function writeWeek(): Promise<string> {
    const catalog = fresh();
    await writeMember(
      catalog,
      'sun',
      0,
      [1, 2, 3].map((n) => clientRecord('s', n, n)),
    );
    await writeMember(catalog, 'mon', 10, [clientRecord('s', 2, 22), clientRecord('s', 4, 4)], { parent: 'sun' });
    await writeMember(catalog, 'tue', 20, [clientRecord('s', 2, 222, { generation: 1 })], { parent: 'mon' });
    await writeMember(catalog, 'wed', 30, [clientRecord('s', 1, 11)], { parent: 'tue', state: 'FAILED' });
    await writeMember(catalog, 'thu', 40, [clientRecord('s', 3, 33)], { parent: 'wed' });
    return catalog;
  }

  it.each([
    [0, ['s/1=1', 's/2=2', 's/3=3']],
    [19, ['s/1=1', 's/2=22', 's/3=3', 's/4=4']],
    [50, ['s/1=1', 's/2=222', 's/3=3', 's/4=4']],
  ])('minute %d, is what the newest unbroken chain has', async (minute, expected) => {
    await restore(await writeWeek(), '--at', at(minute));
    expect(await readContents(cluster, 'test')).toEqual(expected);
  });

  it('which backups it takes, is said from the newest to the oldest', async () => {
    const stdout = await restore(await writeWeek(), '--at', at(50), '--dry-run', '--json');
    const { namespaces } = JSON.parse(stdout) as { namespaces: { asOf: string; backups: { id: string }[] }[] };
    expect(namespaces[0]!.asOf).toBe(at(20));
    expect(namespaces[0]!.backups.map(({ id }) => id)).toEqual(['tue', 'mon', 'sun']);
  });

  it('a moment before the first backup, and one of a namespace without a chain, are refused', async () => {
    const catalog = await writeWeek();
    expect(await refused(catalog, '--at', '2026-01-02T02:00:00Z')).toMatch(/has nothing of what was selected/);
    expect(await refused(catalog, '--at', '2026-01-02T02:00:00Z', '-n', 'test')).toMatch(/cannot be restored at/);
    expect(await refused(catalog, '--at', 'Tuesday')).toMatch(/expected/);
  });

  it('a version that has expired, does not let an older one come back', async () => {
    for (const policy of ['refuse', 'create-only', 'overwrite']) {
      const catalog = fresh();
      await writeMember(catalog, 'full', 0, [clientRecord('s', 1, 1), clientRecord('s', 2, 2)]);
      await writeMember(catalog, 'next', 1, [clientRecord('s', 1, 11, { voidTime: expired })], { parent: 'full' });
      await restore(catalog, '--at', at(5), '--rename-namespace', 'test=copy', '--on-existing', policy);
      expect(await readContents(cluster, 'copy')).toEqual(['s/2=2']);
    }
  });

  it('a version without the bins asked for, does not let an older one come back', async () => {
    const catalog = fresh();
    await writeMember(catalog, 'full', 0, [clientRecord('s', 1, 1), clientRecord('s', 2, 2)]);
    await writeMember(catalog, 'next', 1, [clientRecord('s', 1, 0, { bins: [integerBin('m', 1)] })], {
      parent: 'full',
    });
    await restore(catalog, '--at', at(5), '-B', 'n');
    expect(await readContents(cluster, 'test')).toEqual(['s/2=2']);
  });

  it('backups with and without encryption in one chain, are read as their manifests say', async () => {
    const catalog = fresh();
    await writeMember(catalog, 'full', 0, [clientRecord('s', 1, 1)]);
    const info = { id: 'next', type: 'incremental', parent: 'full', started: at(1) } as const;
    await writeNamespace(join(catalog, 'next'), 'test', info, [clientRecord('s', 2, 2)], key);
    await restore(catalog, '--at', at(5), '-y', 'aes128', '--encryption-key-file', KEY_FILE);
    expect(await readContents(cluster, 'test')).toEqual(describeAll(clientRecord('s', 1, 1), clientRecord('s', 2, 2)));
  });
});
