/**
 * Copies a backup with its manifests to another place. While it is written, each manifest there says that the copy is
 * not complete, and names the files that are: what interrupts the copy, the next one goes on. At the end the manifests
 * are those of the backup, byte for byte; of a copy that is stored in another way (recode-files.ts), they say how.
 */
import { createHash } from 'node:crypto';
import { basename, dirname, isAbsolute } from 'node:path';
import type { EncryptionKey } from '../../codecs/key.js';
import type { ByteSink, ByteSource } from '../../core/byte-stream.js';
import type { RunContext } from '../../core/run-context.js';
import { runAll } from '../../core/run-all.js';
import { Semaphore } from '../../core/semaphore.js';
import { canonicalPath, joinPath, parentPath } from '../../storage/paths.js';
import type { StorageAccess } from '../../storage/registry.js';
import { isBackupFileName, type Storage } from '../../storage/storage.js';
import { LOCK_NAME, RunLock } from '../backup/checkpoint/lock.js';
import {
  checkIdentity,
  parseState,
  saveState,
  type BackupState,
  type Identity,
  type StateFileEntry,
} from '../backup/checkpoint/state-file.js';
import { filesAndUnfinished } from '../backup/output/target.js';
import { BACKUP_DOCUMENT_NAME, parseBackupDocument, readIfExists, sealBackupDocument } from './backup-document.js';
import { matchSibling } from '../shard/names.js';
import { listParents } from './chains.js';
import { CatalogError } from './errors.js';
import { findBackups, readBackup, type CatalogEntry, type NamespacePart } from './find-backups.js';
import { manifestPath, toBackupPlace } from './manifest.js';
import { removeTemporaries } from './own-files.js';
import { FileRecoder, type Recoding } from './recode-files.js';
import { refuseDeleted } from './tombstone.js';
import { withReaderMarks } from './reader-mark.js';
import { BlockChecker } from './verify-backup.js';

export interface CopyConfig {
  source: string;
  /** The path that the copy is to have, or with a slash at its end the directory in which it keeps its name. */
  destination: string;
  /** Read the copy back, and compare its checksums again. */
  verifies: boolean;
  /** Files that are copied at the same time. */
  parallel: number;
  storages: StorageAccess;
  /** How the copy is to be stored; absent = as the backup is, byte for byte. */
  recoding?: Recoding | undefined;
  /** Of an encrypted backup: to read it, and to authenticate its documents. A copy as it is needs none. */
  key?: EncryptionKey | undefined;
}

export interface CopyResult {
  id: string;
  /** Of the copy. */
  path: string;
  /** Id of the backup that it is based on, if that is not where the copy is. */
  missingParent?: string;
  files: number;
  bytes: number;
  /** Files of an earlier copy that was interrupted. */
  kept: number;
  verified: boolean;
}

/** In the identity of a copy that is not complete: the SHA-256 of the manifest that it is of. */
const COPY_OF = 'copy-of';

/** One namespace of a copy. */
interface PartCopy {
  from: NamespacePart;
  /** The directory or file. */
  path: string;
  manifestFile: string;
  /** The manifest, byte for byte. */
  text: string;
  state: BackupState;
  /** What the manifest of the unfinished copy says. */
  progress: BackupState;
  /** The copy is complete already. */
  isComplete: boolean;
  /** Absent = the files are copied as they are. */
  recoder?: FileRecoder | undefined;
}

/**
 * Throws CatalogError CATALOG_STATE, CATALOG_NOT_FOUND, CATALOG_DELETED, CATALOG_KEY, CATALOG_DAMAGED, CATALOG_COPY (it
 * is damaged, or was not copied as it is), LockError, StateError, StorageError, CodecError, or the signal's
 * reason. The same call goes on where it stopped.
 */
export async function copyBackup(config: CopyConfig, context: RunContext): Promise<CopyResult> {
  const { storages } = config;
  const entry = await readBackup(config.source, storages);
  refuseIncomplete(entry);
  const path = resolveDestination(entry, config.destination);
  const storage = await storages.forPath(path);
  await refuseDeleted(toBackupPlace(path), storage);
  const isFile = isBackupFileName(basename(entry.path));
  if (isFile !== isBackupFileName(basename(path))) {
    const kind = isFile ? 'a file: the name of its copy has to end in .asb' : 'a directory: so is its copy';
    throw new CatalogError('CATALOG_COPY', `The backup at ${entry.path} is ${kind}`);
  }
  if (!isFile) await storage.ensureDirectory(path);
  const lost = new AbortController();
  const { runId, signal } = context;
  const lock = await RunLock.acquire({
    paths: [isFile ? `${path}.lock` : joinPath(path, LOCK_NAME)],
    runId,
    storages,
    signal,
    onLost: (error) => lost.abort(error),
  });
  try {
    // Now that nobody else works on it.
    await refuseDeleted(toBackupPlace(path), storage);
    const stop = AbortSignal.any([signal, lost.signal]);
    const copy = new BackupCopy(entry, path, config, { ...context, signal: stop }, lock);
    return await withReaderMarks([entry.path], { storages, signal: stop }, () => copy.run());
  } finally {
    await lock.release();
  }
}

function refuseIncomplete({ path, state, reason, kind }: CatalogEntry): void {
  if (state === 'COMPLETED' && kind === 'manifest') return;
  const why = reason === undefined ? '' : ` (${reason})`;
  const text =
    kind !== 'manifest' ? 'has no manifest: nothing tells whether a copy of it is right' : `is ${state}${why}`;
  throw new CatalogError('CATALOG_STATE', `The backup at ${path} ${text}; it was not copied`);
}

/** In a directory of backups, the copy has the name that the backup has in its own. */
function resolveDestination({ path }: CatalogEntry, destination: string): string {
  const isDirectory = /[/\\]$/.test(destination) || /^[a-z][a-z0-9+.-]*:\/\/[^/]+$/i.test(destination);
  return isDirectory ? joinPath(destination, basename(path)) : destination;
}

class BackupCopy {
  private readonly result: CopyResult;
  private readonly limit: Semaphore;

  constructor(
    private readonly entry: CatalogEntry,
    private readonly path: string,
    private readonly config: CopyConfig,
    private readonly context: RunContext,
    private readonly lock: RunLock,
  ) {
    this.result = { id: entry.id, path, files: 0, bytes: 0, kept: 0, verified: config.verifies };
    this.limit = new Semaphore(() => config.parallel);
  }

  async run(): Promise<CopyResult> {
    if (canonicalPath(this.path) === canonicalPath(this.entry.path)) {
      throw new CatalogError('CATALOG_COPY', `The backup at ${this.path} cannot be copied to itself`);
    }
    const storage = await this.config.storages.forPath(this.path);
    const isFile = isBackupFileName(basename(this.path));
    if (isFile) await removeTemporaries(storage, dirname(this.path), basename(this.path));
    else await removeTemporaries(storage, this.path);
    await this.copyDocument();
    const parts: PartCopy[] = [];
    for (const part of this.entry.parts) {
      for (const document of listDocuments(part)) parts.push(await this.beginPart(part, document));
    }
    for (const part of parts) await this.copyFiles(part);
    if (this.config.verifies) for (const part of parts) await this.verifyFiles(part);
    this.context.signal.throwIfAborted();
    await this.lock.assertHeld();
    for (const part of parts.filter(({ isComplete }) => !isComplete)) {
      const { manifestFile, text, recoder } = part;
      if (recoder === undefined) await storage.writeSmall(manifestFile, text, 'the manifest');
      else await saveState(manifestFile, finishState(part, recoder), this.config.storages, recoder.key);
    }
    const missingParent = await this.findMissingParent();
    return { ...this.result, ...(missingParent === undefined ? {} : { missingParent }) };
  }

  private async findMissingParent(): Promise<string | undefined> {
    const root = parentPath(this.path);
    const [parent] = listParents(this.entry);
    if (parent === undefined || root === undefined) return parent;
    const entries = await findBackups(root, this.config.storages);
    return entries.some(({ id, state }) => id === parent && state === 'COMPLETED') ? undefined : parent;
  }

  /** It comes first, as with every backup: the id is taken. */
  private async copyDocument(): Promise<void> {
    if (this.entry.document === undefined) return;
    const { storages } = this.config;
    const source = joinPath(this.entry.path, BACKUP_DOCUMENT_NAME);
    const original = await (await storages.forPath(source)).readSmall(source, 'the backup document');
    const text = await this.sealForCopy(original, source);
    const target = joinPath(this.path, BACKUP_DOCUMENT_NAME);
    const storage = await storages.forPath(target);
    if (await storage.createExclusive(target, text)) return;
    if ((await storage.readSmall(target, 'the backup document')).toString('utf8') !== text)
      throw otherBackup(this.path);
  }

  /** The document as the copy has it: with another key, it is authenticated anew. */
  private async sealForCopy(bytes: Buffer, path: string): Promise<string> {
    const { recoding, key } = this.config;
    const part = this.entry.parts.find(({ manifest }) => manifest !== undefined);
    if (recoding === undefined || part?.manifest === undefined) return bytes.toString('utf8');
    const { key: newKey } = await FileRecoder.open(part, part.manifest, recoding, key);
    return sealBackupDocument(parseBackupDocument(bytes, path, isEncrypted(part.manifest) ? key : undefined), newKey);
  }

  /** Writes the manifest that says that the copy is not complete, or reads the one that an earlier copy has left. */
  private async beginPart(from: NamespacePart, sourceFile: string): Promise<PartCopy> {
    const { storages } = this.config;
    const source = await storages.forPath(from.path);
    const bytes = await source.readSmall(sourceFile, 'the manifest');
    const { recoding, key } = this.config;
    const state = parseState(bytes, sourceFile, isEncrypted(parseState(bytes, sourceFile)) ? key : undefined);
    if (state.manifest?.state !== 'COMPLETED') throw changedBackup(from.path);
    const path = this.entry.document === undefined ? this.path : joinPath(this.path, from.namespace);
    const manifestFile =
      from.shards === undefined ? manifestPath({ kind: readKind(from), path }) : joinPath(path, basename(sourceFile));
    const storage = await storages.forPath(path);
    if (readKind(from) === 'directory') await storage.ensureDirectory(path);
    if (path !== this.path) await removeTemporaries(storage, path);
    const text = bytes.toString('utf8');
    const digest = createHash('sha256').update(bytes).digest('hex');
    const found = await readIfExists(storage, manifestFile, 'the manifest');
    const recoder = recoding === undefined ? undefined : await FileRecoder.open(from, state, recoding, key);
    const identity = { ...state.identity, ...recoder?.identity };
    const base = { from, path, manifestFile, text, state, recoder };
    if (recoder === undefined && found?.toString('utf8') === text)
      return { ...base, progress: state, isComplete: true };
    if (found !== undefined) {
      const progress = parseState(found, manifestFile, recoder?.key);
      if (recoder !== undefined && isFinishedCopy(progress, state, identity)) {
        return { ...base, progress, isComplete: true };
      }
      if (recoder !== undefined) checkIdentity(manifestFile, progress.identity, { ...identity, [COPY_OF]: digest });
      if (progress.identity[COPY_OF] !== digest) throw otherBackup(path);
      progress.runId = this.context.runId;
      await saveState(manifestFile, progress, storages, recoder?.key);
      return { ...base, progress, isComplete: false };
    }
    await refuseFiles(storage, from, path, state);
    const progress: BackupState = {
      ...state,
      runId: this.context.runId,
      target: canonicalPath(path),
      identity: { ...identity, [COPY_OF]: digest },
      files: [],
      counters: { ...state.counters, records: 0, bytes: 0 },
      manifest: { ...state.manifest, state: 'IN_PROGRESS' },
    };
    delete progress.manifest!.finished;
    await saveState(manifestFile, progress, storages, recoder?.key);
    return { ...base, progress, isComplete: false };
  }

  /** All have ended before the lock is released. */
  private async copyFiles(part: PartCopy): Promise<void> {
    const { limit, context } = this;
    await runAll(part.state.files, { limit, signal: context.signal }, (file, signal) =>
      this.copyFile(part, file, signal),
    );
  }

  private async copyFile(part: PartCopy, file: StateFileEntry, signal: AbortSignal): Promise<void> {
    const { storages } = this.config;
    const from = resolveFile(part.from, file);
    const to = resolveFile({ ...part.from, path: part.path }, file);
    const storage = await storages.forPath(to);
    this.result.files++;
    const known = part.progress.files.find(({ name }) => name === file.name);
    if (known !== undefined) {
      if ((await storage.exists('file', to)) && (await storage.stat(to)).sizeBytes === known.bytes) {
        this.result.kept++;
        this.result.bytes += known.bytes;
        return;
      }
      if (part.isComplete)
        throw new CatalogError('CATALOG_COPY', `${to}, of the copy, is missing or has another length`);
    }
    if (dirname(file.name) !== '.' && readKind(part.from) === 'directory') await storage.ensureDirectory(dirname(to));
    // What a copy that was killed has left has no resume point.
    await storage.deleteFile(to, 'ignore');
    const entry = await this.transferFile(part, file, { from, to }, signal);
    const { sizeBytes } = await storage.stat(to);
    if (sizeBytes !== entry.bytes) {
      throw new CatalogError('CATALOG_COPY', `${to} has ${sizeBytes} byte(s), but ${entry.bytes} were copied`);
    }
    this.result.bytes += entry.bytes;
    await this.saveProgress(part, entry);
  }

  /** Resolves with the entry of the copy. */
  private async transferFile(
    { recoder }: PartCopy,
    file: StateFileEntry,
    { from, to }: { from: string; to: string },
    signal: AbortSignal,
  ): Promise<StateFileEntry> {
    const { storages, parallel } = this.config;
    const storage = await storages.forPath(to);
    const source = await (await storages.forPath(from)).open(from, { readers: parallel });
    try {
      const sink = await storage.create(to, file.bytes);
      let entry = file;
      try {
        if (recoder === undefined) await copyBytes(source, sink, file, signal);
        else {
          const copied = await recoder.copy(source, sink, file, signal);
          if ('problems' in copied) throw damagedFile(from, copied.problems);
          entry = copied.entry;
        }
      } catch (error) {
        await sink.abort();
        throw error;
      }
      const reason = sink.identity === undefined ? undefined : await storage.verifyWritten(to, sink.identity);
      if (reason !== undefined) throw new CatalogError('CATALOG_COPY', `${to} is not what was written: ${reason}`);
      return entry;
    } finally {
      await source.close();
    }
  }

  private saving: Promise<void> = Promise.resolve();

  /** One after another: each replaces the document of the one before. */
  private saveProgress({ progress, manifestFile, recoder }: PartCopy, file: StateFileEntry): Promise<void> {
    const next = this.saving.then(async () => {
      await this.lock.assertHeld();
      progress.files.push(file);
      progress.counters.records += file.records;
      progress.counters.bytes += file.bytes;
      await saveState(manifestFile, progress, this.config.storages, recoder?.key);
    });
    this.saving = next.catch(() => undefined);
    return next;
  }

  private async verifyFiles(part: PartCopy): Promise<void> {
    const { recoder, state, progress } = part;
    const { files } = recoder === undefined ? state : progress;
    await runAll(files, { limit: this.limit, signal: this.context.signal }, async (file, signal) => {
      const path = resolveFile({ ...part.from, path: part.path }, file);
      const checker = new BlockChecker(file.blocks ?? []);
      await this.withSource(path, async (source) => {
        for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) {
          signal.throwIfAborted();
          checker.append(chunk);
        }
      });
      refuseDamage(path, checker.finish(file.bytes));
      if (recoder === undefined) return;
      const isSame = await this.withSource(resolveFile(part.from, file), (original) =>
        this.withSource(path, (copy) => recoder.haveSameText(original, copy, signal)),
      );
      if (!isSame) throw new CatalogError('CATALOG_COPY', `${path} does not have the text that was copied`);
    });
  }

  private async withSource<T>(path: string, read: (source: ByteSource) => Promise<T>): Promise<T> {
    const { storages, parallel } = this.config;
    const source = await (await storages.forPath(path)).open(path, { readers: parallel });
    try {
      return await read(source);
    } finally {
      await source.close();
    }
  }
}

/** Throws CatalogError CATALOG_COPY if the source is not what was written. */
async function copyBytes(source: ByteSource, sink: ByteSink, file: StateFileEntry, signal: AbortSignal): Promise<void> {
  const checker = new BlockChecker(file.blocks ?? []);
  for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) {
    signal.throwIfAborted();
    // Before it is written: afterwards the storage may own its memory.
    checker.append(chunk);
    await sink.write(chunk);
  }
  refuseDamage(source.name, checker.finish(file.bytes));
  await sink.close();
}

/** Paths of the manifests of a part: one, or one for each shard. */
function listDocuments(part: NamespacePart): string[] {
  const { path, shards } = part;
  if (shards !== undefined) return shards.begun.map(({ document }) => document);
  return [manifestPath({ kind: readKind(part), path })];
}

function readKind({ manifest }: NamespacePart): 'file' | 'directory' {
  return manifest?.identity.target === 'file' ? 'file' : 'directory';
}

function resolveFile(part: NamespacePart, { name }: StateFileEntry): string {
  if (readKind(part) === 'file') return part.path;
  if (isAbsolute(name) || name.split('/').includes('..')) {
    throw new CatalogError('CATALOG_COPY', `The manifest of ${part.path} names a file that is not in its directory`);
  }
  return joinPath(part.path, name);
}

function isEncrypted({ identity }: BackupState): boolean {
  return identity.encrypt !== undefined && identity.encrypt !== '';
}

/** The manifest of a complete copy that is stored in another way than the backup. */
function finishState({ state, progress, path }: PartCopy, recoder: FileRecoder): BackupState {
  const files = state.files.map(({ name }) => progress.files.find((file) => file.name === name)!);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return {
    ...state,
    runId: progress.runId,
    target: canonicalPath(path),
    identity: { ...state.identity, ...recoder.identity },
    files,
    counters: { ...state.counters, bytes },
  };
}

/** Whether `found` is what `finishState` has made of `state`. */
function isFinishedCopy(found: BackupState, state: BackupState, identity: Identity): boolean {
  const describe = ({ manifest, files, counters }: BackupState): string =>
    JSON.stringify([manifest, files.map(({ name, records }) => [name, records]), counters.records]);
  const sorted = (fields: Identity): string => JSON.stringify(Object.entries(fields).sort());
  return describe(found) === describe(state) && sorted(found.identity) === sorted(identity);
}

/** A restore of the directory would read them, too. */
async function refuseFiles(storage: Storage, from: NamespacePart, path: string, state: BackupState): Promise<void> {
  const isSibling = matchSibling(String(state.identity['output-file-prefix']));
  const isTaken =
    readKind(from) === 'file'
      ? await storage.exists('file', path)
      : (await filesAndUnfinished(storage, path)).some((name) => from.shards === undefined || !isSibling(name));
  if (isTaken) throw otherBackup(path);
}

function refuseDamage(path: string, problems: readonly string[]): void {
  if (problems.length > 0) throw damagedFile(path, problems);
}

function damagedFile(path: string, problems: readonly string[]): CatalogError {
  return new CatalogError('CATALOG_COPY', `${path} is not what its manifest says: ${problems.join('; ')}`, {
    details: { path },
  });
}

function otherBackup(path: string): CatalogError {
  return new CatalogError('CATALOG_COPY', `There is another backup at ${path}; nothing was copied over it`);
}

function changedBackup(path: string): CatalogError {
  return new CatalogError('CATALOG_COPY', `The backup at ${path} was changed while it was copied`);
}
