/** Prepares what a backup writes to (asbackup.md 5.3, 5.8). Nothing is deleted before `prepareTarget` is called. */
import { basename, dirname } from 'node:path';
import { ToolError } from '../../../core/errors.js';
import { directoryCreatedLine, directoryPreparedLine } from '../../../ui/messages/backup.js';
import { type Log, logEvent, warningEvent } from '../../../core/log.js';
import { joinPath } from '../../../storage/paths.js';
import { isBackupFileName, listBackupFiles, type Storage } from '../../../storage/storage.js';
import type { StorageAccess } from '../../../storage/registry.js';
import type { BackupOptions, BackupTarget } from '../config.js';

type TargetOptions = Pick<BackupOptions, 'target' | 'prefix' | 'removeFiles' | 'storages'>;

/** The target holds something that was not asked to be removed. */
export class TargetError extends ToolError {
  constructor(message: string) {
    super('TARGET_NOT_EMPTY', message);
  }
}

/**
 * Refuses a target that would be refused later. Called before the cluster is asked for anything, so that a wrong path
 * costs no time; changes nothing.
 */
export async function checkTarget(options: TargetOptions): Promise<void> {
  const { target, removeFiles, prefix } = options;
  if (!('path' in target)) return;
  const { path } = target;
  const storage = await options.storages.forPath(path);
  // A file where a directory is expected, the other way round, or nowhere to put it.
  const refusal = await storage.validateTarget(target.kind, path);
  if (refusal !== undefined) throw new TargetError(refusal);
  const exists = await storage.exists(target.kind, path);
  if (removeFiles) return;
  if (target.kind === 'file') {
    if (exists) throw new TargetError(`The output file ${path} exists; give --remove-files to replace it.`);
  } else if (exists) {
    await refuseFiles(storage, path, prefix);
  }
}

/**
 * Creates and clears the target. Called when the run has proved that it can start, so that a backup that cannot leaves
 * the one before it alone (asbackup.md 12, fault 28).
 */
export async function prepareTarget(options: TargetOptions, log: Log): Promise<void> {
  const { target, removeFiles, prefix } = options;
  if (!('path' in target)) return;
  const { path } = target;
  const storage = await options.storages.forPath(path);
  if (target.kind === 'file') {
    if (removeFiles) await storage.deleteFile(path, 'ignore');
    return;
  }
  if (!(await storage.exists('directory', path))) log.info(directoryCreatedLine(path));
  await storage.ensureDirectory(path);
  if (removeFiles) {
    await clearDirectory(storage, path, prefix, log);
  } else {
    await refuseFiles(storage, path, prefix);
  }
  log.info(directoryPreparedLine(path));
}

/** Files of another prefix are another backup's: they stay, and are named, for a restore of the directory reads them. */
async function clearDirectory(storage: Storage, path: string, prefix: string, log: Log): Promise<void> {
  const place = joinPath(path, dirname(prefix));
  const own = (await filesAndUnfinished(storage, place)).filter(isNamedAfter(prefix));
  if (own.length > 0) {
    const text = `Removing ${own.length} backup file(s) named ${prefix}_NNNNN.asb from ${path}`;
    log.info(logEvent('target.remove', text, { path, files: own.length }));
  }
  await storage.deleteFiles(place, own);
  const others = await listBackupFiles(storage, path);
  if (others.length > 0) {
    const text = `${path} also holds files that are not named ${prefix}_NNNNN.asb; they stay: ${shorten(others)}.`;
    log.info(warningEvent('target.others', text, { path, files: others.length }));
  }
}

/** Backup files of a directory, and those that are not there yet. */
async function filesAndUnfinished(storage: Storage, path: string): Promise<string[]> {
  const files = await listBackupFiles(storage, path);
  const unfinished = (await storage.listUnfinished(path)).filter(isBackupFileName);
  return [...new Set([...files, ...unfinished])].sort();
}

async function refuseFiles(storage: Storage, path: string, prefix: string): Promise<void> {
  const files = await filesAndUnfinished(storage, path);
  if (files.length === 0) return;
  const others = files.filter((name) => !isNamedAfter(prefix)(name));
  const remedy =
    others.length === 0
      ? 'give --remove-files to replace them'
      : `--remove-files replaces those named ${prefix}_NNNNN.asb and leaves ${others.length} other(s) where they are; ` +
        'better choose another directory';
  const unfinished = (await listBackupFiles(storage, path)).length < files.length;
  const which = unfinished
    ? 'backup files, some of which are still being written or were left unfinished'
    : 'backup files';
  throw new TargetError(`The directory ${path} already holds ${which} (${shorten(files)}); ${remedy}.`);
}

function shorten(names: readonly string[]): string {
  const some = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${some}, and ${names.length - 3} more` : some;
}

/** Whether a name is one that a backup with this prefix gives: `<prefix>_NNNNN.asb`, with more digits from 100 000 on. */
export function isNamedAfter(prefix: string): (name: string) => boolean {
  const start = `${basename(prefix)}_`;
  return (name) => name.startsWith(start) && /^(?:\d{5}|[1-9]\d{5,})\.asb$/.test(name.slice(start.length));
}

export interface RemovalOptions {
  target: BackupTarget;
  /** Only files of this prefix; absent = all backup files of the directory. */
  prefix?: string;
  storages: StorageAccess;
  log: Log;
}

/**
 * `--remove-artifacts`: deletes the backup at the target and nothing else; then the directory, if nothing is left in it
 * (asbackup.md 5.8). Throws StorageError if there is no such file or directory.
 */
export async function removeArtifacts({ target, prefix, storages, log }: RemovalOptions): Promise<void> {
  if (!('path' in target)) return;
  const { path } = target;
  const storage = await storages.forPath(path);
  if (target.kind === 'file') {
    log.info(logEvent('remove.start', `Deleting output file ${path}`, { path }));
    await storage.deleteFile(path, 'throw');
    return;
  }
  log.info(logEvent('remove.start', `Deleting backup directory ${path}`, { path }));
  const place = prefix === undefined ? path : joinPath(path, dirname(prefix));
  const files = await filesAndUnfinished(storage, place);
  const own = prefix === undefined ? files : files.filter(isNamedAfter(prefix));
  await storage.deleteFiles(place, own);
  const reason = await storage.removeDirectory(path);
  if (reason !== undefined) {
    const text = `Deleted ${own.length} backup file(s); the directory ${path} stays: ${reason}.`;
    log.info(logEvent('remove.kept', text, { path, files: own.length }));
  }
}
