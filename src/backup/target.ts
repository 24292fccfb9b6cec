/** Prepares what a backup writes to (asbackup.md 5.3, 5.8). Nothing is deleted before `prepareTarget` is called. */
import { rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, ToolError } from '../errors.js';
import { directoryCreatedLine, directoryPreparedLine } from '../report/backup-lines.js';
import { type Log, logEvent, warningEvent } from '../report/log.js';
import {
  deleteBackupFiles,
  deleteExistingFile,
  deleteFile,
  ensureDirectory,
  listBackupFiles,
  pathExists,
} from '../storage/local-directory.js';
import type { BackupOptions, BackupTarget } from './options.js';

type TargetOptions = Pick<BackupOptions, 'target' | 'prefix' | 'removeFiles'>;

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
  if ('path' in target) await checkKind(target);
  if (removeFiles) return;
  if (target.kind === 'file') {
    if (await pathExists(target.path)) {
      throw new TargetError(`The output file ${target.path} exists; give --remove-files to replace it.`);
    }
  } else if (target.kind === 'directory' && (await pathExists(target.path))) {
    await refuseFiles(target.path, prefix);
  }
}

/** A file where a directory is expected, the other way round, or nowhere to put it. */
async function checkKind({ kind, path }: { kind: 'directory' | 'file'; path: string }): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (kind === 'file' && found?.isDirectory() === true) {
    throw new TargetError(`${path} is a directory; give it with --directory, or name a file in it.`);
  }
  if (kind === 'directory' && found?.isDirectory() === false) {
    throw new TargetError(`${path} is a file; give it with --output-file, or name a directory.`);
  }
  const parent = dirname(path);
  if (found === undefined && (await stat(parent).catch(() => undefined))?.isDirectory() !== true) {
    throw new TargetError(`There is no directory ${parent} to put ${path} into; create it first.`);
  }
}

/**
 * Creates and clears the target. Called when the run has proved that it can start, so that a backup that cannot leaves
 * the one before it alone (asbackup.md 12, fault 28).
 */
export async function prepareTarget(options: TargetOptions, log: Log): Promise<void> {
  const { target, removeFiles, prefix } = options;
  if (target.kind === 'file' && removeFiles) await deleteFile(target.path);
  if (target.kind !== 'directory') return;
  const { path } = target;
  if (!(await pathExists(path))) log.info(directoryCreatedLine(path));
  await ensureDirectory(path);
  if (removeFiles) {
    await clearDirectory(path, prefix, log);
  } else {
    await refuseFiles(path, prefix);
  }
  log.info(directoryPreparedLine(path));
}

/** Files of another prefix are another backup's: they stay, and are named, for a restore of the directory reads them. */
async function clearDirectory(path: string, prefix: string, log: Log): Promise<void> {
  const place = join(path, dirname(prefix));
  const own = (await listBackupFiles(place)).filter(isNamedAfter(prefix));
  if (own.length > 0) {
    const text = `Removing ${own.length} backup file(s) named ${prefix}_NNNNN.asb from ${path}`;
    log.info(logEvent('target.remove', text, { path, files: own.length }));
  }
  await deleteBackupFiles(place, own);
  const others = await listBackupFiles(path);
  if (others.length > 0) {
    const text = `${path} also holds files that are not named ${prefix}_NNNNN.asb; they stay: ${shorten(others)}.`;
    log.info(warningEvent('target.others', text, { path, files: others.length }));
  }
}

async function refuseFiles(path: string, prefix: string): Promise<void> {
  const files = await listBackupFiles(path);
  if (files.length === 0) return;
  const others = files.filter((name) => !isNamedAfter(prefix)(name));
  const remedy =
    others.length === 0
      ? 'give --remove-files to replace them'
      : `--remove-files replaces those named ${prefix}_NNNNN.asb and leaves ${others.length} other(s) where they are; ` +
        'better choose another directory';
  throw new TargetError(`The directory ${path} already holds backup files (${shorten(files)}); ${remedy}.`);
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
  log: Log;
}

/**
 * `--remove-artifacts`: deletes the backup at the target and nothing else; then the directory, if nothing is left in it
 * (asbackup.md 5.8). Throws StorageError if there is no such file or directory.
 */
export async function removeArtifacts({ target, prefix, log }: RemovalOptions): Promise<void> {
  if (target.kind === 'file') {
    log.info(logEvent('remove.start', `Deleting output file ${target.path}`, { path: target.path }));
    await deleteExistingFile(target.path);
  }
  if (target.kind !== 'directory') return;
  const { path } = target;
  log.info(logEvent('remove.start', `Deleting backup directory ${path}`, { path }));
  const place = prefix === undefined ? path : join(path, dirname(prefix));
  const files = await listBackupFiles(place);
  const own = prefix === undefined ? files : files.filter(isNamedAfter(prefix));
  await deleteBackupFiles(place, own);
  try {
    await rmdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOTEMPTY' || code === 'EEXIST' ? 'it holds other files' : messageOf(error);
    const text = `Deleted ${own.length} backup file(s); the directory ${path} stays: ${reason}.`;
    log.info(logEvent('remove.kept', text, { path, files: own.length }));
  }
}
