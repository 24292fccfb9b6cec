/** What backups the routines have, and the configuration of their clusters that is kept with them. */
import { createHash } from 'node:crypto';
import { errorMessage } from '../../core/errors.js';
import { warningEvent, type Log } from '../../core/log.js';
import { joinPath } from '../../storage/paths.js';
import type { StorageAccess } from '../../storage/registry.js';
import type { BackupDetails } from '../document/schema/backup-details.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import type { Storage as StorageSettings } from '../document/schema/storage.js';
import { ServiceError } from '../errors.js';
import { openStorage, type OpenedStorage } from '../settings/open-storage.js';
import { findRoutineBackups, MetadataCache, type FoundBackup, type TimeBounds } from './find-backups.js';
import { CONFIGURATION_DIRECTORY, parseConfigurationName, type BackupType } from './layout.js';
import { formatTime } from './metadata-file.js';

export interface BackupListingOptions {
  config: {
    readonly document: ServiceDocument;
    redacted(): ServiceDocument;
  };
  log: Log;
  /** For tests. */
  openStorage?: (storage: StorageSettings, document: ServiceDocument) => Promise<OpenedStorage>;
}

/** Faults that were reported and are not reported again. */
const MOST_REPORTED = 1000;

export class BackupListing {
  private readonly cache = new MetadataCache();
  /** Damaged metadata is reported once. */
  private readonly reported = new Set<string>();

  constructor(private readonly options: BackupListingOptions) {}

  /**
   * The backups of a routine that were created and finished within the bounds, by their start, then by their key.
   * Throws ServiceError SERVICE_NOT_FOUND, StorageError.
   */
  async list(routine: string, type: BackupType, bounds: TimeBounds): Promise<BackupDetails[]> {
    const { name } = this.findStorage(routine);
    const found = await this.find(routine, type, bounds);
    const shown = this.options.config.redacted().storage?.[name] ?? {};
    return found.map((backup) => toBackupDetails(backup, shown));
  }

  /** The same of all routines, by their names. Throws StorageError. */
  async listAll(type: BackupType, bounds: TimeBounds): Promise<Record<string, BackupDetails[]>> {
    const routines = Object.keys(this.options.config.document['backup-routines'] ?? {});
    const lists = await Promise.all(
      routines.map((routine) =>
        this.list(routine, type, bounds).catch((error: unknown) => {
          // It was removed meanwhile.
          if (error instanceof ServiceError && error.code === 'SERVICE_NOT_FOUND') return undefined;
          throw error;
        }),
      ),
    );
    return Object.fromEntries(
      routines.flatMap((routine, i): [string, BackupDetails[]][] => {
        const list = lists[i];
        return list === undefined ? [] : [[routine, list]];
      }),
    );
  }

  /**
   * The configuration of the nodes, as a zip archive, of the last full backup that was finished by `timestampMs`.
   * Throws ServiceError SERVICE_NOT_FOUND, StorageError.
   */
  async readConfiguration(routine: string, timestampMs: number): Promise<Uint8Array> {
    const backups = await this.find(routine, 'full', { toMs: timestampMs });
    const last = backups.at(-1);
    if (last === undefined) {
      const time = formatTime(new Date(timestampMs).toISOString());
      const text = `routine ${JSON.stringify(routine)} has no full backup that was finished by ${time}`;
      throw new ServiceError('SERVICE_NOT_FOUND', text);
    }
    const entries = await this.open(routine, async (access) => {
      const directory = joinPath(last.runPath, CONFIGURATION_DIRECTORY);
      const storage = await access.forPath(directory);
      const names = (await storage.exists('directory', directory))
        ? (await storage.list(directory)).map(({ name }) => name)
        : [];
      const numbered = names
        .flatMap((name) => {
          const index = parseConfigurationName(name);
          return index === undefined ? [] : [{ name, index }];
        })
        .sort((a, b) => a.index - b.index);
      const files: Record<string, Uint8Array> = {};
      for (const { name } of numbered)
        files[name] = await storage.readSmall(joinPath(directory, name), 'the configuration');
      return files;
    });
    if (Object.keys(entries).length === 0) {
      const text = `the full backup ${last.key.split('/')[2]!} of routine ${JSON.stringify(routine)} has no configuration`;
      throw new ServiceError('SERVICE_NOT_FOUND', text);
    }
    // Few who start the service ask for it.
    const { zipSync } = await import('fflate');
    return zipSync(entries);
  }

  private find(routine: string, type: BackupType, bounds: TimeBounds): Promise<FoundBackup[]> {
    const { settings } = this.findStorage(routine);
    return this.open(routine, async (access, root) => {
      const storage = await access.forPath(root);
      // Paths alone do not tell storages apart.
      const scope = createHash('sha256').update(JSON.stringify(settings)).digest('base64');
      const cache = this.cache.scoped(scope);
      return findRoutineBackups(routine, type, bounds, { storage, root, cache, report: (error) => this.report(error) });
    });
  }

  private async open<T>(routine: string, work: (storage: StorageAccess, root: string) => Promise<T>): Promise<T> {
    const { openStorage: open = openStorage, config } = this.options;
    const opened = await open(this.findStorage(routine).settings, config.document);
    try {
      return await work(opened.storage, opened.root);
    } finally {
      await opened.close();
    }
  }

  private findStorage(routine: string): { name: string; settings: StorageSettings } {
    const { 'backup-routines': routines = {}, storage = {} } = this.options.config.document;
    const entry = Object.hasOwn(routines, routine) ? routines[routine] : undefined;
    const settings = entry === undefined ? undefined : storage[entry.storage];
    if (entry === undefined || settings === undefined) {
      throw new ServiceError('SERVICE_NOT_FOUND', `routine ${JSON.stringify(routine)} not found`);
    }
    return { name: entry.storage, settings };
  }

  private report(error: Error): void {
    const text = errorMessage(error);
    if (this.reported.has(text)) return;
    if (this.reported.size >= MOST_REPORTED) this.reported.clear();
    this.reported.add(text);
    this.options.log.info(warningEvent('message', `A backup is left out of the list: ${text}`));
  }
}

export function toBackupDetails(
  { key, createdMs, finishedMs, metadata }: FoundBackup,
  storage: StorageSettings,
): BackupDetails {
  const { from, namespace, records, bytes, files, sindexes, udfs, compressed, encryption } = metadata;
  return {
    created: formatTime(metadata.created),
    timestamp: createdMs,
    finished: formatTime(new Date(finishedMs).toISOString()),
    'finished-timestamp': finishedMs,
    duration: Math.max(0, Math.floor((finishedMs - createdMs) / 1000)),
    ...(from === undefined ? {} : { from: formatTime(from) }),
    namespace,
    'record-count': records,
    'byte-count': bytes,
    'file-count': files,
    'secondary-index-count': sindexes,
    'udf-count': udfs,
    key,
    storage,
    compression: compressed ? 'ZSTD' : 'NONE',
    encryption: encryption === undefined ? 'NONE' : encryption === 'aes128' ? 'AES128' : 'AES256',
  };
}
