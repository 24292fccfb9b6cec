import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Codecs } from '../../../src/codecs/codecs.js';
import { findBackupFiles } from '../../../src/engine/catalog/backup-files.js';
import { findBackups, readBackup } from '../../../src/engine/catalog/find-backups.js';
import type { ManifestInfo } from '../../../src/engine/catalog/manifest.js';
import { readNamespace } from '../../../src/engine/catalog/read-namespace.js';
import { planBackup, planMoment, type RestoreSelection } from '../../../src/engine/catalog/restore-plan.js';
import { NEVER, plainRecord, storages, temporaryDirectory, toText, writeBackup } from '../../support/backup-files.js';
import { writeCatalogBackup, writeNamespace } from '../../support/catalog.js';

const root = temporaryDirectory();
let count = 0;

function fresh(): string {
  const path = join(root, String(count++));
  mkdirSync(path);
  return path;
}

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 2, 3, minute)).toISOString();
const EVERYTHING: RestoreSelection = {
  namespaces: [],
  include: [],
  exclude: [],
  renamedNamespaces: [],
  renamedSets: [],
};

async function planOf(path: string, selection: Partial<RestoreSelection> = {}, allowIncomplete = false) {
  return planBackup(
    await readBackup(path, storages),
    { ...EVERYTHING, ...selection },
    {
      storages,
      allowIncomplete,
      readNamespace: async (part) => {
        const codecs = await Codecs.open();
        return readNamespace(await findBackupFiles(part.path, { codecs, storages }), NEVER);
      },
    },
  );
}

async function momentOf(path: string, minute: number, selection: Partial<RestoreSelection> = {}) {
  const entries = await findBackups(path, storages);
  return planMoment(entries, Date.parse(at(minute)), { ...EVERYTHING, ...selection }, storages);
}

describe('planBackup', () => {
  it('namespaces, sets and new names, are those of the selection', async () => {
    const path = await writeCatalogBackup(fresh());
    const plans = await planOf(path, {
      include: [{ namespace: 'bar' }, { namespace: 'test', set: 'a' }, { namespace: 'test', set: 'b' }],
      exclude: [
        { namespace: 'test', set: 'b' },
        { namespace: 'bar', set: 'c' },
      ],
      renamedNamespaces: [{ from: 'bar', to: 'foo' }],
      renamedSets: [{ namespace: 'test', from: 'a', to: 'x' }],
    });
    expect(plans).toMatchObject([
      { namespace: 'bar', target: 'foo', sets: [], excludedSets: ['c'], renamedSets: [] },
      { namespace: 'test', target: 'test', sets: ['a'], excludedSets: [], renamedSets: [{ from: 'a', to: 'x' }] },
    ]);
    expect(plans[0]!.backups).toMatchObject([{ id: 'b1', source: { kind: 'directory', path: join(path, 'bar') } }]);
  });

  it('two namespaces that change places, are no two namespaces in one', async () => {
    const path = await writeCatalogBackup(fresh());
    const swapped = [
      { from: 'bar', to: 'test' },
      { from: 'test', to: 'bar' },
    ];
    await expect(planOf(path, { renamedNamespaces: swapped })).resolves.toHaveLength(2);
    await expect(planOf(path, { renamedNamespaces: swapped.slice(0, 1) })).rejects.toMatchObject({
      code: 'CATALOG_SELECTION',
    });
  });

  it('a namespace that was not begun, is refused, and left out where that is allowed', async () => {
    const path = await writeCatalogBackup(fresh(), {}, { begun: ['test'] });
    await expect(planOf(path)).rejects.toMatchObject({ code: 'CATALOG_STATE', hint: 'allow-incomplete' });
    await expect(planOf(path, { namespaces: ['test'] })).resolves.toHaveLength(1);
    expect((await planOf(path, {}, true)).map(({ namespace }) => namespace)).toEqual(['test']);
  });

  it('files without a manifest, tell their namespace by their heads or their first record', async () => {
    const plain = fresh();
    await writeBackup(plain, { records: [], namespace: 'bar' });
    expect(await planOf(plain)).toMatchObject([{ namespace: 'bar', backups: [{ source: { kind: 'directory' } }] }]);
    const file = join(plain, 'bar_00000.asb');
    expect(await planOf(file)).toMatchObject([{ namespace: 'bar', backups: [{ source: { kind: 'file' } }] }]);
    const old = fresh();
    writeFileSync(
      join(old, 'x.asb'),
      `Version 3.0\n${toText(plainRecord(1, { namespace: 'bar', set: Buffer.alloc(0) }))}`,
    );
    expect(await planOf(old)).toMatchObject([{ namespace: 'bar' }]);
  });

  it('files of several namespaces or of none, are refused', async () => {
    const several = fresh();
    await writeBackup(several, { records: [], namespace: 'bar' });
    await writeBackup(several, { records: [], namespace: 'test' });
    await expect(planOf(several)).rejects.toMatchObject({ code: 'CATALOG_NAMESPACE' });
    const none = fresh();
    writeFileSync(join(none, 'x.asb'), 'Version 3.0\n');
    await expect(planOf(none)).rejects.toMatchObject({ code: 'CATALOG_NAMESPACE' });
  });
});

describe('planMoment', () => {
  const info = (id: string, minute: number, parent?: string): Partial<ManifestInfo> => ({
    id,
    started: at(minute),
    ...(parent === undefined ? { type: 'full' } : { type: 'incremental', parent }),
  });

  it('a chain, is read from the newest backup to the full one', async () => {
    const catalog = fresh();
    await writeNamespace(join(catalog, 'a'), 'test', info('a', 0));
    await writeNamespace(join(catalog, 'b'), 'test', info('b', 1, 'a'));
    await writeNamespace(join(catalog, 'c'), 'test', info('c', 2, 'b'));
    const { plans } = await momentOf(catalog, 1);
    expect(plans).toMatchObject([{ namespace: 'test', backups: [{ id: 'b', started: at(1) }, { id: 'a' }] }]);
  });

  it('all namespaces of a backup, count as of its start, whenever each was begun', async () => {
    const catalog = fresh();
    await writeCatalogBackup(catalog, { id: 'b1', started: at(0) });
    await writeCatalogBackup(catalog, { id: 'b2', started: at(5) }, { info: { started: at(9) } });
    const { plans } = await momentOf(catalog, 6);
    expect(plans.map(({ backups }) => backups.map(({ id }) => id))).toEqual([['b2'], ['b2']]);
  });

  it('a namespace that is backed up only later, is left out unless it is asked for', async () => {
    const catalog = fresh();
    await writeNamespace(join(catalog, 'a'), 'test', info('a', 0));
    await writeNamespace(join(catalog, 'b'), 'bar', info('b', 5));
    expect(await momentOf(catalog, 1)).toMatchObject({ plans: [{ namespace: 'test' }], later: ['bar'] });
    await expect(momentOf(catalog, 1, { namespaces: ['bar'] })).rejects.toMatchObject({ code: 'CATALOG_CHAIN' });
  });

  it('a namespace whose only chain is broken, is refused and not left out', async () => {
    const catalog = fresh();
    await writeNamespace(join(catalog, 'a'), 'test', info('a', 0));
    await writeNamespace(join(catalog, 'b'), 'bar', info('b', 1, 'gone'));
    await expect(momentOf(catalog, 5)).rejects.toMatchObject({ code: 'CATALOG_CHAIN' });
  });
});
