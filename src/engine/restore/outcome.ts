/** What came of a restore: its result, or the error that names what is missing. */
import { ToolError } from '../../core/errors.js';
import type { RestoreResult } from './config.js';
import { countAccounted } from './counters.js';
import { RestoreError, RestoreFailure } from './errors.js';

export interface RestoreFaults {
  /** What stopped the run before all files were done. */
  stopReason: Error | undefined;
  /** Files that could not be read to the end; reported already. */
  files: readonly Error[];
  /** Indexes and modules that could not be restored; reported already. */
  metadata: readonly Error[];
  /** Parts of the backup that are known to be missing, unless that is allowed; reported already. */
  missing: readonly Error[];
  /** Records that could not be moved to another set. */
  unmovable: number;
}

/** Returns `result`, or throws a RestoreError. */
export function concludeRestore(result: RestoreResult, faults: RestoreFaults): RestoreResult {
  const { stopReason, files, metadata, missing } = faults;
  const unreported = stopReason === undefined ? [] : [stopReason];
  const lost = result.records - countAccounted(result);
  if (lost !== 0) {
    // The rows of a thread that broke down are lost with it; anything else is a fault of this program.
    const text = `${lost} of ${result.records} record(s) may or may not have been written`;
    unreported.push(new RestoreFailure('RESTORE_INTERNAL', text));
    result.failed += Math.max(0, lost);
  }
  if (faults.unmovable > 0) unreported.push(unmovableError(faults.unmovable));
  const failures = [...unreported, ...files, ...metadata, ...missing];
  const first = failures[0];
  if (first === undefined) return result;
  const code = first instanceof ToolError && first.code !== 'INTERNAL' ? first.code : 'RESTORE_INTERNAL';
  throw new RestoreError(code, lossMessage(result, faults, unreported), result, failures);
}

function unmovableError(records: number): RestoreFailure {
  const text =
    `${records} record(s) of renamed sets were not written: their keys are not stored, and without its key a record ` +
    'cannot be in another set';
  return new RestoreFailure('RESTORE_UNMOVABLE', text);
}

/** What is missing, after the failures that have no line of their own in the log. */
function lossMessage(
  { inserted, failed, failedInDoubt, inDoubt, records }: RestoreResult,
  { stopReason, files, metadata, missing }: RestoreFaults,
  unreported: readonly Error[],
): string {
  const lostAnswers =
    failedInDoubt > 0 ? ` (the answer to ${failedInDoubt} of them was lost; they may have been written)` : '';
  const parts = [
    `${inserted} of ${records} record(s) read were written${failed > 0 ? `, ${failed} were not${lostAnswers}` : ''}`,
  ];
  if (inDoubt > 0) parts.push(`${inDoubt} were found present after a lost answer`);
  if (stopReason !== undefined) {
    parts.push(
      'what was not read by then is missing too; run the same command again for the rest, which leaves alone or writes ' +
        'once more what is there already',
    );
  }
  if (files.length > 0) {
    parts.push(`${files.length} file(s) could not be read to the end, and what follows the fault is missing`);
  }
  if (metadata.length > 0) parts.push(`${metadata.length} index(es) or UDF module(s) could not be restored`);
  if (missing.length > 0) parts.push(`the backup is incomplete: ${missing.length} sign(s) of missing parts`);
  const sentences = [...unreported.map(({ message }) => message), parts.join('; ')];
  // For a reader of the last line only.
  const [first] = unreported.length > 0 ? [] : [...files, ...metadata, ...missing];
  if (first !== undefined) sentences.push(`The first fault: ${first.message}`);
  return sentences.join('. ');
}
