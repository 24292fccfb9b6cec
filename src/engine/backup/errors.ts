import { ToolError } from '../../core/errors.js';
import type { BackupResult } from './config.js';

/** A backup that was begun and is not complete. Code, message, details and hint are those of what ended it. */
export class BackupError extends ToolError {
  constructor(
    reason: ToolError,
    /** What was done until then; `files` is empty. */
    readonly result: BackupResult,
  ) {
    super(reason.code, reason.message, { cause: reason.cause, details: reason.details, hint: reason.hint });
    if (reason.stack !== undefined) this.stack = reason.stack;
  }
}
