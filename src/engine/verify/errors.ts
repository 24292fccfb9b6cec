import { ToolError } from '../../core/errors.js';
import type { ValidateResult } from './config.js';

/**
 * A backup that would not restore completely, or that was not read to its end. The code is that of the first fault;
 * VALIDATE_MISSING: a part of the backup is missing.
 */
export class ValidateError extends ToolError {
  readonly result: ValidateResult;
  /** One per fault; a FormatError has the place in the file. */
  readonly failures: readonly Error[];

  constructor(code: string, message: string, result: ValidateResult, failures: readonly Error[]) {
    const [cause] = failures;
    const missing = failures.some((failure) => failure instanceof ToolError && failure.code === 'VALIDATE_MISSING');
    const ownHint = cause instanceof ToolError ? cause.hint : undefined;
    super(code, message, { cause, hint: missing ? 'incomplete-backup' : ownHint });
    this.result = result;
    this.failures = failures;
  }
}
