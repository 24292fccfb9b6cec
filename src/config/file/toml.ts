/** TOML with the place of every key. */
import type { AST } from 'toml-eslint-parser';
import { ConfigError } from './config-error.js';

/** What TOML makes of a value. Integers are bigint, so that 1.0 does not pass for 1. */
export type TomlValue = string | bigint | number | boolean | Date | readonly TomlValue[] | TomlTable;
export interface TomlTable {
  [key: string]: TomlValue;
}

export interface TomlDocument {
  readonly table: TomlTable;
  readonly lines: TomlLines;
}

/** The parser is loaded only now: most runs have no configuration file. Throws ConfigError CONFIG_SYNTAX. */
export async function parseToml(text: string, path: string): Promise<TomlDocument> {
  const { ParseError, parseTOML } = await import('toml-eslint-parser');
  try {
    const lines = new TomlLines();
    const table = emptyTable();
    for (const node of parseTOML(text).body[0].body) {
      if (node.type === 'TOMLKeyValue') setValue(table, [], node, lines);
      else addTable(table, node, lines);
    }
    return { table, lines };
  } catch (error) {
    if (error instanceof RangeError)
      throw new ConfigError('CONFIG_SYNTAX', `${path}: its values are nested too deeply`);
    if (!(error instanceof ParseError)) throw error;
    // The parser's messages quote nothing of the file, where a password may stand.
    const { message, lineNumber, column } = error;
    const reason = message.charAt(0).toLowerCase() + message.slice(1);
    throw new ConfigError('CONFIG_SYNTAX', `${path}:${lineNumber}: not TOML at column ${column + 1}: ${reason}`);
  }
}

/** On which line each key stands. */
export class TomlLines {
  private readonly lines = new Map<string, number>();

  /** The first place counts, also for the tables that a dotted key opens. */
  add(keys: readonly (string | number)[], line: number): void {
    for (let end = keys.length; end > 0; end--) {
      const id = JSON.stringify(keys.slice(0, end));
      if (!this.lines.has(id)) this.lines.set(id, line);
    }
  }

  /** The line of the key, or of the table it stands in. */
  find(...keys: string[]): number {
    for (let end = keys.length; end > 0; end--) {
      const line = this.lines.get(JSON.stringify(keys.slice(0, end)));
      if (line !== undefined) return line;
    }
    return 1;
  }
}

/** Without a prototype: `__proto__` is a key like any other. */
function emptyTable(): TomlTable {
  return Object.create(null) as TomlTable;
}

function addTable(root: TomlTable, node: AST.TOMLTable, lines: TomlLines): void {
  const keys = node.resolvedKey;
  lines.add(keys, node.loc.start.line);
  const table = openTable(root, keys);
  for (const entry of node.body) setValue(table, keys, entry, lines);
}

/** The table at these keys; a number is the index of a table in an array of tables. */
function openTable(root: TomlTable, keys: readonly (string | number)[]): TomlTable {
  let at: TomlTable | TomlValue[] = root;
  for (const [i, key] of keys.entries()) {
    const found: TomlValue | undefined = Array.isArray(at) ? at[Number(key)] : at[key];
    if (typeof found === 'object' && !(found instanceof Date)) {
      at = found as TomlTable | TomlValue[];
      continue;
    }
    const next: TomlTable | TomlValue[] = typeof keys[i + 1] === 'number' ? [] : emptyTable();
    if (Array.isArray(at)) at.push(next);
    else at[key] = next;
    at = next;
  }
  return at as TomlTable;
}

function setValue(
  table: TomlTable,
  outer: readonly (string | number)[],
  node: AST.TOMLKeyValue,
  lines: TomlLines,
): void {
  const keys = node.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value));
  lines.add([...outer, ...keys], node.loc.start.line);
  const last = keys.at(-1) ?? '';
  openTable(table, keys.slice(0, -1))[last] = toValue(node.value);
}

function toValue(node: AST.TOMLContentNode): TomlValue {
  if (node.type === 'TOMLArray') return node.elements.map((element) => toValue(element));
  if (node.type === 'TOMLInlineTable') {
    const table = emptyTable();
    for (const entry of node.body) setValue(table, [], entry, new TomlLines());
    return table;
  }
  return node.kind === 'integer' ? node.bigint : node.value;
}
