/** What can be done with the paths of all storages without opening any of them. */
import { dirname, join, resolve } from 'node:path';
import { DRIVERS, parseScheme } from './drivers.js';
import { LOCAL_CAPABILITIES } from './local/storage.js';
import type { StorageCapabilities } from './storage.js';

/** The path of a file in a directory. */
export function joinPath(directory: string, name: string): string {
  const scheme = parseScheme(directory);
  return scheme === undefined ? join(directory, name) : DRIVERS[scheme].joinPath(directory, name);
}

/** The same text for every spelling of a path. */
export function canonicalPath(path: string): string {
  const scheme = parseScheme(path);
  return scheme === undefined ? resolve(path) : DRIVERS[scheme].canonicalPath(path);
}

/** The path of the directory that `path` lies in; undefined = it lies in none. */
export function parentPath(path: string): string | undefined {
  const scheme = parseScheme(path);
  const own = canonicalPath(path);
  if (scheme === undefined) return dirname(own) === own ? undefined : dirname(own);
  const end = own.lastIndexOf('/');
  return end < `${scheme}://`.length ? undefined : own.slice(0, end);
}

/** Why `path` cannot name anything, for a message; undefined = it can. */
export function checkPath(path: string): string | undefined {
  const scheme = parseScheme(path);
  return scheme === undefined ? undefined : DRIVERS[scheme].checkPath(path);
}

/** What the storage of `path` can do. */
export function storageCapabilities(path: string): StorageCapabilities {
  const scheme = parseScheme(path);
  return scheme === undefined ? LOCAL_CAPABILITIES : DRIVERS[scheme].capabilities;
}
