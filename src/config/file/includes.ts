import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { suggestion } from '../did-you-mean.js';
import { systemErrorText } from '../../core/errors.js';
import { ConfigError } from './config-error.js';
import { type ConfigFile, readConfigFile } from './config-file.js';
import type { TomlTable } from './toml.js';

/** Files within files within files, as in the C tools (asbackup.md 3). */
const MAX_DEPTH = 3;

interface Origin {
  /** FILE:LINE of the [include] that names the file; absent for the outermost. */
  named?: string;
  required: boolean;
  /** The real paths of the files around this one. */
  around: readonly string[];
}

/**
 * The file and all that it includes, in the order in which their settings count: each file before those it includes, so
 * that an included file overrides the one that names it (asbackup.md 3). Nothing if an optional file is not there.
 */
export async function readFileTree(path: string, required: boolean): Promise<ConfigFile[]> {
  return readTree(path, { required, around: [] });
}

async function readTree(path: string, origin: Origin): Promise<ConfigFile[]> {
  // A pipe, as in --config-file <(...), has no real path.
  const real = await realpath(path).catch(() => resolve(path));
  const { around, named } = origin;
  if (around.includes(real)) {
    throw new ConfigError('CONFIG_INCLUDE', `${named ?? path}: ${path} includes itself`);
  }
  if (around.length > MAX_DEPTH) {
    const text = `includes may be nested ${MAX_DEPTH} deep at most, and ${path} would be deeper`;
    throw new ConfigError('CONFIG_INCLUDE', `${named ?? path}: ${text}`);
  }
  const file = await readConfigFile(path, origin);
  if (file === undefined) return [];
  const files = [file];
  for (const { path: included, named: place } of await readIncludes(file)) {
    files.push(...(await readTree(included, { named: place, required: true, around: [...around, real] })));
  }
  return files;
}

interface Include {
  path: string;
  named: string;
}

/**
 * What [include] names, in the order of its keys. A relative path is looked for beside the file it stands in, then in
 * the working directory, as the C tools do.
 */
async function readIncludes(file: ConfigFile): Promise<Include[]> {
  const section = file.table.include;
  if (section === undefined) return [];
  if (!isTable(section)) {
    throw new ConfigError('CONFIG_SECTION', `${file.path}:${file.lines.find('include')}: [include] must be a section`);
  }
  const includes: Include[] = [];
  for (const [key, value] of Object.entries(section)) {
    const named = `${file.path}:${file.lines.find('include', key)}`;
    const kind = key.toLowerCase();
    if (kind !== 'file' && kind !== 'directory') {
      const text = `${named}: unknown key ${JSON.stringify(key)} in [include]`;
      throw new ConfigError('CONFIG_KEY', `${text}${suggestion(key, ['file', 'directory'])}`);
    }
    if (typeof value !== 'string' || value === '') {
      throw new ConfigError('CONFIG_TYPE', `${named}: ${key} must be a path in quotes`);
    }
    const path = await findIncluded(file.path, value);
    const paths = kind === 'file' ? [path] : await listFilesBelow(path, named, new Set());
    includes.push(...paths.map((included) => ({ path: included, named })));
  }
  return includes;
}

async function findIncluded(from: string, value: string): Promise<string> {
  const beside = resolve(dirname(from), value);
  for (const path of [beside, resolve(value)]) {
    if (
      await lstat(path).then(
        () => true,
        () => false,
      )
    ) {
      return path;
    }
  }
  return beside;
}

/**
 * All files of a directory and of those in it, sorted by name; symbolic links count as what they point to. Names that
 * begin with a dot are left out: editors and mounted Kubernetes ConfigMaps keep their own copies under such names.
 */
async function listFilesBelow(directory: string, named: string, seen: Set<string>): Promise<string[]> {
  const files: string[] = [];
  try {
    const real = await realpath(directory);
    if (seen.has(real)) return [];
    seen.add(real);
    const names = (await readdir(directory)).filter((name) => !name.startsWith('.')).sort();
    for (const name of names) {
      const path = join(directory, name);
      const found = await stat(path);
      if (found.isDirectory()) files.push(...(await listFilesBelow(path, named, seen)));
      else if (found.isFile()) files.push(path);
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const path = error instanceof Error && 'path' in error ? String(error.path) : directory;
    const text = `${named}: cannot read ${path}: ${systemErrorText(error)}`;
    throw new ConfigError('CONFIG_FILE', text, { cause: error });
  }
  return files;
}

export function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
