import { renameSync, rmSync, writeFileSync, readFileSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RunLock } from '../../../src/engine/backup/checkpoint/lock.js';
import { removeBackupOutcome, writeBackupOutcome } from '../../../src/engine/catalog/backup-outcome.js';
import { findBackups, readBackup } from '../../../src/engine/catalog/find-backups.js';
import { NEVER, storages, temporaryDirectory } from '../../support/backup-files.js';
import { STARTED, writeCatalogBackup, writeNamespace } from '../../support/catalog.js';

const base = temporaryDirectory();
const newRoot = (): string => mkdtempSync(join(base, 'root'));

describe('findBackups, of backups with a document', () => {
  it('that are complete, has one part for each namespace in the order of the document', async () => {
    const root = newRoot();
    const path = await writeCatalogBackup(root, { namespaces: ['test', 'bar'], selection: { exclude: ['bar.x'] } });
    const [entry, ...others] = await findBackups(root, storages);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({
      id: 'b1',
      path,
      kind: 'manifest',
      state: 'COMPLETED',
      type: 'full',
      started: STARTED,
      finished: STARTED,
      modifiedBefore: STARTED,
      held: false,
      document: { namespaces: ['test', 'bar'], selection: { exclude: ['bar.x'] } },
    });
    expect(entry!.parts.map(({ namespace, state, records }) => [namespace, state, records])).toEqual([
      ['test', 'COMPLETED', 3],
      ['bar', 'COMPLETED', 3],
    ]);
    expect(await findBackups(path, storages)).toEqual([entry]);
  });

  it('whose second namespace was not begun, is INCOMPLETE and says which', async () => {
    const root = newRoot();
    await writeCatalogBackup(root, {}, { begun: ['bar'] });
    const [entry] = await findBackups(root, storages);
    expect(entry).toMatchObject({ state: 'INCOMPLETE', reason: 'The namespace test was not begun' });
    expect(entry).not.toHaveProperty('finished');
    expect(entry!.parts.map(({ state }) => state)).toEqual(['COMPLETED', 'INCOMPLETE']);
  });

  it('that a run works on, is IN_PROGRESS in all that is not complete', async () => {
    const root = newRoot();
    const path = await writeCatalogBackup(root, {}, { begun: ['bar'], info: { state: 'CANCELED', reason: 'Stopped' } });
    expect(await readBackup(path, storages)).toMatchObject({ state: 'CANCELED', reason: 'Stopped' });
    const lock = await RunLock.acquire({
      paths: [join(path, 'asbackup.lock')],
      runId: 'run',
      storages,
      signal: NEVER,
      onLost: () => undefined,
    });
    const entry = await readBackup(path, storages);
    expect(entry).toMatchObject({ state: 'IN_PROGRESS', parts: [{ state: 'IN_PROGRESS' }, { state: 'IN_PROGRESS' }] });
    expect(entry).not.toHaveProperty('reason');
    await lock.release();
  });

  it.each([
    ['FAILED', 'CANCELED', 'FAILED'],
    ['COMPLETED', 'CANCELED', 'CANCELED'],
    ['CANCELED', 'IN_PROGRESS', 'CANCELED'],
    ['COMPLETED', 'IN_PROGRESS', 'INCOMPLETE'],
  ] as const)('with the states %s and %s, is %s', async (first, second, expected) => {
    const root = newRoot();
    const path = await writeCatalogBackup(root, {}, { begun: [] });
    await writeNamespace(join(path, 'bar'), 'bar', { state: first });
    await writeNamespace(join(path, 'test'), 'test', { state: second });
    expect(await readBackup(path, storages)).toMatchObject({ state: expected });
  });

  it('that was canceled between two namespaces, is CANCELED until it is continued', async () => {
    const path = await writeCatalogBackup(newRoot(), {}, { begun: ['bar'] });
    const storage = await storages.forPath(path);
    await writeBackupOutcome(path, { state: 'CANCELED', reason: 'Stopped', ended: STARTED }, storage);
    expect(await readBackup(path, storages)).toMatchObject({ state: 'CANCELED', reason: 'Stopped' });
    await removeBackupOutcome(path, storage);
    expect(await readBackup(path, storages)).toMatchObject({ state: 'INCOMPLETE' });
  });

  it('with a damaged outcome, or one that was overtaken, are what their manifests say', async () => {
    const path = await writeCatalogBackup(newRoot(), {}, { begun: ['bar'] });
    const file = join(path, 'outcome.json');
    await writeBackupOutcome(path, { state: 'FAILED', reason: 'x', ended: STARTED }, await storages.forPath(path));
    writeFileSync(file, readFileSync(file, 'utf8').replace('FAILED', 'CANCELED'));
    expect(await readBackup(path, storages)).toMatchObject({ state: 'INCOMPLETE' });
    await writeBackupOutcome(path, { state: 'FAILED', reason: 'x', ended: STARTED }, await storages.forPath(path));
    await writeNamespace(join(path, 'test'), 'test');
    expect(await readBackup(path, storages)).toMatchObject({ state: 'COMPLETED' });
  });

  it.each([
    ['another backup', { id: 'other' }, 'belongs to the backup other, not to b1'],
    ['another type', { type: 'incremental', parent: 'p' }, 'says incremental, the backup document full'],
    ['another parent', { parent: 'p' }, 'has the parent p, the backup document none'],
  ] as const)('with a manifest of %s, is DAMAGED', async (_, info, text) => {
    const path = await writeCatalogBackup(newRoot(), {}, { begun: ['bar'] });
    await writeNamespace(join(path, 'test'), 'test', info);
    const entry = await readBackup(path, storages);
    expect(entry).toMatchObject({ state: 'DAMAGED', reason: expect.stringContaining(text) as string });
    expect(entry.parts.map(({ state }) => state)).toEqual(['COMPLETED', 'DAMAGED']);
  });

  it('whose namespaces were swapped, is DAMAGED', async () => {
    const path = await writeCatalogBackup(newRoot());
    renameSync(join(path, 'bar'), join(path, 'x'));
    renameSync(join(path, 'test'), join(path, 'bar'));
    renameSync(join(path, 'x'), join(path, 'test'));
    const { state, parts } = await readBackup(path, storages);
    expect(state).toBe('DAMAGED');
    expect(parts.map(({ namespace, reason }) => [namespace, reason])).toEqual([
      ['bar', expect.stringContaining('is of the namespace test')],
      ['test', expect.stringContaining('is of the namespace bar')],
    ]);
  });

  it('whose manifest was lost, is DAMAGED', async () => {
    const path = await writeCatalogBackup(newRoot());
    rmSync(join(path, 'test', 'manifest.json'));
    const entry = await readBackup(path, storages);
    expect(entry).toMatchObject({ state: 'DAMAGED', reason: expect.stringContaining('is missing') as string });
  });

  it('with a damaged manifest or document, is DAMAGED and hides nothing else', async () => {
    const root = newRoot();
    await writeCatalogBackup(root, { id: 'a' });
    writeFileSync(join(await writeCatalogBackup(root, { id: 'b' }), 'bar', 'manifest.json'), '{');
    const document = join(await writeCatalogBackup(root, { id: 'c' }), 'backup.json');
    writeFileSync(document, readFileSync(document, 'utf8').replace('full', 'fool'));
    await writeNamespace(join(root, 'd'), 'test', { id: 'd' });
    mkdirSync(join(root, 'empty'));
    const entries = await findBackups(root, storages);
    expect(entries.map(({ id, state, parts }) => [id, state, parts.map((part) => part.state)])).toEqual([
      ['a', 'COMPLETED', ['COMPLETED', 'COMPLETED']],
      ['b', 'DAMAGED', ['DAMAGED', 'COMPLETED']],
      ['c', 'DAMAGED', ['COMPLETED', 'COMPLETED']],
      ['d', 'COMPLETED', ['COMPLETED']],
    ]);
  });
});
