/** Links, pipes and devices in the place of files: nothing but regular files is deleted, replaced or cut. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeFileSystem } from '../../../src/storage/local/file-system.js';
import { LocalStorage } from '../../../src/storage/local/storage.js';
import type { Storage } from '../../../src/storage/storage.js';

const VICTIM = 'a thesis of ten years';
let folder = '';
const storage: Storage = new LocalStorage();
const at = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'special-'));
  await writeFile(at('victim'), VICTIM);
});
afterEach(() => rm(folder, { recursive: true }));

async function expectVictim(): Promise<void> {
  expect(await readFile(at('victim'), 'utf8')).toBe(VICTIM);
}

function makeFifo(): string {
  execFileSync('mkfifo', [at('pipe')]);
  return at('pipe');
}

describe('a link that somebody prepared in a directory that others may write to', () => {
  it('does not lead the state file to a file of somebody else', async () => {
    await symlink(at('victim'), at('st.tmp'));
    await symlink(at('victim'), at('st'));
    await storage.writeSmall(at('st'), 'state', 'the state file');
    await expectVictim();
    expect((await lstat(at('st'))).isFile()).toBe(true);
    expect(await readFile(at('st'), 'utf8')).toBe('state');
  });

  it('does not lead a lock to a file of somebody else, whether that exists or not', async () => {
    await symlink(at('victim'), at('lock1'));
    await symlink(at('none'), at('lock2'));
    expect(await storage.createExclusive(at('lock1'), 'run')).toBe(false);
    expect(await storage.createExclusive(at('lock2'), 'run')).toBe(false);
    await expect(storage.readVersion(at('lock1'))).rejects.toThrow('symbolic link');
    await expectVictim();
    expect((await readdir(folder)).sort()).toEqual(['lock1', 'lock2', 'victim']);
  });

  it('does not lead a continued backup to a file of somebody else, which would be cut', async () => {
    await symlink(at('victim'), at('test_00000.asb'));
    expect(await storage.checkResumable(at('test_00000.asb'), { bytes: 3 })).toContain('not a regular file');
    await expect(storage.resume(at('test_00000.asb'), { bytes: 3 })).rejects.toThrow('symbolic link');
    await expect(storage.truncateTo(at('test_00000.asb'), { bytes: 3 })).rejects.toThrow('symbolic link');
    await expectVictim();
  });

  it('does not lead a new backup file to a file that does not exist yet', async () => {
    await symlink(at('new'), at('test_00000.asb'));
    await expect(storage.create(at('test_00000.asb'), 0)).rejects.toMatchObject({ code: 'IO_EEXIST' });
    expect(await readdir(folder)).not.toContain('new');
  });

  it('is deleted itself with the backup, and not the file that it leads to', async () => {
    await symlink(at('victim'), at('test_00000.asb'));
    await storage.deleteFiles(folder, ['test_00000.asb']);
    await expectVictim();
    expect(await readdir(folder)).toEqual(['victim']);
  });
});

describe('a FIFO as output', () => {
  it('is written to and stays, although old output is to be removed', async () => {
    const path = makeFifo();
    expect(await storage.exists('file', path)).toBe(false);
    await storage.deleteFile(path, 'ignore');
    const reader = createReadStream(path, 'utf8');
    let text = '';
    reader.on('data', (chunk) => (text += String(chunk)));
    const sink = await storage.create(path, 0);
    await sink.write(Buffer.from('through '));
    await sink.write(Buffer.from('the pipe'));
    expect(await sink.sync()).toBe(16);
    await sink.close();
    await once(reader, 'close');
    expect(text).toBe('through the pipe');
    expect((await stat(path)).isFIFO()).toBe(true);
  });

  it('is not deleted on request either', async () => {
    const path = makeFifo();
    await expect(storage.deleteFile(path, 'throw')).rejects.toMatchObject({ code: 'IO_NOT_REGULAR' });
    await expect(storage.deleteFiles(folder, ['pipe'])).rejects.toMatchObject({ code: 'IO_NOT_REGULAR' });
    expect((await stat(path)).isFIFO()).toBe(true);
  });

  it('that nobody reads does not keep a stopped run from ending', async () => {
    const controller = new AbortController();
    const stopped: Storage = new LocalStorage({}, controller.signal);
    const opening = stopped.create(makeFifo(), 0);
    setImmediate(() => controller.abort());
    await expect(opening).rejects.toMatchObject({ code: 'IO_ENXIO' });
  });

  it('is no state file', async () => {
    const path = makeFifo();
    await expect(storage.writeSmall(path, 'x', 'the state file')).rejects.toMatchObject({ code: 'IO_NOT_REGULAR' });
    await expect(storage.readSmall(path, 'the state file')).rejects.toMatchObject({ code: 'IO_NOT_REGULAR' });
    await expect(storage.readVersion(path)).rejects.toMatchObject({ code: 'IO_NOT_REGULAR' });
    expect((await stat(path)).isFIFO()).toBe(true);
  });
});

describe('a link to a device as output', () => {
  it('is written through and stays, although old output is to be removed', async () => {
    await symlink('/dev/null', at('null'));
    expect(await storage.exists('file', at('null'))).toBe(false);
    await storage.deleteFile(at('null'), 'ignore');
    const sink = await storage.create(at('null'), 0);
    await sink.write(Buffer.from('nothing'));
    expect(await sink.sync()).toBe(7);
    await sink.close();
    expect(await readlink(at('null'))).toBe('/dev/null');
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  });
});

describe('a directory with the name of a backup file', () => {
  it('is not deleted, and reported', async () => {
    await mkdir(at('test_00000.asb'));
    await expect(storage.deleteFiles(folder, ['test_00000.asb'])).rejects.toMatchObject({ code: 'IO_EISDIR' });
    expect((await stat(at('test_00000.asb'))).isDirectory()).toBe(true);
  });
});

describe('a deletion', () => {
  it('is durable when it is done, so that a complete backup does not look interrupted after a power cut', async () => {
    const opened: string[] = [];
    const open: typeof nodeFileSystem.open = (path, ...rest) => {
      opened.push(String(path));
      return nodeFileSystem.open(path, ...rest);
    };
    const recorded = new LocalStorage({}, undefined, { ...nodeFileSystem, open });
    await recorded.deleteFile(at('victim'), 'throw');
    expect(opened).toEqual([folder]);
  });
});
