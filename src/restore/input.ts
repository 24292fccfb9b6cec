/** What a run reads: one file, the files of directories, or standard input (asrestore.md 3). */
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import type { Log } from '../report/log.js';
import { filesFoundLine } from '../report/restore-lines.js';
import { listBackupFiles } from '../storage/local-directory.js';
import { serveStream } from '../storage/source-port.js';
import { statSourceFile, type BackupFile } from '../storage/source-file.js';
import { RestoreFailure } from './errors.js';
import type { FileJob } from './messages.js';
import type { RestoreSource } from './options.js';

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
  const paths: string[] = [];
  const directories: string[] = [];
  if (source.kind === 'file') paths.push(source.path);
  for (const directory of directoriesOf(source)) {
    try {
      const names = await listBackupFiles(directory);
      log.info(filesFoundLine(names.length, directory));
      for (const name of names) paths.push(join(directory, name));
      directories.push(directory);
    } catch (error) {
      if (onFault === undefined) throw error;
      onFault(error, 'directory');
    }
  }
  if (paths.length === 0 && onFault === undefined) throw noFiles(source);
  const files: BackupFile[] = [];
  for (const path of paths) {
    try {
      files.push(await statSourceFile(path));
    } catch (error) {
      if (onFault === undefined) throw error;
      onFault(error, 'file');
    }
  }
  const jobs = files.map(({ path }): FileJob => ({ path, globalsDone: 0, announce: true }));
  return { files, jobs, directories, expectedBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}

/** For a run that finds nothing in its directories. */
export function noFiles(source: RestoreSource): RestoreFailure {
  const text = `No backup files found in ${directoriesOf(source).join(', ')}: their names end in ".asb".`;
  return new RestoreFailure('RESTORE_NO_FILES', text);
}
