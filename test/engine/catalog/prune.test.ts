import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from '../../support/property.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { createProcessLimits } from '../../../src/core/run-context.js';
import { currentHolder } from '../../../src/engine/backup/checkpoint/lock.js';
import { findBackups } from '../../../src/engine/catalog/find-backups.js';
import { holdBackup } from '../../../src/engine/catalog/hold.js';
import { pruneBackups, type PruneResult } from '../../../src/engine/catalog/prune.js';
import { CATALOG_LOCK_NAME } from '../../../src/engine/catalog/remove-backups.js';
import type { RetentionRules } from '../../../src/engine/catalog/retention.js';
import { createTombstone, refuseDeleted } from '../../../src/engine/catalog/tombstone.js';
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

async function prune(rules: RetentionRules, { dryRun = false, access = defaultAccess } = {}): Promise<PruneResult> {
  const context = { runId: `run-${count++}`, signal: NEVER, limits: createProcessLimits(), emit: () => undefined };
  return pruneBackups({ root, rules, dryRun, storages: access }, context);
}

/** Day `n` of January. */
const day = (n: number): string => `2026-01-${String(n).padStart(2, '0')}T03:00:00.000Z`;

function write(
  id: string,
  started: string,
  {
    parent,
    namespaces = ['test'],
    state = 'COMPLETED',
  }: { parent?: string; namespaces?: string[]; state?: 'COMPLETED' | 'FAILED' | 'IN_PROGRESS' } = {},
): Promise<string> {
  const type = parent === undefined ? 'full' : 'incremental';
  const document = { id, type, started, namespaces, ...(parent === undefined ? {} : { parent }) } as const;
  return writeCatalogBackup(root, document, { info: { state } });
}

async function living(): Promise<string[]> {
  return (await findBackups(root, storages)).filter(({ state }) => state !== 'DELETED').map(({ id }) => id);
}

const actions = ({ backups }: PruneResult): Record<string, string> =>
  Object.fromEntries(backups.map(({ id, action, reasons }) => [id, `${action}: ${reasons.join('; ')}`]));

describe('pruneBackups', () => {
  it('what no rule keeps, is deleted, and the base of what is kept stays', async () => {
    await write('full1', day(1));
    await write('inc1', day(2), { parent: 'full1' });
    await write('full2', day(3));
    await write('inc2', day(4), { parent: 'full2' });
    const result = await prune({ last: 1 });
    expect(actions(result)).toEqual({
      inc2: 'keep: last',
      full2: 'keep: base of inc2',
      inc1: 'remove: no rule keeps it',
      full1: 'remove: no rule keeps it',
    });
    expect(result.removed.map(({ id }) => id)).toEqual(['inc1', 'full1']);
    expect(await living()).toEqual(['full2', 'inc2']);
  });

  it('backups of other namespaces, are counted apart', async () => {
    await write('a1', day(1), { namespaces: ['bar'] });
    await write('a2', day(2));
    await write('a3', day(3));
    await write('a4', day(4), { namespaces: ['test', 'bar'] });
    expect((await prune({ last: 1 })).removed.map(({ id }) => id)).toEqual(['a2']);
  });

  it('a dry run, says what would be done and changes nothing', async () => {
    await write('a1', day(1));
    await write('a2', day(2));
    const before = readdirSync(root, { recursive: true }).sort();
    expect(actions(await prune({ last: 1 }, { dryRun: true }))).toEqual({
      a1: 'remove: no rule keeps it',
      a2: 'keep: last',
    });
    expect(readdirSync(root, { recursive: true }).sort()).toEqual(before);
  });

  it('held ones, those on which a run works, and those without a manifest, stay', async () => {
    await write('held', day(1));
    await holdBackup(join(root, 'held'), 'audit', storages);
    const running = await write('running', day(2), { state: 'IN_PROGRESS' });
    const holder = { format: 'asbackup-lock', ...currentHolder('somebody'), refreshed: new Date().toISOString() };
    writeFileSync(join(running, 'asbackup.lock'), JSON.stringify(holder));
    await writeNamespace(join(root, 'plain'), 'test');
    rmSync(join(root, 'plain', 'manifest.json'));
    await write('new', day(5));
    const result = await prune({ last: 1, unusableAfter: { years: 0, months: 0, days: 1, hours: 0 } });
    expect(actions(result)).toEqual({
      held: 'keep: held',
      running: 'keep: a run works on it',
      plain: 'keep: UNKNOWN: no rule counts it',
      new: 'keep: last',
    });
  });

  it('backups that cannot be restored, are not counted, and are removed only when they are old enough', async () => {
    await write('good', day(1));
    await write('failed', day(2), { state: 'FAILED' });
    await write('orphan', day(3), { parent: 'gone' });
    expect((await prune({ last: 1 })).removed).toEqual([]);
    const result = await prune({ last: 1, unusableAfter: { years: 0, months: 0, days: 1, hours: 0 } });
    expect(result.removed.map(({ id }) => id)).toEqual(['orphan', 'failed']);
    expect(await living()).toEqual(['good']);
  });

  it('a deletion that was interrupted, is finished', async () => {
    const path = await write('a1', day(1));
    await write('a2', day(2));
    const tombstone = { id: 'a1', deleted: day(9), reason: 'delete', kind: 'manifest' } as const;
    await createTombstone(path, tombstone, storages);
    const result = await prune({ last: 9 });
    expect(actions(result)).toEqual({ a1: 'remove: its deletion was interrupted', a2: 'keep: last' });
    expect(readdirSync(path).sort()).toEqual(['backup.json', 'tombstone.json']);
    expect((await prune({ last: 9 })).backups.map(({ id }) => id)).toEqual(['a2']);
  });

  it('while the documents of a backup cannot be read, nothing is removed', async () => {
    await write('a1', day(1));
    await write('a2', day(2));
    mkdirSync(join(root, 'damaged'));
    writeFileSync(join(root, 'damaged', 'manifest.json'), '{');
    await expect(prune({ last: 1 })).rejects.toMatchObject({ code: 'CATALOG_UNREADABLE' });
    await expect(prune({ last: 1 }, { dryRun: true })).rejects.toMatchObject({ code: 'CATALOG_UNREADABLE' });
    expect(await living()).toEqual(['a1', 'a2', 'damaged']);
    expect((await prune({ last: 2 })).removed).toEqual([]);
  });

  it('while somebody else deletes in the catalog, is refused', async () => {
    await write('a1', day(1));
    const holder = { format: 'asbackup-lock', ...currentHolder('somebody'), refreshed: new Date().toISOString() };
    writeFileSync(join(root, CATALOG_LOCK_NAME), JSON.stringify(holder));
    await expect(prune({ last: 1 })).rejects.toMatchObject({ code: 'LOCK_HELD' });
  });

  it('killed before any of its changes, keeps what is to be kept and can be repeated', async () => {
    const make = async (): Promise<void> => {
      rmSync(root, { recursive: true });
      mkdirSync(root);
      await write('full1', day(1));
      await write('inc1', day(2), { parent: 'full1' });
      await write('full2', day(3));
    };
    const files = (id: string): string[] =>
      readdirSync(join(root, id), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
        .sort();
    await make();
    const kept = files('full2');
    const counting = new InterruptedStorages(() => undefined);
    await prune({ last: 1 }, { access: counting });
    expect(counting.count).toBeGreaterThan(12);
    for (let change = 0; change < counting.count; change++) {
      await make();
      const access = InterruptedStorages.killedBefore(change);
      await prune({ last: 1 }, { access }).catch((error: unknown) => expect(error).toBeInstanceOf(KilledError));
      for (const path of readdirSync(root, { recursive: true }).map(String)) {
        if (path.endsWith('.lock')) rmSync(join(root, path));
      }
      expect(await living()).toContain('full2');
      await prune({ last: 1 });
      expect(await living(), `killed before change ${change}`).toEqual(['full2']);
      expect(files('full2')).toEqual(kept);
      expect(files('inc1')).toEqual(['backup.json', 'tombstone.json']);
    }
  });

  it('with a hold or a new increment before any of its changes, keeps what they need', async () => {
    const step = fc.integer({ min: 0, max: 24 });
    const action = fc.constantFrom('hold', 'increment');
    await fc.assert(
      fc.asyncProperty(step, action, async (at, act) => {
        rmSync(root, { recursive: true });
        mkdirSync(root);
        await write('full1', day(1));
        await write('full2', day(2));
        const done: string[] = [];
        const access = new InterruptedStorages(async (change) => {
          if (change !== at) return;
          try {
            if (act === 'hold') await holdBackup(join(root, 'full1'), '', storages);
            else {
              await write('inc1', day(3), { parent: 'full1' });
              await refuseDeleted({ kind: 'directory', path: join(root, 'full1') }, await storages.forPath(root));
            }
            done.push(act);
          } catch {
            // It came too late.
          }
        });
        await prune({ last: 1 }, { access });
        if (done.length === 0) return;
        expect(readdirSync(join(root, 'full1', 'test'))).toContain('test_00000.asb');
        expect(await living()).toContain('full1');
      }),
      { numRuns: 25 },
    );
  });
});
