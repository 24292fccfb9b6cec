import { StorageError } from '../errors.js';
import { errorCode, type ObjectAddress, type ObjectStoreKind } from './client.js';

/**
 * `SCHEME://BUCKET/KEY`: everything behind the first slash is the key, never normalized. Throws StorageError `…_PATH`.
 */
export function parsePath(kind: ObjectStoreKind, path: string): ObjectAddress {
  const match = /^[a-z0-9+.-]+:\/\/([^/]+)(?:\/(.*))?$/is.exec(path);
  if (match === null) {
    const text = `${path} names no bucket: expected ${kind.scheme}://BUCKET/KEY`;
    throw new StorageError(errorCode(kind, 'PATH'), text);
  }
  return { bucket: match[1]!, key: match[2] ?? '' };
}

/** The path of one object. Throws StorageError `…_PATH` for a path that can only be a directory. */
export function parseObjectPath(kind: ObjectStoreKind, path: string): ObjectAddress {
  const found = parsePath(kind, path);
  if (found.key !== '' && !found.key.endsWith('/')) return found;
  const text = `${path} names no object: a key that does not end in a slash has to follow the bucket`;
  throw new StorageError(errorCode(kind, 'PATH'), text);
}

/**
 * What the keys of a directory's files begin with: `dir/`, so that those of `dir2/` do not match, or nothing for the
 * root of the bucket (asbackup.md 12, faults 30 and 35; asrestore.md 10, fault 44).
 */
export function parseDirectoryPath(kind: ObjectStoreKind, path: string): { bucket: string; prefix: string } {
  const { bucket, key } = parsePath(kind, path);
  const name = key.replace(/\/+$/, '');
  return { bucket, prefix: name === '' ? '' : `${name}/` };
}

/** The path of a file in a directory. */
export function joinObjectPath(directory: string, name: string): string {
  // node:path calls the directory of a name without a slash `.`.
  return name === '.' ? directory : `${directory.replace(/\/+$/, '')}/${name}`;
}

/** The same text for every spelling of a path. */
export function canonicalObjectPath({ scheme }: ObjectStoreKind, path: string): string {
  return `${scheme}://${path.slice(`${scheme}://`.length).replace(/\/+$/, '')}`;
}
