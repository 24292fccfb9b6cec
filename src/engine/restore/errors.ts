import { FormatError, type FormatErrorCode } from '../../asb/decoder.js';
import { ToolError, errorMessage } from '../../core/errors.js';
import type { RestoreResult } from './config.js';

/**
 * A restore that is not complete. The code is that of the first thing that went wrong (`ASB_…`, `IO_…`, `NET_…`,
 * `SERVER_…`, `CLUSTER_…`) or one of
 * - RESTORE_REFUSED: the server refused a record for a reason of its own;
 * - RESTORE_RETRIES: a record could not be written in the allowed number of attempts;
 * - RESTORE_NAMESPACE: a file holds a namespace other than the one given;
 * - RESTORE_NO_FILES: nothing to restore;
 * - RESTORE_INTERRUPTED: the run was asked to stop;
 * - RESTORE_GLOBALS: an index or a UDF module could not be restored;
 * - RESTORE_INTERNAL: a fault of this program.
 */
export class RestoreError extends ToolError {
  /** What was done until then. */
  readonly result: RestoreResult;
  /** Everything that went wrong, in the order of its discovery; a FormatError tells the place in the file. */
  readonly failures: readonly Error[];

  constructor(code: string, message: string, result: RestoreResult, failures: readonly Error[]) {
    super(code, message, { cause: failures[0] });
    this.result = result;
    this.failures = failures;
  }
}

/** A single failure inside this room. */
export class RestoreFailure extends ToolError {}

/** An error on its way between threads, which do not share classes. */
export interface SerializedError {
  code: string;
  message: string;
  stack?: string;
  at?: { file: string; line: number; column: number; offset: number };
}

export function noticeOf(error: unknown): SerializedError {
  if (error instanceof FormatError) {
    const { file, line, column, offset } = error;
    return { code: error.code, message: error.message, at: { file, line, column, offset } };
  }
  if (error instanceof ToolError) return { code: error.code, message: error.message };
  const notice: SerializedError = { code: 'RESTORE_INTERNAL', message: errorMessage(error) };
  if (error instanceof Error && error.stack !== undefined) notice.stack = error.stack;
  return notice;
}

export function errorOf(notice: SerializedError): ToolError {
  if (notice.at !== undefined) {
    const { file, line, column, offset } = notice.at;
    const place = new FormatError('ASB_SYNTAX', file, { line, column, offset }, '').message;
    const detail = notice.message.startsWith(place) ? notice.message.slice(place.length) : notice.message;
    return new FormatError(notice.code as FormatErrorCode, file, { line, column, offset }, detail);
  }
  const error = new RestoreFailure(notice.code, notice.message);
  if (notice.stack !== undefined) error.stack = notice.stack;
  return error;
}
