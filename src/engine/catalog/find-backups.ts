/** What backups there are below a directory or prefix: of this program with and without manifests, complete or not. */
import { basename, dirname } from 'node:path';
import { errorMessage } from '../../core/errors.js';
import { Semaphore } from '../../core/semaphore.js';
import { joinPath } from '../../storage/paths.js';
import type { StorageAccess } from '../../storage/registry.js';
import { isBackupFileName, type ListedFile, type Storage } from '../../storage/storage.js';
import { isLockHeld, LOCK_NAME } from '../backup/checkpoint/lock.js';
import { parseState, type BackupState } from '../backup/checkpoint/state-file.js';
import { findAbsBackups, readAbsRun, type AbsRunCache } from './abs-backups.js';
import type { AbsStoredForm } from './abs-metadata.js';
import { BACKUP_DOCUMENT_NAME, readBackupDocument, readIfExists, type BackupDocument } from './backup-document.js';
import { BACKUP_OUTCOME_NAME, readBackupOutcome } from './backup-outcome.js';
import { CatalogError } from './errors.js';
import { readFileNamespace } from './file-namespace.js';
import { HOLD_NAME } from './hold.js';
import { MANIFEST_NAME, type BackupType } from './manifest.js';
import { readShardedPart } from './sharded-part.js';
import { readTombstone, TOMBSTONE_NAME } from './tombstone.js';

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
  'DELETED',
] as const;
export type CatalogState = (typeof CATALOG_STATES)[number];

/** One shard of a part that has been begun. */
export interface ShardPart {
  index: number;
  /** Path of its manifest. */
  document: string;
  state: CatalogState;
  reason?: string;
  started: string;
  finished?: string;
  records: number;
  bytes: number;
  files: number;
}

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
  /** No record in it was changed later. Absent = not known. */
  modifiedBefore?: string;
  /** Absent = not known. */
  records?: number;
  bytes: number;
  files: number;
  /** Absent = there is none. Of shards: what all of them say together. */
  manifest?: BackupState;
  /** Of a backup in shards: how many there are to be, and those that were begun. */
  shards?: { count: number; begun: readonly ShardPart[] };
  /** Of a run of the Aerospike Backup Service. Its manifest, if it has one, is not read with it. */
  stored?: AbsStoredForm;
  /** Of an increment of that service: the run that the namespace builds on. */
  parent?: string;
}

export interface CatalogEntry {
  /** Without a manifest, the name of the directory or file. */
  id: string;
  path: string;
  /**
   * `manifest`: with one, or with a backup document. `files`: backup files alone. `abs`: a run of the Aerospike Backup
   * Service (abs-backups.ts).
   */
  kind: 'manifest' | 'files' | 'abs';
  /** Of all parts together. */
  state: CatalogState;
  reason?: string;
  type?: BackupType;
  parent?: string;
  started?: string;
  /** When the last part was; absent = one is not. */
  finished?: string;
  /** When its deletion began; absent = it is not deleted, or that is not known. */
  deleted?: string;
  /** No record in it was changed later. Absent = not known of one of the parts. */
  modifiedBefore?: string;
  /** With a document, one for each namespace that the backup is to hold. */
  parts: NamespacePart[];
  /** Absent = the manifest or the files are all there is. */
  document?: BackupDocument;
  /** It must not be deleted. */
  held: boolean;
}

/** Of a file system: nobody but its owner may read them. */
export const SYSTEM_DIRECTORIES: readonly string[] = ['lost+found'];
/** Documents that are read at the same time. */
const CONCURRENT_READS = 32;

/**
 * The backups directly below `root`, or the one at `root` itself, in the order of their ids. Damaged ones are
 * in the result, with the reason. Throws StorageError if `root` cannot be listed.
 */
export async function findBackups(root: string, storages: StorageAccess): Promise<CatalogEntry[]> {
  const storage = await storages.forPath(root);
  const files = await storage.list(root);
  const own = await readDirectoryEntry(root, storage, files);
  const entries: CatalogEntry[] = own === undefined ? [] : [own];
  if (own === undefined || own.kind === 'files' || own.state === 'DELETED') {
    const limit = new Semaphore(() => CONCURRENT_READS);
    const names = (await storage.listDirectories(root)).filter((name) => !SYSTEM_DIRECTORIES.includes(name));
    const found = await Promise.all(names.map((name) => limit.run(() => findBelow(root, name, storage))));
    for (const below of found) entries.push(...below);
    const run = own === undefined ? await readAbsRun(root, root, storage) : undefined;
    if (run !== undefined) entries.push(run);
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
    : (await storage.exists('directory', path))
      ? ((await readBackupAt(path, storage).catch(toDamaged(dirname(path), basename(path)))) ??
        (await readAbsRun(dirname(path), path, storage)))
      : undefined;
  if (entry === undefined) throw new CatalogError('CATALOG_NOT_FOUND', `There is no backup at ${path}`);
  return entry;
}

/**
 * The backup at a directory of `root`, or those of a routine of the Aerospike Backup Service there. Never rejects: what
 * cannot be read is damaged. `runs`: of that service, those that are known already.
 */
export async function findBelow(
  root: string,
  name: string,
  storage: Storage,
  runs?: AbsRunCache,
): Promise<CatalogEntry[]> {
  const path = joinPath(root, name);
  try {
    const entry = await readBackupAt(path, storage);
    return entry === undefined ? await findAbsBackups(root, path, storage, runs) : [entry];
  } catch (error) {
    return [toDamaged(root, name)(error)];
  }
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
  let found: CatalogEntry | undefined;
  try {
    found = await readLivingDirectory(path, storage, files);
    if (!files.some(({ name }) => name === TOMBSTONE_NAME)) return found;
  } catch (error) {
    // It may have been deleted since its directory was read.
    if ((await readTombstone(path, storage)) === undefined) throw error;
    found = toDamaged(dirname(path), basename(path))(error);
  }
  return toDeleted(path, storage, found);
}

/** `found`: what is there of the backup. It is returned as it is if there is no tombstone, or none any more. */
async function toDeleted(
  path: string,
  storage: Storage,
  found: CatalogEntry | undefined,
): Promise<CatalogEntry | undefined> {
  const tombstone = await readTombstone(path, storage);
  if (tombstone === undefined) return found;
  const entry: CatalogEntry = found ?? {
    id: tombstone.id,
    path,
    kind: tombstone.kind,
    state: 'DELETED',
    parts: [],
    held: false,
  };
  const parts = entry.parts.map((part): NamespacePart => {
    return withoutReason<NamespacePart>({ ...part, state: 'DELETED' });
  });
  const isLeft = found?.state === 'DAMAGED' || parts.some(({ manifest, files }) => manifest !== undefined || files > 0);
  return {
    ...withoutReason(entry),
    state: 'DELETED',
    ...(tombstone.deleted === '' ? {} : { deleted: tombstone.deleted }),
    ...(isLeft ? { reason: 'Its deletion was interrupted; delete it again to finish it' } : {}),
    parts,
  };
}

/** Why it was not complete does not matter any more. */
function withoutReason<T extends { reason?: string }>(value: T): T {
  const copy = { ...value };
  delete copy.reason;
  return copy;
}

async function readLivingDirectory(
  path: string,
  storage: Storage,
  files: readonly ListedFile[],
): Promise<CatalogEntry | undefined> {
  const names = new Set(files.map(({ name }) => name));
  const held = names.has(HOLD_NAME);
  if (names.has(BACKUP_DOCUMENT_NAME)) return readDocumentEntry(path, storage, names, held);
  if (names.has(MANIFEST_NAME)) {
    const part = await readManifestPart(path, storage, joinPath(path, MANIFEST_NAME));
    if (part !== undefined) return fromManifest(path, part, held);
  }
  const sharded = await readShardedPart(path, storage, [...names]);
  if (sharded?.manifest !== undefined) return fromManifest(path, sharded, held);
  if (sharded !== undefined) throw new CatalogError('CATALOG_DAMAGED', sharded.reason ?? `${path} is damaged`);
  const backupFiles = files.filter(({ name }) => isBackupFileName(name));
  if (backupFiles.length === 0) return undefined;
  const isInterrupted = [...names].some((name) => name.endsWith('.asb.state'));
  const part = await readPlainPart(path, storage, backupFiles, isInterrupted);
  return { id: basename(path), path, kind: 'files', state: part.state, parts: [part], held };
}

/** A part that is damaged or missing is in the result, too. Throws StorageError. */
async function readDocumentEntry(
  path: string,
  storage: Storage,
  names: ReadonlySet<string>,
  held: boolean,
): Promise<CatalogEntry> {
  let document: BackupDocument | undefined;
  let damage: string | undefined;
  try {
    document = await readBackupDocument(path, storage);
    if (document === undefined) damage = 'The backup document was deleted while it was read';
  } catch (error) {
    damage = errorMessage(error);
  }
  // Which namespaces there are to be is not known then; those that are there belong to the backup all the same.
  const namespaces = document?.namespaces ?? (await storage.listDirectories(path));
  const readParts = (isLocked: boolean): Promise<NamespacePart[]> =>
    Promise.all(
      namespaces.map((namespace) =>
        readDocumentPart(joinPath(path, namespace), namespace, storage, document, isLocked),
      ),
    );
  let parts = await readParts(false);
  if (parts.some(({ state: each }) => each !== 'COMPLETED')) {
    // Read again, as what was not complete may have become so before the lock was looked for.
    parts = await readParts(await isLockHeld(storage, joinPath(path, LOCK_NAME)));
  }
  let state = damage === undefined ? combineStates(parts) : 'DAMAGED';
  let reason = damage ?? findReason(parts, state);
  if (state === 'INCOMPLETE' && names.has(BACKUP_OUTCOME_NAME)) {
    ({ state, reason } = (await readBackupOutcome(path, storage)) ?? { state, reason });
  }
  const finished = latest(parts.map((part) => part.finished));
  const modifiedBefore = latest(parts.map((part) => part.modifiedBefore));
  return {
    id: document?.id ?? basename(path),
    path,
    kind: 'manifest',
    state,
    ...(document === undefined ? {} : { type: document.type, started: document.started }),
    ...(document?.parent === undefined ? {} : { parent: document.parent }),
    ...(reason === undefined ? {} : { reason }),
    ...(finished === undefined ? {} : { finished }),
    ...(modifiedBefore === undefined ? {} : { modifiedBefore }),
    parts,
    held,
    ...(document === undefined ? {} : { document }),
  };
}

/** `isLocked`: a run works on the backup. */
async function readDocumentPart(
  path: string,
  namespace: string,
  storage: Storage,
  document: BackupDocument | undefined,
  isLocked: boolean,
): Promise<NamespacePart> {
  const empty = { namespace, path, bytes: 0, files: 0 };
  try {
    const part =
      document?.shards === undefined
        ? await readManifestPart(path, storage, joinPath(path, MANIFEST_NAME))
        : await readShards(path, storage, document.shards);
    if (part === undefined) {
      if (await hasBackupFiles(path, storage)) {
        return { ...empty, state: 'DAMAGED', reason: `The manifest of ${path} is missing, and its files are there` };
      }
      if (isLocked) return { ...empty, state: 'IN_PROGRESS' };
      return { ...empty, state: 'INCOMPLETE', reason: `The namespace ${namespace} was not begun` };
    }
    const difference =
      document === undefined || part.manifest === undefined ? undefined : findDifference(part, namespace, document);
    if (difference !== undefined) {
      return { ...part, namespace, state: 'DAMAGED', reason: `The manifest of ${path} ${difference}` };
    }
    if (!isLocked || part.state === 'COMPLETED' || part.manifest === undefined) return part;
    delete part.reason;
    return { ...part, state: 'IN_PROGRESS' };
  } catch (error) {
    return { ...empty, state: 'DAMAGED', reason: errorMessage(error) };
  }
}

/** `count`: as the document of the backup says. */
async function readShards(path: string, storage: Storage, count: number): Promise<NamespacePart | undefined> {
  if (!(await storage.exists('directory', path))) return undefined;
  const names = (await storage.list(path)).map(({ name }) => name);
  const part = await readShardedPart(path, storage, names);
  if (part?.shards === undefined || part.shards.count === count) return part;
  const reason = `The shards in ${path} are parts of ${part.shards.count}, not of ${count}`;
  return { ...part, state: 'DAMAGED', reason };
}

async function hasBackupFiles(path: string, storage: Storage): Promise<boolean> {
  if (!(await storage.exists('directory', path))) return false;
  return (await storage.list(path)).some(({ name }) => isBackupFileName(name));
}

/** In what the manifest of a part contradicts the document of the backup, for a message; undefined = in nothing. */
function findDifference(
  { namespace: found, manifest }: NamespacePart,
  namespace: string,
  document: BackupDocument,
): string | undefined {
  const { id, type, parent } = manifest!.manifest!;
  if (found !== namespace) return `is of the namespace ${found}`;
  if (id !== document.id) return `belongs to the backup ${id}, not to ${document.id}`;
  if (type !== document.type) return `says ${type}, the backup document ${document.type}`;
  if (parent !== document.parent) {
    return `has the parent ${parent ?? 'none'}, the backup document ${document.parent ?? 'none'}`;
  }
  return undefined;
}

/** From what hides the others to what is hidden by all. */
const PRECEDENCE: readonly CatalogState[] = ['DAMAGED', 'FAILED', 'CANCELED', 'INCOMPLETE', 'IN_PROGRESS', 'COMPLETED'];

/** What the states of the parts make of the backup. */
function combineStates(parts: readonly NamespacePart[]): CatalogState {
  return PRECEDENCE.find((state) => parts.some((part) => part.state === state)) ?? 'DAMAGED';
}

/** Of the first part in the state of the backup that has one. */
function findReason(parts: readonly NamespacePart[], state: CatalogState): string | undefined {
  return parts.find((part) => part.state === state && part.reason !== undefined)?.reason;
}

/** Undefined = one is not known. */
function latest(times: readonly (string | undefined)[]): string | undefined {
  let last: string | undefined;
  for (const time of times) {
    if (time === undefined) return undefined;
    if (last === undefined || Date.parse(time) > Date.parse(last)) last = time;
  }
  return last;
}

/** Undefined = there is no manifest at `file`. Throws StateError, StorageError. */
async function readManifestPart(path: string, storage: Storage, file: string): Promise<NamespacePart | undefined> {
  const bytes = await readIfExists(storage, file, 'the manifest');
  if (bytes === undefined) return undefined;
  const state = parseState(bytes, file);
  const { manifest, identity, counters, files } = state;
  if (manifest === undefined) return undefined;
  const lock = isBackupFileName(basename(path)) ? `${path}.lock` : joinPath(path, LOCK_NAME);
  const isEnded = manifest.state === 'IN_PROGRESS' && !(await isLockHeld(storage, lock));
  const { reason, started, finished, modifiedBefore } = manifest;
  return {
    namespace: String(identity.namespace ?? ''),
    path,
    state: isEnded ? 'INCOMPLETE' : manifest.state,
    ...(reason === undefined ? {} : { reason }),
    started,
    ...(finished === undefined ? {} : { finished }),
    modifiedBefore: modifiedBefore ?? started,
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
    ...(part.modifiedBefore === undefined ? {} : { modifiedBefore: part.modifiedBefore }),
    parts: [part],
    held,
  };
}

async function readFileEntry(path: string, storage: Storage): Promise<CatalogEntry | undefined> {
  return toDeleted(path, storage, await readLivingFile(path, storage));
}

async function readLivingFile(path: string, storage: Storage): Promise<CatalogEntry | undefined> {
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

async function readPlainPart(
  path: string,
  storage: Storage,
  files: readonly ListedFile[],
  isInterrupted: boolean,
): Promise<NamespacePart> {
  let bytes = 0;
  // Nobody waits for a pipe.
  const regular: string[] = [];
  for (const { name, sizeBytes } of files) {
    const found = sizeBytes === undefined ? await storage.stat(joinPath(path, name)) : { sizeBytes, kind: 'regular' };
    bytes += found.sizeBytes;
    if (found.kind === 'regular') regular.push(name);
  }
  const state = isInterrupted ? 'INCOMPLETE' : 'UNKNOWN';
  return { namespace: await readFileNamespace(path, regular, storage), path, state, bytes, files: files.length };
}
