/** From the path of a backup to its files, in all of its namespaces. */
import { basename } from 'node:path';
import type { Codecs } from '../../codecs/codecs.js';
import { ToolError } from '../../core/errors.js';
import { joinPath } from '../../storage/paths.js';
import type { StorageAccess } from '../../storage/registry.js';
import { findBackupFiles, type BackupFiles } from './backup-files.js';
import { findCoveredUntil } from './manifest.js';
import { withReaderMarks } from './reader-mark.js';
import { readBackup, type CatalogState, type NamespacePart } from './find-backups.js';

/** States in which nobody knows of anything that is missing. */
export const READABLE: readonly CatalogState[] = ['COMPLETED', 'UNKNOWN'];

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
  const { parts, state, type, started, modifiedBefore, document } = await readBackup(path, storages);
  if (!READABLE.includes(state) && !allowIncomplete) {
    throw incompleteError(`The backup ${path} is ${state}: records of it are missing`);
  }
  const found: BackupFiles[] = [];
  // Of an incomplete backup, a namespace that was not begun has no directory.
  const begun = document === undefined ? parts : parts.filter(({ manifest }) => manifest !== undefined);
  if (begun.length === 0) throw incompleteError(`The backup ${path} has no namespace that can be read`);
  for (const part of begun) {
    const files = await findBackupFiles(part.path, { codecs, storages });
    if (!allowIncomplete) refuseOtherFiles(part, files);
    found.push(files);
  }
  return {
    name: path,
    files: found.flatMap(({ files }) => files),
    codecs,
    storages,
    isComplete: READABLE.includes(state),
    ...(type === undefined ? {} : { type }),
    ...(started === undefined ? {} : { started: findCoveredUntil({ started, modifiedBefore }) }),
  };
}

/**
 * Opens the backups at `paths` for `work`; none of them is deleted meanwhile. Throws what opening and `work` throw,
 * CatalogError CATALOG_DELETED, and the signal's reason.
 */
export async function withOpenBackups<T>(
  paths: readonly string[],
  config: OpenBackupConfig & { signal: AbortSignal },
  work: (backups: BackupFiles[]) => Promise<T>,
): Promise<T> {
  // Before anything is written beside them: there may be no such backup.
  const backups = await Promise.all(paths.map((path) => openBackup(path, config)));
  return withReaderMarks(paths, config, () => work(backups));
}

/** A lost file would not be missed by those who read what is there. Throws ToolError CATALOG_INCOMPLETE. */
export function refuseOtherFiles({ path, manifest }: NamespacePart, { files }: BackupFiles): void {
  if (manifest === undefined || manifest.identity.target !== 'directory') return;
  const found = new Map(files.map((file) => [basename(file.path), file.sizeBytes]));
  for (const { name, bytes } of manifest.files) {
    const size = found.get(basename(name));
    found.delete(basename(name));
    if (size === bytes) continue;
    const what = size === undefined ? 'is missing' : `has ${size} byte(s), but ${bytes} were written`;
    throw incompleteError(`${joinPath(path, basename(name))} ${what}`);
  }
  const [stranger] = found.keys();
  if (stranger !== undefined) throw incompleteError(`The manifest does not know ${joinPath(path, stranger)}`);
}

function incompleteError(text: string): ToolError {
  return new ToolError('CATALOG_INCOMPLETE', text, { hint: 'allow-incomplete' });
}
