/** Continuing an interrupted backup: what has to match, which files there are, where each goes on (asbackup.md 7). */
import { open, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AES_HEADER_BYTES, decryptVector } from '../pipeline/aes-ctr.js';
import { fingerprint } from '../pipeline/encryption-key.js';
import { deleteBackupFiles, deleteFile, listBackupFiles, pathExists } from '../storage/local-directory.js';
import { storageError } from '../storage/errors.js';
import { LocalFileSink } from '../storage/local-file.js';
import { type Log, logEvent } from '../report/log.js';
import type { ResumedFile } from './messages.js';
import type { BackupOptions } from './options.js';
import { StateError, type BackupState, type Identity } from './state-file.js';
import { isNamedAfter } from './target.js';

/** Where a run keeps its state: as told, or beside what it writes (asbackup.md 7.1). */
export async function statePathOf(options: BackupOptions): Promise<string> {
  const { stateFileDst, target } = options;
  const name = `${basename(options.prefix)}.asb.state`;
  if (stateFileDst !== undefined) {
    const isDirectory = await stat(stateFileDst).then(
      (found) => found.isDirectory(),
      () => false,
    );
    return isDirectory ? join(stateFileDst, name) : stateFileDst;
  }
  if (target.kind === 'directory') return join(target.path, name);
  return target.kind === 'file' ? `${target.path}.state` : name;
}

/** Everything that decides what the files hold and how: it must not change between a run and its continuation. */
export function identityOf(options: BackupOptions): Identity {
  const { target, encryption } = options;
  return {
    namespace: options.namespace,
    sets: options.sets.join(','),
    bins: options.bins.join(','),
    'no-bins': options.noBins,
    'no-records': options.noRecords,
    'no-indexes': options.noIndexes,
    'no-udfs': options.noUdfs,
    'filter-exp': options.filterExp?.toString('base64') ?? '',
    'modified-after': String(options.modifiedAfterNs ?? ''),
    'modified-before': String(options.modifiedBeforeNs ?? ''),
    'no-ttl-only': options.noTtlOnly ?? false,
    'partition-list': options.nodeList === undefined ? partitionText(options) : '',
    'node-list': (options.nodeList ?? []).map(({ host, port }) => `${host}:${port}`).join(','),
    compact: options.compact,
    compress: options.compression === undefined ? '' : 'zstd',
    encrypt: encryption?.mode ?? '',
    'key fingerprint': encryption === undefined ? '' : fingerprint(encryption.key, encryption.mode),
    'output-file-prefix': target.kind === 'directory' ? options.prefix : '',
    target: 'path' in target ? resolve(target.path) : `[${target.kind}]`,
  };
}

function partitionText({ partitions }: BackupOptions): string {
  return partitions
    .map((filter) => (filter.kind === 'range' ? `${filter.begin}-${filter.count}` : filter.digest.toString('base64')))
    .join(',');
}

/** The files to go on with, cut back to what the state says; what was written after it is gone. */
export interface ResumedTarget {
  files: ResumedFile[];
  /** Numbers of the files kept in a directory. */
  numbers: number[];
}

/**
 * Checks that every file of the state is there and long enough. Changes nothing. Throws StateError STATE_DATA, or
 * StorageError.
 */
export async function checkResumable(state: BackupState, statePath: string, options: BackupOptions): Promise<void> {
  const { target, prefix } = options;
  const names = new Set(state.files.map(({ name }) => name));
  const fits =
    target.kind === 'directory'
      ? state.files.every(({ name }) => dirname(name) === dirname(prefix) && isNamedAfter(prefix)(basename(name)))
      : names.size < 2;
  if (!fits || names.size < state.files.length) {
    throw new StateError('STATE_DAMAGED', `${statePath} is damaged: its files are not those of this backup.`);
  }
  for (const { name, bytes } of state.files) {
    const path = pathOf(name, options);
    if (path === undefined) continue;
    let length: number;
    try {
      const found = await stat(path);
      length = found.isFile() ? found.size : -1;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw storageError('look at', path, error);
      throw new StateError('STATE_DATA', `${path} is missing; ${statePath} needs it to continue. Nothing was changed.`);
    }
    if (length < bytes) {
      const text = `${path} has ${length} bytes, but had ${bytes} when ${statePath} was saved. Nothing was changed.`;
      throw new StateError('STATE_DATA', text);
    }
  }
}

/** Cuts the files back and deletes those that were begun after the state was saved. Throws StorageError. */
export async function cutBack(state: BackupState, options: BackupOptions, log: Log): Promise<ResumedTarget> {
  const { target, prefix, encryption } = options;
  const files: ResumedFile[] = [];
  for (const file of state.files) {
    const path = pathOf(file.name, options);
    if (path === undefined) {
      const text = `What was written to standard output so far has to be cut to its first ${file.bytes} byte(s)`;
      log.info(logEvent('resume.cut', text, { bytes: file.bytes }));
      const { name, bytes, vector } = file;
      files.push({ name, bytes, ...(vector === undefined ? {} : { vector: Buffer.from(vector, 'hex') }) });
      continue;
    }
    const sink = await LocalFileSink.resume(path, file.bytes);
    await sink.close();
    const vector = encryption === undefined ? undefined : decryptVector(encryption, await readHeader(path));
    files.push({ name: file.name, bytes: file.bytes, ...(vector === undefined ? {} : { vector }) });
  }
  if (target.kind === 'file' && files.length === 0 && (await pathExists(target.path))) await deleteFile(target.path);
  if (target.kind !== 'directory') return { files, numbers: [] };
  const place = join(target.path, dirname(prefix));
  const known = new Set(files.map(({ name }) => basename(name)));
  const later = (await listBackupFiles(place)).filter((name) => isNamedAfter(prefix)(name) && !known.has(name));
  if (later.length > 0) {
    const text = `Deleting ${later.length} file(s) begun after the state was saved: ${later.join(', ')}`;
    log.info(logEvent('resume.delete', text, { files: later }));
    await deleteBackupFiles(place, later);
  }
  return { files, numbers: files.map(({ name }) => Number(/_(\d+)\.asb$/.exec(name)?.[1])) };
}

/** Undefined for standard output. */
function pathOf(name: string, { target }: BackupOptions): string | undefined {
  if (target.kind === 'directory') return join(target.path, name);
  return target.kind === 'file' ? target.path : undefined;
}

async function readHeader(path: string): Promise<Buffer> {
  try {
    const handle = await open(path, 'r');
    try {
      const header = Buffer.alloc(AES_HEADER_BYTES);
      await handle.read(header, 0, AES_HEADER_BYTES, 0);
      return header;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw storageError('read', path, error);
  }
}
