/**
 * The document of a backup of several namespaces: written first, which reserves the id, and never changed. Each
 * namespace is a directory below that of the backup, with a manifest of its own.
 */
import type { EncryptionKey } from '../../codecs/key.js';
import { errorMessage } from '../../core/errors.js';
import { isShard } from '../../core/shard.js';
import { joinPath } from '../../storage/paths.js';
import type { StorageAccess } from '../../storage/registry.js';
import type { Storage } from '../../storage/storage.js';
import { checkSeal, sealDocument } from './document-seal.js';
import { CatalogError } from './errors.js';
import { BACKUP_TYPES, isBackupId, type BackupType } from './manifest.js';

export const BACKUP_DOCUMENT_NAME = 'backup.json';

const FORMAT = 'asb-backup';
const VERSION = 1;

/** `namespace.set`; an empty set means records without a set. */
export interface BackupSelection {
  /** Absent = all sets. */
  include?: readonly string[];
  exclude?: readonly string[];
}

export interface BackupDocument {
  id: string;
  type: BackupType;
  /** Id of the backup whose changes an incremental one holds. */
  parent?: string;
  /** ISO 8601. */
  started: string;
  /** Those that the backup is to hold, in the order in which they are read. */
  namespaces: readonly string[];
  selection: BackupSelection;
  /** How many shards each namespace has; absent = it is in one piece. */
  shards?: number;
  /** Records that were changed after `started` are left out. */
  sealed?: boolean;
}

/**
 * Writes the document of a new backup at `path`, whose parent directory exists; false = there is one already. `key`: of
 * an encrypted backup. Throws StorageError.
 */
export async function createBackupDocument(
  path: string,
  document: BackupDocument,
  storages: StorageAccess,
  key?: EncryptionKey,
): Promise<boolean> {
  const storage = await storages.forPath(path);
  await storage.ensureDirectory(path);
  return storage.createExclusive(joinPath(path, BACKUP_DOCUMENT_NAME), sealBackupDocument(document, key));
}

/** The text of the document. `key`: of an encrypted backup. */
export function sealBackupDocument(
  { id, type, parent, started, namespaces, selection, shards, sealed }: BackupDocument,
  key: EncryptionKey | undefined,
): string {
  const fields = {
    format: FORMAT,
    version: VERSION,
    id,
    type,
    ...(parent === undefined ? {} : { parent }),
    started,
    namespaces,
    selection,
    ...(shards === undefined ? {} : { shards }),
    ...(sealed === true ? { sealed } : {}),
  };
  return sealDocument(fields, key);
}

/**
 * The document of the backup at `path`; undefined = there is none. `key`: it is accepted only with the right HMAC.
 * Throws CatalogError CATALOG_DAMAGED, StorageError.
 */
export async function readBackupDocument(
  path: string,
  storage: Storage,
  key?: EncryptionKey,
): Promise<BackupDocument | undefined> {
  const file = joinPath(path, BACKUP_DOCUMENT_NAME);
  const bytes = await readIfExists(storage, file, 'the backup document');
  return bytes === undefined ? undefined : parseBackupDocument(bytes, file, key);
}

/**
 * Undefined = there is no such file; that is asked only of what cannot be read, as most documents are there. Throws
 * StorageError.
 */
export async function readIfExists(storage: Storage, file: string, what: string): Promise<Buffer | undefined> {
  let failure: unknown;
  // It may be written between the two questions, or deleted after them.
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      return await storage.readSmall(file, what);
    } catch (error) {
      failure = error;
    }
    if (!(await storage.exists('file', file))) return undefined;
  }
  throw failure;
}

/** `path` is for messages. Throws CatalogError CATALOG_DAMAGED. */
export function parseBackupDocument(bytes: Buffer, path: string, key?: EncryptionKey): BackupDocument {
  const damaged = (what: string): CatalogError => new CatalogError('CATALOG_DAMAGED', `${path} is damaged: ${what}`);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw damaged(errorMessage(error));
  }
  if (!isObject(value) || value.format !== FORMAT) {
    throw new CatalogError('CATALOG_DAMAGED', `${path} is not the document of a backup`);
  }
  if (value.version !== VERSION) {
    const text = `${path} is of version ${String(value.version)}; this program reads version ${VERSION}`;
    throw new CatalogError('CATALOG_DAMAGED', text);
  }
  const problem = checkSeal(value, key);
  if (problem !== undefined) throw damaged(problem);
  const { id, type, parent, started, namespaces, selection, shards, sealed } = value;
  if (typeof id !== 'string' || !isBackupId(id)) throw damaged('its id is not one');
  if (!isBackupType(type)) throw damaged('its type is not one');
  if (type === 'full' ? parent !== undefined : typeof parent !== 'string' || !isBackupId(parent)) {
    throw damaged('its parent is not one');
  }
  if (typeof started !== 'string' || Number.isNaN(Date.parse(started))) throw damaged('its time is not one');
  if (!isTextList(namespaces) || namespaces.length === 0 || new Set(namespaces).size < namespaces.length) {
    throw damaged('its list of namespaces is not one');
  }
  const unsafe = namespaces.find((namespace) => !isDirectoryName(namespace));
  if (unsafe !== undefined) throw damaged('the name of a namespace cannot be that of a directory');
  if (!isSelection(selection)) throw damaged('its selection is not one');
  if (shards !== undefined && !isShard({ index: 0, count: shards })) throw damaged('its number of shards is not one');
  if (sealed !== undefined && typeof sealed !== 'boolean') throw damaged('whether it is sealed is not true or false');
  return {
    id,
    type,
    ...(typeof parent === 'string' ? { parent } : {}),
    started,
    namespaces,
    selection,
    ...(typeof shards === 'number' ? { shards } : {}),
    ...(sealed === true ? { sealed } : {}),
  };
}

/** Endings of the names of files that lie in the directory of a backup. */
const RESERVED = /\.(?:json|lock|asb)$/;

/** Whether a namespace can have a directory of its name in the directory of a backup. */
export function isDirectoryName(namespace: string): boolean {
  // eslint-disable-next-line no-control-regex
  return /^[^/\\\u0000-\u001f\u007f]+$/.test(namespace) && !/^\.\.?$/.test(namespace) && !RESERVED.test(namespace);
}

function isBackupType(value: unknown): value is BackupType {
  return (BACKUP_TYPES as readonly unknown[]).includes(value);
}

function isSelection(value: unknown): value is BackupSelection {
  if (!isObject(value)) return false;
  return [value.include, value.exclude].every((list) => list === undefined || isTextList(list));
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
