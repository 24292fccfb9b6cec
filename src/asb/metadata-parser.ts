/**
 * The parser of secondary indexes and UDF modules (asb-format.md 1.3, 1.4). What it returns becomes part of commands to
 * the server, so that it is checked here: names have the server's limits and no byte that would end a command, contexts
 * and expressions are base64.
 */
import type { Sindex, Udf } from '../core/sindex.js';
import type { Fields } from './fields.js';
import {
  LF,
  MAX_BIN_NAME_BYTES,
  MAX_CONTEXT_BYTES,
  MAX_INDEX_NAME_BYTES,
  MAX_MODULE_NAME_BYTES,
  MAX_NAMESPACE_BYTES,
  MAX_SET_BYTES,
  MAX_UDF_BYTES,
  SPACE,
  STAR,
} from './format.js';
import type { TextBuffer } from './text-buffer.js';

const LETTER_I = 0x69;
const LETTER_E = 0x65;
const LETTER_U = 0x75;
const LUA = 0x4c;
/** More paths per index do not exist, and the two readers disagree on how they would be written. */
const PATHS = 1;

const INDEX_TYPES: readonly Sindex['indexType'][] = ['N', 'L', 'K', 'V', 'S'];
const DATA_TYPES: readonly Sindex['dataType'][] = ['N', 'S', 'G', 'B'];
/** Of an index on a whole set, which has neither bin nor data type (version 3.3). */
const SET_INDEX = 'S';
const NO_DATA: readonly Sindex['dataType'][] = ['E'];

/** Parses the entry whose first byte is `*` and advances behind it. */
export function parseMetadata(input: TextBuffer, fields: Fields): { sindex: Sindex } | { udf: Udf } {
  const { buf, start } = input;
  fields.reset();
  if (buf[start] !== STAR) input.failExpected(start, '"*"');
  const at = expectSpace(input, start + 1);
  const letter = buf[at];
  if (letter === LETTER_I || letter === LETTER_E) {
    input.entry = 'secondary index';
    return { sindex: parseSindex(input, fields, expectSpace(input, at + 1), letter === LETTER_E) };
  }
  if (letter === LETTER_U) {
    input.entry = 'UDF module';
    return { udf: parseUdf(input, fields, expectSpace(input, at + 1)) };
  }
  return input.failExpected(at, '"i" or "e" (secondary index) or "u" (UDF module)');
}

function parseSindex(input: TextBuffer, fields: Fields, at: number, withExpression: boolean): Sindex {
  const { buf } = input;
  at = expectSpace(input, fields.readWord(at, MAX_NAMESPACE_BYTES, 'the namespace of the index'));
  const namespace = fields.decodeName('the namespace of the index');
  at = expectSpace(input, fields.readWord(at, MAX_SET_BYTES, 'the set of the index'));
  const set = fields.decodeName('the set of the index');
  at = expectSpace(input, fields.readWord(at, MAX_INDEX_NAME_BYTES, 'the index name'));
  const name = fields.decodeName('the index name');
  const indexType = parseLetter(input, at, INDEX_TYPES, 'an index type (N, L, K, V or S)');
  at = fields.readUint(
    expectSpace(input, at + 1),
    SPACE,
    Number.MAX_SAFE_INTEGER,
    false,
    'the path count of the index',
  );
  if (fields.number !== PATHS) {
    input.fail('ASB_NUMBER', at - 1, `an index has 1 path, this one says ${fields.number}`);
  }
  at = expectSpace(input, fields.readWord(at, MAX_BIN_NAME_BYTES, 'the bin of the index'));
  const bin = fields.decodeName('the bin of the index');
  const dataType =
    indexType === SET_INDEX
      ? parseLetter(input, at, NO_DATA, '"E", the data type of a set index')
      : parseLetter(input, at, DATA_TYPES, 'an index data type (N, S, G or B)');
  if (indexType === SET_INDEX && bin !== '') {
    input.fail('ASB_SYNTAX', at, `a set index has no bin, this one has "${bin}"`);
  }
  at++;

  let context = '';
  let expression = '';
  if (withExpression) {
    at = expectSpace(input, at);
    at = fields.readWord(at, MAX_CONTEXT_BYTES, 'the expression of the index');
    expression = fields.decodeBase64Text('the expression of the index');
    if (buf[at] === SPACE) {
      // Two fields: the first was the context.
      context = expression;
      at = fields.readWord(at + 1, MAX_CONTEXT_BYTES, 'the expression of the index');
      expression = fields.decodeBase64Text('the expression of the index');
    }
    if (expression === '') input.failExpected(at, 'the expression of the index');
  } else if (buf[at] === SPACE) {
    at = fields.readLine(at + 1, MAX_CONTEXT_BYTES, 'the context of the index');
    context = fields.decodeBase64Text('the context of the index');
  }
  if (buf[at] !== LF) input.failExpected(at, 'the end of the line');
  input.advance(at + 1, 1 + fields.lineFeeds);
  return { namespace, set, name, indexType, bin, dataType, context, expression };
}

function parseUdf(input: TextBuffer, fields: Fields, at: number): Udf {
  if (input.buf[at] !== LUA) input.failExpected(at, '"L" (Lua), the only UDF language');
  at = fields.readWord(expectSpace(input, at + 1), MAX_MODULE_NAME_BYTES, 'the name of the UDF module');
  at = expectSpace(input, at);
  const name = fields.decodeName('the name of the UDF module');
  at = fields.readRaw(at, 'the UDF module', MAX_UDF_BYTES);
  const content = Buffer.from(input.buf.subarray(fields.start, fields.end));
  input.advance(at, 1 + fields.lineFeeds);
  return { name, content };
}

function expectSpace(input: TextBuffer, at: number): number {
  if (input.buf[at] !== SPACE) input.failExpected(at, 'a space');
  return at + 1;
}

function parseLetter<T extends string>(input: TextBuffer, at: number, allowed: readonly T[], what: string): T {
  const found = String.fromCharCode(input.buf[at]!);
  return allowed.find((one) => one === found) ?? input.failExpected(at, what);
}
