/** Storages of the document, opened. Their clients are shared, and kept until the secrets are to be fetched anew. */
import { readSettings } from '../../api/read-settings.js';
import { engineProperties } from '../../config/engine-config.js';
import { catalogOptions } from '../../config/schema/catalog/common.js';
import { openStorages } from '../../config/storage-config.js';
import type { ToolSchema } from '../../config/tool-schema.js';
import type { Log } from '../../core/log.js';
import type { StorageAccess } from '../../storage/registry.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import type { Storage } from '../document/schema/storage.js';
import { findAgent, type AgentChoice } from './secret-resolver.js';
import { SILENT } from './silent-log.js';
import { LOCAL_DIRECTORY_MODE, LOCAL_FILE_MODE, toAccessSettings } from './storage-settings.js';

/** How long a secret that was changed in the agent may stay in use. */
const MAX_AGE_MS = 10 * 60 * 1000;

const storageSchema: ToolSchema<typeof catalogOptions> = { name: 'asb', options: catalogOptions, constraints: [] };

export interface OpenedStorage {
  storage: StorageAccess;
  /** The directory or prefix that the entity names. */
  root: string;
  /** To be called once the storage is not used any more. */
  close(): Promise<void>;
}

interface CachedStorage {
  readonly opened: Promise<{ storage: StorageAccess; root: string }>;
  readonly openedMs: number;
  users: number;
  /** No longer handed out: closed when the last user has closed it. */
  isRetired: boolean;
}

const cache = new Map<string, CachedStorage>();

/** Throws ServiceError for secrets that cannot be had, and OptionError. Requests fail later, on their own. */
export async function openStorage(storage: Storage, document: ServiceDocument, log?: Log): Promise<OpenedStorage> {
  const nowMs = Date.now();
  await retireOld(nowMs);
  const key = JSON.stringify([storage, findAgent(chooseAgent(storage), document)]);
  let cached = cache.get(key);
  if (cached === undefined) {
    cached = { opened: open(storage, document, log), openedMs: nowMs, users: 0, isRetired: false };
    cache.set(key, cached);
  }
  const entry = cached;
  entry.users++;
  try {
    let isClosed = false;
    return {
      ...(await entry.opened),
      close: async () => {
        if (isClosed) return;
        isClosed = true;
        await release(entry);
      },
    };
  } catch (error) {
    entry.users--;
    if (cache.get(key) === entry) cache.delete(key);
    throw error;
  }
}

/** Closes the clients that nobody uses, and the others once they are not used any more. */
export async function closeStorages(): Promise<void> {
  await retireOld(Infinity);
}

async function retireOld(nowMs: number): Promise<void> {
  for (const [key, entry] of cache) {
    if (nowMs - entry.openedMs < MAX_AGE_MS) continue;
    cache.delete(key);
    entry.isRetired = true;
    if (entry.users === 0) await close(entry);
  }
}

async function release(entry: CachedStorage): Promise<void> {
  entry.users--;
  if (entry.isRetired && entry.users === 0) await close(entry);
}

async function close({ opened }: CachedStorage): Promise<void> {
  const { storage } = await opened;
  await storage.close();
}

async function open(
  storage: Storage,
  document: ServiceDocument,
  log: Log = SILENT,
): Promise<{ storage: StorageAccess; root: string }> {
  const { root, ...settings } = await toAccessSettings(storage, document);
  const values = await readSettings(storageSchema, settings);
  const registry = openStorages(
    {
      local: { fileMode: LOCAL_FILE_MODE, dirMode: LOCAL_DIRECTORY_MODE },
      s3: engineProperties(catalogOptions, values, 's3'),
      gs: engineProperties(catalogOptions, values, 'gs'),
      azblob: engineProperties(catalogOptions, values, 'azblob'),
    },
    { s3: true, gs: true, azblob: true },
    { log, signal: new AbortController().signal },
  );
  return { storage: registry, root };
}

/** The agent of the block that the storage has. */
export function chooseAgent(storage: Storage): AgentChoice {
  return storage['s3-storage'] ?? storage['gcp-storage'] ?? storage['azure-storage'] ?? {};
}
