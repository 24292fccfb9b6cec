import { StorageError } from '../errors.js';

export interface S3Path {
  bucket: string;
  /** As it was typed, never normalised; may be empty. */
  key: string;
}

/** `s3://BUCKET/KEY`: everything behind the first slash is the key (asbackup.md 10). Throws StorageError S3_PATH. */
export function parseS3Path(path: string): S3Path {
  const match = /^s3:\/\/([^/]+)(?:\/(.*))?$/is.exec(path);
  if (match === null) throw new StorageError('S3_PATH', `${path} names no bucket: expected s3://BUCKET/KEY`);
  return { bucket: match[1]!, key: match[2] ?? '' };
}

/** Of one object. Throws StorageError S3_PATH for a path that can only be a directory. */
export function parseObjectPath(path: string): S3Path {
  const found = parseS3Path(path);
  if (found.key !== '' && !found.key.endsWith('/')) return found;
  throw new StorageError(
    'S3_PATH',
    `${path} names no object: a key that does not end in a slash has to follow the bucket`,
  );
}

/**
 * What the keys of a directory's files begin with: `dir/`, so that those of `dir2/` don't, or nothing for the bucket's
 * root (asbackup.md 12, faults 30 and 35; asrestore.md 10, fault 44).
 */
export function directoryPrefix(path: string): S3Path & { prefix: string } {
  const found = parseS3Path(path);
  const key = found.key.replace(/\/+$/, '');
  return { ...found, prefix: key === '' ? '' : `${key}/` };
}
