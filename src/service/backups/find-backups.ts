/** The backups of a routine, as its storage has them: whatever has metadata that can be read. */
import { parseAbsMetadata } from '../../engine/catalog/abs-metadata.js';
import { readIfExists } from '../../engine/catalog/backup-document.js';
import { CatalogError } from '../../engine/catalog/errors.js';
import { Semaphore } from '../../core/semaphore.js';
import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import {
  CONFIGURATION_DIRECTORY,
  DATA_DIRECTORY,
  parseRunName,
  runDirectory,
  TYPE_DIRECTORIES,
  type BackupType,
} from './layout.js';
import { METADATA_NAME, type BackupMetadata } from './metadata-file.js';

/** Requests to the storage at a time. */
const CONCURRENCY = 16;

/** A backup of one namespace. */
export interface FoundBackup {
  /** The folder of the namespace. */
  path: string;
  /** The same relative to the root of the storage. */
  key: string;
  /** The folder of the run. */
  runPath: string;
  createdMs: number;
  /** The start where the end is not known. */
  finishedMs: number;
  metadata: BackupMetadata;
}

/** Both ends belong to the interval; absent = no bound. Milliseconds since 1970. */
export interface TimeBounds {
  readonly fromMs?: number;
  readonly toMs?: number;
}

/**
 * Metadata that was read: it does not change once it is written. Whether it is still there is asked each time. Bounded:
 * what was not used for the longest time goes first.
 */
export class MetadataCache {
  private readonly entries = new Map<string, BackupMetadata>();

  constructor(private readonly mostEntries = 10_000) {}

  get(path: string): BackupMetadata | undefined {
    const found = this.entries.get(path);
    if (found === undefined) return undefined;
    this.entries.delete(path);
    this.entries.set(path, found);
    return found;
  }

  set(path: string, metadata: BackupMetadata): void {
    this.entries.set(path, metadata);
    if (this.entries.size > this.mostEntries) this.entries.delete(this.entries.keys().next().value!);
  }

  delete(path: string): void {
    this.entries.delete(path);
  }

  /** Forgets what is in other directories below `directory` than those of the names. */
  retain(directory: string, names: readonly string[]): void {
    const prefix = `${directory}/`;
    const kept = new Set(names);
    for (const path of this.entries.keys()) {
      if (!path.startsWith(prefix)) continue;
      const end = path.indexOf('/', prefix.length);
      if (!kept.has(path.slice(prefix.length, end))) this.entries.delete(path);
    }
  }

  /** The entries of one storage, by their paths. */
  scoped(scope: string): ScopedCache {
    return {
      get: (path) => this.get(`${scope}\n${path}`),
      set: (path, metadata) => this.set(`${scope}\n${path}`, metadata),
      delete: (path) => this.delete(`${scope}\n${path}`),
      retain: (directory, names) => this.retain(`${scope}\n${directory}`, names),
    };
  }
}

type ScopedCache = Pick<MetadataCache, 'get' | 'set' | 'delete' | 'retain'>;

export interface FindBackupsOptions {
  storage: Storage;
  /** The path of the storage. */
  root: string;
  /** That of the storage. */
  cache?: ScopedCache;
  /** Receives what is wrong with metadata that is left out. */
  report: (error: CatalogError) => void;
}

/**
 * Those that were created and finished within the bounds, by their start and then their key. Damaged metadata is
 * reported and hides nothing else. Throws StorageError.
 */
export async function findRoutineBackups(
  routine: string,
  type: BackupType,
  bounds: TimeBounds,
  options: FindBackupsOptions,
): Promise<FoundBackup[]> {
  const { storage, root } = options;
  const { fromMs = -Infinity, toMs = Infinity } = bounds;
  const directory = runDirectory(root, routine, type);
  const all = await storage.listDirectories(directory);
  // Retention deletes runs for as long as the service runs.
  options.cache?.retain(directory, all);
  const names = all.filter((name) => {
    const startMs = parseRunName(name);
    return startMs !== undefined && startMs >= fromMs && startMs <= toMs;
  });
  const limit = new Semaphore(() => CONCURRENCY);
  const runs = await Promise.all(
    names.map((name) => {
      const key = `${routine}/${TYPE_DIRECTORIES[type]}/${name}`;
      return readRun(joinPath(directory, name), key, options, limit);
    }),
  );
  return runs
    .flat()
    .filter(({ createdMs, finishedMs }) => createdMs >= fromMs && finishedMs >= fromMs && finishedMs <= toMs)
    .filter(({ createdMs }) => createdMs <= toMs)
    .sort(compareBackups);
}

export function compareBackups(a: FoundBackup, b: FoundBackup): number {
  if (a.createdMs !== b.createdMs) return a.createdMs - b.createdMs;
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

async function readRun(
  path: string,
  key: string,
  options: FindBackupsOptions,
  limit: Semaphore,
): Promise<FoundBackup[]> {
  const { storage } = options;
  let [data, dataKey] = [joinPath(path, DATA_DIRECTORY), `${key}/${DATA_DIRECTORY}`];
  let names = await limit.run(() => storage.listDirectories(data));
  if (names.length === 0) {
    // Versions of ABS before 3 had no directory for the data.
    [data, dataKey] = [path, key];
    names = (await limit.run(() => storage.listDirectories(path))).filter((name) => {
      return name !== CONFIGURATION_DIRECTORY && name !== DATA_DIRECTORY;
    });
  }
  const found = await Promise.all(
    names.map(async (name) => {
      const folder = joinPath(data, name);
      const metadata = await limit.run(() => readNamespace(folder, options));
      return metadata === undefined ? [] : [toFoundBackup(folder, `${dataKey}/${name}`, path, metadata)];
    }),
  );
  return keepLast(found.flat());
}

export function toFoundBackup(path: string, key: string, runPath: string, metadata: BackupMetadata): FoundBackup {
  const createdMs = Date.parse(metadata.created);
  const finishedMs = metadata.finished === undefined ? createdMs : Date.parse(metadata.finished);
  return { path, key, runPath, createdMs, finishedMs, metadata };
}

/** Of several attempts to back up a namespace that all came to their end, the last one. */
function keepLast(backups: readonly FoundBackup[]): FoundBackup[] {
  const byNamespace = new Map<string, FoundBackup>();
  for (const backup of backups) {
    const other = byNamespace.get(backup.metadata.namespace);
    if (other === undefined || other.finishedMs <= backup.finishedMs) {
      byNamespace.set(backup.metadata.namespace, backup);
    }
  }
  return [...byNamespace.values()];
}

/** Undefined = the folder has none, or none that can be read. Throws StorageError. */
async function readNamespace(
  folder: string,
  { storage, cache, report }: FindBackupsOptions,
): Promise<BackupMetadata | undefined> {
  const file = joinPath(folder, METADATA_NAME);
  const known = cache?.get(file);
  if (known !== undefined) {
    if (await storage.exists('file', file)) return known;
    cache?.delete(file);
    return undefined;
  }
  const bytes = await readIfExists(storage, file, 'the metadata');
  if (bytes === undefined) return undefined;
  try {
    const metadata = await parseAbsMetadata(bytes, file);
    cache?.set(file, metadata);
    return metadata;
  } catch (error) {
    if (!(error instanceof CatalogError)) throw error;
    report(error);
    return undefined;
  }
}
