import { mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FileSystem, nodeFileSystem } from '../../../src/storage/local/file-system.js';
import { LocalStorage } from '../../../src/storage/local/storage.js';

const LARGE = 16 * 1024 * 1024;

describe('the deletion of large files', () => {
  let folder: string;
  /** Opened, deleted and closed, by name, in their order. */
  let calls: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'later-release-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  beforeEach(() => {
    calls = [];
  });

  const at = (name: string): string => join(folder, name);

  /** Sparse: only its size matters. */
  async function createFile(name: string, bytes: number): Promise<void> {
    await writeFile(at(name), '');
    await truncate(at(name), bytes);
  }

  function recordCalls(freeBytes: number): FileSystem {
    const recordCall = (call: string, path: string): unknown =>
      path !== folder && calls.push(`${call} ${path.slice(-1)}`);
    return {
      ...nodeFileSystem,
      open: async (path, ...rest) => {
        const handle = await nodeFileSystem.open(path, ...rest);
        recordCall('open', String(path));
        const close = handle.close.bind(handle);
        handle.close = () => {
          recordCall('close', String(path));
          return close();
        };
        return handle;
      },
      unlink: (path) => {
        recordCall('delete', String(path));
        return nodeFileSystem.unlink(path);
      },
      statfs: (async (path: string) =>
        Object.assign(await nodeFileSystem.statfs(path), { bavail: freeBytes, bsize: 1 })) as FileSystem['statfs'],
    };
  }

  it('removes their names first, and gives their space back behind that', async () => {
    await createFile('a', LARGE);
    await createFile('b', 1);
    const storage = new LocalStorage({}, undefined, recordCalls(4 * LARGE));
    await storage.deleteFiles(folder, ['a', 'b']);
    expect(calls.slice(0, 2).toSorted()).toEqual(['open a', 'open b']);
    expect(calls.slice(2)).toEqual(['delete a', 'delete b']);
    await vi.waitFor(() => expect(calls.slice(4)).toEqual(['close a', 'close b']));
    await createFile('c', LARGE);
    await storage.deleteFile(at('c'), 'throw');
    await vi.waitFor(() => expect(calls.slice(6)).toEqual(['open c', 'delete c', 'close c']));
  });

  it.each([
    ['are small', 1000, 4 * LARGE],
    ['hold space that is needed at once', LARGE, LARGE],
  ])('waits for all of it if they %s', async (_, bytes, freeBytes) => {
    await createFile('a', bytes);
    await new LocalStorage({}, undefined, recordCalls(freeBytes)).deleteFiles(folder, ['a']);
    expect(calls).toEqual(['delete a']);
  });

  it('opens nothing that a link leads to', async () => {
    await createFile('a', LARGE);
    await createFile('b', LARGE);
    await symlink(at('b'), at('l'));
    await new LocalStorage({}, undefined, recordCalls(4 * LARGE)).deleteFiles(folder, ['l', 'a']);
    await vi.waitFor(() => expect(calls).toEqual(['open a', 'delete l', 'delete a', 'close a']));
  });
});
