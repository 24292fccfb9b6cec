import { ToolError } from '../../core/errors.js';
import type { RestoreResult } from './config.js';

/**
 * A restore that is not complete. The code is that of the first thing that went wrong (`ASB_…`, `IO_…`, `NET_…`,
 * `SERVER_…`, `CLUSTER_…`, `INPUT_…`) or one of
 * - RESTORE_REFUSED: the server refused a record for a reason of its own;
 * - RESTORE_RETRIES: a record could not be written in the allowed number of attempts and time;
 * - RESTORE_NAMESPACE: a file holds a namespace other than the one expected;
 * - RESTORE_NO_FILES: nothing to restore;
 * - RESTORE_INTERRUPTED: the run was asked to stop;
 * - RESTORE_GLOBALS: an index or a UDF module could not be restored;
 * - RESTORE_UNMOVABLE: records of renamed sets have no stored key;
 * - RESTORE_INTERNAL: a fault of this program.
 */
export class RestoreError extends ToolError {
  /** What was done until then. */
  readonly result: RestoreResult;
  /** Everything that went wrong, in the order of its discovery; a FormatError has the place in the file. */
  readonly failures: readonly Error[];

  constructor(code: string, message: string, result: RestoreResult, failures: readonly Error[]) {
    const [cause] = failures;
    super(code, message, { cause, hint: cause instanceof ToolError ? cause.hint : undefined });
    this.result = result;
    this.failures = failures;
  }
}

/** A single failure of a restore. */
export class RestoreFailure extends ToolError {}
