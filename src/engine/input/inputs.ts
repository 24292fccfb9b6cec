/** What a run reads: one file, the files of directories, or standard input (asrestore.md 3). */
import { MessageChannel } from 'node:worker_threads';
import type { Log } from '../../core/log.js';
import { filesFoundLine } from '../../ui/messages/restore.js';
import { joinPath } from '../../storage/paths.js';
import { serveStream } from '../../storage/stream/reader.js';
import { isBackupFileName, type BackupFile, type ListedFile } from '../../storage/storage.js';
import type { StorageAccess } from '../../storage/registry.js';
import { RestoreFailure } from '../restore/errors.js';
import type { FileJob, ReadingLink } from '../restore/worker-protocol.js';
import type { RestoreSource } from '../restore/config.js';

export interface Input {
  /** Empty for standard input. */
  files: BackupFile[];
  /** In the order of `files`. */
  jobs: FileJob[];
  /** Those that could be read. */
  directories: string[];
  /** 0 = unknown. */
  expectedBytes: number;
}

/** The directories whose files are wanted; empty if it is not about directories. */
export function directoriesOf(source: RestoreSource): readonly string[] {
  if (source.kind === 'directory') return [source.path];
  return source.kind === 'directories' ? source.paths : [];
}

/**
 * Finds the files and looks at each without opening it. Throws StorageError for what is missing or no file, unless
 * `onFault` takes it; RestoreFailure if there is no file at all.
 */
export async function collectInput(
  source: RestoreSource,
  storages: StorageAccess,
  log: Log,
  onFault?: (error: unknown, of: 'directory' | 'file') => void,
): Promise<Input> {
  if (source.kind === 'stream') {
    const { port1, port2 } = new MessageChannel();
    serveStream(source.stream, port1);
    const jobs = [{ globalsDone: 0, announce: false, port: port2 }];
    return { files: [], jobs, directories: [], expectedBytes: source.expectedBytes ?? 0 };
  }
  if (source.kind === 'stdin') {
    const jobs = [{ globalsDone: 0, announce: false }];
    return { files: [], jobs, directories: [], expectedBytes: source.expectedBytes ?? 0 };
  }
  const found: { path: string; listed?: ListedFile }[] = [];
  const directories: string[] = [];
  if (source.kind === 'file') found.push({ path: source.path });
  for (const directory of directoriesOf(source)) {
    try {
      const listed = (await (await storages.forPath(directory)).list(directory)).filter(({ name }) =>
        isBackupFileName(name),
      );
      log.info(filesFoundLine(listed.length, directory));
      for (const entry of listed) found.push({ path: joinPath(directory, entry.name), listed: entry });
      directories.push(directory);
    } catch (error) {
      if (onFault === undefined) throw error;
      onFault(error, 'directory');
    }
  }
  if (found.length === 0 && onFault === undefined) throw noFiles(source);
  const files: BackupFile[] = [];
  for (const { path, listed } of found) {
    try {
      const sizeBytes = listed?.sizeBytes;
      files.push(
        sizeBytes === undefined
          ? await (await storages.forPath(path)).stat(path)
          : { path, sizeBytes, kind: 'regular' },
      );
    } catch (error) {
      if (onFault === undefined) throw error;
      onFault(error, 'file');
    }
  }
  const jobs = files.map(({ path }): FileJob => ({ path, globalsDone: 0, announce: true }));
  return { files, jobs, directories, expectedBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}

/** Channels to the storages of the files, one for each worker. */
export async function readingLinks(storages: StorageAccess, { files }: Input, workers: number): Promise<ReadingLink[]> {
  const channels = await storages.openChannels(
    files.map(({ path }) => path),
    workers,
  );
  return channels.map((channel) => ({ ...channel, readers: workers }));
}

/** For a run that finds nothing in its directories. */
export function noFiles(source: RestoreSource): RestoreFailure {
  const text = `No backup files found in ${directoriesOf(source).join(', ')}: their names end in ".asb".`;
  return new RestoreFailure('RESTORE_NO_FILES', text);
}
