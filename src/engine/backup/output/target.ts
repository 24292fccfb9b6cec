/** Prepares what a backup writes to (asbackup.md 5.3, 5.8). Nothing is deleted before `prepareTarget` is called. */
import { basename, dirname } from 'node:path';
import { ToolError, type ToolErrorOptions } from '../../../core/errors.js';
import type { EmitEvent } from '../../../core/events.js';
import { joinPath } from '../../../storage/paths.js';
import { isBackupFileName, listBackupFiles, type Storage } from '../../../storage/storage.js';
import type { BackupConfig } from '../config.js';

type TargetConfig = Pick<BackupConfig, 'target' | 'prefix' | 'removeFiles' | 'storages'>;

/** The target cannot be used as it is. */
export class TargetError extends ToolError {
  constructor(message: string, options: ToolErrorOptions = {}) {
    super('TARGET_NOT_EMPTY', message, options);
  }
}

/**
 * Refuses a target that would be refused later. Called before the cluster is asked for anything that takes long;
 * changes nothing.
 */
export async function checkTarget(config: TargetConfig): Promise<void> {
  const { target, removeFiles, prefix, storages } = config;
  if (!('path' in target)) return;
  const { path } = target;
  const storage = await storages.forPath(path);
  // A file where a directory is expected, the other way round, or no parent directory.
  const problem = await storage.validateTarget(target.kind, path);
  if (problem !== undefined) throw new TargetError(problem.reason, { hint: problem.hint, details: { path } });
  const exists = await storage.exists(target.kind, path);
  if (removeFiles) return;
  if (target.kind === 'file') {
    if (exists) throw new TargetError(`The output file ${path} exists`, { hint: 'replace-file', details: { path } });
  } else if (exists) {
    await refuseFiles(storage, path, prefix);
  }
}

/**
 * Clears the target; its directory exists. Called when the run has proved that it can start, so that a backup that
 * cannot leaves the one before it alone (asbackup.md 12, fault 28).
 */
export async function prepareTarget(config: TargetConfig, emit: EmitEvent): Promise<void> {
  const { target, removeFiles, prefix, storages } = config;
  if (!('path' in target)) return;
  const { path } = target;
  const storage = await storages.forPath(path);
  if (target.kind === 'file') {
    if (removeFiles) await storage.deleteFile(path, 'ignore');
    return;
  }
  if (removeFiles) {
    await clearDirectory(storage, path, prefix, emit);
  } else {
    await refuseFiles(storage, path, prefix);
  }
  emit({ type: 'target.ready', path });
}

/**
 * Files of another prefix are another backup's: they stay, and are named, for a restore of the directory reads them.
 */
async function clearDirectory(storage: Storage, path: string, prefix: string, emit: EmitEvent): Promise<void> {
  const directory = joinPath(path, dirname(prefix));
  const own = (await filesAndUnfinished(storage, directory)).filter(isNamedAfter(prefix));
  if (own.length > 0) emit({ type: 'target.remove', path, files: own.length, prefix });
  await storage.deleteFiles(directory, own);
  const others = await listBackupFiles(storage, path);
  if (others.length > 0) emit({ type: 'target.others', path, prefix, files: others });
}

/** Backup files of a directory, and those that were begun and are not visible yet. */
export async function filesAndUnfinished(storage: Storage, path: string): Promise<string[]> {
  const files = await listBackupFiles(storage, path);
  const unfinished = (await storage.listUnfinished(path)).filter(isBackupFileName);
  return [...new Set([...files, ...unfinished])].sort();
}

async function refuseFiles(storage: Storage, path: string, prefix: string): Promise<void> {
  const files = await filesAndUnfinished(storage, path);
  if (files.length === 0) return;
  const others = files.filter((name) => !isNamedAfter(prefix)(name));
  const unfinished = (await listBackupFiles(storage, path)).length < files.length;
  const which = unfinished
    ? 'backup files, some of which are still being written or were left unfinished'
    : 'backup files';
  const text = `The directory ${path} already holds ${which} (${shorten(files)})`;
  throw new TargetError(text, {
    hint: others.length === 0 ? 'replace-files' : 'replace-own-files',
    details: { path, prefix, others: others.length },
  });
}

/** The first names of a list. */
export function shorten(names: readonly string[]): string {
  const some = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${some}, and ${names.length - 3} more` : some;
}

/**
 * Whether a name is one that a backup with this prefix gives: `<prefix>_NNNNN.asb`, with more digits from 100 000 on.
 */
export function isNamedAfter(prefix: string): (name: string) => boolean {
  const start = `${basename(prefix)}_`;
  return (name) => name.startsWith(start) && /^(?:\d{5}|[1-9]\d{5,})\.asb$/.test(name.slice(start.length));
}
