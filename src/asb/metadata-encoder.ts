/** The head of a backup file and its global section as text (asb-format.md 1.1–1.4). */

import { escapeToken } from './escape.js';
import type { Sindex, Udf } from '../core/sindex.js';

/** Versions of the format that are read. 3.0 has no escapes and no globals (1.5), 3.2 has expression indexes (1.4). */
export type FormatVersion = '3.0' | '3.1' | '3.2';

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

/**
 * `* i` for an index on a bin, `* e` for one on an expression, whose context and expression follow the data type. A
 * `* e` line implies a header of version 3.2: C's reader knows neither, Go's reads `* e` under any version.
 */
export function encodeSindex(s: Sindex): Buffer {
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

/** `* u L name length content`. Lua is the only language there is. */
export function encodeUdf(u: Udf): Buffer {
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
