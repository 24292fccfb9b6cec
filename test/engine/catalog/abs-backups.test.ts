import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createProcessLimits } from '../../../src/core/run-context.js';
import { findBackupChain, findChain } from '../../../src/engine/catalog/chains.js';
import { deleteBackup } from '../../../src/engine/catalog/delete-backup.js';
import { findBackups, findBelow, readBackup, type CatalogEntry } from '../../../src/engine/catalog/find-backups.js';
import { pruneBackups } from '../../../src/engine/catalog/prune.js';
import { verifyBackup } from '../../../src/engine/catalog/verify-backup.js';
import { metadata, writeRun } from '../../support/abs.js';
import { NEVER, SEALED, storages, temporaryDirectory } from '../../support/backup-files.js';
import { writeNamespace } from '../../support/catalog.js';

const work = temporaryDirectory();
const FULL = '1777683600000';
const INCREMENT = '1777687200000_2026-05-02T02-00-00';
let root: string;
let count = 0;

beforeEach(() => {
  root = join(work, String(count++));
  mkdirSync(root);
});

const at = (kind: string, time: string, ...more: string[]): string => join(root, 'daily', kind, time, 'data', ...more);
const context = { runId: 'run', signal: NEVER, limits: createProcessLimits(), emit: () => undefined };

async function verify(entry: CatalogEntry): Promise<string[]> {
  const options = { storages, codecs: {}, checksumsOnly: true, parallel: 1 };
  return (await verifyBackup(entry, options, context)).problems.map(({ text }) => text);
}

describe('backups of the Aerospike Backup Service', () => {
  it('are listed from the storage, a routine, its directories, and a run, with bounds and counts', async () => {
    await writeRun(at('backup', FULL, 'test'), 'test');
    await writeRun(at('backup', FULL, 'bar'), 'bar', { text: metadata('bar', { 'record-count': 7 }) });
    mkdirSync(join(root, 'daily', 'backup', FULL, 'configuration'));
    const text = metadata('test', {
      created: '2026-05-02T02:00:00+00:00',
      finished: '2026-05-02T02:00:01Z',
      from: '2026-05-02T01:00:00Z',
    });
    await writeRun(at('incremental', INCREMENT, 'test'), 'test', { text });
    await writeNamespace(join(root, 'own'), 'test', { id: 'own' });
    const entries = await findBackups(root, storages);
    expect(entries.map(({ id, kind, state }) => [id, kind, state])).toEqual([
      [`daily/backup/${FULL}`, 'abs', 'COMPLETED'],
      [`daily/incremental/${INCREMENT}`, 'abs', 'COMPLETED'],
      ['own', 'manifest', 'COMPLETED'],
    ]);
    expect(entries[0]).toMatchObject({
      type: 'full',
      started: '2026-05-02T01:00:00.000Z',
      finished: '2026-05-02T01:07:30.125Z',
      parts: [
        { namespace: 'bar', records: 7, bytes: 9120, files: 2 },
        { namespace: 'test', records: 3, bytes: 9120, files: 2 },
      ],
    });
    const parent = `daily/backup/${FULL}`;
    expect(entries[1]).toMatchObject({ type: 'incremental', parent, started: '2026-05-02T02:00:00.000Z' });
    expect(findChain(entries, 'test', Date.parse('2026-05-02T03:00:00Z'))).toHaveLength(2);
    const ids = async (path: string): Promise<string[]> => (await findBackups(path, storages)).map(({ id }) => id);
    expect(await ids(join(root, 'daily'))).toEqual([`backup/${FULL}`, `incremental/${INCREMENT}`]);
    expect(await ids(join(root, 'daily', 'backup'))).toEqual([FULL]);
    expect(await ids(join(root, 'daily', 'backup', FULL))).toEqual([FULL]);
    expect(await readBackup(join(root, 'daily', 'backup', FULL), storages)).toMatchObject({ id: FULL, kind: 'abs' });
  });

  it('that a cache has, are the same objects in each list, until what they build on is there no more', async () => {
    await writeRun(at('backup', FULL, 'test'), 'test');
    const text = metadata('test', { created: '2026-05-02T02:00:00Z', from: '2026-05-02T01:00:00Z' });
    await writeRun(at('incremental', INCREMENT, 'test'), 'test', { text });
    const cache = new Map<string, CatalogEntry>();
    const list = async (): Promise<CatalogEntry[]> =>
      findBelow(root, 'daily', await storages.forPath(root), {
        get: (path) => cache.get(path),
        set: (path, run) => void cache.set(path, run),
      });
    const first = await list();
    expect(first.map(({ parent }) => parent)).toEqual([undefined, `daily/backup/${FULL}`]);
    const second = await list();
    for (const [i, run] of second.entries()) expect(run).toBe(first[i]);
    rmSync(join(root, 'daily', 'backup'), { recursive: true });
    expect((await list()).map(({ parent }) => parent)).toEqual([undefined]);
  });

  it('with a damaged document, say so and hide nothing else', async () => {
    await writeRun(at('backup', FULL, 'test'), 'test', { text: 'created: [' });
    await writeRun(at('backup', '1777683600001', 'test'), 'test', { text: metadata('test', { created: 'never' }) });
    await writeRun(at('backup', '1777683600002', 'test'), 'test', { text: metadata('test', { 'byte-count': -1 }) });
    await writeRun(at('backup', '1777683600003', 'test'), 'test', { text: metadata('test', { encryption: 'DES' }) });
    await writeRun(at('backup', '1777683600004', 'test'), 'test', { text: '- 1' });
    await writeRun(at('backup', '1777683600005', 'test'), 'test');
    const entries = await findBackups(root, storages);
    expect(entries.map(({ state }) => state)).toEqual([...Array<string>(5).fill('DAMAGED'), 'COMPLETED']);
    for (const { reason } of entries.slice(0, 5)) expect(reason).toContain('metadata.yaml is damaged');
    expect(entries[0]!.started).toBe('2026-05-02T01:00:00.000Z');
  });

  it('without the document that is written last, are incomplete, unless another attempt came to its end', async () => {
    await writeRun(at('backup', FULL, 'test'), 'test');
    rmSync(at('backup', FULL, 'test', 'metadata.yaml'));
    expect(await findBackups(root, storages)).toMatchObject([
      { state: 'INCOMPLETE', parts: [{ namespace: 'test', state: 'INCOMPLETE' }] },
    ]);
    await writeRun(at('backup', FULL, 'test.2'), 'test');
    const [again] = await findBackups(root, storages);
    expect(again).toMatchObject({ state: 'COMPLETED', parts: [{ path: at('backup', FULL, 'test.2') }] });
  });

  it('of versions without a directory for the data, are listed', async () => {
    await writeRun(join(root, 'daily', 'backup', FULL, 'test'), 'test');
    expect(await findBackups(root, storages)).toMatchObject([{ id: `daily/backup/${FULL}`, state: 'COMPLETED' }]);
  });

  it('that hold a namespace which failed in the run before, build on its last good run: no change is lost', async () => {
    const [SECOND, THIRD] = ['1777687200000', '1777690800000'];
    const write = async (kind: string, run: string, namespace: string, from?: string): Promise<void> => {
      const created = new Date(Number(run)).toISOString();
      const times = { created, finished: created, ...(from === undefined ? {} : { from }) };
      await writeRun(at(kind, run, namespace), namespace, { text: metadata(namespace, times) });
    };
    const start = (run: string): string => new Date(Number(run)).toISOString();
    for (const namespace of ['bar', 'test']) await write('backup', FULL, namespace);
    await write('incremental', SECOND, 'bar', start(FULL));
    await write('incremental', THIRD, 'bar', start(SECOND));
    await write('incremental', THIRD, 'test', start(FULL));
    const entries = await findBackups(root, storages);
    const now = Date.parse('2026-05-03T00:00:00Z');
    const chain = (namespace: string): string[] | undefined =>
      findChain(entries, namespace, now)?.map(({ entry }) => entry.id);
    const ids = [FULL, SECOND, THIRD].map((run) => `daily/${run === FULL ? 'backup' : 'incremental'}/${run}`);
    expect(chain('bar')).toEqual(ids);
    expect(chain('test')).toEqual([ids[0], ids[2]]);
    // Changes of a namespace that nobody has: the chain is broken, instead of restored without them.
    rmSync(at('incremental', SECOND, 'bar'), { recursive: true });
    const found = findBackupChain(await findBackups(root, storages), 'bar', ids[2]!);
    expect(found).toMatchObject({ reason: 'PARENT_UNNAMED' });
  });

  it('are verified by the number of their files', async () => {
    await writeRun(at('backup', FULL, 'test'), 'test');
    const path = join(root, 'daily', 'backup', FULL);
    expect(await verify(await readBackup(path, storages))).toEqual([]);
    rmSync(at('backup', FULL, 'test', '1_test_2.asb'));
    expect(await verify(await readBackup(path, storages))).toEqual(['There are 1 file(s), but 2 were written']);
  });

  it('are not touched by delete and prune', async () => {
    await writeRun(at('backup', FULL, 'test'), 'test');
    await writeRun(at('backup', '1777683600001', 'test'), 'test', { text: 'damaged: [' });
    await writeNamespace(join(root, 'a1'), 'test', { id: 'a1' });
    await writeNamespace(join(root, 'a2'), 'test', { id: 'a2', started: '2026-05-01T00:00:00Z' });
    const files = (): string[] => readdirSync(join(root, 'daily'), { recursive: true }).map(String).sort();
    const before = files();
    const path = join(root, 'daily', 'backup', FULL);
    await expect(deleteBackup({ path, cascade: false, storages }, context)).rejects.toMatchObject({
      code: 'CATALOG_STATE',
    });
    const pruned = await pruneBackups({ root, rules: { last: 1 }, dryRun: false, storages }, context);
    expect(pruned.backups.map(({ id, action }) => [id, action])).toEqual([
      ['a2', 'keep'],
      ['a1', 'remove'],
    ]);
    expect(files()).toEqual(before);
  });
});

describe('directories of the newer tools', () => {
  it('show their namespace, as far as their files can be read', async () => {
    await writeRun(join(root, 'plain'), 'test');
    await writeRun(join(root, 'sealed'), 'test', { codecs: SEALED });
    for (const name of ['plain', 'sealed']) {
      rmSync(join(root, name, 'metadata.yaml'));
      renameSync(join(root, name, '1_test_2.asb'), join(root, name, 'metadata_test_3.asb'));
    }
    mkdirSync(join(root, 'pipe'));
    execFileSync('mkfifo', [join(root, 'pipe', 'a.asb')]);
    expect(await findBackups(root, storages)).toMatchObject([
      { id: 'pipe', kind: 'files', state: 'UNKNOWN', parts: [{ namespace: '', files: 1 }] },
      { id: 'plain', kind: 'files', state: 'UNKNOWN', parts: [{ namespace: 'test', files: 2 }] },
      { id: 'sealed', kind: 'files', state: 'UNKNOWN', parts: [{ namespace: '', files: 2 }] },
    ]);
  });
});
