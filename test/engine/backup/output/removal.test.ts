import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProcessLimits, type RunContext } from '../../../../src/core/run-context.js';
import { removeBackup } from '../../../../src/engine/backup/output/removal.js';
import { StorageRegistry } from '../../../../src/storage/registry.js';
import { formatBackupEvent } from '../../../../src/ui/messages/backup.js';

const storages = new StorageRegistry();
let root = '';
let lines: string[] = [];
const context: RunContext = {
  runId: 'removal',
  signal: new AbortController().signal,
  limits: createProcessLimits(),
  emit: (event) => {
    lines.push(...formatBackupEvent(event, { frontEnd: 'cli', hosts: '' }).map(({ line }) => line.text));
  },
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'removal-'));
  lines = [];
});
afterEach(() => rm(root, { recursive: true }));

async function directory(...names: string[]): Promise<string> {
  const path = join(root, 'd');
  await mkdir(path);
  for (const name of names) await writeFile(join(path, name), '');
  return path;
}

const OURS = ['test_00000.asb', 'test_00001.asb', 'test_100000.asb'];
const OTHERS = ['bar_00000.asb', 'test2_00000.asb', 'test_1.asb', 'test_000001.asb', 'test_x_00000.asb', 'my.asb'];
const UNRELATED = ['test.asb.state', 'notes.txt', '.asb', 'test_00000.asb.gz'];

describe('the removal of a backup', () => {
  it('deletes all backup files of a directory, then the directory', async () => {
    const path = await directory(...OURS, ...OTHERS);
    await removeBackup({ target: { kind: 'directory', path }, storages }, context);
    expect(await readdir(root)).toEqual([]);
    expect(lines).toEqual([`Deleting backup directory ${path}`]);
  });

  it('keeps what is not a backup file, and so the directory', async () => {
    const path = await directory(...OURS, ...UNRELATED);
    await removeBackup({ target: { kind: 'directory', path }, storages }, context);
    expect((await readdir(path)).sort()).toEqual([...UNRELATED].sort());
    expect(lines[1]).toBe(`Deleted 3 backup file(s); the directory ${path} stays: it holds other files.`);
  });

  it('keeps the files of other prefixes when one is given', async () => {
    const path = await directory(...OURS, ...OTHERS);
    await removeBackup({ target: { kind: 'directory', path }, prefix: 'test', storages }, context);
    expect((await readdir(path)).sort()).toEqual([...OTHERS].sort());
  });

  it('fails when there is nothing at the place', async () => {
    const path = join(root, 'gone');
    await expect(removeBackup({ target: { kind: 'directory', path }, storages }, context)).rejects.toThrow('ENOENT');
    await expect(removeBackup({ target: { kind: 'file', path }, storages }, context)).rejects.toThrow('ENOENT');
  });

  it('deletes a file', async () => {
    const path = join(root, 'f.asb');
    await writeFile(path, '');
    await removeBackup({ target: { kind: 'file', path }, storages }, context);
    expect(await readdir(root)).toEqual([]);
  });
});
