/** What a failed backup leaves behind, and how it can be continued, as details and hints of its error. */
import { ServerError } from '../../aerospike/errors.js';
import { ResultCode } from '../../aerospike/protocol/constants.js';
import { ToolError } from '../../core/errors.js';
import type { HintId } from '../../core/hint.js';
import type { BackupConfig } from './config.js';

/** The scan did not even start: nothing was changed, and a refused request is most likely the user's expression. */
export function explainScanRefusal(error: unknown, { filterExp }: BackupConfig): unknown {
  if (!(error instanceof ToolError)) return error;
  const malformed = error instanceof ServerError && error.resultCode === ResultCode.PARAMETER;
  const text = `${withoutStop(error.message)}; nothing was created or deleted`;
  const hint = malformed && filterExp !== undefined ? 'check-filter-exp' : error.hint;
  return new ToolError(error.code, text, { cause: error, details: error.details, hint });
}

/** The backup is complete, but its state file could not be removed. */
export class CompleteError extends ToolError {
  constructor({ code, message, details }: ToolError) {
    super(code, `${withoutStop(message)}. The backup itself is complete`, { details, hint: 'remove-state' });
  }
}

export interface Leftovers {
  /** In the backup by now. */
  records: number;
  /** The state file that the run can be continued with; absent = it cannot. */
  statePath: string | undefined;
  /** Durable bytes of the one output for all workers. */
  sharedBytes: number;
}

/** Adds to a failure what it left behind. */
export function explainInterruption(error: unknown, { target, shard }: BackupConfig, left: Leftovers): unknown {
  if (!(error instanceof ToolError)) return error;
  const pipe = target.kind === 'stdout' ? 'standard output' : 'the stream';
  const what = 'path' in target ? `The backup in ${target.path}` : `What was written to ${pipe}`;
  const text = `${withoutStop(error.message)}. ${what} is incomplete after ${left.records} record(s)`;
  const { statePath, sharedBytes } = left;
  let hint: HintId;
  if (statePath === undefined) hint = 'path' in target ? 'start-again-removing' : 'start-again';
  else if (shard !== undefined) hint = 'run-shard-again';
  else hint = 'path' in target ? 'continue-backup' : 'continue-pipe';
  const details = { ...error.details, ...(statePath === undefined ? {} : { statePath, sharedBytes }) };
  const explained = new ToolError(error.code, text, { cause: error, details, hint });
  if (error.stack !== undefined) explained.stack = error.stack;
  return explained;
}

function withoutStop(message: string): string {
  return message.replace(/\.$/, '');
}
