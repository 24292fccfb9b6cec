/** The records of a storage: small documents below its root, one an id. */
import { joinPath } from '../../../storage/paths.js';
import { ensureDirectory } from '../../routines/ensure-directory.js';
import type { OpenedCatalog } from '../storages/storage-directory.js';
import { parseRecord, serializeRecord, type BackupRecord } from './backup-record.js';

/** Below the root: no routine and no backup has such a name. */
export const SERVICE_DIRECTORY = '.asb-service';
const RECORDS = 'backups';
const NAME = /^([a-z0-9_-]{1,64})\.(json|deleted)$/;
/** Of a document that is being written (`small-file.ts`). */
const TEMPORARY = /^[a-z0-9_-]{1,64}\.(?:json|deleted)\.[0-9a-f]{12}\.tmp$/;
/** Nobody writes a small document for so long: its process has ended. */
const LEFTOVER_MS = 3_600_000;

export interface StoredRecord {
  record: BackupRecord;
  /** ISO 8601: when its deletion began; absent = it is not deleted. */
  deleted?: string;
}

/** Records that do not change any more, by their names: the file of a record, or of its deletion. */
export type RecordCache = Map<string, BackupRecord | string>;

export class RecordStore {
  private readonly directory: string;

  constructor(private readonly catalog: OpenedCatalog) {
    this.directory = joinPath(joinPath(catalog.root, SERVICE_DIRECTORY), RECORDS);
  }

  /** False = the id is or was used. Of several processes one gets true. Throws StorageError. */
  async create(record: BackupRecord): Promise<boolean> {
    await ensureDirectory(this.catalog.root, this.directory, this.catalog.backend);
    return this.catalog.backend.createExclusive(this.path(record.id, 'json'), serializeRecord(record));
  }

  /** By the process that works on the backup. Throws StorageError. */
  async write(record: BackupRecord): Promise<void> {
    await this.catalog.backend.writeSmall(this.path(record.id, 'json'), serializeRecord(record), 'the backup record');
  }

  /** Undefined = there is none. Throws StorageError. */
  async read(id: string): Promise<BackupRecord | undefined> {
    const found = await this.catalog.backend.readVersion(this.path(id, 'json'));
    return found === undefined ? undefined : parseRecord(id, found.text);
  }

  /** Of a backup that was refused in the end: its id can be used again. */
  async forget(id: string): Promise<void> {
    await this.catalog.backend.deleteFile(this.path(id, 'json'), 'ignore');
  }

  /** The id stays used up. Throws StorageError. */
  async markDeleted(id: string, deleted: string): Promise<void> {
    await ensureDirectory(this.catalog.root, this.directory, this.catalog.backend);
    await this.catalog.backend.createExclusive(this.path(id, 'deleted'), `${JSON.stringify({ deleted })}\n`);
  }

  /** Of a deletion of which nothing was done yet. */
  async withdrawDeletion(id: string): Promise<void> {
    await this.catalog.backend.deleteFile(this.path(id, 'deleted'), 'ignore');
  }

  async isDeleted(id: string): Promise<boolean> {
    return this.catalog.backend.exists('file', this.path(id, 'deleted'));
  }

  /** By their ids. One that is damaged is left out. Throws StorageError. */
  async readAll(cache: RecordCache): Promise<Map<string, StoredRecord>> {
    const { backend } = this.catalog;
    const records = new Map<string, StoredRecord>();
    const deletions = new Map<string, string>();
    if (backend.capabilities.hasDirectories && !(await backend.exists('directory', this.directory))) return records;
    const names = (await backend.list(this.directory)).map(({ name }) => name);
    await Promise.all(
      names.map(async (name) => {
        const [, id, kind] = NAME.exec(name) ?? [];
        if (id === undefined) return;
        const known = cache.get(name) ?? (await this.load(id, kind!, cache));
        if (typeof known === 'string') deletions.set(id, known);
        else if (known !== undefined) records.set(id, { record: known });
      }),
    );
    for (const [id, deleted] of deletions) {
      const stored = records.get(id);
      if (stored !== undefined) stored.deleted = deleted;
    }
    return records;
  }

  /** Deletes what processes have left that ended while they wrote a record. Throws StorageError. */
  async deleteLeftovers(): Promise<void> {
    const { backend } = this.catalog;
    if (!backend.capabilities.hasDirectories || !(await backend.exists('directory', this.directory))) return;
    for (const { name } of await backend.list(this.directory)) {
      if (!TEMPORARY.test(name)) continue;
      const path = joinPath(this.directory, name);
      const found = await backend.readVersion(path);
      if (found !== undefined && found.ageMs >= LEFTOVER_MS) await backend.deleteFile(path, 'ignore');
    }
  }

  private async load(id: string, kind: string, cache: RecordCache): Promise<BackupRecord | string | undefined> {
    const found = await this.catalog.backend.readVersion(this.path(id, kind));
    if (found === undefined) return undefined;
    if (kind === 'deleted') {
      const deleted = readDeletion(found.text);
      cache.set(`${id}.${kind}`, deleted);
      return deleted;
    }
    const record = parseRecord(id, found.text);
    if (record !== undefined && isSettled(record)) cache.set(`${id}.${kind}`, record);
    return record;
  }

  private path(id: string, kind: string): string {
    return joinPath(this.directory, `${id}.${kind}`);
  }
}

/** Nobody changes it any more: what was interrupted goes on. */
function isSettled({ state }: BackupRecord): boolean {
  return state === 'COMPLETED' || state === 'FAILED' || state === 'CANCELED';
}

function readDeletion(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'deleted' in value) return String(value.deleted);
  } catch {
    // Its existence is what counts.
  }
  return new Date(0).toISOString();
}
