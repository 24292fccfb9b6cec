import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  createBackupDocument,
  isDirectoryName,
  parseBackupDocument,
  readBackupDocument,
  readIfExists,
  type BackupDocument,
} from '../../../src/engine/catalog/backup-document.js';
import { storages, temporaryDirectory } from '../../support/backup-files.js';
import type { Storage } from '../../../src/storage/storage.js';
import { key } from '../../support/codecs.js';
import { sealState } from '../../support/state.js';

const root = temporaryDirectory();
let next = 0;
const newPath = (): string => join(root, `b${next++}`);
const storage = await storages.forPath(root);

const DOCUMENT: BackupDocument = {
  id: 'nightly-1',
  type: 'incremental',
  parent: 'nightly-0',
  started: '2026-01-02T03:04:05.678Z',
  namespaces: ['test', 'bar'],
  selection: { include: ['test.users'], exclude: ['bar.'] },
  sealed: true,
};

describe('createBackupDocument', () => {
  it.each([
    ['without a key', undefined],
    ['with a key', key],
  ])('%s, writes what readBackupDocument reads, for its owner alone', async (_, given) => {
    const path = newPath();
    expect(await createBackupDocument(path, DOCUMENT, storages, given)).toBe(true);
    expect(await readBackupDocument(path, storage, given)).toEqual(DOCUMENT);
    expect(await readBackupDocument(path, storage)).toEqual(DOCUMENT);
    expect(statSync(join(path, 'backup.json')).mode & 0o777).toBe(0o600);
  });

  it('where there is a document, leaves it as it is', async () => {
    const path = newPath();
    await createBackupDocument(path, DOCUMENT, storages);
    expect(await createBackupDocument(path, { ...DOCUMENT, started: '2027-01-01T00:00:00.000Z' }, storages)).toBe(
      false,
    );
    expect(await readBackupDocument(path, storage)).toEqual(DOCUMENT);
  });

  it('of several callers at once, lets one succeed', async () => {
    const path = newPath();
    const created = await Promise.all([1, 2, 3, 4].map(() => createBackupDocument(path, DOCUMENT, storages)));
    expect(created.filter(Boolean)).toHaveLength(1);
  });
});

describe('readBackupDocument', () => {
  it('of a directory without a document, is undefined', async () => {
    const path = newPath();
    mkdirSync(path);
    expect(await readBackupDocument(path, storage)).toBeUndefined();
  });

  it('after any byte was changed, refuses the document', async () => {
    const path = newPath();
    await createBackupDocument(path, DOCUMENT, storages);
    const bytes = readFileSync(join(path, 'backup.json'));
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ 1;
      let parsed: unknown;
      try {
        parsed = parseBackupDocument(changed, 'x');
      } catch (error) {
        expect(error).toMatchObject({ code: 'CATALOG_DAMAGED' });
        continue;
      }
      // Blanks between the fields are not part of what is sealed.
      expect(parsed, `byte ${at}`).toEqual(DOCUMENT);
      expect(String.fromCharCode(bytes[at]!)).toMatch(/\s/);
    }
  });

  it('with the key, refuses a document that was written without it', async () => {
    const path = newPath();
    await createBackupDocument(path, DOCUMENT, storages);
    await expect(readBackupDocument(path, storage, key)).rejects.toMatchObject({
      code: 'CATALOG_DAMAGED',
      message: expect.stringContaining('without the encryption key') as string,
    });
  });

  it.each([
    ['another format', { format: 'asb-tombstone' }, 'is not the document of a backup'],
    ['another version', { version: 2 }, 'is of version 2'],
    ['an id with a slash', { id: 'a/b' }, 'its id'],
    ['an unknown type', { type: 'half' }, 'its type'],
    ['an incremental one without a parent', { parent: undefined }, 'its parent'],
    ['a full one with a parent', { type: 'full' }, 'its parent'],
    ['no time', { started: 'never' }, 'its time'],
    ['no namespaces', { namespaces: [] }, 'its list of namespaces'],
    ['a namespace twice', { namespaces: ['a', 'a'] }, 'its list of namespaces'],
    ['a namespace outside of the directory', { namespaces: ['../other'] }, 'the name of a namespace'],
    ['a selection of other values', { selection: { include: [1] } }, 'its selection'],
  ])('of %s with a right checksum, refuses the document', (_, fields, text) => {
    const bytes = Buffer.from(sealState({ format: 'asb-backup', version: 1, ...DOCUMENT, ...fields }));
    expect(() => parseBackupDocument(bytes, 'x')).toThrow(text);
  });

  it('of bytes that are no JSON, says so', () => {
    expect(() => parseBackupDocument(Buffer.from('junk'), 'x')).toThrow('x is damaged');
    expect(() => parseBackupDocument(Buffer.from('[]'), 'x')).toThrow('x is not the document of a backup');
  });
});

describe('isDirectoryName', () => {
  it.each(['test', 'a.b', 'ns-1_x'])('of %s, is true', (name) => {
    expect(isDirectoryName(name)).toBe(true);
  });

  it.each(['', '.', '..', 'a/b', 'a\\b', 'a\nb', 'hold.json', 'asbackup.lock', 'x.asb'])(
    'of "%s", is false',
    (name) => {
      expect(isDirectoryName(name)).toBe(false);
    },
  );
});

describe('readIfExists', () => {
  /** Reads fail so often before they succeed; the file is there, or not. */
  function createStorage(failures: number, isThere: boolean): Pick<Storage, 'readSmall' | 'exists'> {
    return {
      readSmall: () =>
        failures-- > 0 ? Promise.reject(new Error('cannot be read')) : Promise.resolve(Buffer.from('text')),
      exists: () => Promise.resolve(isThere),
    };
  }
  const read = (failures: number, isThere: boolean): Promise<Buffer | undefined> =>
    readIfExists(createStorage(failures, isThere) as Storage, 'file', 'the document');

  it('of a file that is not there, gives undefined', async () => {
    expect(await read(1, false)).toBeUndefined();
  });

  it('of a file that is written between the reading and the question whether it exists, gives its bytes', async () => {
    expect(await read(1, true)).toEqual(Buffer.from('text'));
  });

  it('of a file that is deleted while it is read, gives undefined', async () => {
    const answers = [true, false];
    const storage = {
      ...createStorage(2, true),
      exists: () => Promise.resolve(answers.shift()!),
    };
    expect(await readIfExists(storage as unknown as Storage, 'file', 'the document')).toBeUndefined();
  });

  it('of a file that is there and cannot be read, throws why', async () => {
    await expect(read(2, true)).rejects.toThrow('cannot be read');
  });
});
