import { stat } from 'node:fs/promises';
import { loadWasmModule } from '../asb/wasm-module.js';
import { toRestoreConfig } from '../config/restore-config.js';
import { Codecs } from '../codecs/codecs.js';
import { findMissingFiles, findMissingParts } from '../engine/input/missing-files.js';
import { scanHeaders } from '../engine/input/header-scan.js';
import { collectInput, type FileJob, noFilesError } from '../engine/input/input.js';
import { openInput } from '../engine/input/open-input.js';
import type { RestoreSource } from '../engine/restore/config.js';
import type { EmitEvent } from '../core/events.js';
import { type Log, warningEvent } from '../core/log.js';
import { formatRestoreEvent } from '../ui/messages/restore.js';
import { streamSource } from '../storage/stream/reader.js';
import { storageCapabilities } from '../storage/paths.js';
import type { StorageAccess } from '../storage/registry.js';
import { storageError } from '../storage/errors.js';
import type { DecodedSource } from '../codecs/codecs.js';
import { toLog } from './hooks.js';
import { readRestoreSettings } from './restore.js';
import type { ReadSettings } from './settings.js';
import { BatchedGenerator } from './batched-generator.js';
import type { BackupEntry } from './entries.js';
import { type BatchOptions, readBatches } from './entry-batches.js';

/**
 * Reads a backup entry by entry, without a server, in constant memory; `break` closes what is open. `input` is a path
 * of a file or directory, or settings. Throws OptionError for settings that cannot be followed; FormatError, with the
 * place, where a file is damaged; StorageError where it cannot be read; and the signal's reason.
 */
export function readBackup(input: string | ReadSettings): AsyncGenerator<BackupEntry, void, undefined> {
  return new BatchedGenerator(readInput(input));
}

async function* readInput(input: string | ReadSettings): AsyncGenerator<BackupEntry[], void, undefined> {
  const { signal, log, path, ...settings } = typeof input === 'string' ? { path: input } : input;
  signal?.throwIfAborted();
  const { values, source } = await readRestoreSettings(
    path === undefined ? settings : { ...settings, ...(await detectKind(path)) },
  );
  const told = toLog(log);
  const options = toRestoreConfig(values, { log: told, signal: signal ?? NEVER });
  const pipeline = await Codecs.open(options);
  const { storages, bins, webAssembly } = options;
  const module = webAssembly === false ? undefined : loadWasmModule('restore');
  const batchOptions: BatchOptions = { bins, module, signal };
  const from: RestoreSource = source ?? options.source;
  if (from.kind === 'stream') {
    yield* readBatches(pipeline.decode(streamSource(from.stream)), batchOptions);
    return;
  }
  const { parts } = await collectInput(from, storages, reportListing(told), (error) => {
    throw error;
  });
  const jobs = parts.flatMap((part) => part.jobs);
  if (jobs.length === 0) throw noFilesError(from);
  const directories = parts.flatMap(({ directory }) => (directory === undefined ? [] : [directory]));
  if (log !== undefined && from.kind === 'file') {
    for (const missing of await findMissingParts(from.path, storages))
      told.info(warningEvent('input.missing', missing));
  }
  if (log !== undefined && directories.length > 0) {
    const files = parts.flatMap((part) => part.files);
    const headers = await scanHeaders(files, { codecs: pipeline, storages, signal: signal ?? NEVER });
    const paths = files.map((file) => file.path);
    for (const missing of await findMissingFiles(paths, headers, directories, storages)) {
      told.info(warningEvent('input.missing', missing));
    }
  }
  for (const job of jobs) yield* readBatches(await open(pipeline, storages, job), batchOptions);
}

const NEVER = new AbortController().signal;

function reportListing(log: Log): EmitEvent {
  return (event) => {
    const line = formatRestoreEvent(event, { hosts: '', optionNames: { noGeneration: '', unique: '' } });
    if (line !== undefined) log[line.level](line.line);
  };
}

async function detectKind(path: string): Promise<{ directory: string } | { file: string }> {
  // Without directories of its own, the name tells.
  if (!storageCapabilities(path).hasDirectories) return path.endsWith('.asb') ? { file: path } : { directory: path };
  try {
    return (await stat(path)).isDirectory() ? { directory: path } : { file: path };
  } catch (error) {
    throw storageError('open', path, error);
  }
}

function open(pipeline: Codecs, storages: StorageAccess, job: FileJob): Promise<DecodedSource> {
  return openInput(pipeline, storages, job, () => undefined);
}
