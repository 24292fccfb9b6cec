import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createProcessLimits } from '../../../src/core/run-context.js';
import { currentHolder } from '../../../src/engine/backup/checkpoint/lock.js';
import { removeBackup } from '../../../src/engine/backup/output/removal.js';
import { deleteBackup } from '../../../src/engine/catalog/delete-backup.js';
import { isRead, isReaderMark, markRead, withReaderMarks } from '../../../src/engine/catalog/reader-mark.js';
import type { Removal } from '../../../src/engine/catalog/remove-backups.js';
import { StorageError } from '../../../src/storage/errors.js';
import type { StorageAccess } from '../../../src/storage/registry.js';
import { NEVER, storages, temporaryDirectory } from '../../support/backup-files.js';
import { writeCatalogBackup, writeNamespace } from '../../support/catalog.js';
import { InterruptedStorages } from '../../support/interrupted-storage.js';

const work = temporaryDirectory();
const DEAD_MARK = 'reading-0f8fad5b-d9cb-469f-a165-70867728950e.lock';
const own = { storages, signal: NEVER };
let root: string;
let count = 0;

beforeEach(() => {
  root = join(work, String(count++));
  mkdirSync(root);
});

const context = () => ({
  runId: `run-${count++}`,
  signal: NEVER,
  limits: createProcessLimits(),
  emit: () => undefined,
});

function remove(path: string, access: StorageAccess = storages): Promise<Removal> {
  return deleteBackup({ path, cascade: false, storages: access }, context());
}

const listMarks = (directory: string): string[] => readdirSync(directory).filter(isReaderMark);

describe('a backup that is being read', () => {
  it('is not deleted, and is when the reader has ended', async () => {
    const path = await writeCatalogBackup(root, { id: 'b1' });
    await withReaderMarks([path], own, async () => {
      await expect(remove(path)).rejects.toMatchObject({ code: 'CATALOG_IN_USE' });
    });
    expect(listMarks(path)).toEqual([]);
    expect((await remove(path)).removed).toMatchObject([{ id: 'b1', files: 2, strangers: [] }]);
  });

  it('in one of its namespaces, is not deleted', async () => {
    const path = await writeCatalogBackup(root, { id: 'b1' });
    await withReaderMarks([join(path, 'test')], own, async () => {
      await expect(remove(path)).rejects.toMatchObject({ code: 'CATALOG_IN_USE' });
    });
  });

  it('is neither removed nor replaced by a run of asbackup', async () => {
    const path = join(root, 'single');
    await writeNamespace(path, 'test', { id: 'single' });
    const removal = { target: { kind: 'directory', path }, storages } as const;
    await withReaderMarks([path], own, async () => {
      await expect(removeBackup(removal, context())).rejects.toMatchObject({ code: 'CATALOG_IN_USE' });
    });
    await removeBackup(removal, context());
    expect(readdirSync(root)).toEqual([]);
  });

  it('is spared by a deletion that had not seen the reader when it began', async () => {
    const path = await writeCatalogBackup(root, { id: 'b1' });
    let end: (() => Promise<void>) | undefined;
    // The reader comes just before the tombstone is written.
    const access = new InterruptedStorages(async (change, method) => {
      if (method !== 'createExclusive' || end !== undefined || change < 2) return;
      end = await markRead([path], own);
    });
    await expect(remove(path, access)).rejects.toMatchObject({ code: 'CATALOG_IN_USE' });
    expect(readdirSync(path)).not.toContain('tombstone.json');
    await end!();
    expect((await remove(path)).removed).toHaveLength(1);
  });

  it('is not read any more when its deletion has begun', async () => {
    const path = await writeCatalogBackup(root, { id: 'b1' });
    await remove(path);
    const reading = withReaderMarks([path], own, () => Promise.reject(new Error('it was read')));
    await expect(reading).rejects.toMatchObject({ code: 'CATALOG_DELETED' });
    expect(listMarks(path)).toEqual([]);
  });
});

describe('the mark of a reader', () => {
  it('that was killed, keeps nobody from deleting, and goes with the backup', async () => {
    const path = join(root, 'single');
    await writeNamespace(path, 'test', { id: 'single' });
    const holder = { ...currentHolder('killed'), processStart: '1' };
    writeFileSync(join(path, DEAD_MARK), JSON.stringify({ format: 'asbackup-lock', ...holder }));
    expect(await isRead({ kind: 'directory', path }, await storages.forPath(path))).toBe(false);
    expect((await remove(path)).removed).toMatchObject([{ strangers: [] }]);
    expect(listMarks(path)).toEqual([]);
  });

  it('that was killed, is removed by the next reader', async () => {
    const path = await writeCatalogBackup(root, { id: 'b1' });
    const holder = { ...currentHolder('killed'), processStart: '1' };
    writeFileSync(join(path, DEAD_MARK), JSON.stringify({ format: 'asbackup-lock', ...holder }));
    await withReaderMarks([path], own, () => {
      expect(listMarks(path)).toHaveLength(1);
      expect(listMarks(path)).not.toContain(DEAD_MARK);
      return Promise.resolve();
    });
  });

  it('lies beside a backup that is one file', async () => {
    const path = join(root, 'one.asb');
    writeFileSync(path, 'Version 3.1\n');
    const storage = await storages.forPath(path);
    const end = await markRead([path], own);
    expect(listMarks(root)).toHaveLength(1);
    expect(await isRead({ kind: 'file', path }, storage)).toBe(true);
    expect(await isRead({ kind: 'file', path: join(root, 'two.asb') }, storage)).toBe(false);
    await end();
    expect(readdirSync(root)).toEqual(['one.asb']);
  });

  it('is left out where nothing may be written', async () => {
    const path = await writeCatalogBackup(root, { id: 'b1' });
    const readOnly = new InterruptedStorages(() => {
      throw new StorageError('STORAGE_READ_ONLY', 'read-only');
    });
    let read = false;
    await withReaderMarks([path], { storages: readOnly, signal: NEVER }, () => {
      read = true;
      return Promise.resolve();
    });
    expect(read).toBe(true);
  });
});
