/** Prepares what a backup writes to (asbackup.md 5.3, 5.8). Nothing is deleted before `prepareTarget` is called. */
import { basename, dirname } from 'node:path';
import { ToolError, type ToolErrorOptions } from '../../../core/errors.js';
import type { RunContext } from '../../../core/run-context.js';
import { joinPath } from '../../../storage/paths.js';
import { isBackupFileName, listBackupFiles, type Storage } from '../../../storage/storage.js';
import { refuseHeld } from '../../catalog/hold.js';
import { refuseRead } from '../../catalog/reader-mark.js';
import { MANIFEST_NAME, manifestPath } from '../../catalog/manifest.js';
import {
  matchShardFile,
  matchSibling,
  parseShardManifest,
  parseShardPrefix,
  shardManifestName,
} from '../../shard/names.js';
import { refuseDeleted } from '../../catalog/tombstone.js';
import { parseState, type BackupState } from '../checkpoint/state-file.js';
import type { BackupConfig } from '../config.js';
import { matchMetadataFile, matchRecordFile } from './file-naming.js';

type TargetConfig = Pick<BackupConfig, 'target' | 'prefix' | 'removeFiles' | 'removePrefix' | 'shard' | 'storages'>;

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
  const { target, removeFiles, storages } = config;
  if (!('path' in target)) return;
  const { path } = target;
  const storage = await storages.forPath(path);
  // A file where a directory is expected, the other way round, or no parent directory.
  const problem = await storage.validateTarget(target.kind, path);
  if (problem !== undefined) throw new TargetError(problem.reason, { hint: problem.hint, details: { path } });
  const exists = await storage.exists(target.kind, path);
  await refuseDeleted(target, storage);
  if (removeFiles) {
    await refuseHeld(target, storage);
    if (exists) await refuseRead(target, storage);
    if (config.shard !== undefined && exists && target.kind === 'directory')
      await refuseStrangers(storage, path, config);
    return;
  }
  if (target.kind === 'file') {
    if (exists) throw new TargetError(`The output file ${path} exists`, { hint: 'replace-file', details: { path } });
  } else if (exists) {
    await refuseFiles(storage, path, config);
  }
}

/**
 * Clears the target; its directory exists. Called when the run has proved that it can start, so that a backup that
 * cannot leaves the one before it alone (asbackup.md 12, fault 28).
 */
export async function prepareTarget(config: TargetConfig, context: Pick<RunContext, 'emit' | 'runId'>): Promise<void> {
  const { target, removeFiles, storages } = config;
  if (!('path' in target)) return;
  const { path } = target;
  const storage = await storages.forPath(path);
  // Now that the target is locked, no deletion can begin.
  await refuseDeleted(target, storage);
  if (target.kind === 'file') {
    if (!removeFiles) return;
    await storage.deleteFile(path, 'ignore');
    await deleteStates(storage, [manifestPath({ kind: 'file', path })], context.runId);
    return;
  }
  if (removeFiles) {
    await clearDirectory(storage, path, config, context);
  } else {
    await refuseFiles(storage, path, config);
  }
  context.emit({ type: 'target.ready', path });
}

/**
 * Without a prefix every backup file goes, as the option of the C tool says, and with them the states and manifests of
 * backups that nothing is left of. With a prefix those of others stay, and are named: a restore of the directory
 * reads them.
 */
async function clearDirectory(
  storage: Storage,
  path: string,
  { prefix, removePrefix, shard }: TargetConfig,
  { emit, runId }: Pick<RunContext, 'emit' | 'runId'>,
): Promise<void> {
  const directory = removePrefix === undefined ? path : joinPath(path, dirname(removePrefix));
  const files = await filesAndUnfinished(storage, directory);
  const isOwn =
    removePrefix === undefined ? () => true : shard === undefined ? isOfBackup(removePrefix) : isNamedAfter(prefix);
  const removed = files.filter(isOwn);
  const foreign = removed.filter((name) => !isOfBackup(prefix)(name));
  if (removed.length > 0) emit({ type: 'target.remove', path, files: removed.length, prefix, foreign });
  await storage.deleteFiles(directory, removed);
  await deleteStates(storage, await listStates(storage, path), runId, removePrefix);
  if (removePrefix === undefined) return;
  const others = (await listBackupFiles(storage, path)).filter((name) => !matchSibling(prefix)(name));
  if (others.length > 0) emit({ type: 'target.others', path, prefix, files: others });
}

/** Paths of what may be states and manifests in a directory. */
export async function listStates(storage: Storage, path: string): Promise<string[]> {
  return (await storage.list(path))
    .map(({ name }) => name)
    .filter((name) => name.endsWith('.asb.state') || name === MANIFEST_NAME || parseShardManifest(name) !== undefined)
    .map((name) => joinPath(path, name));
}

/**
 * Deletes the states and manifests among `paths`, those of backups with this prefix, shards included, or all, but for
 * that of the run itself. What is no such file stays. Resolves with their number.
 */
export async function deleteStates(
  storage: Storage,
  paths: readonly string[],
  ownRunId: string,
  prefix?: string,
): Promise<number> {
  let deleted = 0;
  for (const path of paths) {
    let state: BackupState;
    try {
      state = parseState(await storage.readSmall(path, 'the state file'), path);
    } catch {
      // Missing, of the C tool, damaged, or no state at all.
      continue;
    }
    if (state.runId === ownRunId) continue;
    if (prefix !== undefined && !matchesPrefix(prefix, String(state.identity['output-file-prefix']))) continue;
    await storage.deleteFile(path, 'ignore');
    deleted++;
  }
  return deleted;
}

/** Backup files of a directory, and those that were begun and are not visible yet. */
export async function filesAndUnfinished(storage: Storage, path: string): Promise<string[]> {
  const files = await listBackupFiles(storage, path);
  const unfinished = (await storage.listUnfinished(path)).filter(isBackupFileName);
  return [...new Set([...files, ...unfinished])].sort();
}

/** A shard that begins anew replaces its own files; a restore of the directory would read those of others, too. */
async function refuseStrangers(storage: Storage, path: string, { prefix }: TargetConfig): Promise<void> {
  const files = await filesAndUnfinished(storage, path);
  const others = files.filter((name) => !isNamedAfter(prefix)(name) && !matchSibling(prefix)(name));
  if (others.length === 0) return;
  const text = `The directory ${path} also holds files of another backup (${shorten(others)})`;
  throw new TargetError(text, { hint: 'remove-all-shards', details: { path } });
}

async function refuseFiles(
  storage: Storage,
  path: string,
  { prefix, removePrefix, shard }: TargetConfig,
): Promise<void> {
  const files = (await filesAndUnfinished(storage, path)).filter(
    (name) => shard === undefined || !matchSibling(prefix)(name),
  );
  if (files.length === 0) return;
  const others = files.filter((name) => !isNamedAfter(prefix)(name));
  const finished = new Set(await listBackupFiles(storage, path));
  const unfinished = files.some((name) => !finished.has(name));
  const which = unfinished
    ? 'backup files, some of which are still being written or were left unfinished'
    : 'backup files';
  const text = `The directory ${path} already holds ${which} (${shorten(files)})`;
  if (shard !== undefined && others.length > 0)
    throw new TargetError(text, { hint: 'remove-all-shards', details: { path } });
  const statePath = others.length === 0 ? await findState(storage, path, prefix) : undefined;
  if (statePath !== undefined) {
    const what = `${text} of a backup that was interrupted`;
    throw new TargetError(what, { hint: 'continue-or-replace', details: { path, statePath } });
  }
  throw new TargetError(text, {
    hint:
      others.length === 0 ? 'replace-files' : removePrefix === undefined ? 'replace-all-files' : 'replace-own-files',
    details: { path, prefix, others: others.length },
  });
}

/** The state of an interrupted backup in a directory, at one of its usual places. */
async function findState(storage: Storage, path: string, prefix: string): Promise<string | undefined> {
  for (const name of [`${basename(prefix)}.asb.state`, shardManifestName(prefix), MANIFEST_NAME]) {
    const statePath = joinPath(path, name);
    try {
      const { manifest } = parseState(await storage.readSmall(statePath, 'the state file'), statePath);
      if (manifest?.state !== 'COMPLETED') return statePath;
    } catch {
      // There is none, or none of this program.
    }
  }
  return undefined;
}

/** Whether a name is one that a backup with this prefix gives, in one piece or in shards. */
export function isOfBackup(prefix: string): (name: string) => boolean {
  const isNamed = isNamedAfter(prefix);
  const isOfShard = matchShardFile(prefix);
  return (name) => isNamed(name) || isOfShard(name);
}

/** Whether a backup with the prefix `other` is that with `prefix`, or a shard of it. */
function matchesPrefix(prefix: string, other: string): boolean {
  return other === prefix || parseShardPrefix(other)?.prefix === prefix;
}

/** The first names of a list. */
export function shorten(names: readonly string[]): string {
  const some = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${some}, and ${names.length - 3} more` : some;
}

/**
 * Whether a name is one that a backup with this prefix gives: `<prefix>_NNNNN.asb`, with more digits from 100 000 on,
 * or that of its metadata file.
 */
export function isNamedAfter(prefix: string): (name: string) => boolean {
  const isRecords = matchRecordFile(prefix);
  const isMetadata = matchMetadataFile(prefix);
  return (name) => isRecords(name) || isMetadata(name);
}
