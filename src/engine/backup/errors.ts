import { ToolError } from '../../core/errors.js';
import type { BackupResult } from './config.js';

/** A backup that was begun and did not come to its end. The code is that of what ended it. */
export class BackupError extends ToolError {
  constructor(
    code: string,
    message: string,
    /** What was done until then; `files` is empty. */
    readonly result: BackupResult,
    cause: unknown,
  ) {
    super(code, message, { cause });
  }
}
