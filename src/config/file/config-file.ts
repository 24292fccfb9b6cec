import { lstat, readFile } from 'node:fs/promises';
import { ConfigError, unreadableReason } from './config-error.js';
import { TomlLines } from './toml-lines.js';

/** What TOML makes of a value. Integers are bigint, so that 1.0 does not pass for 1. */
export type TomlValue = string | bigint | number | boolean | Date | TomlValue[] | TomlTable;
export interface TomlTable {
  [key: string]: TomlValue;
}

/** A file that was read and is TOML. */
export interface ConfigFile {
  /** As it was named. */
  readonly path: string;
  readonly table: TomlTable;
  readonly lines: TomlLines;
}

/** `undefined` if an optional file is not there. `named` = where it is named, if that is a line of another file. */
export async function readConfigFile(
  path: string,
  use: { required: boolean; named?: string },
): Promise<ConfigFile | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (!use.required && (await isAbsent(path, error))) return undefined;
    const prefix = use.named === undefined ? 'Cannot' : `${use.named}: cannot`;
    const text = `${prefix} read the configuration file ${path}: ${unreadableReason(error)}.`;
    throw new ConfigError('CONFIG_FILE', text, { cause: error });
  }
  const text = decode(bytes, path);
  return { path, table: await parseToml(text, path), lines: new TomlLines(text) };
}

/** Also a file in a directory that may not be searched, such as another user's HOME: whether it exists cannot be known. */
async function isAbsent(path: string, error: unknown): Promise<boolean> {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'EACCES') return code === 'ENOENT' || code === 'ENOTDIR';
  return lstat(path).then(
    () => false,
    () => true,
  );
}

function decode(bytes: Buffer, path: string): string {
  try {
    // Drops a byte order mark, too.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError('CONFIG_SYNTAX', `${path}: the file is not UTF-8 text.`);
  }
}

async function parseToml(text: string, path: string): Promise<TomlTable> {
  // Loaded only now: most runs have no configuration file.
  const { parse, TomlError } = await import('smol-toml');
  try {
    return parse(text, { integersAsBigInt: true });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The parser's further lines show the text around the place, where a password may stand; so no cause either.
    const reason = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    throw new ConfigError('CONFIG_SYNTAX', `${path}:${error.line}: not TOML at column ${error.column}: ${reason}.`);
  }
}
