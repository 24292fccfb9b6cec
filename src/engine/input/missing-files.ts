/**
 * Whether the files of a directory are all that a backup wrote. A backup file holds no count of its records, so one
 * that was cut between two records cannot be told from a whole one by itself; what shows are gaps in the numbers of the
 * files, the missing mark of the first file, and the state file of a backup that did not come to its end.
 */
import { basename, dirname, resolve } from 'node:path';
import { joinPath } from '../../storage/paths.js';
import { isBackupFileName, type Storage } from '../../storage/storage.js';
import type { StorageAccess } from '../../storage/registry.js';
import { parseShardFile, parseShardManifest } from '../shard/names.js';
import { MANIFEST_NAME, manifestPath } from '../catalog/manifest.js';
import type { FileHeader } from './header-scan.js';

const MAX_NAMES_SHOWN = 10;

/**
 * Sentences without a full stop, one for each part that is known to be missing from the backups in `directories`.
 * `headers`: of those of `paths` that could be read.
 */
export async function findMissingFiles(
  paths: readonly string[],
  headers: readonly FileHeader[],
  directories: readonly string[],
  storages: StorageAccess,
): Promise<string[]> {
  const found = missingFiles(paths, headers);
  for (const directory of directories) {
    const empty = !paths.some((path) => resolve(dirname(path)) === resolve(directory));
    if (empty) found.push(`there is no backup file in ${directory}`);
    found.push(...(await interruptedBackups(await storages.forPath(directory), directory)));
  }
  return found;
}

/** The same of a single file, whose state or manifest would lie beside it. */
export async function findMissingParts(path: string, storages: StorageAccess): Promise<string[]> {
  const storage = await storages.forPath(path);
  const found: string[] = [];
  for (const document of [`${path}.state`, manifestPath({ kind: 'file', path })]) {
    // A manifest of an interrupted backup is its state, too.
    found.push(...(await missingPerDocument(storage, document, () => path)));
  }
  return found;
}

/** Files that a complete backup would have, judged by the names and headers of those that are there. */
export function missingFiles(paths: readonly string[], headers: readonly FileHeader[]): string[] {
  const found: string[] = [];
  for (const { prefix, directory, numbers } of numberedSets(paths)) {
    let last = 0;
    for (const number of numbers) last = Math.max(last, number);
    const missing: string[] = [];
    let count = 0;
    for (let n = 0; n < last && count <= MAX_NAMES_SHOWN; n++) {
      if (numbers.has(n)) continue;
      count++;
      if (count <= MAX_NAMES_SHOWN) missing.push(`${prefix}_${String(n).padStart(5, '0')}.asb`);
    }
    const more = count > MAX_NAMES_SHOWN ? ' and more' : '';
    const place = directory === undefined ? '' : ` in ${directory}`;
    if (count > 0) found.push(`the backup lacks ${missing.join(', ')}${more}${place}`);
  }
  if (
    headers.length > 0 &&
    headers.every(({ marked, firstFile, path }) => marked && !firstFile && !isGoMetadata(path))
  ) {
    found.push('no file has the "# first-file" mark; the file with the indexes and UDF modules may be missing');
  }
  found.push(...missingShards(paths), ...replacedFiles(headers));
  return found;
}

/**
 * Of a backup in shards, those without a file. A single one may be the whole backup of a user who has chosen the name.
 */
function missingShards(paths: readonly string[]): string[] {
  const groups = new Map<string, { count: number; found: Set<number> }>();
  for (const path of paths) {
    const name = parseShardFile(basename(path));
    if (name === undefined) continue;
    const { prefix, shard } = name;
    const key = `${shard.count} ${prefix}`;
    const group = groups.get(key) ?? { count: shard.count, found: new Set<number>() };
    groups.set(key, group);
    group.found.add(shard.index);
  }
  return [...groups.values()].flatMap(({ count, found }) => {
    if (found.size < 2 || found.size === count) return [];
    const missing = Array.from({ length: count }, (_, index) => index).filter((index) => !found.has(index));
    const names = missing.slice(0, MAX_NAMES_SHOWN).join(', ');
    const more = missing.length > MAX_NAMES_SHOWN ? ' and more' : '';
    return [`of ${count} shards, there is no file of ${names}${more}`];
  });
}

/** The newer tools keep indexes and modules in a file of their own, and need no mark (asb-format.md 7.2). */
function isGoMetadata(path: string): boolean {
  return /^metadata_.*_[1-9]\d{0,3}\.asb$/s.test(basename(path));
}

/**
 * One file of a backup has the mark of the first one. Where a second one has it, it is a copy, or of another backup.
 */
function replacedFiles(headers: readonly FileHeader[]): string[] {
  const firstFiles = new Map<string, string[]>();
  for (const { path, firstFile } of headers) {
    const prefix = /^(.*)_\d{5,}\.asb$/s.exec(path)?.[1];
    if (firstFile && prefix !== undefined) firstFiles.set(prefix, [...(firstFiles.get(prefix) ?? []), path]);
  }
  return [...firstFiles.values()]
    .filter((paths) => paths.length > 1)
    .map((paths) => `${paths.join(' and ')} both have the "# first-file" mark; one of them replaced another file`);
}

interface NumberedSet {
  prefix: string;
  /** Absent if the backup is spread over several. */
  directory?: string;
  numbers: Set<number>;
}

/**
 * The files of one prefix belong to one backup, `<prefix>_<number, at least 5 digits>.asb`, from 0 without a gap
 * (asb-format.md 7.1). In several directories they may be one backup that was spread out, unless a number comes twice.
 */
function numberedSets(paths: readonly string[]): NumberedSet[] {
  const byPrefix = new Map<string, Map<string, Set<number>>>();
  for (const path of paths) {
    const match = /^(.*)_(\d{5,})\.asb$/s.exec(basename(path));
    if (match === null) continue;
    const prefix = match[1]!;
    const directories = byPrefix.get(prefix) ?? new Map<string, Set<number>>();
    const numbers = directories.get(dirname(path)) ?? new Set<number>();
    byPrefix.set(prefix, directories.set(dirname(path), numbers.add(Number(match[2]))));
  }
  const sets: NumberedSet[] = [];
  for (const [prefix, directories] of byPrefix) {
    const together = new Set([...directories.values()].flatMap((numbers) => [...numbers]));
    const files = [...directories.values()].reduce((sum, numbers) => sum + numbers.size, 0);
    if (directories.size === 1 || together.size === files) sets.push({ prefix, numbers: together });
    else for (const [directory, numbers] of directories) sets.push({ prefix, directory, numbers });
  }
  return sets;
}

/**
 * What asbackup writes at a checkpoint, and deletes at the end unless it is a manifest
 * (src/engine/backup/checkpoint/state-file.ts).
 */
interface SavedState {
  format: 'asbackup-state';
  files: { name: string; bytes: number }[];
  manifest?: { state: string };
}

/**
 * State files of our own, which only an unfinished backup leaves behind, and manifests, which know all files. Those of
 * the C tool stay for ever, so that they prove nothing (asbackup.md 12, fault 13).
 */
async function interruptedBackups(storage: Storage, directory: string): Promise<string[]> {
  const found: string[] = [];
  const names = (await storage.list(directory).catch(() => [])).map(({ name }) => name);
  for (const name of (await storage.listUnfinished(directory).catch(() => [])).filter(isBackupFileName)) {
    // Of an upload that was begun twice, as its first answer was lost, one may be left beside the object.
    if (names.includes(name)) continue;
    found.push(`${joinPath(directory, name)} is not there yet: its upload was left unfinished or is still under way`);
  }
  const isDocument = (name: string): boolean =>
    name.endsWith('.state') || name === MANIFEST_NAME || parseShardManifest(name) !== undefined;
  for (const name of names.filter(isDocument)) {
    const toPath = (file: string): string => joinPath(directory, basename(file));
    found.push(...(await missingPerDocument(storage, joinPath(directory, name), toPath)));
  }
  return found;
}

/** What a state or a manifest says about files: `toPath` tells where one is now. */
async function missingPerDocument(
  storage: Storage,
  document: string,
  toPath: (name: string) => string,
): Promise<string[]> {
  const state = await readState(storage, document);
  if (state === undefined) return [];
  const found: string[] = [];
  if (state.manifest?.state !== 'COMPLETED') {
    found.push(`${document} is of a backup that was interrupted or is still under way`);
  }
  for (const file of state.files) {
    const path = toPath(file.name);
    const size = await storage.stat(path).then(
      ({ sizeBytes }) => sizeBytes,
      () => undefined,
    );
    if (size === undefined) found.push(`${path} is missing: the backup wrote ${file.bytes} byte(s) of it`);
    else if (size < file.bytes) found.push(`${path} was cut: it has ${size} of the ${file.bytes} byte(s) written`);
  }
  return found;
}

async function readState(storage: Storage, path: string): Promise<SavedState | undefined> {
  try {
    const state = JSON.parse(
      (await storage.readSmall(path, 'the state file')).toString(),
    ) as Partial<SavedState> | null;
    const isOwn = state?.format === 'asbackup-state' && Array.isArray(state.files) && state.files.every(isSavedFile);
    return isOwn ? (state as SavedState) : undefined;
  } catch {
    return undefined;
  }
}

function isSavedFile(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { name, bytes } = value as Record<string, unknown>;
  return typeof name === 'string' && typeof bytes === 'number';
}
