/** From the path of a backup to its files, in all of its namespaces. */
import type { Codecs } from '../../codecs/codecs.js';
import { ToolError } from '../../core/errors.js';
import type { StorageAccess } from '../../storage/registry.js';
import { findBackupFiles, type BackupFiles } from './backup-files.js';
import { readBackup, type CatalogState } from './find-backups.js';

/** States in which nobody knows of anything that is missing. */
const READABLE: readonly CatalogState[] = ['COMPLETED', 'UNKNOWN'];

export interface OpenBackupConfig {
  codecs: Codecs;
  storages: StorageAccess;
  /** Take a backup that did not come to its end. */
  allowIncomplete: boolean;
}

/**
 * The files of the backup at `path`: a directory of a catalog or of backup files, or a single file. Throws
 * CatalogError, ToolError CATALOG_INCOMPLETE, StorageError, InputError.
 */
export async function openBackup(path: string, config: OpenBackupConfig): Promise<BackupFiles> {
  const { codecs, storages, allowIncomplete } = config;
  const { parts, state } = await readBackup(path, storages);
  if (!READABLE.includes(state) && !allowIncomplete) {
    throw new ToolError('CATALOG_INCOMPLETE', `The backup ${path} is ${state}: records of it are missing`, {
      hint: 'allow-incomplete',
    });
  }
  const found: BackupFiles[] = [];
  for (const part of parts) found.push(await findBackupFiles(part.path, { codecs, storages }));
  return { name: path, files: found.flatMap(({ files }) => files), codecs, storages };
}
