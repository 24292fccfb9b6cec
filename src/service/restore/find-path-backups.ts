/** The backups at a path: a folder of a namespace, or of a run with its namespaces. */
import { basename } from 'node:path';
import { errorMessage } from '../../core/errors.js';
import { parseAbsMetadata } from '../../engine/catalog/abs-metadata.js';
import { readIfExists } from '../../engine/catalog/backup-document.js';
import { CatalogError } from '../../engine/catalog/errors.js';
import { joinPath } from '../../storage/paths.js';
import { isBackupFileName, type Storage } from '../../storage/storage.js';
import { toFoundBackup, type FoundBackup } from '../backups/find-backups.js';
import { CONFIGURATION_DIRECTORY, parseNamespaceFolder } from '../backups/layout.js';
import { METADATA_NAME } from '../backups/metadata-file.js';
import { ServiceError } from '../errors.js';

/** From a routine to a namespace: `backup/TIME/data/NAMESPACE`. */
const MOST_LEVELS = 4;

/** Files without metadata that can be read: nobody knows whether they are all. */
export interface UnmarkedFolder {
  path: string;
  /** Why it is no backup. */
  reason: string;
}

export interface PathBackups {
  backups: FoundBackup[];
  /** Empty unless incomplete backups are allowed. */
  unmarked: UnmarkedFolder[];
}

/**
 * All backups at or below `path` (relative to `root`). Throws ServiceError SERVICE_INVALID if there are none, if they
 * are of several runs, if there is nothing in them, and, unless `allowIncomplete`, if files lack their metadata: the
 * mark that they are all. Throws StorageError.
 */
export async function findPathBackups(
  root: string,
  path: string,
  allowIncomplete: boolean,
  storage: Storage,
): Promise<PathBackups> {
  const found: PathBackups = { backups: [], unmarked: [] };
  await walk(joinPath(root, path), path, MOST_LEVELS, storage, found);
  const { backups } = found;
  // What an attempt that failed has left is no part of the backup if a later one came to its end.
  const unmarked = found.unmarked.filter((folder) => {
    return !backups.some(({ path: other, metadata }) => {
      const isSibling = other.slice(0, -basename(other).length) === folder.path.slice(0, -basename(folder.path).length);
      return isSibling && parseNamespaceFolder(basename(folder.path)).namespace === metadata.namespace;
    });
  });
  if (backups.length === 0 && unmarked.length === 0) throw failed(`there is no backup at ${path}`);
  if (new Set(backups.map(({ createdMs }) => createdMs)).size > 1) throw severalRuns(path);
  const [first] = unmarked;
  if (first !== undefined && !allowIncomplete) {
    const remedy = 'only policy.allow-incomplete restores what is there';
    throw failed(`the backup at ${first.path} is not known to be complete: ${first.reason}; ${remedy}`);
  }
  if (unmarked.length === 0 && backups.every(isEmptyBackup)) throw failed(`the backup at ${path} is empty`);
  return { backups: backups.filter((backup) => !isEmptyBackup(backup)), unmarked };
}

export function isEmptyBackup({ metadata: { files, records, sindexes, udfs } }: FoundBackup): boolean {
  return files === 0 && records === 0 && sindexes === 0 && udfs === 0;
}

async function walk(path: string, key: string, levels: number, storage: Storage, found: PathBackups): Promise<void> {
  const file = joinPath(path, METADATA_NAME);
  const bytes = await readIfExists(storage, file, 'the metadata');
  let reason = `it has no ${METADATA_NAME}, which is written last`;
  if (bytes !== undefined) {
    try {
      const metadata = await parseAbsMetadata(bytes, file);
      found.backups.push(toFoundBackup(path, key, path, metadata));
      if (found.backups[0]!.createdMs !== found.backups.at(-1)!.createdMs) throw severalRuns(key);
      return;
    } catch (error) {
      if (!(error instanceof CatalogError)) throw error;
      reason = errorMessage(error);
    }
  }
  const names = await storage.listDirectories(path);
  const directories = new Set(names);
  const files = (await storage.exists('directory', path)) ? await storage.list(path) : [];
  if (bytes !== undefined || files.some(({ name }) => isBackupFileName(name) && !directories.has(name))) {
    found.unmarked.push({ path, reason });
    return;
  }
  if (levels === 0) return;
  for (const name of names) {
    if (name === CONFIGURATION_DIRECTORY) continue;
    await walk(joinPath(path, name), `${key}/${name}`, levels - 1, storage, found);
  }
}

function severalRuns(path: string): ServiceError {
  return failed(`the backups at ${path} are of several runs: name the folder of one`);
}

function failed(text: string): ServiceError {
  return new ServiceError('SERVICE_INVALID', text);
}
