import { systemErrorText, ToolError } from '../core/errors.js';

/** A file or directory could not be used. The code is `IO_` and the system's own error name. */
export class StorageError extends ToolError {
  constructor(code: string, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
  }
}

/** Wraps an error of the file system: `Cannot write /x/y: the disk is full (ENOSPC).` */
export function storageError(doing: string, path: string, cause: unknown): StorageError {
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'UNKNOWN';
  return new StorageError(`IO_${code}`, `Cannot ${doing} ${path}: ${systemErrorText(cause)}.`, cause);
}
