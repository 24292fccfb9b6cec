/** Copies that are stored in another way than the backup. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { keyFromEnvironment, type EncryptionKey } from '../../../src/codecs/key.js';
import { createProcessLimits } from '../../../src/core/run-context.js';
import { copyBackup, type CopyConfig, type CopyResult } from '../../../src/engine/catalog/copy-backup.js';
import { findBackups, readBackup } from '../../../src/engine/catalog/find-backups.js';
import { verifyBackup } from '../../../src/engine/catalog/verify-backup.js';
import { NEVER, plainRecord, storages, temporaryDirectory } from '../../support/backup-files.js';
import { STARTED, writeCatalogBackup, writeNamespace } from '../../support/catalog.js';
import { InterruptedStorages, KilledError } from '../../support/interrupted-storage.js';

const OLD = keyFromEnvironment(Buffer.alloc(32, 1).toString('base64'), 'OLD');
const NEW = keyFromEnvironment(Buffer.alloc(32, 2).toString('base64'), 'NEW');
const ZSTD = { codec: 'zstd', level: 3 } as const;
const SEALED = { compression: ZSTD, encryption: { mode: 'aes256', key: NEW } } as const;
const PLAIN = { compression: 'none', encryption: 'none' } as const;

const work = temporaryDirectory();
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

function copy(source: string, destination: string, options: Partial<CopyConfig> = {}): Promise<CopyResult> {
  return copyBackup({ source, destination, verifies: true, parallel: 2, storages, ...options }, context());
}

/** The backup files below a directory, and with `manifests` the documents. */
function readAll(directory: string, manifests = false): Record<string, string> {
  const names = readdirSync(directory, { recursive: true }).map(String).sort();
  const wanted = names.filter((name) => name.endsWith('.asb') || (manifests && name.endsWith('.json')));
  return Object.fromEntries(wanted.map((name) => [name, readFileSync(join(directory, name), 'latin1')]));
}

async function findProblems(path: string, key?: EncryptionKey): Promise<string[]> {
  const options = { storages, codecs: {}, checksumsOnly: false, parallel: 1, ...(key === undefined ? {} : { key }) };
  return (await verifyBackup(await readBackup(path, storages), options, context())).problems.map(({ text }) => text);
}

describe('copyBackup with another form', () => {
  it('compressed and encrypted, and back, has the text of the backup', async () => {
    const source = await writeCatalogBackup(root, { id: 'b1' });
    const sealed = join(target, 'sealed');
    const result = await copy(source, sealed, { recoding: SEALED });
    expect(result).toMatchObject({ id: 'b1', files: 2, kept: 0, verified: true });
    expect(await findProblems(sealed, NEW)).toEqual([]);
    const { parts } = await readBackup(sealed, storages);
    expect(parts.map(({ manifest }) => manifest!.identity)).toEqual([
      expect.objectContaining({ compress: 'zstd', encrypt: 'aes256' }),
      expect.objectContaining({ compress: 'zstd', encrypt: 'aes256' }),
    ]);
    const plain = join(target, 'plain');
    await copy(sealed, plain, { recoding: PLAIN, key: NEW });
    expect(readAll(plain)).toEqual(readAll(source));
    expect(await findProblems(plain)).toEqual([]);
  });

  it('with a new key, is read with that one, and not with the old one', async () => {
    const source = await writeCatalogBackup(root, { id: 'b1' }, { key: OLD });
    const rotated = join(target, 'b1');
    await copy(source, rotated, { key: OLD, recoding: { encryption: { mode: 'aes128', key: NEW } } });
    expect(await findProblems(rotated, NEW)).toEqual([]);
    const refused = (await findProblems(rotated, OLD)).join('\n');
    // The document of the backup, and those of its namespaces.
    expect(refused.match(/belongs to another key/g)).toHaveLength(3);
    expect(readAll(rotated)).not.toEqual(readAll(source));
  });

  it('without the key of the backup, or with another, is refused', async () => {
    const source = await writeCatalogBackup(root, { id: 'b1' }, { key: OLD });
    const recoding = { compression: ZSTD };
    await expect(copy(source, `${target}/`, { recoding })).rejects.toMatchObject({ code: 'CATALOG_KEY' });
    await expect(copy(source, `${target}/`, { recoding, key: NEW })).rejects.toThrow(/belongs to another key/);
    expect(readAll(target)).toEqual({});
  });

  it('again, copies nothing; with another form, changes nothing and says what differs', async () => {
    const source = await writeCatalogBackup(root, { id: 'b1' });
    const { bytes } = await copy(source, `${target}/`, { recoding: SEALED });
    const before = readAll(target, true);
    expect(await copy(source, `${target}/`, { recoding: SEALED })).toMatchObject({ files: 2, kept: 2, bytes });
    const other = { compression: ZSTD, encryption: { mode: 'aes128', key: NEW } } as const;
    await expect(copy(source, `${target}/`, { recoding: other })).rejects.toThrow(/encrypt was aes256, now aes128/);
    await expect(copy(source, `${target}/`)).rejects.toThrow(/another backup/);
    expect(readAll(target, true)).toEqual(before);
  });

  it.each([
    ['a plain file', undefined, PLAIN],
    ['a plain file, to be encrypted', undefined, SEALED],
    ['an encrypted file', OLD, SEALED],
  ] as const)('of %s with a changed bit, names the file and the block', async (_, key, recoding) => {
    const source = await writeCatalogBackup(root, { id: 'b1' }, key === undefined ? {} : { key });
    flip(join(source, 'test', 'test_00000.asb'));
    const failed = copy(source, `${target}/`, { recoding, ...(key === undefined ? {} : { key }) });
    await expect(failed).rejects.toThrow(/test_00000\.asb is not what its manifest says: Block 0/);
    expect(await readBackup(join(target, 'b1'), storages)).toMatchObject({ state: 'INCOMPLETE' });
  });

  it('of a compressed file with a changed bit, names the block, not what the codec met', async () => {
    const source = await writeCatalogBackup(root, { id: 'b1', namespaces: ['test'] });
    const compressed = join(target, 'z');
    await copy(source, compressed, { recoding: { compression: ZSTD } });
    flip(join(compressed, 'test', 'test_00000.asb'));
    await expect(copy(compressed, join(target, 'p'), { recoding: PLAIN })).rejects.toThrow(/Block 0, bytes 0 to/);
  });

  it('that does not have the text of the backup, is found when both are read', async () => {
    const source = await writeCatalogBackup(root, { id: 'b1', namespaces: ['test'] });
    const path = join(source, 'test', 'test_00000.asb');
    let isChanged = false;
    // The copy was read back already, and its checksums are right: the original has changed since.
    const access = new InterruptedStorages((_, method) => {
      if (method !== 'writeSmall' || isChanged || readAll(target)['b1/test/test_00000.asb'] === undefined) return;
      flip(path);
      isChanged = true;
    });
    await expect(copy(source, `${target}/`, { recoding: SEALED, storages: access })).rejects.toThrow(
      /does not have the text/,
    );
    expect(isChanged).toBe(true);
  });
});

describe('copyBackup with another form, killed before any of its changes', () => {
  it('leaves an incomplete copy, which the next copy completes', async () => {
    const source = join(root, 'b1');
    await writeNamespace(
      source,
      'test',
      { id: 'b1', started: STARTED },
      Array.from({ length: 30 }, (_, n) => plainRecord(n)),
      OLD,
    );
    const options = { recoding: SEALED, key: OLD, verifies: false };
    const counting = new InterruptedStorages(() => undefined);
    await copy(source, join(target, 'b1'), { ...options, storages: counting });
    expect(counting.count).toBeGreaterThan(8);
    const plain = join(target, 'plain');
    for (let change = 0; change < counting.count; change++) {
      rmSync(target, { recursive: true });
      mkdirSync(target);
      await copy(source, join(target, 'b1'), { ...options, storages: InterruptedStorages.killedBefore(change) }).catch(
        (error: unknown) => expect(error).toBeInstanceOf(KilledError),
      );
      for (const name of readdirSync(target, { recursive: true }).map(String)) {
        if (name.endsWith('.lock')) rmSync(join(target, name));
      }
      const [found] = await findBackups(target, storages);
      expect(['INCOMPLETE', 'COMPLETED', undefined], `killed before change ${change}`).toContain(found?.state);

      await copy(source, join(target, 'b1'), { ...options, verifies: true });
      expect(await findProblems(join(target, 'b1'), NEW), `killed before change ${change}`).toEqual([]);
    }
    await copy(join(target, 'b1'), plain, { key: NEW, recoding: PLAIN });
    const original = join(target, 'original');
    await copy(source, original, { key: OLD, recoding: PLAIN });
    expect(readAll(plain)).toEqual(readAll(original));
  });
});

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
}
