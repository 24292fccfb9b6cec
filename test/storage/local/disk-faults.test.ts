/** A disk that fails, is full, over quota or read-only while a backup and its checkpoints are written. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalStorage } from '../../../src/storage/local/storage.js';
import type { Storage } from '../../../src/storage/storage.js';
import { DISK_ERRORS, faultyFileSystem, type FaultyCall } from '../../support/fault-fs.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faults-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A storage whose calls of one kind fail from the `after`-th on. */
function failing(call: FaultyCall, error: string, after = 0): LocalStorage {
  let count = 0;
  return new LocalStorage(
    {},
    undefined,
    faultyFileSystem((name) => (name === call && count++ >= after ? error : undefined)),
  );
}

const ERRORS = Object.keys(DISK_ERRORS);
const CASES = (calls: readonly FaultyCall[]): [FaultyCall, string][] =>
  calls.flatMap((call) => ERRORS.map((error): [FaultyCall, string] => [call, error]));

describe('a data file', () => {
  it.each(CASES(['write', 'datasync', 'sync', 'open']))(
    '%s fails with %s: the backup learns it and nothing is reported durable',
    async (call, error) => {
      const storage: Storage = failing(call, error);
      const path = join(folder, 'test_00000.asb');
      const run = async (): Promise<void> => {
        const sink = await storage.create(path, 0);
        await sink.write(Buffer.from('records'));
        await sink.sync();
        await sink.close();
      };
      await expect(run()).rejects.toMatchObject({
        code: `IO_${error}`,
        message: expect.stringContaining(path) as string,
      });
    },
  );

  it('a failure while it is written early: it is not lost, though the system reports it only once', async () => {
    let count = 0;
    const fails = (call: FaultyCall): string | undefined => (call === 'datasync' && count++ === 0 ? 'EIO' : undefined);
    const sink = await new LocalStorage({}, undefined, faultyFileSystem(fails)).create(join(folder, 'large.asb'));
    await sink.write(Buffer.alloc(17 * 2 ** 20));
    expect(count).toBe(1);
    await expect(sink.close()).rejects.toMatchObject({ code: 'IO_EIO' });
    await expect(sink.sync()).rejects.toMatchObject({ code: 'IO_EIO' });
    await expect(sink.write(Buffer.alloc(1))).rejects.toMatchObject({ code: 'IO_EIO' });
    await sink.abort();
  });

  it.each(ERRORS)('%s after a checkpoint: what was durable is continued without loss', async (error) => {
    const path = join(folder, 'test_00000.asb');
    const storage: Storage = failing('write', error, 1);
    const sink = await storage.create(path, 0);
    await sink.write(Buffer.from('durable'));
    const bytes = await sink.sync();
    await expect(sink.write(Buffer.from('lost'))).rejects.toMatchObject({ code: `IO_${error}` });
    await sink.abort();
    const next = new LocalStorage();
    const resumed = await next.resume(path, { bytes });
    await resumed.write(Buffer.from(' and the rest'));
    await resumed.close();
    expect(await readFile(path, 'utf8')).toBe('durable and the rest');
  });

  it.each(ERRORS)(
    'an %s while it is truncated: the run does not append to what follows the checkpoint',
    async (error) => {
      const path = join(folder, 'test_00000.asb');
      const storage: Storage = new LocalStorage();
      const sink = await storage.create(path, 0);
      await sink.write(Buffer.from('durable and more'));
      await sink.close();
      await expect(failing('truncate', error).resume(path, { bytes: 7 })).rejects.toMatchObject({
        code: `IO_${error}`,
      });
      expect(await readFile(path, 'utf8')).toBe('durable and more');
    },
  );
});

describe('a checkpoint', () => {
  it.each(CASES(['open', 'writeFile', 'sync', 'rename']))(
    '%s fails with %s: the state saved before stays whole, and nothing lies beside it',
    async (call, error) => {
      const path = join(folder, 'test.asb.state');
      await new LocalStorage().writeSmall(path, 'old state', 'the state file');
      await expect(failing(call, error).writeSmall(path, 'new state', 'the state file')).rejects.toMatchObject({
        code: `IO_${error}`,
        message: expect.stringContaining('save the state file') as string,
      });
      expect(await readFile(path, 'utf8')).toBe('old state');
      expect(await readdir(folder)).toEqual(['test.asb.state']);
    },
  );

  it('a quota that is used up is named, although this version of Node.js has no name for it', async () => {
    const attempt = failing('writeFile', 'EDQUOT').writeSmall(join(folder, 'x'), 'state', 'the state file');
    await expect(attempt).rejects.toThrow('the disk quota is used up (EDQUOT)');
  });
});

describe('a lock', () => {
  it.each(CASES(['open', 'writeFile', 'sync', 'link']))(
    '%s fails with %s: there is no half of a lock',
    async (call, error) => {
      const path = join(folder, 'lock');
      await expect(failing(call, error).createExclusive(path, 'run')).rejects.toMatchObject({ code: `IO_${error}` });
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it('is made also where the file system has no hard links', async () => {
    const link = (): Promise<void> => Promise.reject(Object.assign(new Error('link'), { code: 'EPERM' }));
    const storage = new LocalStorage({}, undefined, { ...faultyFileSystem(() => undefined), link });
    expect(await storage.createExclusive(join(folder, 'lock'), 'run 1')).toBe(true);
    expect(await storage.createExclusive(join(folder, 'lock'), 'run 2')).toBe(false);
    expect(await readFile(join(folder, 'lock'), 'utf8')).toBe('run 1');
  });
});
