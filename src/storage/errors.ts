import { systemErrorCode, systemErrorText, ToolError } from '../core/errors.js';

/**
 * A file, directory or object could not be used. The code is `IO_` and the system's error name, or `S3_`, `GS_` or
 * `AZBLOB_` and a reason.
 */
export class StorageError extends ToolError {}

/** Wraps an error of the file system: `Cannot write /x/y: the disk is full (ENOSPC)`. A StorageError stays as it is. */
export function storageError(action: string, path: string, cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  const code = `IO_${systemErrorCode(cause) ?? 'UNKNOWN'}`;
  return new StorageError(code, `Cannot ${action} ${path}: ${systemErrorText(cause)}`, { cause, details: { path } });
}
