import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createProcessLimits, type RunContext } from '../../../src/core/run-context.js';
import { currentHolder, LOCK_NAME } from '../../../src/engine/backup/checkpoint/lock.js';
import { writeBackupOutcome } from '../../../src/engine/catalog/backup-outcome.js';
import { deleteBackup } from '../../../src/engine/catalog/delete-backup.js';
import { findBackups, readBackup } from '../../../src/engine/catalog/find-backups.js';
import { holdBackup } from '../../../src/engine/catalog/hold.js';
import { refuseDeleted } from '../../../src/engine/catalog/tombstone.js';
import type { Removal } from '../../../src/engine/catalog/remove-backups.js';
import type { StorageAccess } from '../../../src/storage/registry.js';
import { NEVER, storages, temporaryDirectory } from '../../support/backup-files.js';
import { writeCatalogBackup, writeNamespace } from '../../support/catalog.js';
import { InterruptedStorages, KilledError } from '../../support/interrupted-storage.js';

const work = temporaryDirectory();
const defaultAccess: StorageAccess = storages;
let root: string;
let count = 0;

beforeEach(() => {
  root = join(work, String(count++));
  mkdirSync(root);
});

function remove(id: string, { cascade = false, access = defaultAccess } = {}): Promise<Removal> {
  const context: RunContext = {
    runId: `run-${count++}`,
    signal: NEVER,
    limits: createProcessLimits(),
    emit: () => undefined,
  };
  return deleteBackup({ path: join(root, id), cascade, storages: access }, context);
}

/** Paths of all files below the root. */
function listFiles(): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

async function states(): Promise<Record<string, string>> {
  return Object.fromEntries((await findBackups(root, storages)).map(({ id, state }) => [id, state]));
}

const document = (id: string, parent?: string) =>
  ({ id, type: parent === undefined ? 'full' : 'incremental', ...(parent === undefined ? {} : { parent }) }) as const;

describe('deleteBackup', () => {
  it('a backup of several namespaces, leaves its document and a tombstone', async () => {
    await writeCatalogBackup(root, document('b1'));
    await writeCatalogBackup(root, document('b2'));
    const { removed, spared } = await remove('b1');
    expect(spared).toEqual([]);
    expect(removed).toEqual([{ id: 'b1', path: join(root, 'b1'), files: 2, strangers: [] }]);
    expect(listFiles().filter((path) => path.startsWith('b1/'))).toEqual(['b1/backup.json', 'b1/tombstone.json']);
    expect(readdirSync(join(root, 'b1')).sort()).toEqual(['backup.json', 'tombstone.json']);
    expect(await states()).toEqual({ b1: 'DELETED', b2: 'COMPLETED' });
    const [deleted] = await findBackups(root, storages);
    expect(deleted).toMatchObject({ id: 'b1', state: 'DELETED', type: 'full' });
    expect(deleted!.reason).toBeUndefined();
    expect(Date.parse(deleted!.deleted!)).toBeLessThanOrEqual(Date.now());
  });

  it('a backup that was canceled, leaves no word of that', async () => {
    const path = await writeCatalogBackup(root, document('b1'), { begun: ['bar'] });
    const outcome = { state: 'CANCELED', reason: 'Stopped', ended: new Date().toISOString() } as const;
    await writeBackupOutcome(path, outcome, await storages.forPath(path));
    const { removed } = await remove('b1');
    expect(removed).toMatchObject([{ id: 'b1', strangers: [] }]);
    expect(listFiles()).toEqual(['b1/backup.json', 'b1/tombstone.json']);
  });

  it('a directory with a manifest and one without, lose their backup files', async () => {
    await writeNamespace(join(root, 'with'), 'test', { id: 'with' });
    await writeNamespace(join(root, 'without'), 'test');
    rmSync(join(root, 'without', 'manifest.json'));
    await remove('with');
    await remove('without');
    expect(listFiles()).toEqual(['with/tombstone.json', 'without/tombstone.json']);
    expect(await states()).toEqual({ with: 'DELETED', without: 'DELETED' });
  });

  it('files that are not of the backup, stay and are named', async () => {
    const path = await writeCatalogBackup(root, { ...document('b1'), namespaces: ['test'] });
    await writeNamespace(join(path, 'other'), 'test', { id: 'another' });
    writeFileSync(join(path, 'notes.txt'), 'mine');
    writeFileSync(join(path, 'test', 'strange_00000.asb'), 'mine');
    writeFileSync(join(path, 'test', 'manifest.json.0123456789ab.tmp'), 'left by a process that was killed');
    const { removed } = await remove('b1');
    expect(removed[0]!.strangers).toEqual([
      join(path, 'notes.txt'),
      join(path, 'other'),
      join(path, 'test', 'strange_00000.asb'),
    ]);
    expect(listFiles()).toEqual([
      'b1/backup.json',
      'b1/notes.txt',
      'b1/other/manifest.json',
      'b1/other/test_00000.asb',
      'b1/test/strange_00000.asb',
      'b1/tombstone.json',
    ]);
  });

  it('files written since the last checkpoint, are deleted with an incomplete backup', async () => {
    const path = await writeCatalogBackup(
      root,
      { ...document('b1'), namespaces: ['test'] },
      { info: { state: 'IN_PROGRESS' } },
    );
    writeFileSync(join(path, 'test', 'test_00001.asb'), 'the manifest does not know it yet');
    writeFileSync(join(path, 'outcome.json'), '{}');
    expect(await states()).toEqual({ b1: 'INCOMPLETE' });
    await remove('b1');
    expect(listFiles()).toEqual(['b1/backup.json', 'b1/tombstone.json']);
  });

  it('a damaged backup, is deleted with all backup files of its directory', async () => {
    await writeNamespace(join(root, 'b1'), 'test', { id: 'b1' });
    writeFileSync(join(root, 'b1', 'manifest.json'), '{');
    await remove('b1');
    expect(listFiles()).toEqual(['b1/tombstone.json']);
    expect(await states()).toEqual({ b1: 'DELETED' });
  });

  it('while the base of a damaged backup is unknown, no other is deleted', async () => {
    await writeCatalogBackup(root, document('b1'));
    await writeNamespace(join(root, 'b2'), 'test', { id: 'b2' });
    writeFileSync(join(root, 'b2', 'manifest.json'), '{');
    const before = listFiles();
    await expect(remove('b1')).rejects.toMatchObject({ code: 'CATALOG_UNREADABLE' });
    expect(listFiles()).toEqual(before);
    await remove('b2');
    await remove('b1');
    expect(await states()).toEqual({ b1: 'DELETED', b2: 'DELETED' });
  });

  it('a file with its manifest, is deleted beside a tombstone', async () => {
    await writeNamespace(join(root, 'x'), 'test', { id: 'file' });
    cpSync(join(root, 'x', 'test_00000.asb'), join(root, 'a.asb'));
    rmSync(join(root, 'x'), { recursive: true });
    await remove('a.asb');
    expect(listFiles()).toEqual(['a.asb.tombstone.json']);
    expect(await readBackup(join(root, 'a.asb'), storages)).toMatchObject({ state: 'DELETED' });
  });

  it('the base of others, is refused with their ids, or deleted with them', async () => {
    await writeCatalogBackup(root, document('b1'));
    await writeCatalogBackup(root, document('b2', 'b1'));
    await writeCatalogBackup(root, document('b3', 'b2'));
    await writeCatalogBackup(root, document('c1'));
    await expect(remove('b1')).rejects.toMatchObject({ code: 'CATALOG_BASE', details: { children: ['b2'] } });
    await expect(remove('b2')).rejects.toThrow(/is the base of b3/);
    expect(Object.values(await states())).toEqual(['COMPLETED', 'COMPLETED', 'COMPLETED', 'COMPLETED']);
    const { removed } = await remove('b1', { cascade: true });
    expect(removed.map(({ id }) => id)).toEqual(['b3', 'b2', 'b1']);
    expect(await states()).toEqual({ b1: 'DELETED', b2: 'DELETED', b3: 'DELETED', c1: 'COMPLETED' });
  });

  it('a base, can be deleted when what was based on it is', async () => {
    await writeCatalogBackup(root, document('b1'));
    await writeCatalogBackup(root, document('b2', 'b1'));
    await remove('b2');
    await remove('b1');
    expect(await states()).toEqual({ b1: 'DELETED', b2: 'DELETED' });
  });

  it('held itself, or with a held one based on it, is refused', async () => {
    await writeCatalogBackup(root, document('b1'));
    await writeCatalogBackup(root, document('b2', 'b1'));
    await holdBackup(join(root, 'b2'), 'audit', storages);
    const before = listFiles();
    await expect(remove('b2')).rejects.toMatchObject({ code: 'CATALOG_HELD' });
    await expect(remove('b1', { cascade: true })).rejects.toMatchObject({ code: 'CATALOG_HELD' });
    expect(listFiles()).toEqual(before);
  });

  it.each([
    ['the whole', LOCK_NAME],
    ['one of its namespaces', join('test', LOCK_NAME)],
  ])('a backup on %s of which a run works, is refused', async (_, lock) => {
    const path = await writeCatalogBackup(root, document('b1'));
    const holder = { format: 'asbackup-lock', ...currentHolder('somebody'), refreshed: new Date().toISOString() };
    writeFileSync(join(path, lock), JSON.stringify(holder));
    const before = listFiles();
    await expect(remove('b1')).rejects.toMatchObject({ code: 'LOCK_HELD' });
    expect(listFiles()).toEqual(before);
  });

  it('what was deleted, is deleted again without a change; what never was, is not found', async () => {
    await writeCatalogBackup(root, document('b1'));
    await remove('b1');
    const before = readFileSync(join(root, 'b1', 'tombstone.json'), 'utf8');
    expect((await remove('b1')).removed[0]!.files).toBe(0);
    expect(readFileSync(join(root, 'b1', 'tombstone.json'), 'utf8')).toBe(before);
    await expect(remove('b9')).rejects.toMatchObject({ code: 'CATALOG_NOT_FOUND' });
    expect(existsSync(join(root, 'b9'))).toBe(false);
  });

  it('a deleted backup, cannot be held', async () => {
    await writeCatalogBackup(root, document('b1'));
    await remove('b1');
    await expect(holdBackup(join(root, 'b1'), '', storages)).rejects.toMatchObject({ code: 'CATALOG_DELETED' });
    expect(existsSync(join(root, 'b1', 'hold.json'))).toBe(false);
  });
});

/** A lock of a process that ended is taken over; that of this process would have to be waited for. */
function removeLocks(): void {
  for (const path of listFiles()) if (path.endsWith('.lock')) rmSync(join(root, path));
}

describe('deleteBackup, killed before any of its changes', () => {
  it.each([
    ['one backup', false],
    ['a whole chain', true],
  ])('of %s, is named truthfully and can be finished', async (_, cascade) => {
    const make = async (): Promise<void> => {
      rmSync(root, { recursive: true });
      mkdirSync(root);
      await writeCatalogBackup(root, document('b1'));
      if (cascade) await writeCatalogBackup(root, document('b2', 'b1'));
      await writeNamespace(join(root, 'keep'), 'test', { id: 'keep' });
    };
    await make();
    const complete = listFiles();
    const keep = complete.filter((path) => path.startsWith('keep/'));
    const counting = new InterruptedStorages(() => undefined);
    await remove('b1', { cascade, access: counting });
    expect(counting.count).toBeGreaterThan(8);
    for (let change = 0; change < counting.count; change++) {
      await make();
      const access = InterruptedStorages.killedBefore(change);
      // The last change removes a lock: a failure there fails nothing.
      await remove('b1', { cascade, access }).catch((error: unknown) => expect(error).toBeInstanceOf(KilledError));
      removeLocks();
      const found = await states();
      for (const id of cascade ? ['b1', 'b2'] : ['b1']) {
        const left = listFiles().filter((path) => path.startsWith(`${id}/`));
        const isWhole = complete.filter((path) => path.startsWith(`${id}/`)).every((path) => left.includes(path));
        if (left.includes(`${id}/tombstone.json`)) expect(found[id], `${id}, ${change}`).toBe('DELETED');
        else expect([found[id], isWhole], `${id}, ${change}`).toEqual(['COMPLETED', true]);
      }
      expect(found.keep).toBe('COMPLETED');
      await remove('b1', { cascade });
      expect(listFiles().filter((path) => path.startsWith('keep/'))).toEqual(keep);
      expect(
        listFiles()
          .filter((path) => path.endsWith('.asb'))
          .every((path) => path.startsWith('keep/')),
      ).toBe(true);
      expect(listFiles().some((path) => path.endsWith('b1/tombstone.json'))).toBe(true);
    }
  });
});

describe('deleteBackup, while somebody else acts before any of its changes', () => {
  /** Deletes b1 once for each of its changes, and lets `act` run before that change. */
  async function interleave(
    act: () => Promise<void>,
    check: (error: unknown, acted: boolean) => Promise<void>,
  ): Promise<void> {
    for (let change = 0; ; change++) {
      rmSync(root, { recursive: true });
      mkdirSync(root);
      await writeCatalogBackup(root, document('b1'));
      let acted: boolean | undefined;
      const access = new InterruptedStorages(async (now) => {
        if (now !== change) return;
        acted = await act().then(
          () => true,
          () => false,
        );
      });
      let error: unknown;
      await remove('b1', { access }).catch((thrown: unknown) => (error = thrown));
      if (acted === undefined) {
        expect(change).toBeGreaterThan(8);
        return;
      }
      await check(error, acted);
    }
  }

  const isWhole = (): boolean => listFiles().filter((path) => path.endsWith('.asb')).length === 2;

  it('a hold, either binds or is refused', async () => {
    const outcomes = new Set<string>();
    await interleave(
      () => holdBackup(join(root, 'b1'), 'audit', storages),
      async (error, held) => {
        outcomes.add(held ? 'held' : 'refused');
        if (!held) return;
        expect(error).toMatchObject({ code: 'CATALOG_HELD' });
        expect(isWhole()).toBe(true);
        expect(await states()).toEqual({ b1: 'COMPLETED' });
      },
    );
    expect(outcomes).toEqual(new Set(['held', 'refused']));
  });

  it('an increment that is begun on it, either keeps it or gives up', async () => {
    const outcomes = new Set<string>();
    await interleave(
      async () => {
        await writeCatalogBackup(root, document('b2', 'b1'), { begun: [] });
        await refuseDeleted({ kind: 'directory', path: join(root, 'b1') }, await storages.forPath(root));
      },
      async (error, begun) => {
        outcomes.add(begun ? 'begun' : 'refused');
        if (!begun) return;
        expect(error).toMatchObject({ code: 'CATALOG_BASE' });
        expect(listFiles().filter((path) => path.startsWith('b1/') && path.endsWith('.asb'))).toHaveLength(2);
        expect((await states()).b1).toBe('COMPLETED');
      },
    );
    expect(outcomes).toEqual(new Set(['begun', 'refused']));
  });

  it('a second deletion, is refused or finds nothing left to do', async () => {
    await interleave(
      async () => {
        await remove('b1');
      },
      async (error) => {
        expect(error).toBeUndefined();
        expect(await states()).toEqual({ b1: 'DELETED' });
        expect(listFiles()).toEqual(['b1/backup.json', 'b1/tombstone.json']);
      },
    );
  });
});
