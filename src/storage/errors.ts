import { messageOf, ToolError } from '../errors.js';

/** A file or directory could not be used. The code is `IO_` and the system's own error name. */
export class StorageError extends ToolError {
  constructor(code: string, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
  }
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'the system does not permit it',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  EEXIST: 'it exists already',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EIO: 'the disk reported an error',
  EMFILE: 'too many open files',
  EPIPE: 'the reader of the pipe has gone',
};

/** Wraps an error of the file system: `Cannot write /x/y: the disk is full (ENOSPC).` */
export function storageError(doing: string, path: string, cause: unknown): StorageError {
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'UNKNOWN';
  const reason = HINTS[code] ?? messageOf(cause);
  return new StorageError(
    `IO_${code}`,
    `Cannot ${doing} ${path}: ${reason}${code in HINTS ? ` (${code})` : ''}.`,
    cause,
  );
}
