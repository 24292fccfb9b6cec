/** Finds what a run reads: one file, the files of directories, or standard input (asrestore.md 3). */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { EmitEvent } from '../../core/events.js';
import { joinPath } from '../../storage/paths.js';
import type { StorageAccess, WorkerChannel } from '../../storage/registry.js';
import { type BackupFile, isBackupFileName, type ListedFile } from '../../storage/storage.js';
import { serveStream } from '../../storage/stream/reader.js';
import { InputError } from './errors.js';
import type { FileRange } from './file-ranges.js';
import { inputDirectories, type InputSource } from './source.js';

/** One file, as a worker reads it. */
export interface FileJob {
  /** Absent = standard input, or the stream of `port`. */
  path?: string;
  /** Of a regular file; absent = unknown. */
  sizeBytes?: number;
  /** The part of the file to read; absent = all. */
  range?: FileRange;
  /** In place of standard input: where a stream of the main thread comes from. */
  port?: MessagePort;
  /** The first so many indexes and modules of the file, in front of its records, are restored already. */
  metadataDone: number;
}

/** A worker's way to files that are not local. */
export interface ReadChannel extends WorkerChannel {
  /** How many workers read at the same time. */
  readers: number;
}

/** Files of one directory, or the only file. */
export interface InputPart {
  /** Absent for a file that was named, or a stream. */
  directory?: string;
  /** Empty for standard input and streams. */
  files: BackupFile[];
  /** In the order of `files`. */
  jobs: FileJob[];
}

export interface Input {
  /** In the order given: one for each directory that could be listed, or the only one. */
  parts: InputPart[];
  /** 0 = unknown. */
  expectedBytes: number;
}

/**
 * What cannot be read: a directory or file that was given itself (`source`), or an entry of a directory (`entry`),
 * which
 * the rest of the run does not depend on.
 */
export type InputFaultOrigin = 'directory' | 'file' | 'entry';

/**
 * Finds the files and checks each without opening it. `onFault` gets what is missing or no file, as a StorageError or
 * InputError, and may throw it to end the run.
 */
export async function collectInput(
  source: InputSource,
  storages: StorageAccess,
  emit: EmitEvent,
  onFault: (error: unknown, origin: InputFaultOrigin) => void,
): Promise<Input> {
  if (source.kind === 'stdin' || source.kind === 'stream') {
    return { parts: [{ files: [], jobs: [streamJob(source)] }], expectedBytes: source.expectedBytes ?? 0 };
  }
  const parts: InputPart[] = [];
  if (source.kind === 'file') {
    const files: BackupFile[] = [];
    try {
      files.push(await (await storages.forPath(source.path)).stat(source.path));
    } catch (error) {
      onFault(error, 'file');
    }
    parts.push({ files, jobs: files.map(toJob) });
  }
  for (const directory of inputDirectories(source)) {
    try {
      const storage = await storages.forPath(directory);
      const listed = (await storage.list(directory)).filter(({ name }) => isBackupFileName(name));
      // One after the other, each of them would take hours.
      const archived = listed.filter((file) => file.archived === true).map(({ name }) => name);
      if (archived.length > 0) await storage.thaw?.(directory, archived);
      emit({ type: 'input.files', files: listed.length, path: directory });
      const files = await statEntries(directory, listed, storages, (error) => onFault(error, 'entry'));
      parts.push({ directory, files, jobs: files.map(toJob) });
    } catch (error) {
      onFault(error, 'directory');
    }
  }
  const files = parts.flatMap((part) => part.files);
  return { parts, expectedBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}

/** Ways to the storages of the files, one for each worker; empty if all files are local. */
export async function openReadChannels(
  storages: StorageAccess,
  jobs: readonly FileJob[],
  workers: number,
): Promise<ReadChannel[]> {
  const paths = jobs.flatMap(({ path }) => (path === undefined ? [] : [path]));
  const channels = await storages.openChannels(paths, workers);
  return channels.map((channel) => ({ ...channel, readers: workers }));
}

/** For a run that finds nothing in its directories. */
export function noFilesError(source: InputSource): InputError {
  const directories = inputDirectories(source);
  const text = `No backup files found in ${directories.join(', ')}: their names end in ".asb"`;
  return new InputError('RESTORE_NO_FILES', text, { details: { directories: [...directories] } });
}

/**
 * A directory, a dangling link or a pipe may bear the name of a backup file; it does not keep the others from being
 * read.
 */
async function statEntries(
  directory: string,
  listed: readonly ListedFile[],
  storages: StorageAccess,
  onFault: (error: unknown) => void,
): Promise<BackupFile[]> {
  const storage = await storages.forPath(directory);
  const files: BackupFile[] = [];
  for (const { name, sizeBytes } of listed) {
    const path = joinPath(directory, name);
    try {
      const file: BackupFile =
        sizeBytes === undefined ? await storage.stat(path) : { path, sizeBytes, kind: 'regular' };
      if (file.kind === 'fifo') {
        // To open it could wait for ever.
        throw new InputError('INPUT_KIND', `${path} is a pipe, not a backup file`, { hint: 'read-pipe' });
      }
      files.push(file);
    } catch (error) {
      onFault(error);
    }
  }
  return files;
}

/** The whole file as a job. */
export function toJob({ path, kind, sizeBytes }: BackupFile): FileJob {
  return { path, metadataDone: 0, ...(kind === 'regular' ? { sizeBytes } : {}) };
}

function streamJob(source: InputSource): FileJob {
  if (source.kind !== 'stream') return { metadataDone: 0 };
  const { port1, port2 } = new MessageChannel();
  serveStream(source.stream, port1);
  return { metadataDone: 0, port: port2 };
}
