import type { FileHandle } from 'node:fs/promises';
import { nodeFileSystem, type FileSystem } from '../../src/storage/local/file-system.js';

/** The calls that a faulty disk or a full one can fail. */
export type FaultyCall =
  'open' | 'write' | 'writeFile' | 'sync' | 'datasync' | 'truncate' | 'rename' | 'unlink' | 'link';

/** EDQUOT has no name in libuv: its errors are made as libuv makes them. */
export const DISK_ERRORS: Readonly<Record<string, { errno: number; code: string }>> = {
  EIO: { errno: -5, code: 'EIO' },
  ENOSPC: { errno: -28, code: 'ENOSPC' },
  EROFS: { errno: -30, code: 'EROFS' },
  EDQUOT: { errno: -122, code: 'Unknown system error -122' },
};

/**
 * The real file system, but `shouldFail` is asked before each call that changes something, and the call fails with the
 * error that it names. `path` is that of the open file, or of the first argument.
 */
export function faultyFileSystem(shouldFail: (call: FaultyCall, path: string) => string | undefined): FileSystem {
  const check = (call: FaultyCall, path: string): void => {
    const name = shouldFail(call, path);
    if (name !== undefined) throw Object.assign(new Error(`${call} failed`), DISK_ERRORS[name]);
  };
  const HANDLE_CALLS = ['write', 'writeFile', 'sync', 'datasync', 'truncate'] as const;
  const wrapHandle = (handle: FileHandle, path: string): FileHandle =>
    new Proxy(handle, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        const call = HANDLE_CALLS.find((known) => known === name);
        return async (...args: unknown[]): Promise<unknown> => {
          if (call !== undefined) check(call, path);
          return (value as (...args: unknown[]) => Promise<unknown>).apply(target, args);
        };
      },
    });
  return {
    ...nodeFileSystem,
    open: async (path, flags, mode) => {
      check('open', String(path));
      return wrapHandle(await nodeFileSystem.open(path, flags, mode), String(path));
    },
    openDirect: async (handle) => {
      const direct = await nodeFileSystem.openDirect?.(handle);
      if (direct === undefined) return undefined;
      const write: typeof direct.write = async (...block) => {
        check('write', '');
        return direct.write(...block);
      };
      return { ...direct, write };
    },
    rename: async (from, to) => {
      check('rename', String(from));
      return nodeFileSystem.rename(from, to);
    },
    link: async (from, to) => {
      check('link', String(to));
      return nodeFileSystem.link(from, to);
    },
    unlink: async (path) => {
      check('unlink', String(path));
      return nodeFileSystem.unlink(path);
    },
  };
}
