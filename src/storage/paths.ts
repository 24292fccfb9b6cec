/** What can be done with the paths of all storages without loading any of them. */
import { join, resolve } from 'node:path';

/** `s3://` in any case (asbackup.md 10). */
export function isS3Path(path: string): boolean {
  return /^s3:\/\//i.test(path);
}

/** The path of a file in a directory. */
export function joinPath(directory: string, name: string): string {
  if (!isS3Path(directory)) return join(directory, name);
  // `.` is what node:path calls the directory of a name without one.
  return name === '.' ? directory : `${directory.replace(/\/+$/, '')}/${name}`;
}

/** The same text for every way to spell a path. */
export function canonicalPath(path: string): string {
  return isS3Path(path) ? `s3://${path.slice('s3://'.length).replace(/\/+$/, '')}` : resolve(path);
}
