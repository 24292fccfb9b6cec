/**
 * The head of a backup file: the version line and the meta section (asb-format.md 1.2, 1.4, 1.5). A file that is no
 * backup, or one that has to be decompressed or decrypted first, shows here; the message says what it looks like.
 */
import { findFileMagic } from '../core/file-magic.js';
import type { HintId } from '../core/hint.js';
import { HASH, LF, MAX_META_LINE_BYTES, SPACE, VERSION_LINE_BYTES } from './format.js';
import type { FormatVersion } from './metadata-encoder.js';
import type { Fields } from './fields.js';
import { describeByte } from './text-buffer.js';
import type { TextBuffer } from './text-buffer.js';

const VERSION_WORD = Buffer.from('Version ');
const VERSIONS: readonly FormatVersion[] = ['3.0', '3.1', '3.2', '3.3'];
const FIRST_FILE = Buffer.from('first-file');
const NAMESPACE = Buffer.from('namespace');
const CR = 0x0d;

/** Parses the version line at the input's `start` and advances behind it. */
export function parseVersion(input: TextBuffer): FormatVersion {
  const available = input.end - input.start;
  if (available < VERSION_LINE_BYTES && !input.ended)
    input.requireMore(input.start + VERSION_LINE_BYTES, 'the version line');
  if (available === 0) {
    input.fail('ASB_TRUNCATED', input.start, 'the file is empty; a backup begins with "Version 3.1"');
  }
  const line = input.buf.subarray(input.start, Math.min(input.end, input.start + VERSION_LINE_BYTES));
  const word = Math.min(VERSION_WORD.length, line.length);
  const wrong = line.findIndex((byte, i) => i < word && byte !== VERSION_WORD[i]);
  if (wrong >= 0) {
    const { reason, hint } = describeUnknownHead(line);
    input.fail('ASB_VERSION', input.start + wrong, `this is not a backup file: ${reason}`, hint);
  }
  const version = VERSIONS.find((v) => v === line.toString('latin1', word, VERSION_LINE_BYTES - 1));
  const last = input.start + VERSION_LINE_BYTES - 1;
  if (line.length < VERSION_LINE_BYTES) {
    // Cut short, unless what is there already belongs to another version.
    const begun = line.toString('latin1', word);
    if (VERSIONS.some((v) => v.startsWith(begun))) input.requireMore(last + 1, 'the version line');
  }
  if (version === undefined) {
    const text = JSON.stringify(line.toString('latin1', word, VERSION_LINE_BYTES - 1));
    input.fail('ASB_VERSION', input.start + word, `backup format ${text} is unknown; readable are 3.0 to 3.3`);
  }
  if (line[VERSION_LINE_BYTES - 1] !== LF) {
    const found = line[VERSION_LINE_BYTES - 1]!;
    const hint = found === CR ? ': the line ends were changed, probably by a transfer in text mode' : '';
    input.fail('ASB_VERSION', last, `expected the end of the version line, found ${describeByte(found)}${hint}`);
  }
  input.advance(input.start + VERSION_LINE_BYTES, 1);
  return version;
}

function describeUnknownHead(line: Buffer): { reason: string; hint?: HintId } {
  const shown = `its first bytes are ${line.toString('hex').replace(/..(?=.)/g, '$& ')}`;
  const magic = findFileMagic(line);
  if (magic !== undefined) {
    const reason = `${magic.description} (${shown})`;
    return magic.id === 'zstd' ? { reason, hint: 'check-codecs' } : { reason };
  }
  const binary = line.some((byte) => byte > 0x7e || (byte < SPACE && byte !== LF && byte !== CR && byte !== 0x09));
  if (binary) {
    return {
      reason: `it is encrypted, was decrypted with a wrong key, or is damaged (${shown})`,
      hint: 'check-codecs',
    };
  }
  return { reason: `it begins with ${JSON.stringify(line.toString('latin1'))} instead of "Version 3.1"` };
}

/** What the meta section says. */
export interface Meta {
  namespace?: string;
  firstFile?: boolean;
}

/** Parses one meta line, whose first byte is `#`, and advances behind it. Lines add to what those before said. */
export function parseMeta(input: TextBuffer, fields: Fields, meta: Meta): void {
  const { buf, start } = input;
  fields.reset();
  let at = start;
  if (buf[at] !== HASH) input.failExpected(at, '"#"');
  at++;
  if (buf[at] !== SPACE) input.failExpected(at, 'a space after "#"');
  at++;
  const word = buf[at] === FIRST_FILE[0] ? FIRST_FILE : NAMESPACE;
  for (const byte of word) {
    if (buf[at] !== byte) input.failExpected(at, '"namespace" or "first-file"');
    at++;
  }
  if (word === FIRST_FILE) {
    meta.firstFile = true;
  } else {
    if (buf[at] !== SPACE) input.failExpected(at, 'a space after "namespace"');
    // C bounds the line as it stands, backslashes included (8.2).
    const room = MAX_META_LINE_BYTES - (at + 1 - start) - 1;
    at = fields.readLine(at + 1, room, 'the namespace of the meta line');
    if (at - start >= MAX_META_LINE_BYTES) {
      input.fail(
        'ASB_LIMIT',
        start + MAX_META_LINE_BYTES - 1,
        `a meta line is longer than ${MAX_META_LINE_BYTES} bytes`,
      );
    }
    meta.namespace = fields.decodeText();
  }
  if (buf[at] !== LF) input.failExpected(at, 'the end of the line');
  input.advance(at + 1, 1 + fields.lineFeeds);
}
