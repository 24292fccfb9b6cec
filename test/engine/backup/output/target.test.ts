import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskSpace } from '../../../../src/engine/backup/output/disk-space.js';
import type { BackupConfig } from '../../../../src/engine/backup/config.js';
import { checkTarget, isNamedAfter, prepareTarget } from '../../../../src/engine/backup/output/target.js';
import type { EngineEvent } from '../../../../src/core/events.js';
import { errorText } from '../../../../src/ui/error-text.js';
import { formatBackupEvent } from '../../../../src/ui/messages/backup.js';
import { PartitionProgress } from '../../../../src/engine/backup/checkpoint/partition-progress.js';
import { type BackupState, saveState } from '../../../../src/engine/backup/checkpoint/state-file.js';
import { StorageRegistry } from '../../../../src/storage/registry.js';

const storages = new StorageRegistry();
let root = '';
let lines: string[] = [];
const emit = (event: EngineEvent): void => {
  lines.push(...formatBackupEvent(event, { frontEnd: 'cli', hosts: '' }).map(({ line }) => line.text));
};
const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => '',
    (error: unknown) => errorText(error, 'cli'),
  );

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

function options(target: BackupConfig['target'], prefix: string, removeFiles: boolean, removePrefix?: string) {
  return { target, prefix, removeFiles, storages, ...(removePrefix === undefined ? {} : { removePrefix }) };
}

function createState(runId: string, target: string): BackupState {
  return {
    runId,
    target,
    identity: {},
    cluster: { name: '', nodes: [] },
    filters: [{ kind: 'range', begin: 0, count: 4096 }],
    cursors: new PartitionProgress(),
    files: [],
    counters: { records: 0, bytes: 0, sindexes: 0, udfs: 0 },
  };
}

const context = { emit, runId: 'this-run' };

const OURS = ['metadata_test_00000.asb', 'test_00000.asb', 'test_00001.asb', 'test_100000.asb'];
const OTHERS = [
  'bar_00000.asb',
  'test2_00000.asb',
  'test_1.asb',
  'test_000001.asb',
  'test_x_00000.asb',
  'my.asb',
  'metadata_test_00001.asb',
];
const UNRELATED = ['test.asb.state', 'notes.txt', '.asb', 'test_00000.asb.gz'];

describe('names of a prefix', () => {
  it('are those that a backup with this prefix gives', () => {
    expect([...OURS, ...OTHERS, ...UNRELATED].filter(isNamedAfter('test'))).toEqual(OURS);
    expect(isNamedAfter('sub/a.b')('a.b_00000.asb')).toBe(true);
    expect(isNamedAfter('a.b')('axb_00000.asb')).toBe(false);
  });
});

describe('--remove-files', () => {
  it('without a prefix clears the directory of backup files, and names those of other backups', async () => {
    const path = await directory(...OURS, ...OTHERS, ...UNRELATED);
    await prepareTarget(options({ kind: 'directory', path }, 'test', true), context);
    expect((await readdir(path)).sort()).toEqual([...UNRELATED].sort());
    const removed = `Removing 11 backup file(s) from ${path}, 7 of them not named test_NNNNN.asb: `;
    expect(lines).toEqual([
      `${removed}bar_00000.asb, metadata_test_00001.asb, my.asb, and 4 more`,
      `Directory ${path} prepared for backup`,
    ]);
  });

  it('without a prefix deletes the states that interrupted backups have left, but not its own', async () => {
    const path = await directory('bar_00000.asb', 'c.asb.state');
    for (const runId of ['this-run', 'another-run']) {
      await saveState(join(path, `${runId}.asb.state`), createState(runId, path), storages);
    }
    await prepareTarget(options({ kind: 'directory', path }, 'test', true), context);
    expect((await readdir(path)).sort()).toEqual(['c.asb.state', 'this-run.asb.state']);
  });

  it('with a prefix deletes the files of the prefix and nothing else, and says what stays', async () => {
    const path = await directory(...OURS, ...OTHERS, ...UNRELATED);
    await prepareTarget(options({ kind: 'directory', path }, 'test', true, 'test'), context);
    expect((await readdir(path)).sort()).toEqual([...OTHERS, ...UNRELATED].sort());
    expect(lines).toEqual([
      `Removing 4 backup file(s) from ${path}`,
      expect.stringMatching(/^Warning: .* they stay: bar_00000\.asb, metadata_test_00001\.asb, my\.asb, and 4 more\.$/),
      `Directory ${path} prepared for backup`,
    ]);
  });

  it('replaces a file, and does not mind if there is none', async () => {
    const path = join(root, 'f.asb');
    await writeFile(path, 'old');
    for (let i = 0; i < 2; i++) await prepareTarget(options({ kind: 'file', path }, 'test', true), context);
    expect(await readdir(root)).toEqual([]);
  });
});

describe('without --remove-files', () => {
  it.each([
    [['test_00000.asb'], undefined, /Give --remove-files to replace them\.$/],
    [['bar_00000.asb', 'test_00000.asb'], undefined, /deletes all of them, also the 1 that are not named test_NNNNN/],
    [['bar_00000.asb', 'test_00000.asb'], 'test', /leaves 1 other\(s\) where they are; better choose another dir/],
  ])('a directory with %j is refused, prefix %j', async (names, prefix, message) => {
    const path = await directory(...names);
    const refused = options({ kind: 'directory', path }, 'test', false, prefix);
    expect(await refusal(checkTarget(refused))).toMatch(message);
    expect(await refusal(prepareTarget(refused, context))).toMatch(message);
    expect(await readdir(path)).toEqual(names);
  });

  it('a directory with an interrupted backup is refused with the advice to continue it', async () => {
    const path = await directory('test_00000.asb');
    const statePath = join(path, 'test.asb.state');
    await saveState(statePath, createState('a-run', path), storages);
    const refused = options({ kind: 'directory', path }, 'test', false);
    expect(await refusal(checkTarget(refused))).toContain(
      `of a backup that was interrupted. Give --continue ${statePath} to finish that backup, or --remove-files`,
    );
  });

  it('a directory with other things is taken', async () => {
    const path = await directory(...UNRELATED);
    await checkTarget(options({ kind: 'directory', path }, 'test', false));
    await prepareTarget(options({ kind: 'directory', path }, 'test', false), context);
    expect((await readdir(path)).sort()).toEqual([...UNRELATED].sort());
  });

  it('an existing file is refused', async () => {
    const path = join(root, 'f');
    await writeFile(path, 'old');
    expect(await refusal(checkTarget(options({ kind: 'file', path }, 'test', false)))).toContain('--remove-files');
  });
});

describe('disk space', () => {
  it('is warned about once, with both numbers', async () => {
    const space = new DiskSpace('/backups', emit, () => Promise.resolve(1000));
    await space.check(1000);
    expect(lines).toEqual([]);
    await space.check(1001);
    await space.check(2000);
    expect(lines).toEqual([
      'Warning: 1000 byte(s) are free on the disk of /backups, but about 1001 are still to be written.',
    ]);
  });

  it('does not matter if the disk does not tell', async () => {
    await new DiskSpace('/x', emit, () => Promise.reject(new Error('no'))).check(1);
    expect(lines).toEqual([]);
  });

  it('is a question for targets on a disk only', () => {
    expect(DiskSpace.of({ kind: 'stdout' }, emit, storages)).toBeUndefined();
    expect(DiskSpace.of({ kind: 'none' }, emit, storages)).toBeUndefined();
    expect(DiskSpace.of({ kind: 'file', path: 'x' }, emit, storages)).toBeDefined();
  });
});
