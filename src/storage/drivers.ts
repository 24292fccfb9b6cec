/** The storages beside the file system by the scheme of their paths. A new storage is a folder and a line here. */
import type { StorageDriver } from './driver.js';
import type { LocalSettings } from './local/config.js';
import { azureDriver } from './azure/storage.js';
import { gcsDriver } from './gcs/storage.js';
import { s3Driver } from './s3/storage.js';

export const DRIVERS = {
  s3: s3Driver,
  gs: gcsDriver,
  azblob: azureDriver,
};

export type Scheme = keyof typeof DRIVERS;

type SettingsOf<D> = D extends StorageDriver<infer Settings> ? Settings : never;

/** The settings of the storages of a run. Plain data. */
export type StorageSettings = { local?: LocalSettings } & {
  [S in Scheme]?: SettingsOf<(typeof DRIVERS)[S]>;
};

/** The scheme of a path, in lower case; undefined = a path of the file system (asbackup.md 10). */
export function parseScheme(path: string): Scheme | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(path)?.[1]?.toLowerCase();
  return scheme !== undefined && Object.hasOwn(DRIVERS, scheme) ? (scheme as Scheme) : undefined;
}
