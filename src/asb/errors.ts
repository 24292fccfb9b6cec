import { ToolError } from '../core/errors.js';
import type { HintId } from '../core/hint.js';

/**
 * What can be wrong with a backup file:
 * - ASB_TRUNCATED: it ends inside an entry;
 * - ASB_VERSION: its first line is not that of a backup we can read;
 * - ASB_SYNTAX: a byte that the grammar does not allow there;
 * - ASB_NUMBER: a number that is malformed or out of range;
 * - ASB_BASE64: not base64, or the wrong amount of it;
 * - ASB_LIMIT: a name, a length or an entry longer than allowed;
 * - ASB_LDT: a large data type bin, which no current server has.
 */
export type FormatErrorCode =
  'ASB_TRUNCATED' | 'ASB_VERSION' | 'ASB_SYNTAX' | 'ASB_NUMBER' | 'ASB_BASE64' | 'ASB_LIMIT' | 'ASB_LDT';

/**
 * Where in a backup file: line and column from 1, in bytes, a line feed belonging to the line it ends; offset from 0.
 */
export interface Position {
  line: number;
  column: number;
  offset: number;
}

/** A backup file that cannot be read on, with the place in its text (after decryption and decompression). */
export class FormatError extends ToolError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly offset: number;

  constructor(code: FormatErrorCode, file: string, at: Position, detail: string, hint?: HintId) {
    const { line, column, offset } = at;
    super(code, `${file}:${line}:${column} (byte ${offset}): ${detail}`, {
      details: { file, line, column, offset },
      hint,
    });
    this.file = file;
    this.line = at.line;
    this.column = at.column;
    this.offset = at.offset;
  }
}

/** A record, index or module that the backup format has no way to write. */
export class EncodeError extends ToolError {
  constructor(message: string) {
    super('ASB_UNENCODABLE', message);
  }
}
