/** The header of a backup file, its indexes and its UDF modules as text (asb-format.md 1.1–1.4). */

import type { Sindex, Udf } from '../core/sindex.js';
import { EncodeError } from './errors.js';
import { escapeToken } from './escape.js';
import {
  isBase64Text,
  MAX_BIN_NAME_BYTES,
  MAX_INDEX_NAME_BYTES,
  MAX_MODULE_NAME_BYTES,
  MAX_NAMESPACE_BYTES,
  MAX_SET_BYTES,
  MAX_UDF_BYTES,
  UNSAFE_IN_COMMANDS,
} from './format.js';

/**
 * Versions of the format that are read: 3.0 has neither escapes nor indexes and modules (1.5), 3.2 has indexes on
 * expressions (1.4), 3.3 has indexes on whole sets too.
 */
export type FormatVersion = '3.0' | '3.1' | '3.2' | '3.3';

/**
 * The version line and the meta section. `firstFile` marks the file that holds the globals, or would hold them if there
 * were any. Version 3.2 is for a file that will hold an index with an expression; the C tool cannot read it.
 */
export function encodeHeader(
  namespace: string,
  firstFile: boolean,
  version: Exclude<FormatVersion, '3.0'> = '3.1',
): Buffer {
  return Buffer.concat([
    Buffer.from(`Version ${version}\n# namespace `),
    escapeToken(namespace),
    Buffer.from(firstFile ? '\n# first-file\n' : '\n'),
  ]);
}

/** The lowest version of the format that has a line for the index. The C tool reads 3.1 at most. */
export function getSindexVersion({ indexType, expression }: Sindex): Exclude<FormatVersion, '3.0'> {
  if (indexType === 'S') return '3.3';
  return expression === '' ? '3.1' : '3.2';
}

/** The lowest version of the format that has lines for all of the indexes. */
export function getLowestVersion(sindexes: readonly Sindex[]): Exclude<FormatVersion, '3.0'> {
  return sindexes.map(getSindexVersion).reduce((high, one) => (one > high ? one : high), '3.1');
}

/**
 * A whole file with nothing but indexes and modules, under the lowest version that has lines for all of them: where
 * the newer tools put what the record files of version 3.1 cannot hold. Throws EncodeError as `encodeSindex` and
 * `encodeUdf`.
 */
export function encodeMetadataFile(
  namespace: string,
  sindexes: readonly Sindex[],
  udfs: readonly Udf[] = [],
): { version: Exclude<FormatVersion, '3.0'>; bytes: Buffer } {
  const version = getLowestVersion(sindexes);
  const entries = [...sindexes.map(encodeSindex), ...udfs.map(encodeUdf)];
  return { version, bytes: Buffer.concat([encodeHeader(namespace, false, version), ...entries]) };
}

/**
 * `* i` for an index on a bin, `* e` for one on an expression, whose context and expression follow the data type. A
 * `* e` line implies a header of version 3.2: C's reader knows neither, Go's reads `* e` under any version. Throws
 * EncodeError for what the decoder would refuse.
 */
export function encodeSindex(s: Sindex): Buffer {
  checkSindex(s);
  const path = ` ${s.indexType} 1 `;
  const extras = [s.context, s.expression].filter((text) => text !== '');
  return Buffer.concat([
    Buffer.from(s.expression === '' ? '* i ' : '* e '),
    escapeToken(s.namespace),
    SPACE_TEXT,
    escapeToken(s.set),
    SPACE_TEXT,
    escapeToken(s.name),
    Buffer.from(path),
    escapeToken(s.bin),
    Buffer.from(` ${s.dataType}`),
    ...extras.flatMap((text) => [SPACE_TEXT, escapeToken(text)]),
    LF_TEXT,
  ]);
}

/** `* u L name length content`. Lua is the only language. Throws EncodeError for what the decoder would refuse. */
export function encodeUdf(u: Udf): Buffer {
  checkUdf(u);
  return Buffer.concat([
    Buffer.from('* u L '),
    escapeToken(u.name),
    Buffer.from(` ${u.content.length} `),
    u.content,
    LF_TEXT,
  ]);
}

const SPACE_TEXT = Buffer.from(' ');
const LF_TEXT = Buffer.from('\n');

function checkSindex({ namespace, set, name, bin, context, expression }: Sindex): void {
  const index = `index ${JSON.stringify(name)}`;
  checkName(index, 'its name', name, MAX_INDEX_NAME_BYTES);
  checkName(index, 'its namespace', namespace, MAX_NAMESPACE_BYTES);
  checkName(index, 'its set name', set, MAX_SET_BYTES);
  checkName(index, 'its bin name', bin, MAX_BIN_NAME_BYTES);
  if (!isBase64Text(context)) throw unrestorable(index, 'its context is not base64 text');
  if (!isBase64Text(expression)) throw unrestorable(index, 'its expression is not base64 text');
}

function checkUdf({ name, content }: Udf): void {
  const udf = `UDF module ${JSON.stringify(name)}`;
  checkName(udf, 'its name', name, MAX_MODULE_NAME_BYTES);
  if (content.length > MAX_UDF_BYTES) {
    throw unrestorable(udf, `it has ${content.length} bytes; no server accepts more than ${MAX_UDF_BYTES}`);
  }
}

function checkName(subject: string, what: string, name: string, maxBytes: number): void {
  if (Buffer.byteLength(name) > maxBytes) throw unrestorable(subject, `${what} is longer than ${maxBytes} bytes`);
  if (UNSAFE_IN_COMMANDS.test(name)) {
    throw unrestorable(subject, `${what} holds a control character or a semicolon, which no command may hold`);
  }
}

function unrestorable(subject: string, reason: string): EncodeError {
  return new EncodeError(`The ${subject} cannot be restored from a backup file: ${reason}`);
}
