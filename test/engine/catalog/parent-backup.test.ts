import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BackupConfig } from '../../../src/engine/backup/config.js';
import { readBackup } from '../../../src/engine/catalog/find-backups.js';
import { findModifiedAfter, readParent } from '../../../src/engine/catalog/parent-backup.js';
import { storages, temporaryDirectory } from '../../support/backup-files.js';
import { STARTED, writeCatalogBackup, writeNamespace } from '../../support/catalog.js';

const base = temporaryDirectory();
const newRoot = (): string => mkdtempSync(join(base, 'root'));

/** What the identity of a run is made of. */
function createRun(namespace: string, rest: Partial<BackupConfig> = {}): BackupConfig {
  const run: Partial<BackupConfig> = {
    namespace,
    sets: [],
    bins: [],
    noBins: false,
    noRecords: false,
    partitions: [{ kind: 'range', begin: 0, count: 4096 }],
    target: { kind: 'directory', path: '/x' },
    prefix: namespace,
    ...rest,
  };
  return run as BackupConfig;
}

describe('readParent', () => {
  it('of a backup that is missing or not complete, or called otherwise than its directory, throws', async () => {
    const root = newRoot();
    await writeCatalogBackup(root, { id: 'partial' }, { begun: ['bar'] });
    await writeNamespace(join(root, 'other'), 'test', { id: 'x' });
    await expect(readParent(root, 'none', storages)).rejects.toThrow('There is no backup none');
    await expect(readParent(root, 'partial', storages)).rejects.toThrow('The backup partial is INCOMPLETE');
    await expect(readParent(root, 'other', storages)).rejects.toMatchObject({ code: 'CATALOG_PARENT' });
  });

  it('of a complete one, with a document or with a manifest alone, is its entry', async () => {
    const root = newRoot();
    await writeCatalogBackup(root, { id: 'a' });
    await writeNamespace(join(root, 'b'), 'test', { id: 'b' });
    expect(await readParent(root, 'a', storages)).toMatchObject({ id: 'a' });
    expect(await readParent(root, 'b', storages)).toMatchObject({ id: 'b' });
  });
});

describe('findModifiedAfter', () => {
  it('is ten seconds and the lead of the clock before the start of the namespace, not of the backup', async () => {
    const root = newRoot();
    const started = '2026-01-02T05:00:00.000Z';
    const path = await writeCatalogBackup(root, {}, { begun: ['bar'] });
    await writeNamespace(join(path, 'test'), 'test', { started });
    const parent = await readBackup(path, storages);
    const ms = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n;
    expect(findModifiedAfter(parent, createRun('bar'), 0)).toBe(ms(STARTED) - 10_000_000_000n);
    expect(findModifiedAfter(parent, createRun('test'), 2_500)).toBe(ms(started) - 12_500_000_000n);
  });

  it('is before the start of the backup if that is sealed, as it lacks what was changed until a namespace began', async () => {
    const root = newRoot();
    const started = '2026-01-02T05:00:00.000Z';
    const bound = BigInt(Date.parse(STARTED)) * 1_000_000n;
    const path = await writeCatalogBackup(root, { sealed: true }, { begun: ['bar'] });
    await writeNamespace(join(path, 'test'), 'test', { started, modifiedBefore: STARTED }, undefined, undefined, {
      identity: { 'modified-before': String(bound) },
    });
    const parent = await readBackup(path, storages);
    expect(parent.parts.map(({ modifiedBefore }) => modifiedBefore)).toEqual([STARTED, STARTED]);
    const run = createRun('test', { modifiedBeforeNs: bound + 1_000n });
    expect(findModifiedAfter(parent, run, 0)).toBe(bound - 10_000_000_000n);
  });

  it('of a run that would hold other sets than the parent, throws', async () => {
    const path = await writeCatalogBackup(newRoot());
    const parent = await readBackup(path, storages);
    const other = createRun('test', { excludedSets: ['a'] });
    expect(() => findModifiedAfter(parent, other, 0)).toThrow('everything; this one would have: without the sets a');
    expect(() => findModifiedAfter(parent, createRun('test', { sets: [''] }), 0)).toThrow('would have: sets ""');
    expect(() => findModifiedAfter(parent, createRun('third'), 0)).toThrow('does not have the namespace third');
  });
});
