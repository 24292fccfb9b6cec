/** Continuing an interrupted backup: what has to match, which files there are, where each goes on (asbackup.md 7). */
import { basename, dirname, join } from 'node:path';
import { decryptVector } from '../../../codecs/aes-ctr.js';
import { joinPath, storageCapabilities } from '../../../storage/paths.js';
import { isBackupFileName, listBackupFiles, type ResumePoint } from '../../../storage/storage.js';
import type { EmitEvent } from '../../../core/events.js';
import type { FileLength, ResumedFile } from '../worker-protocol.js';
import type { BackupConfig } from '../config.js';
import { hashTail, TAIL_BYTES } from '../output/tail.js';
import { manifestPath } from '../../catalog/manifest.js';
import { shardManifestName } from '../../shard/names.js';
import { StateError, type BackupState } from './state-file.js';
import { backupFileName, matchMetadataFile, matchRecordFile } from '../output/file-naming.js';
import { isNamedAfter } from '../output/target.js';

/** Where a run keeps its state: as told, or beside what it writes (asbackup.md 7.1). */
export async function stateFilePath(config: BackupConfig): Promise<string> {
  const { stateFileDst, target, manifest, shard, prefix } = config;
  if (shard !== undefined && target.kind === 'directory') return joinPath(target.path, shardManifestName(prefix));
  if (manifest !== undefined && 'path' in target) return manifestPath(target);
  const name = `${basename(config.prefix)}.asb.state`;
  if (stateFileDst !== undefined) {
    const isDirectory = await (await config.storages.forPath(stateFileDst)).isDirectory(stateFileDst);
    return isDirectory ? joinPath(stateFileDst, name) : stateFileDst;
  }
  if (usesWorkingDirectory(config)) return name;
  if (target.kind === 'directory') return join(target.path, name);
  return target.kind === 'file' ? `${target.path}.state` : name;
}

/** What is written does not lie where its state could lie beside it, and nobody has said where. */
export function usesWorkingDirectory({ target, stateFileDst, manifest }: BackupConfig): boolean {
  if (stateFileDst !== undefined || manifest !== undefined) return false;
  return target.kind === 'stdout' || ('path' in target && !storageCapabilities(target.path).besideState);
}

/** The files to go on with, cut back to what the state says; what was written after it is gone. */
export interface ResumeState {
  files: ResumedFile[];
  /** Numbers of the files kept in a directory. */
  numbers: number[];
}

/**
 * Checks that every file of the state is there and long enough. Changes nothing. Throws StateError STATE_DATA, or
 * StorageError.
 */
export async function checkResumable(state: BackupState, statePath: string, config: BackupConfig): Promise<void> {
  const { target, prefix } = config;
  const names = new Set(state.files.map(({ name }) => name));
  const fits =
    target.kind === 'directory'
      ? state.files.every(({ name }) => dirname(name) === dirname(prefix) && isNamedAfter(prefix)(basename(name)))
      : names.size < 2;
  if (!fits || names.size < state.files.length) {
    throw new StateError('STATE_DAMAGED', `${statePath} is damaged: its files are not those of this backup`);
  }
  for (const file of state.files) {
    const path = resolveFilePath(file.name, config);
    if (path === undefined || file.bytes === 0) continue;
    const storage = await config.storages.forPath(path);
    const point = toResumePoint(file);
    let loss = await storage.checkResumable(path, point);
    if (loss === undefined && file.tail !== undefined && storage.readTail !== undefined) {
      const isOwn = hashTail(await storage.readTail(path, point, TAIL_BYTES)) === file.tail;
      if (!isOwn) loss = `${path} does not hold what the interrupted run has written`;
    }
    if (loss === undefined) continue;
    throw new StateError('STATE_DATA', `${loss}; ${statePath} needs it to continue; nothing was changed`);
  }
}

/**
 * The indexes of the metadata file and those of file number 0 are read at the same time: without that file, both are
 * written again.
 */
function dropMetadataWithoutHeader(state: BackupState, { target, prefix }: BackupConfig): void {
  if (target.kind !== 'directory') return;
  const first = basename(backupFileName(prefix, 0));
  if (state.files.some(({ name }) => basename(name) === first)) return;
  const isMetadataFile = matchMetadataFile(prefix);
  for (const file of state.files) if (isMetadataFile(basename(file.name))) state.counters.bytes -= file.bytes;
  state.files = state.files.filter(({ name }) => !isMetadataFile(basename(name)));
}

/** Cuts the files back and deletes those that were begun after the state was saved. Throws StorageError. */
export async function truncateFiles(state: BackupState, config: BackupConfig, emit: EmitEvent): Promise<ResumeState> {
  const { target, prefix, encryption } = config;
  const files: ResumedFile[] = [];
  dropMetadataWithoutHeader(state, config);
  for (const file of state.files) {
    const path = resolveFilePath(file.name, config);
    if (path === undefined) {
      emit({ type: 'resume.cut', bytes: file.bytes });
      const { name, bytes, vector } = file;
      files.push({ name, bytes, ...(vector === undefined ? {} : { vector: Buffer.from(vector, 'hex') }) });
      continue;
    }
    const storage = await config.storages.forPath(path);
    const mark = await storage.truncateTo(path, toResumePoint(file));
    // Its upload may be another one by now.
    if (mark?.token === undefined) delete file.token;
    else file.token = mark.token;
    // A metadata file is closed before any state names it.
    if (mark === undefined || matchMetadataFile(prefix)(basename(file.name))) {
      files.push({ name: file.name, bytes: file.bytes, closed: true });
      continue;
    }
    const vector = encryption === undefined ? undefined : decryptVector(encryption, await storage.readHead(path, mark));
    files.push({ name: file.name, ...mark, ...(vector === undefined ? {} : { vector }) });
  }
  if (target.kind === 'file' && files.length === 0) {
    await (await config.storages.forPath(target.path)).deleteFile(target.path, 'ignore');
  }
  if (target.kind !== 'directory') return { files, numbers: [] };
  const directory = joinPath(target.path, dirname(prefix));
  const storage = await config.storages.forPath(directory);
  const known = new Set(files.map(({ name }) => basename(name)));
  const unfinished = (await storage.listUnfinished(directory)).filter(isBackupFileName);
  const found = new Set([...(await listBackupFiles(storage, directory)), ...unfinished]);
  const later = [...found].filter((name) => isNamedAfter(prefix)(name) && !known.has(name));
  if (later.length > 0) {
    emit({ type: 'resume.delete', files: later });
    await storage.deleteFiles(directory, later);
  }
  const recordFiles = files.filter(({ name }) => matchRecordFile(prefix)(basename(name)));
  return { files, numbers: recordFiles.map(({ name }) => Number(/_(\d+)\.asb$/.exec(name)?.[1])) };
}

/**
 * Those that can be added to: each for a worker of its own. The others have to be closed as they are. No encrypted file
 * of a directory is added to: what was written behind the mark and cut off may exist in a copy, and bytes written there
 * again would be encrypted with the same counters, so that the two together show the text (asb-format.md 6.2).
 */
export function unfinishedFiles(
  resumed: ResumeState | undefined,
  { fileLimitBytes, encryption }: Pick<BackupConfig, 'fileLimitBytes' | 'encryption'>,
): ResumedFile[] {
  if (encryption !== undefined) return [];
  return resumed?.files.filter(({ bytes, closed }) => closed !== true && bytes < fileLimitBytes) ?? [];
}

/** Closes the files of a directory that no worker goes on with; where files grow in place they are closed already. */
export async function finalizeRemainingFiles(
  resumed: ResumeState,
  config: BackupConfig,
  workers: number,
  onClosed: (file: FileLength) => void,
): Promise<void> {
  const kept = new Set(unfinishedFiles(resumed, config).slice(0, workers));
  for (const file of resumed.files) {
    const path = resolveFilePath(file.name, config);
    if (kept.has(file) || file.closed === true || path === undefined) continue;
    await (await (await config.storages.forPath(path)).resume(path, toResumePoint(file))).close();
    onClosed({ name: file.name, bytes: file.bytes });
  }
}

export function toResumePoint({ bytes, token }: ResumePoint): ResumePoint {
  return token === undefined ? { bytes } : { bytes, token };
}

/** Undefined for standard output. */
function resolveFilePath(name: string, { target }: BackupConfig): string | undefined {
  if (target.kind === 'directory') return joinPath(target.path, name);
  return target.kind === 'file' ? target.path : undefined;
}
