import { FormatError, type FormatErrorCode } from '../../asb/errors.js';
import { deserializeError, type SerializedError, ToolError } from '../../core/errors.js';

/**
 * What is wrong with the input as a whole, or with one of its files:
 * - RESTORE_NO_FILES: there is no backup file;
 * - RESTORE_NAMESPACE: a file or an entry is of another namespace than the one expected;
 * - INPUT_KIND: an entry of a directory has the name of a backup file, and is none;
 * - INPUT_INCOMPLETE: parts of the backup are known to be missing;
 * - INPUT_OVERLAP: several directories hold the same records, and the settings do not say which ones count;
 * - the codes of the errors that made a file unreadable.
 */
export class InputError extends ToolError {}

/** The error of a worker that reads files: a FormatError if it has a place in a file. */
export function deserializeInputError(serialized: SerializedError): ToolError {
  const { code, message, stack, details } = serialized;
  const { file, line, column, offset } = details;
  if (!code.startsWith('ASB_') || typeof file !== 'string' || typeof line !== 'number') {
    return deserializeError(serialized);
  }
  const at = { line, column: Number(column), offset: Number(offset) };
  const place = new FormatError('ASB_SYNTAX', file, at, '').message;
  const detail = message.startsWith(place) ? message.slice(place.length) : message;
  const error = new FormatError(code as FormatErrorCode, file, at, detail);
  if (stack !== '') error.stack = stack;
  return error;
}
