import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskSpace } from '../../../../src/engine/backup/output/disk-space.js';
import type { BackupOptions } from '../../../../src/engine/backup/config.js';
import {
  checkTarget,
  isNamedAfter,
  prepareTarget,
  removeArtifacts,
} from '../../../../src/engine/backup/output/target.js';
import { type LogLine, logText } from '../../../../src/core/log.js';
import { StorageRegistry } from '../../../../src/storage/registry.js';

const storages = new StorageRegistry();
let root = '';
let lines: string[] = [];
const log = {
  info: (line: LogLine) => void lines.push(logText(line)),
  error: (line: LogLine) => void lines.push(`ERR ${logText(line)}`),
  verbose: () => undefined,
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'target-'));
  lines = [];
});
afterEach(() => rm(root, { recursive: true }));

async function directory(...names: string[]): Promise<string> {
  const path = join(root, 'd');
  await mkdir(path);
  for (const name of names) await writeFile(join(path, name), '');
  return path;
}

function options(target: BackupOptions['target'], prefix: string, removeFiles: boolean) {
  return { target, prefix, removeFiles, storages };
}

const OURS = ['test_00000.asb', 'test_00001.asb', 'test_100000.asb'];
const OTHERS = ['bar_00000.asb', 'test2_00000.asb', 'test_1.asb', 'test_000001.asb', 'test_x_00000.asb', 'my.asb'];
const UNRELATED = ['test.asb.state', 'notes.txt', '.asb', 'test_00000.asb.gz'];

describe('names of a prefix', () => {
  it('are those that a backup with this prefix gives', () => {
    expect([...OURS, ...OTHERS, ...UNRELATED].filter(isNamedAfter('test'))).toEqual(OURS);
    expect(isNamedAfter('sub/a.b')('a.b_00000.asb')).toBe(true);
    expect(isNamedAfter('a.b')('axb_00000.asb')).toBe(false);
  });
});

describe('--remove-files', () => {
  it('deletes the files of the prefix and nothing else, and says what stays', async () => {
    const path = await directory(...OURS, ...OTHERS, ...UNRELATED);
    await prepareTarget(options({ kind: 'directory', path }, 'test', true), log);
    expect((await readdir(path)).sort()).toEqual([...OTHERS, ...UNRELATED].sort());
    expect(lines).toEqual([
      `Removing 3 backup file(s) named test_NNNNN.asb from ${path}`,
      expect.stringMatching(/^Warning: .* they stay: bar_00000\.asb, my\.asb, test2_00000\.asb, and 3 more\.$/),
      `Directory ${path} prepared for backup`,
    ]);
  });

  it('replaces a file, and does not mind if there is none', async () => {
    const path = join(root, 'f.asb');
    await writeFile(path, 'old');
    for (let i = 0; i < 2; i++) await prepareTarget(options({ kind: 'file', path }, 'test', true), log);
    expect(await readdir(root)).toEqual([]);
  });
});

describe('without --remove-files', () => {
  it.each([
    [['test_00000.asb'], /give --remove-files to replace them\.$/],
    [['bar_00000.asb', 'test_00000.asb'], /leaves 1 other\(s\) where they are; better choose another directory\.$/],
  ])('a directory with %j is refused', async (names, message) => {
    const path = await directory(...names);
    const refused = options({ kind: 'directory', path }, 'test', false);
    await expect(checkTarget(refused)).rejects.toThrow(message);
    await expect(prepareTarget(refused, log)).rejects.toThrow(message);
    expect(await readdir(path)).toEqual(names);
  });

  it('a directory with other things is taken', async () => {
    const path = await directory(...UNRELATED);
    await checkTarget(options({ kind: 'directory', path }, 'test', false));
    await prepareTarget(options({ kind: 'directory', path }, 'test', false), log);
    expect((await readdir(path)).sort()).toEqual([...UNRELATED].sort());
  });

  it('an existing file is refused', async () => {
    const path = join(root, 'f');
    await writeFile(path, 'old');
    await expect(checkTarget(options({ kind: 'file', path }, 'test', false))).rejects.toThrow('--remove-files');
  });

  it('a missing directory is created, but not its parents', async () => {
    const path = join(root, 'new');
    await prepareTarget(options({ kind: 'directory', path }, 'test', false), log);
    expect(lines).toEqual([`Directory ${path} does not exist, creating`, `Directory ${path} prepared for backup`]);
    const deep = join(root, 'a', 'b');
    await expect(prepareTarget(options({ kind: 'directory', path: deep }, 'test', false), log)).rejects.toThrow(
      'ENOENT',
    );
  });
});

describe('--remove-artifacts', () => {
  it('deletes all backup files of a directory, then the directory', async () => {
    const path = await directory(...OURS, ...OTHERS);
    await removeArtifacts({ target: { kind: 'directory', path }, storages, log });
    expect(await readdir(root)).toEqual([]);
    expect(lines).toEqual([`Deleting backup directory ${path}`]);
  });

  it('keeps what is not a backup file, and so the directory', async () => {
    const path = await directory(...OURS, ...UNRELATED);
    await removeArtifacts({ target: { kind: 'directory', path }, storages, log });
    expect((await readdir(path)).sort()).toEqual([...UNRELATED].sort());
    expect(lines[1]).toBe(`Deleted 3 backup file(s); the directory ${path} stays: it holds other files.`);
  });

  it('keeps the files of other prefixes when one is given', async () => {
    const path = await directory(...OURS, ...OTHERS);
    await removeArtifacts({ target: { kind: 'directory', path }, prefix: 'test', storages, log });
    expect((await readdir(path)).sort()).toEqual([...OTHERS].sort());
  });

  it('fails when there is nothing at the place', async () => {
    const path = join(root, 'gone');
    await expect(removeArtifacts({ target: { kind: 'directory', path }, storages, log })).rejects.toThrow('ENOENT');
    await expect(removeArtifacts({ target: { kind: 'file', path }, storages, log })).rejects.toThrow('ENOENT');
  });

  it('deletes a file', async () => {
    const path = join(root, 'f.asb');
    await writeFile(path, '');
    await removeArtifacts({ target: { kind: 'file', path }, storages, log });
    expect(await readdir(root)).toEqual([]);
  });
});

describe('disk space', () => {
  it('is warned about once, with both numbers', async () => {
    const space = new DiskSpace('/backups', log, () => Promise.resolve(1000));
    await space.check(1000);
    expect(lines).toEqual([]);
    await space.check(1001);
    await space.check(2000);
    expect(lines).toEqual([
      'Warning: 1000 byte(s) are free on the disk of /backups, but about 1001 are still to be written.',
    ]);
  });

  it('does not matter if the disk does not tell', async () => {
    await new DiskSpace('/x', log, () => Promise.reject(new Error('no'))).check(1);
    expect(lines).toEqual([]);
  });

  it('is a question for targets on a disk only', () => {
    expect(DiskSpace.of({ kind: 'stdout' }, log, storages)).toBeUndefined();
    expect(DiskSpace.of({ kind: 'none' }, log, storages)).toBeUndefined();
    expect(DiskSpace.of({ kind: 'file', path: 'x' }, log, storages)).toBeDefined();
  });
});
