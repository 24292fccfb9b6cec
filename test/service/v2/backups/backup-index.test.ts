import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { BackupIndex, type IndexContents } from '../../../../src/service/v2/backups/backup-index.js';
import type { OpenedCatalog } from '../../../../src/service/v2/storages/storage-directory.js';
import { StorageRegistry } from '../../../../src/storage/registry.js';
import type { Storage } from '../../../../src/storage/storage.js';
import { writeCatalogBackup } from '../../../support/catalog.js';
import { writeListed } from '../../../support/service-backups.js';
import { scratch } from '../../../support/target.js';

const folder = scratch();
let count = 0;
let root: string;
let nowMs: number;
let reads: string[];
let catalog: OpenedCatalog;
let index: BackupIndex;

beforeEach(async () => {
  root = join(folder.path, String(count++));
  nowMs = 0;
  reads = [];
  index = new BackupIndex(() => nowMs);
  await writeCatalogBackup(root, { id: 'one' });
  await writeCatalogBackup(root, { id: 'two' });
  writeListed(root);
  const storages = new StorageRegistry();
  const backend = await storages.forPath(root);
  const note = <Args extends [string, ...unknown[]], Result>(work: (...args: Args) => Result) => {
    return (...args: Args): Result => {
      reads.push(args[0].slice(root.length + 1));
      return work(...args);
    };
  };
  const counted: Storage = Object.assign(Object.create(backend) as Storage, {
    list: note(backend.list.bind(backend)),
    readSmall: note(backend.readSmall.bind(backend)),
    readVersion: note(backend.readVersion.bind(backend)),
  });
  const definition = { 'local-storage': { path: root } };
  catalog = { name: 'disk', definition, root, storages, backend: counted };
});
afterAll(() => folder.remove());

/** Later than what is shared between answers. */
async function readLater(ms = 300): Promise<IndexContents> {
  nowMs += ms;
  reads = [];
  return index.read(catalog);
}

const ids = ({ entries }: IndexContents): string[] => entries.map(({ id }) => id).sort();

describe('the index of backups', () => {
  it('read again, reads no document of what is complete', async () => {
    const first = await readLater();
    expect(ids(first)).toEqual(['nightly/backup/1777683600000', 'one', 'two']);
    expect(reads).toContain('one/backup.json');
    expect(ids(await readLater())).toEqual(ids(first));
    expect(reads.filter((path) => path.includes('one') || path.includes('17776'))).toEqual([]);
  });

  it('read at the same time, reads once', async () => {
    const [a, b] = await Promise.all([index.read(catalog), index.read(catalog)]);
    expect(a).toBe(b);
  });

  it('of a storage with more or fewer backups, has them at once', async () => {
    await readLater();
    await writeCatalogBackup(root, { id: 'three' });
    rmSync(join(root, 'one'), { recursive: true });
    rmSync(join(root, 'nightly'), { recursive: true });
    expect(ids(await readLater())).toEqual(['three', 'two']);
  });

  it('sees a hold at once if it is told, and soon if another process has made it', async () => {
    await readLater();
    const hold = JSON.stringify({ held: '2026-05-02T00:00:00Z', reason: '' });
    const isHeld = ({ entries }: IndexContents, id: string): boolean => entries.find((each) => each.id === id)!.held;
    writeFileSync(join(root, 'one', 'hold.json'), hold);
    index.touch(join(root, 'one'));
    expect(isHeld(await index.read(catalog), 'one')).toBe(true);
    writeFileSync(join(root, 'two', 'hold.json'), hold);
    let found = await readLater(6000);
    while (!isHeld(found, 'two')) {
      await new Promise((resolve) => setImmediate(resolve));
      found = await readLater();
    }
    expect(isHeld(found, 'two')).toBe(true);
  });
});
