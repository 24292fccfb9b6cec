/**
 * The backups of a storage, kept in memory: what is complete or deleted changes only by a hold or a deletion, so it is
 * read again only if the names in its directory have changed. What is not settled is read each time.
 */
import { Semaphore } from '../../../core/semaphore.js';
import type { CatalogEntry } from '../../../engine/catalog/find-backups.js';
import { findBelow, SYSTEM_DIRECTORIES } from '../../../engine/catalog/find-backups.js';
import { HOLD_NAME } from '../../../engine/catalog/hold.js';
import { joinPath } from '../../../storage/paths.js';
import type { OpenedCatalog } from '../storages/storage-directory.js';
import { RecordStore, SERVICE_DIRECTORY, type RecordCache, type StoredRecord } from './record-store.js';

/** Documents that are read at the same time. */
const CONCURRENT_READS = 32;
/** Answers within this time share what was read, unless something was changed here meanwhile. */
const FRESH_MS = 250;
/** What was kept is compared with the storage again after this time, in the background. */
const CHECK_MS = 5000;

export interface IndexContents {
  entries: readonly CatalogEntry[];
  records: ReadonlyMap<string, StoredRecord>;
}

interface KnownDirectory {
  entries: CatalogEntry[];
  /** The names in it, where it is settled. */
  mark: string;
}

export class BackupIndex {
  private readonly directories = new Map<string, KnownDirectory>();
  private readonly runs = new Map<string, CatalogEntry>();
  private readonly records: RecordCache = new Map();
  private pending: Promise<IndexContents> | undefined;
  private readMs = -Infinity;
  private isReading = false;
  private changes = 0;
  private checking = false;
  private checkedMs = -Infinity;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * Something was changed in the storage by this process: the next read sees it. `path`: the backup that has changed;
   * absent = what is settled stays.
   */
  touch(path?: string): void {
    this.changes++;
    this.pending = undefined;
    this.isReading = false;
    if (path === undefined) return;
    this.runs.delete(path);
    for (const [name, { entries }] of this.directories) {
      if (entries.some((entry) => entry.path === path)) this.directories.delete(name);
    }
  }

  /** Throws StorageError if the root cannot be listed. */
  read(catalog: OpenedCatalog): Promise<IndexContents> {
    if (this.pending !== undefined && (this.isReading || this.now() - this.readMs < FRESH_MS)) return this.pending;
    const pending = this.readAll(catalog);
    this.pending = pending;
    this.isReading = true;
    const end = (): void => {
      if (this.pending !== pending) return;
      this.isReading = false;
      this.readMs = this.now();
    };
    pending.then(end, () => {
      end();
      if (this.pending === pending) this.pending = undefined;
    });
    return pending;
  }

  private async readAll(catalog: OpenedCatalog): Promise<IndexContents> {
    const { root, backend } = catalog;
    const records = await new RecordStore(catalog).readAll(this.records);
    const names = (await backend.listDirectories(root)).filter(
      (name) => name !== SERVICE_DIRECTORY && !SYSTEM_DIRECTORIES.includes(name),
    );
    const known = new Set(names);
    for (const name of this.directories.keys()) if (!known.has(name)) this.directories.delete(name);
    const limit = new Semaphore(() => CONCURRENT_READS);
    const entries: CatalogEntry[] = [];
    const unknown: string[] = [];
    for (const name of names) {
      const found = this.directories.get(name);
      if (found === undefined) unknown.push(name);
      else entries.push(...found.entries);
    }
    const read = unknown.map((name) => limit.run(() => this.readDirectory(name, catalog)));
    for (const found of await Promise.all(read)) entries.push(...found);
    this.forgetRuns(entries);
    this.checkLater(catalog);
    return { entries, records };
  }

  private async readDirectory(name: string, { root, backend }: OpenedCatalog): Promise<CatalogEntry[]> {
    const { changes } = this;
    const path = joinPath(root, name);
    const mark = await this.readMark(path, backend);
    const entries = await findBelow(root, name, backend, {
      get: (run) => this.runs.get(run),
      set: (run, entry) => {
        if (isSettled(entry)) this.runs.set(run, entry);
      },
    });
    const isOwn = entries.length === 1 && entries[0]!.path === path;
    if (mark !== undefined && isOwn && isSettled(entries[0]!) && changes === this.changes) {
      this.directories.set(name, { entries, mark });
    }
    return entries;
  }

  /** Undefined = the directory cannot be listed. */
  private async readMark(path: string, backend: OpenedCatalog['backend']): Promise<string | undefined> {
    try {
      return (await backend.list(path)).map(({ name }) => name).join('/');
    } catch {
      return undefined;
    }
  }

  /** Runs of routines that are not there any more. */
  private forgetRuns(entries: readonly CatalogEntry[]): void {
    if (this.runs.size === 0) return;
    const paths = new Set(entries.map(({ path }) => path));
    for (const path of this.runs.keys()) if (!paths.has(path)) this.runs.delete(path);
  }

  /** What others have changed of settled backups is seen by a later read: no answer waits for it. */
  private checkLater(catalog: OpenedCatalog): void {
    if (this.checking) return;
    const now = this.now();
    if (now - this.checkedMs < CHECK_MS) return;
    this.checkedMs = now;
    this.checking = true;
    const limit = new Semaphore(() => CONCURRENT_READS);
    const { root, backend } = catalog;
    const checkDirectory = async (name: string, known: KnownDirectory): Promise<void> => {
      const mark = await this.readMark(joinPath(root, name), backend);
      if (mark !== known.mark && this.directories.get(name) === known) this.directories.delete(name);
    };
    const checkRun = async (path: string, { held }: CatalogEntry): Promise<void> => {
      const isHeld = await backend.exists('file', joinPath(path, HOLD_NAME)).catch(() => undefined);
      if (isHeld !== held) this.runs.delete(path);
    };
    void Promise.all([
      ...[...this.directories].map(([name, known]) => limit.run(() => checkDirectory(name, known))),
      ...[...this.runs].map(([path, run]) => limit.run(() => checkRun(path, run))),
    ]).finally(() => {
      this.checking = false;
    });
  }
}

/** Only a hold or a deletion changes it. */
function isSettled({ state, reason }: CatalogEntry): boolean {
  return state === 'COMPLETED' || (state === 'DELETED' && reason === undefined);
}
