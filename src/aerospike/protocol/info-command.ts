/**
 * The only way to make an info command. Info is a protocol of text lines, so a name that holds a line feed or a
 * semicolon would be read by the server as a command or a parameter of its own: whoever wrote the backup file would
 * command the cluster. Every parameter is therefore checked here, whether it comes from a file, an option or the
 * server's own lists.
 */
import { ToolError } from '../../core/errors.js';

declare const brand: unique symbol;

/** A command without its final line feed, each of whose parameters was checked. */
export type InfoCommand = string & { readonly [brand]: 'info command' };

/** A value must not go into an info command; nothing was sent. */
export class InfoValueError extends ToolError {
  constructor(parameter: string, value: string, reason: string) {
    const shown = JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
    super('INFO_VALUE', `Refused to send ${shown} as the ${parameter} of an info command: ${reason}`, {
      details: { parameter },
    });
  }
}

interface Rule {
  /** What messages call the parameter. */
  readonly noun: string;
  readonly maxBytes: number;
  /** What else than control characters and semicolons must not be in it. */
  readonly pattern?: RegExp;
  readonly expected?: string;
  readonly mayBeEmpty?: true;
}

const NAMESPACE: Rule = { noun: 'namespace', maxBytes: 31 };
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const KEYWORD: Rule = { noun: 'keyword', maxBytes: 32, pattern: /^[A-Za-z0-9]+$/, expected: 'only letters and digits' };
const NUMBER: Rule = { noun: 'number', maxBytes: 20, pattern: /^[0-9]+$/, expected: 'only digits' };

/** The parameters of all commands, with the limits of the server. */
const PARAMETERS = {
  ns: NAMESPACE,
  namespace: NAMESPACE,
  // Of servers before 7.0, in place of `namespace`.
  id: NAMESPACE,
  set: { noun: 'set', maxBytes: 63 },
  // Servers before 6.0 allowed 255.
  indexname: { noun: 'index name', maxBytes: 255 },
  bin: { noun: 'bin', maxBytes: 15 },
  // "bin,type" of servers before 8.1: a comma in the bin would end it.
  indexdata: {
    noun: 'bin',
    maxBytes: 15 + 1 + 16,
    pattern: /^[^,]*,[A-Z0-9]+$/,
    expected: 'no comma',
  },
  indextype: KEYWORD,
  type: KEYWORD,
  context: { noun: 'context', maxBytes: 2048, pattern: BASE64, expected: 'only base64' },
  exp: { noun: 'expression', maxBytes: 64 * 1024, pattern: BASE64, expected: 'only base64' },
  b64: KEYWORD,
  // The server makes a path of it, so a slash would leave the directory of the modules.
  filename: {
    noun: 'UDF module name',
    maxBytes: 127,
    pattern: /^[^/\\]+$/,
    expected: 'no slash',
  },
  // The server takes modules of up to 1 MiB.
  content: {
    noun: 'UDF module',
    maxBytes: 2 * 1024 * 1024,
    pattern: BASE64,
    expected: 'only base64',
    mayBeEmpty: true,
  },
  'content-len': NUMBER,
  'udf-type': KEYWORD,
  trid: NUMBER,
} as const satisfies Readonly<Record<string, Rule>>;

export type InfoParameter = keyof typeof PARAMETERS;

export type InfoParameters = { readonly [P in InfoParameter]?: string | number };

const COMMAND_NAME = /^[a-z][a-z0-9-]*$/;
/** Control characters end a line or a C string, a semicolon ends a parameter. */
// eslint-disable-next-line no-control-regex
const SEPARATOR = /[\x00-\x1f\x7f;]/;

/**
 * `name`, or `name:key=value;key=value…` in the order of `parameters`; UDF commands end in a semicolon.
 * Throws InfoValueError.
 */
export function infoCommand(name: string, parameters: InfoParameters = {}): InfoCommand {
  checkCommandName(name);
  const parts: string[] = [];
  for (const [key, value] of Object.entries(parameters)) {
    const text = String(value);
    // The one command whose context is a keyword.
    const rule = name === 'get-config' && key === 'context' ? KEYWORD : PARAMETERS[key as InfoParameter];
    checkValue(rule, text);
    parts.push(`${key}=${text}`);
  }
  if (parts.length === 0) return name as InfoCommand;
  return `${name}:${parts.join(';')}${name.startsWith('udf-') ? ';' : ''}` as InfoCommand;
}

/**
 * `name/namespace` or `name/namespace/index`: the form of commands that older servers know, too. Throws InfoValueError.
 */
export function infoPathCommand(name: string, namespace: string, indexName?: string): InfoCommand {
  checkCommandName(name);
  checkPathPart(PARAMETERS.namespace, namespace);
  if (indexName === undefined) return `${name}/${namespace}` as InfoCommand;
  checkPathPart(PARAMETERS.indexname, indexName);
  return `${name}/${namespace}/${indexName}` as InfoCommand;
}

function checkCommandName(name: string): void {
  if (!COMMAND_NAME.test(name)) throw new InfoValueError('name', name, 'it is not the name of a command');
}

function checkValue(rule: Rule, value: string): void {
  const { noun, maxBytes, pattern, expected = '', mayBeEmpty = false } = rule;
  if (value === '' && !mayBeEmpty) throw new InfoValueError(noun, value, 'it is empty');
  if (Buffer.byteLength(value) > maxBytes) {
    throw new InfoValueError(noun, value, `it is longer than ${maxBytes} bytes`);
  }
  if (SEPARATOR.test(value)) throw new InfoValueError(noun, value, 'it holds a control character or a semicolon');
  if (pattern?.test(value) === false) throw new InfoValueError(noun, value, `${expected} may be in it`);
}

function checkPathPart(rule: Rule, value: string): void {
  checkValue(rule, value);
  if (/[/:]/.test(value)) throw new InfoValueError(rule.noun, value, 'it holds a slash or a colon');
}
