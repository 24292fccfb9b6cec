/** The storages that /v2 works on: those of the configuration, and those of the environment. */
import type { Log } from '../../../core/log.js';
import type { StorageAccess } from '../../../storage/registry.js';
import type { Storage as StorageBackend } from '../../../storage/storage.js';
import { findEntity } from '../../document/find-entity.js';
import type { ServiceDocument } from '../../document/schema/service-document.js';
import type { Storage } from '../../document/schema/storage.js';
import { openStorage } from '../../settings/open-storage.js';
import { findRoot } from '../../settings/storage-settings.js';
import { V2Error } from '../errors.js';
import type { StorageSummary } from '../schema/runtime-state.js';

export interface OpenedCatalog {
  /** Of the storage, in the configuration or the environment. */
  name: string;
  definition: Storage;
  /** The directory or prefix of the backups. */
  root: string;
  storages: StorageAccess;
  /** Of the root. */
  backend: StorageBackend;
}

export interface StorageDirectoryOptions {
  config: { readonly document: ServiceDocument };
  /** Those that the environment defines; the configuration comes first. */
  environment?: Readonly<Record<string, Storage>>;
  log: Log;
  /** For tests. */
  open?: typeof openStorage;
}

export class StorageDirectory {
  constructor(private readonly options: StorageDirectoryOptions) {}

  get names(): string[] {
    const { config, environment = {} } = this.options;
    return [...new Set([...Object.keys(config.document.storage ?? {}), ...Object.keys(environment)])].sort();
  }

  find(name: string): Storage | undefined {
    const { config, environment } = this.options;
    return findEntity(config.document.storage, name) ?? findEntity(environment, name);
  }

  /** Throws V2Error no-storage: with 404 for a name of the path, 400 for one of the body. */
  get(name: string, place: 'path' | 'body'): Storage {
    const storage = this.find(name);
    if (storage !== undefined) return storage;
    const known = this.names;
    const text = `storage "${name}" not found; there ${known.length === 0 ? 'is none' : `is ${known.join(', ')}`}`;
    throw new V2Error('no-storage', text, { ...(place === 'path' ? { status: 404 } : {}), facts: { storage: name } });
  }

  /** Opens the storage for `work`, with the credentials of the service. Throws V2Error no-storage (404). */
  async use<T>(name: string, work: (catalog: OpenedCatalog) => Promise<T>): Promise<T> {
    const { config, log, open = openStorage } = this.options;
    const definition = this.get(name, 'path');
    const opened = await open(definition, config.document, log);
    try {
      const { root, storage: storages } = opened;
      return await work({ name, definition, root, storages, backend: await storages.forPath(root) });
    } finally {
      await opened.close().catch(() => undefined);
    }
  }

  summarize(): StorageSummary[] {
    const hasReplicas = this.options.config.document.service?.replicas !== undefined;
    return this.names.map((name) => {
      const storage = this.get(name, 'path');
      const isLocal = storage['local-storage'] !== undefined;
      const kind = isLocal ? 'local' : storage['s3-storage'] ? 's3' : storage['gcp-storage'] ? 'gcs' : 'azure';
      const isConfigured = findEntity(this.options.config.document.storage, name) !== undefined;
      const warnings: string[] = [];
      if (isLocal && hasReplicas) {
        warnings.push('A directory of one host: every replica needs the same file system there');
      } else if (isLocal) warnings.push('A directory of one host: replicas elsewhere do not see it');
      return {
        name,
        kind,
        root: findRoot(storage),
        source: isConfigured ? 'configuration' : 'environment',
        warnings,
      };
    });
  }
}
