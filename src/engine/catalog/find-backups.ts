/** What backups there are below a directory or prefix: of this program with and without manifests, complete or not. */
import { basename, dirname } from 'node:path';
import { errorMessage } from '../../core/errors.js';
import { Semaphore } from '../../core/semaphore.js';
import { joinPath } from '../../storage/paths.js';
import type { StorageAccess } from '../../storage/registry.js';
import { isBackupFileName, type ListedFile, type Storage } from '../../storage/storage.js';
import { isLockHeld, LOCK_NAME } from '../backup/checkpoint/lock.js';
import { parseState, type BackupState } from '../backup/checkpoint/state-file.js';
import { CatalogError } from './errors.js';
import { HOLD_NAME } from './hold.js';
import { MANIFEST_NAME, type BackupType } from './manifest.js';

/**
 * INCOMPLETE: nobody works on it any more, and it did not come to its end. UNKNOWN: files without a manifest, which do
 * not tell whether they are all. DAMAGED: its documents cannot be read.
 */
export const CATALOG_STATES = [
  'IN_PROGRESS',
  'COMPLETED',
  'FAILED',
  'CANCELED',
  'INCOMPLETE',
  'UNKNOWN',
  'DAMAGED',
] as const;
export type CatalogState = (typeof CATALOG_STATES)[number];

/** One namespace of a backup. */
export interface NamespacePart {
  /** Empty = not known without reading the files. */
  namespace: string;
  /** The directory, or the only file. */
  path: string;
  state: CatalogState;
  reason?: string;
  started?: string;
  finished?: string;
  /** Absent = not known. */
  records?: number;
  bytes: number;
  files: number;
  /** Absent = there is none. */
  manifest?: BackupState;
}

export interface CatalogEntry {
  /** Without a manifest, the name of the directory or file. */
  id: string;
  path: string;
  /** `manifest`: with one. `files`: backup files alone. */
  kind: 'manifest' | 'files';
  state: CatalogState;
  reason?: string;
  type?: BackupType;
  parent?: string;
  started?: string;
  finished?: string;
  parts: NamespacePart[];
  /** It must not be deleted. */
  held: boolean;
}

/** Documents that are read at the same time. */
const CONCURRENT_READS = 32;

/**
 * The backups directly below `root`, or the one at `root` itself, in the order of their ids. What is damaged is an
 * entry as any other. Throws StorageError if `root` cannot be listed.
 */
export async function findBackups(root: string, storages: StorageAccess): Promise<CatalogEntry[]> {
  const storage = await storages.forPath(root);
  const files = await storage.list(root);
  const own = await readDirectoryEntry(root, storage, files);
  const entries: CatalogEntry[] = own === undefined ? [] : [own];
  if (own === undefined || own.kind === 'files') {
    const limit = new Semaphore(() => CONCURRENT_READS);
    const names = await storage.listDirectories(root);
    const found = await Promise.all(
      names.map((name) => limit.run(() => readBackupAt(joinPath(root, name), storage).catch(toDamaged(root, name)))),
    );
    for (const entry of found) if (entry !== undefined) entries.push(entry);
  }
  return entries.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/**
 * The backup at `path`: a directory, or a file with its manifest. Throws CatalogError CATALOG_NOT_FOUND, StorageError.
 */
export async function readBackup(path: string, storages: StorageAccess): Promise<CatalogEntry> {
  const storage = await storages.forPath(path);
  const entry = isBackupFileName(basename(path))
    ? await readFileEntry(path, storage)
    : await readBackupAt(path, storage).catch(toDamaged(dirname(path), basename(path)));
  if (entry === undefined) throw new CatalogError('CATALOG_NOT_FOUND', `There is no backup at ${path}`);
  return entry;
}

function toDamaged(root: string, name: string): (error: unknown) => CatalogEntry {
  return (error) => ({
    id: name,
    path: joinPath(root, name),
    kind: 'files',
    state: 'DAMAGED',
    reason: errorMessage(error),
    parts: [],
    held: false,
  });
}

async function readBackupAt(path: string, storage: Storage): Promise<CatalogEntry | undefined> {
  return readDirectoryEntry(path, storage, await storage.list(path));
}

async function readDirectoryEntry(
  path: string,
  storage: Storage,
  files: readonly ListedFile[],
): Promise<CatalogEntry | undefined> {
  const names = new Set(files.map(({ name }) => name));
  const held = names.has(HOLD_NAME);
  if (names.has(MANIFEST_NAME)) {
    const part = await readManifestPart(path, storage, joinPath(path, MANIFEST_NAME));
    if (part !== undefined) return fromManifest(path, part, held);
  }
  const backupFiles = files.filter(({ name }) => isBackupFileName(name));
  if (backupFiles.length === 0) return undefined;
  const isInterrupted = [...names].some((name) => name.endsWith('.asb.state'));
  const part = await readPlainPart(path, storage, backupFiles, isInterrupted);
  return { id: basename(path), path, kind: 'files', state: part.state, parts: [part], held };
}

/** Undefined = there is no manifest at `file`. Throws StateError, StorageError. */
async function readManifestPart(path: string, storage: Storage, file: string): Promise<NamespacePart | undefined> {
  if (!(await storage.exists('file', file))) return undefined;
  const state = parseState(await storage.readSmall(file, 'the manifest'), file);
  const { manifest, identity, counters, files } = state;
  if (manifest === undefined) return undefined;
  const lock = isBackupFileName(basename(path)) ? `${path}.lock` : joinPath(path, LOCK_NAME);
  const isEnded = manifest.state === 'IN_PROGRESS' && !(await isLockHeld(storage, lock));
  const { reason, started, finished } = manifest;
  return {
    namespace: String(identity.namespace ?? ''),
    path,
    state: isEnded ? 'INCOMPLETE' : manifest.state,
    ...(reason === undefined ? {} : { reason }),
    started,
    ...(finished === undefined ? {} : { finished }),
    records: counters.records,
    bytes: counters.bytes,
    files: files.length,
    manifest: state,
  };
}

function fromManifest(path: string, part: NamespacePart, held: boolean): CatalogEntry {
  const { id, type, parent, reason, started, finished } = part.manifest!.manifest!;
  return {
    id,
    path,
    kind: 'manifest',
    state: part.state,
    type,
    ...(parent === undefined ? {} : { parent }),
    ...(reason === undefined ? {} : { reason }),
    started,
    ...(finished === undefined ? {} : { finished }),
    parts: [part],
    held,
  };
}

async function readFileEntry(path: string, storage: Storage): Promise<CatalogEntry | undefined> {
  const part = await readManifestPart(path, storage, `${path}.${MANIFEST_NAME}`);
  const held = await storage.exists('file', `${path}.${HOLD_NAME}`);
  if (part !== undefined) return fromManifest(path, part, held);
  if (!(await storage.exists('file', path))) return undefined;
  const { sizeBytes } = await storage.stat(path);
  const isInterrupted = await storage.exists('file', `${path}.state`);
  const state = isInterrupted ? 'INCOMPLETE' : 'UNKNOWN';
  const only: NamespacePart = { namespace: '', path, state, bytes: sizeBytes, files: 1 };
  return { id: basename(path), path, kind: 'files', state, parts: [only], held };
}

/** The namespace is not in the names: the prefix of a file may be any text. */
async function readPlainPart(
  path: string,
  storage: Storage,
  files: readonly ListedFile[],
  isInterrupted: boolean,
): Promise<NamespacePart> {
  let bytes = 0;
  for (const { name, sizeBytes } of files) bytes += sizeBytes ?? (await storage.stat(joinPath(path, name))).sizeBytes;
  const state = isInterrupted ? 'INCOMPLETE' : 'UNKNOWN';
  return { namespace: '', path, state, bytes, files: files.length };
}
