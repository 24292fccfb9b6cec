import { mkdtempSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Codecs } from '../../../src/codecs/codecs.js';
import { openBackup } from '../../../src/engine/catalog/open-backup.js';
import { storages, temporaryDirectory } from '../../support/backup-files.js';
import { writeCatalogBackup } from '../../support/catalog.js';

const base = temporaryDirectory();
const codecs = await Codecs.open();
const newRoot = (): string => mkdtempSync(join(base, 'root'));

describe('openBackup, of several namespaces', () => {
  it('has the files of all', async () => {
    const path = await writeCatalogBackup(newRoot());
    const { files, isComplete } = await openBackup(path, { codecs, storages, allowIncomplete: false });
    expect(files.map((file) => basename(file.path))).toEqual(['bar_00000.asb', 'test_00000.asb']);
    expect(isComplete).toBe(true);
  });

  it('one of which was not begun, has the files of the others if an incomplete backup is allowed', async () => {
    const path = await writeCatalogBackup(newRoot(), {}, { begun: ['test'] });
    await expect(openBackup(path, { codecs, storages, allowIncomplete: false })).rejects.toThrow('is INCOMPLETE');
    const { files, isComplete } = await openBackup(path, { codecs, storages, allowIncomplete: true });
    expect(files.map((file) => basename(file.path))).toEqual(['test_00000.asb']);
    expect(isComplete).toBe(false);
  });

  it('none of which was begun, is refused', async () => {
    const path = await writeCatalogBackup(newRoot(), {}, { begun: [] });
    const opened = openBackup(path, { codecs, storages, allowIncomplete: true });
    await expect(opened).rejects.toMatchObject({ code: 'CATALOG_INCOMPLETE' });
  });
});
