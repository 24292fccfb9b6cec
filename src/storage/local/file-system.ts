/** The calls of the operating system that local files need: tests replace them by ones that fail or are recorded. */
import * as promises from 'node:fs/promises';

export type FileSystem = Pick<
  typeof promises,
  | 'link'
  | 'lstat'
  | 'mkdir'
  | 'open'
  | 'readdir'
  | 'readFile'
  | 'rename'
  | 'rmdir'
  | 'stat'
  | 'statfs'
  | 'unlink'
  | 'utimes'
>;

export const nodeFileSystem: FileSystem = promises;
