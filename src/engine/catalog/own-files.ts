/** Which files of a directory belong to a backup, and nothing else: what its deletion removes. */
import { basename, dirname, isAbsolute } from 'node:path';
import { joinPath } from '../../storage/paths.js';
import { isBackupFileName, type Storage } from '../../storage/storage.js';
import { LOCK_NAME } from '../backup/checkpoint/lock.js';
import { parseState, type BackupState } from '../backup/checkpoint/state-file.js';
import { filesAndUnfinished, isOfBackup } from '../backup/output/target.js';
import { BACKUP_DOCUMENT_NAME, readIfExists } from './backup-document.js';
import { BACKUP_OUTCOME_NAME } from './backup-outcome.js';
import type { CatalogEntry } from './find-backups.js';
import { HOLD_NAME } from './hold.js';
import { MANIFEST_NAME, toBackupPlace } from './manifest.js';
import { isReaderMark, listReaderMarks } from './reader-mark.js';
import { isShardLock, parseShardManifest } from '../shard/names.js';
import { readShardedPart } from './sharded-part.js';
import { TOMBSTONE_NAME, type Tombstone } from './tombstone.js';

/** What a backup has in one directory. Names are those of files directly in it. */
export interface OwnFiles {
  directory: string;
  /** Names of backup files. */
  data: string[];
  /** Names of documents: removed when no data is left anywhere. */
  documents: string[];
  /** Names of other files, and of directories that are not of the backup. */
  strangers: string[];
  /** The directory goes when nothing is left in it. */
  isRemovable: boolean;
}

/** Names of what a process that was killed leaves of documents that it was writing. */
const TEMPORARY =
  /^(?:manifest|hold|backup|tombstone|outcome)\.json\.[0-9a-f]{12}\.tmp$|\.(?:lock|manifest\.json)\.[0-9a-f]{12}\.tmp$/;
const LEFT_DOCUMENT = /(?:^|\.)(?:manifest|backup)\.json\.[0-9a-f]{12}\.tmp$/;
/** What stays of a deleted backup, and what whoever works on it removes. */
const KEPT: readonly string[] = [BACKUP_DOCUMENT_NAME, TOMBSTONE_NAME, HOLD_NAME, LOCK_NAME];

/**
 * Removes what processes that were killed have left of the documents of a backup, or with `file` of those of one file.
 * For whoever holds the lock of the backup: nobody else writes them. Holds and locks may be in the making, and stay.
 */
export async function removeTemporaries(storage: Storage, directory: string, file?: string): Promise<void> {
  const names = (await storage.list(directory)).map(({ name }) => name);
  const isLeft = (name: string): boolean =>
    LEFT_DOCUMENT.test(name) && (file === undefined || name.startsWith(`${file}.`));
  const left = names.filter(isLeft);
  if (left.length > 0) await storage.deleteFiles(directory, left);
}

/** Whether the directory holds nothing but a document that somebody is writing, or was when it was killed. */
export async function hasOnlyTemporaries(storage: Storage, directory: string): Promise<boolean> {
  const names = (await storage.list(directory)).map(({ name }) => name);
  return names.every((name) => LEFT_DOCUMENT.test(name)) && (await storage.listDirectories(directory)).length === 0;
}

/** Of a backup that is to be deleted. Throws StorageError. */
export async function findOwnFiles(
  { path, document, kind }: CatalogEntry,
  storage: Storage,
  tombstone?: Tombstone,
): Promise<OwnFiles[]> {
  if (isBackupFileName(basename(path))) return [await findFiles(path, storage)];
  const names = (await storage.list(path)).map(({ name }) => name);
  if (!names.includes(BACKUP_DOCUMENT_NAME)) {
    // Without a manifest, the backup files that are there are those of the backup, or what is left of it.
    const isWithoutManifest = (tombstone?.kind ?? kind) === 'files' || tombstone === undefined;
    return findDirectory(path, storage, { isRemovable: false, isWithoutManifest });
  }
  const directories = await storage.listDirectories(path);
  const beside = findDocuments(path, [...new Set([...names, ...directories])]);
  const found: OwnFiles[] = [beside];
  for (const name of directories) {
    const directory = joinPath(path, name);
    const manifest = await readManifest(directory, storage);
    const id = typeof manifest === 'object' ? manifest.manifest?.id : undefined;
    const isPlanned = document?.namespaces.includes(name) === true;
    // A backup of its own that somebody has put there is nobody's namespace.
    if (id === undefined ? !isPlanned : id !== (document?.id ?? basename(path))) continue;
    found.push(...(await findDirectory(directory, storage, { isRemovable: true, isWithoutManifest: true })));
    beside.strangers = beside.strangers.filter((each) => each !== name);
  }
  return found;
}

/** A file with the documents beside it. */
async function findFiles(path: string, storage: Storage): Promise<OwnFiles> {
  const name = basename(path);
  const directory = dirname(path);
  const documents: string[] = [];
  for (const suffix of [MANIFEST_NAME, 'state']) {
    if (await storage.exists('file', `${path}.${suffix}`)) documents.push(`${name}.${suffix}`);
  }
  documents.push(...(await listReaderMarks(toBackupPlace(path), storage)).map((mark) => mark.name));
  const isThere = (await storage.exists('file', path)) || (await storage.listUnfinished(directory)).includes(name);
  return { directory, data: isThere ? [name] : [], documents, strangers: [], isRemovable: false };
}

/** What is beside the namespaces of a backup. */
function findDocuments(directory: string, names: readonly string[]): OwnFiles {
  const isOwn = (name: string): boolean =>
    name === BACKUP_OUTCOME_NAME || TEMPORARY.test(name) || isShardLock(name) || isReaderMark(name);
  return {
    directory,
    data: [],
    documents: names.filter(isOwn),
    strangers: names.filter((name) => !isOwn(name) && !KEPT.includes(name)),
    isRemovable: false,
  };
}

async function findDirectory(
  path: string,
  storage: Storage,
  { isRemovable, isWithoutManifest }: { isRemovable: boolean; isWithoutManifest: boolean },
): Promise<OwnFiles[]> {
  const manifest = await readManifest(path, storage);
  const prefix = typeof manifest === 'object' ? String(manifest.identity['output-file-prefix'] ?? '') : '';
  // A prefix may begin with the name of a directory.
  const below = dirname(prefix);
  const isBelow = below !== '.' && !isAbsolute(below) && !below.split('/').includes('..');
  const named = new Set(typeof manifest === 'object' ? manifest.files.map(({ name }) => name) : []);
  const isNamed = isOfBackup(prefix);
  const isOwn = (name: string, at: string): boolean => {
    if (typeof manifest === 'object') return named.has(at === '' ? name : `${at}/${name}`) || isNamed(name);
    return manifest === 'damaged' || isWithoutManifest;
  };
  const findIn = async (directory: string, at: string): Promise<OwnFiles> => {
    const files = await filesAndUnfinished(storage, directory);
    const data = files.filter((name) => isOwn(name, at));
    const names = at === '' ? (await storage.list(directory)).map(({ name }) => name) : files;
    const directories = new Set(await storage.listDirectories(directory));
    const all = names.filter((name) => !directories.has(name));
    const documents = all.filter((name) => at === '' && isDocument(name, prefix));
    const own = new Set([...data, ...documents, ...KEPT]);
    const strangers = all.filter((name) => !own.has(name));
    return { directory, data, documents, strangers, isRemovable: isRemovable || at !== '' };
  };
  const found = [await findIn(path, '')];
  const directory = joinPath(path, below);
  if (isBelow && (await storage.exists('directory', directory))) found.push(await findIn(directory, below));
  return found;
}

/** `prefix`: of the files, empty = unknown. */
function isDocument(name: string, prefix: string): boolean {
  if (name === MANIFEST_NAME || TEMPORARY.test(name) || isShardLock(name) || isReaderMark(name)) return true;
  const shard = parseShardManifest(name);
  if (shard !== undefined) return prefix === '' || shard.prefix === basename(prefix);
  return prefix === '' ? name.endsWith('.asb.state') : name === `${basename(prefix)}.asb.state`;
}

/** What the manifests of all shards say. */
async function readShardManifests(path: string, storage: Storage): Promise<BackupState | 'missing' | 'damaged'> {
  const names = (await storage.list(path)).map(({ name }) => name);
  const part = await readShardedPart(path, storage, names);
  if (part === undefined) return 'missing';
  return part.state === 'DAMAGED' || part.manifest === undefined ? 'damaged' : part.manifest;
}

async function readManifest(path: string, storage: Storage): Promise<BackupState | 'missing' | 'damaged'> {
  const file = joinPath(path, MANIFEST_NAME);
  const bytes = await readIfExists(storage, file, 'the manifest');
  if (bytes === undefined) return readShardManifests(path, storage);
  try {
    const state = parseState(bytes, file);
    return state.manifest === undefined ? 'missing' : state;
  } catch {
    return 'damaged';
  }
}
