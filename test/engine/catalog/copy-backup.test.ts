import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createProcessLimits } from '../../../src/core/run-context.js';
import { copyBackup, type CopyResult } from '../../../src/engine/catalog/copy-backup.js';
import { deleteBackup } from '../../../src/engine/catalog/delete-backup.js';
import { findBackups, readBackup } from '../../../src/engine/catalog/find-backups.js';
import { verifyBackup } from '../../../src/engine/catalog/verify-backup.js';
import type { StorageAccess } from '../../../src/storage/registry.js';
import { sealState } from '../../support/state.js';
import { NEVER, plainRecord, storages, temporaryDirectory } from '../../support/backup-files.js';
import { STARTED, writeCatalogBackup, writeNamespace } from '../../support/catalog.js';
import { InterruptedStorages, KilledError } from '../../support/interrupted-storage.js';

const work = temporaryDirectory();
const defaultAccess: StorageAccess = storages;
let root: string;
let target: string;
let count = 0;

beforeEach(() => {
  root = join(work, `from${count++}`);
  target = join(work, `to${count}`);
  mkdirSync(root);
  mkdirSync(target);
});

const context = () => ({
  runId: `run-${count++}`,
  signal: NEVER,
  limits: createProcessLimits(),
  emit: () => undefined,
});

function copy(
  source: string,
  destination: string,
  { verifies = false, access = defaultAccess } = {},
): Promise<CopyResult> {
  return copyBackup({ source, destination, verifies, parallel: 2, storages: access }, context());
}

/** The contents of all files below a directory. */
function readAll(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(directory.length + 1), readFileSync(path, 'latin1')]),
  );
}

async function problems(path: string): Promise<string[]> {
  const options = { storages, codecs: {}, checksumsOnly: true, parallel: 1 };
  const found = await verifyBackup(await readBackup(path, storages), options, context());
  return found.problems.map(({ text }) => text);
}

/** A backup that is one file, with its manifest beside it. */
async function writeFileBackup(path: string): Promise<void> {
  const directory = join(dirname(path), 'made');
  await writeNamespace(directory, 'test', { id: 'single' });
  cpSync(join(directory, 'test_00000.asb'), path);
  const manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')) as {
    identity: object;
    files: { name: string }[];
  };
  manifest.identity = { ...manifest.identity, target: 'file' };
  manifest.files[0]!.name = path;
  writeFileSync(`${path}.manifest.json`, sealState(manifest));
  rmSync(directory, { recursive: true });
}

describe('copyBackup', () => {
  it('of several namespaces, to a directory of backups, has the same files, byte for byte', async () => {
    const source = await writeCatalogBackup(root, { id: 'b1' });
    const result = await copy(source, `${target}/`, { verifies: true });
    expect(result).toMatchObject({ id: 'b1', path: join(target, 'b1'), files: 2, kept: 0, verified: true });
    expect(readAll(join(target, 'b1'))).toEqual(readAll(source));
    expect(await problems(join(target, 'b1'))).toEqual([]);
    expect(statSync(join(target, 'b1', 'test', 'manifest.json')).mode & 0o777).toBe(0o600);
  });

  it('of one directory, or one file, to a path of its own, has the same files', async () => {
    await writeNamespace(join(root, 'plain'), 'test', { id: 'plain' });
    await copy(join(root, 'plain'), join(target, 'other'));
    expect(readAll(join(target, 'other'))).toEqual(readAll(join(root, 'plain')));
    await writeFileBackup(join(root, 'a.asb'));
    await copy(join(root, 'a.asb'), join(target, 'b.asb'), { verifies: true });
    expect(await problems(join(target, 'b.asb'))).toEqual([]);
    await expect(copy(join(root, 'a.asb'), join(target, 'c'))).rejects.toMatchObject({ code: 'CATALOG_COPY' });
  });

  it('again, copies nothing and finds the copy complete', async () => {
    const source = await writeCatalogBackup(root, { id: 'b1' });
    await copy(source, `${target}/`);
    const before = readAll(target);
    expect(await copy(source, `${target}/`, { verifies: true })).toMatchObject({ files: 2, kept: 2 });
    expect(readAll(target)).toEqual(before);
  });

  it('of files beside the backup, copies none', async () => {
    const source = await writeCatalogBackup(root, { id: 'b1', namespaces: ['test'] });
    writeFileSync(join(source, 'test', 'other_00000.asb'), 'strange');
    writeFileSync(join(source, 'hold.json'), '{}');
    await copy(source, `${target}/`);
    expect(Object.keys(readAll(join(target, 'b1')))).toEqual([
      'backup.json',
      'test/manifest.json',
      'test/test_00000.asb',
    ]);
  });

  it.each([
    [
      'a flipped bit',
      (path: string) => flip(path),
      /test_00000\.asb is not what its manifest says: Block 0, bytes 0 to/,
    ],
    ['a file that has grown', (path: string) => appendFileSync(path, 'x'), /byte\(s\), but \d+ were written/],
    ['a file that was cut', (path: string) => writeFileSync(path, ''), /has 0 byte\(s\)/],
    ['a file that is lost', (path: string) => rmSync(path), /no such file/],
  ])('with %s, ends with an error, and the copy is incomplete', async (_, damage, message) => {
    const source = await writeCatalogBackup(root, { id: 'b1' });
    damage(join(source, 'test', 'test_00000.asb'));
    await expect(copy(source, `${target}/`)).rejects.toThrow(message);
    expect(await readBackup(join(target, 'b1'), storages)).toMatchObject({ state: 'INCOMPLETE' });
  });

  it('damaged on arrival, is found when it is read back, and stays incomplete', async () => {
    const source = await writeCatalogBackup(root, { id: 'b1', namespaces: ['test'] });
    let isDamaged = false;
    const path = join(target, 'b1', 'test', 'test_00000.asb');
    const access = new InterruptedStorages((_, method) => {
      if (method !== 'writeSmall' || isDamaged || !readdirSync(dirname(path)).includes('test_00000.asb')) return;
      flip(path);
      isDamaged = true;
    });
    await expect(copy(source, `${target}/`, { verifies: true, access })).rejects.toThrow(/Block 0/);
    expect(isDamaged).toBe(true);
    expect(await readBackup(join(target, 'b1'), storages)).toMatchObject({ state: 'INCOMPLETE' });
  });

  it('of what is not complete, has no manifest, or is deleted, is refused', async () => {
    await writeCatalogBackup(root, { id: 'failed' }, { info: { state: 'FAILED' } });
    await writeNamespace(join(root, 'plain'), 'test');
    rmSync(join(root, 'plain', 'manifest.json'));
    await writeCatalogBackup(root, { id: 'deleted' });
    await deleteBackup({ path: join(root, 'deleted'), cascade: false, storages }, context());
    for (const id of ['failed', 'plain', 'deleted']) {
      await expect(copy(join(root, id), `${target}/`), id).rejects.toMatchObject({ code: 'CATALOG_STATE' });
    }
    await expect(copy(join(root, 'none'), `${target}/`)).rejects.toMatchObject({ code: 'CATALOG_NOT_FOUND' });
    expect(readdirSync(target)).toEqual([]);
  });

  it('to another backup, to backup files, to a deleted one, or to itself, is refused', async () => {
    const source = await writeCatalogBackup(root, { id: 'b1' });
    const other = await writeCatalogBackup(target, { id: 'b2' });
    await writeNamespace(join(target, 'plain'), 'test', { id: 'plain' });
    await writeNamespace(join(root, 'plain'), 'test', { id: 'plain', started: '2025-01-01T00:00:00.000Z' });
    const gone = await writeCatalogBackup(target, { id: 'gone' });
    await deleteBackup({ path: gone, cascade: false, storages }, context());
    const before = readAll(target);
    await expect(copy(source, other)).rejects.toThrow(/another backup/);
    await expect(copy(join(root, 'plain'), join(target, 'plain'))).rejects.toThrow();
    await expect(copy(source, gone)).rejects.toMatchObject({ code: 'CATALOG_DELETED' });
    await expect(copy(source, source)).rejects.toThrow(/to itself/);
    expect(readAll(target)).toEqual(before);
  });

  it('of an increment without its base, says which one is missing', async () => {
    const base = await writeCatalogBackup(root, { id: 'b1' });
    const increment = await writeCatalogBackup(root, { id: 'b2', type: 'incremental', parent: 'b1' });
    expect((await copy(increment, `${target}/`)).missingParent).toBe('b1');
    await copy(base, `${target}/`);
    expect((await copy(increment, `${target}/`)).missingParent).toBeUndefined();
  });
});

describe('copyBackup, killed before any of its changes', () => {
  it('leaves an incomplete copy, which the next copy completes without the files that it has', async () => {
    const records = Array.from({ length: 30 }, (_, n) => plainRecord(n));
    const source = join(root, 'b1');
    await writeNamespace(source, 'test', { id: 'b1', started: STARTED }, records);
    const counting = new InterruptedStorages(() => undefined);
    await copy(source, join(target, 'b1'), { access: counting });
    const complete = readAll(join(target, 'b1'));
    expect(counting.count).toBeGreaterThan(8);
    let kept = 0;
    for (let change = 0; change < counting.count; change++) {
      rmSync(target, { recursive: true });
      mkdirSync(target);
      const access = InterruptedStorages.killedBefore(change);
      await copy(source, join(target, 'b1'), { access }).catch((error: unknown) =>
        expect(error).toBeInstanceOf(KilledError),
      );
      for (const path of readdirSync(target, { recursive: true }).map(String)) {
        if (path.endsWith('.lock')) rmSync(join(target, path));
      }
      const [found] = await findBackups(target, storages);
      if (found !== undefined) {
        const isWhole = JSON.stringify(readAll(join(target, 'b1'))) === JSON.stringify(complete);
        expect(found.state, `killed before change ${change}`).toBe(isWhole ? 'COMPLETED' : 'INCOMPLETE');
      }
      kept += (await copy(source, join(target, 'b1'), { verifies: true })).kept;
      expect(readAll(join(target, 'b1'))).toEqual(complete);
    }
    expect(kept).toBeGreaterThan(0);
  });

  it('in the middle of a document, leaves no file that the next copy does not remove', async () => {
    const source = await writeCatalogBackup(root, { id: 'b1' });
    await copy(source, `${target}/`, { access: InterruptedStorages.killedBefore(6) }).catch(() => undefined);
    // This process lives, so that nobody takes over its locks, and its mark in the source is not out of date.
    for (const directory of [root, target]) {
      const paths = readdirSync(directory, { recursive: true }).map(String);
      for (const path of paths.filter((each) => each.endsWith('.lock'))) rmSync(join(directory, path));
    }
    writeFileSync(join(target, 'b1', 'backup.json.0123456789ab.tmp'), '{');
    writeFileSync(join(target, 'b1', 'bar', 'manifest.json.0123456789ab.tmp'), '{');
    await copy(source, `${target}/`);
    expect(readAll(join(target, 'b1'))).toEqual(readAll(source));
    await writeFileBackup(join(root, 'a.asb'));
    writeFileSync(join(target, 'a.asb.manifest.json.0123456789ab.tmp'), '{');
    writeFileSync(join(target, 'b.asb.manifest.json.0123456789ab.tmp'), 'of another file');
    await copy(join(root, 'a.asb'), join(target, 'a.asb'));
    expect(readdirSync(target).filter((name) => name.endsWith('.tmp'))).toEqual([
      'b.asb.manifest.json.0123456789ab.tmp',
    ]);
  });

  it('can be deleted', async () => {
    const source = await writeCatalogBackup(root, { id: 'b1' });
    let files = 0;
    const access = new InterruptedStorages((_, method) => {
      if (method === 'create' && ++files === 2) throw new KilledError();
    });
    await copy(source, `${target}/`, { access }).catch(() => undefined);
    expect(await readBackup(join(target, 'b1'), storages)).toMatchObject({ state: 'INCOMPLETE' });
    await deleteBackup({ path: join(target, 'b1'), cascade: false, storages }, context());
    expect(Object.keys(readAll(target))).toEqual(['b1/backup.json', 'b1/tombstone.json']);
  });
});

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
}
