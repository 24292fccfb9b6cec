/** What the storage holds of a routine. Nothing about the history of a routine is kept anywhere else. */
import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import { MANIFEST_NAME, type BackupType } from '../../engine/catalog/manifest.js';
import { errorMessage } from '../../core/errors.js';
import { parseRunName, runDirectory } from '../backups/layout.js';
import { METADATA_NAME, readMetadata } from '../backups/metadata-file.js';
import type { NamespaceHistory } from './bounds.js';

/** Runs that are looked at for the last backup of a namespace; it builds on an earlier one if it is not among them. */
const LOOK_BACK_RUNS = 200;

export interface RunFolder {
  path: string;
  /** The start of the run. */
  timestampMs: number;
}

/** A backup of a namespace that is complete. */
export interface NamespaceBackup {
  namespace: string;
  createdMs: number;
  finishedMs: number;
  bytes: number;
}

/** A folder of a namespace, complete or not. */
export interface NamespaceFolder {
  /** As the folder is called: with the number of the attempt, from the second on. */
  name: string;
  path: string;
  hasMetadata: boolean;
  hasManifest: boolean;
}

export interface RunContents {
  /** Those whose metadata can be read. */
  complete: NamespaceBackup[];
  folders: NamespaceFolder[];
}

/** Contents of runs that are complete, which do not change. Bounded: the oldest entry goes first. */
export class RunCache {
  private readonly entries = new Map<string, RunContents>();

  constructor(private readonly mostEntries = LOOK_BACK_RUNS) {}

  get(path: string): RunContents | undefined {
    return this.entries.get(path);
  }

  set(path: string, contents: RunContents): void {
    this.entries.set(path, contents);
    if (this.entries.size > this.mostEntries) this.entries.delete(this.entries.keys().next().value!);
  }
}

export interface RoutineStoreOptions {
  storage: Storage;
  /** The directory or prefix of the storage entry. */
  root: string;
  routine: string;
  cache: RunCache;
  /** Whether a run of this process is writing the folder: it is no part of the history. */
  isActive: (path: string) => boolean;
  /** Receives why a backup is left out. */
  report: (text: string) => void;
}

export class RoutineStore {
  constructor(private readonly options: RoutineStoreOptions) {}

  /** By their start, the oldest first; without those that are being written. Throws StorageError. */
  async listRuns(type: BackupType): Promise<RunFolder[]> {
    const { storage, root, routine, isActive } = this.options;
    const directory = runDirectory(root, routine, type);
    const runs: RunFolder[] = [];
    for (const name of await storage.listDirectories(directory)) {
      const timestampMs = parseRunName(name);
      const path = joinPath(directory, name);
      if (timestampMs !== undefined && !isActive(path)) runs.push({ path, timestampMs });
    }
    return runs.sort((a, b) => a.timestampMs - b.timestampMs);
  }

  /** A damaged file is reported and left out: it hides no other backup. Throws StorageError. */
  async readRun({ path }: RunFolder): Promise<RunContents> {
    const { storage, cache, report } = this.options;
    const known = cache.get(path);
    if (known !== undefined) return known;
    const contents: RunContents = { complete: [], folders: [] };
    const directories = await storage.listDirectories(path);
    // Versions of ABS before 3 had no directory for the data.
    const data = directories.includes('data') ? joinPath(path, 'data') : path;
    const names = data === path ? directories : await storage.listDirectories(data);
    for (const name of names) {
      const folder = joinPath(data, name);
      const files = new Set((await storage.list(folder)).map((file) => file.name));
      const hasMetadata = files.has(METADATA_NAME);
      contents.folders.push({ name, path: folder, hasMetadata, hasManifest: files.has(MANIFEST_NAME) });
      if (!hasMetadata) continue;
      try {
        const { namespace, created, finished, bytes } = await readMetadata(joinPath(folder, METADATA_NAME), storage);
        const createdMs = Date.parse(created);
        contents.complete.push({
          namespace,
          createdMs,
          finishedMs: finished === undefined ? createdMs : Date.parse(finished),
          bytes,
        });
      } catch (error) {
        report(errorMessage(error));
      }
    }
    // What is complete in part may be completed by a run that goes on with it.
    const { complete, folders } = contents;
    if (complete.length > 0 && complete.length === folders.length) cache.set(path, contents);
    return contents;
  }

  /** The start of the newest run of which anything is complete; undefined = there is none. Throws StorageError. */
  async findLast(type: BackupType): Promise<number | undefined> {
    for (const run of (await this.listRuns(type)).reverse().slice(0, LOOK_BACK_RUNS)) {
      const { complete } = await this.readRun(run);
      if (complete.length > 0) return complete[0]!.createdMs;
    }
    return undefined;
  }

  /** The last backups of each namespace from runs that began before `beforeMs`. Throws StorageError. */
  async readHistory(namespaces: readonly string[], beforeMs: number): Promise<Map<string, NamespaceHistory>> {
    const history = new Map<string, NamespaceHistory>(namespaces.map((namespace) => [namespace, {}]));
    await this.walkBack('full', beforeMs, ({ namespace, createdMs }) => {
      const entry = history.get(namespace);
      if (entry !== undefined) entry.lastFullMs ??= createdMs;
      return [...history.values()].every(({ lastFullMs }) => lastFullMs !== undefined);
    });
    await this.walkBack('incremental', beforeMs, ({ namespace, createdMs }) => {
      const entry = history.get(namespace);
      if (entry !== undefined) entry.lastIncrementalMs ??= createdMs;
      return [...history.values()].every(({ lastIncrementalMs }) => lastIncrementalMs !== undefined);
    });
    return history;
  }

  /** Calls `visit` for each complete backup, the newest first, until it returns true. */
  private async walkBack(
    type: BackupType,
    beforeMs: number,
    visit: (backup: NamespaceBackup) => boolean,
  ): Promise<void> {
    const runs = (await this.listRuns(type)).filter(({ timestampMs }) => timestampMs < beforeMs).reverse();
    for (const run of runs.slice(0, LOOK_BACK_RUNS)) {
      let isDone = false;
      for (const backup of (await this.readRun(run)).complete) isDone = visit(backup);
      if (isDone) return;
    }
  }
}
