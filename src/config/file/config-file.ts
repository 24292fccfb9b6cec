import { lstat, readFile } from 'node:fs/promises';
import { systemErrorText } from '../../core/errors.js';
import { ConfigError } from './config-error.js';
import { parseToml, type TomlDocument } from './toml.js';

/** A file that was read and is TOML. */
export interface ConfigFile extends TomlDocument {
  /** As it was named. */
  readonly path: string;
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
    const text = `${prefix} read the configuration file ${path}: ${systemErrorText(error)}`;
    throw new ConfigError('CONFIG_FILE', text, { cause: error });
  }
  return { path, ...(await parseToml(decode(bytes, path), path)) };
}

/**
 * Also a file in a directory that may not be searched, such as another user's HOME: whether it exists cannot be known.
 */
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
    throw new ConfigError('CONFIG_SYNTAX', `${path}: the file is not UTF-8 text`);
  }
}
