import { describe, expect, it } from 'vitest';
import type { FileHeader } from '../../../src/engine/input/header-scan.js';
import type { StorageAccess } from '../../../src/storage/registry.js';
import { findMissingFiles, missingFiles } from '../../../src/engine/input/missing-files.js';

function header(path: string, more: Partial<FileHeader> = {}): FileHeader {
  return { path, metadataEntries: 0, firstFile: false, marked: true, ...more };
}

describe('missing files', () => {
  const first = header('/b/a', { firstFile: true });
  const other = header('/b/b');

  it('none are reported when all numbers are there, or the names have no numbers', () => {
    expect(missingFiles(['/b/test_00000.asb', '/b/test_00001.asb'], [other, first])).toEqual([]);
    expect(missingFiles(['/b/0_test_1.asb', '/b/3_test_9(1).asb'], [other, first])).toEqual([]);
  });

  it('files of left-out numbers are named', () => {
    const paths = ['/b/test_00001.asb', '/b/test_00003.asb', '/b/more_00000.asb', '/b/test_100000.asb'];
    const warnings = missingFiles(paths, [first, other, other, other]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('lacks test_00000.asb, test_00002.asb, test_00004.asb');
  });

  it('the file with indexes and modules is reported when no file has the first-file mark', () => {
    expect(missingFiles(['/b/a.asb'], [other])[0]).toContain('"# first-file"');
    // Version 3.0 has no marks.
    expect(missingFiles(['/b/a.asb'], [{ ...other, marked: false }])).toEqual([]);
    expect(missingFiles(['/b/a.asb'], [])).toEqual([]);
  });

  it('the mark is not expected of the newer tools, whose indexes and modules have a file of their own', () => {
    expect(missingFiles(['/b/0_test_1.asb'], [other, header('/b/metadata_test_1.asb')])).toEqual([]);
    expect(missingFiles(['/b/test_00000.asb'], [other, header('/b/metadata_test_00000.asb')])[0]).toContain('mark');
  });

  it('a file that was replaced by a copy of the first one is reported', () => {
    const paths = ['/b/t_00000.asb', '/b/t_00001.asb'];
    const headers = paths.map((path) => header(path, { firstFile: true }));
    expect(missingFiles(paths, headers)).toEqual([
      '/b/t_00000.asb and /b/t_00001.asb both have the "# first-file" mark; one of them replaced another file',
    ]);
    expect(missingFiles(['/b/t_00000.asb', '/b/u_00000.asb'], [first, first])).toEqual([]);
  });

  it('files in several directories are one backup if no number comes twice, and several otherwise', () => {
    expect(missingFiles(['/a/t_00000.asb', '/b/t_00001.asb'], [first, other])).toEqual([]);
    expect(missingFiles(['/a/t_00000.asb', '/b/t_00002.asb'], [first])).toEqual(['the backup lacks t_00001.asb']);
    expect(missingFiles(['/a/t_00000.asb', '/a/t_00001.asb', '/b/t_00001.asb'], [first])).toEqual([
      'the backup lacks t_00000.asb in /b',
    ]);
  });

  it('at most ten names are listed when very many files are missing', () => {
    const [text] = missingFiles(['/a/t_4000000.asb'], [first]);
    expect(text).toMatch(/^the backup lacks (t_\d{5}\.asb, ){9}t_00009\.asb and more$/);
  });
});

describe('uploads that were left unfinished', () => {
  it('are missing files, but not beside a whole object of the same name', async () => {
    const names = ['test_00000.asb', 'test_00001.asb'];
    const storage = {
      list: () => Promise.resolve(names.map((name) => ({ name, sizeBytes: 1 }))),
      listUnfinished: () => Promise.resolve(['test_00001.asb', 'test_00002.asb', 'notes.txt']),
    };
    const storages = { forPath: () => Promise.resolve(storage) } as unknown as StorageAccess;
    const paths = names.map((name) => `/b/${name}`);
    const headers = paths.map((path, i) => header(path, { firstFile: i === 0 }));
    expect(await findMissingFiles(paths, headers, ['/b'], storages)).toEqual([
      '/b/test_00002.asb is not there yet: its upload was left unfinished or is still under way',
    ]);
  });
});
