/**
 * Copies a run of the Aerospike Backup Service to another place. Each namespace has its metadata.yaml last, and all of
 * them come at the very end: until then, nobody takes the copy for a backup.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { RunContext } from '../../core/run-context.js';
import { runAll } from '../../core/run-all.js';
import { Semaphore } from '../../core/semaphore.js';
import { joinPath, parentPath } from '../../storage/paths.js';
import type { StorageAccess } from '../../storage/registry.js';
import { isBackupFileName, type Storage } from '../../storage/storage.js';
import { LOCK_NAME, RunLock } from '../backup/checkpoint/lock.js';
import { parseState } from '../backup/checkpoint/state-file.js';
import { ABS_METADATA_NAME } from './abs-metadata.js';
import { readIfExists } from './backup-document.js';
import type { CopyResult } from './copy-backup.js';
import { CatalogError } from './errors.js';
import type { CatalogEntry, NamespacePart } from './find-backups.js';
import { MANIFEST_NAME, type Block } from './manifest.js';
import { withReaderMarks } from './reader-mark.js';
import { BlockChecker } from './verify-backup.js';

const DOCUMENTS: readonly string[] = [MANIFEST_NAME, ABS_METADATA_NAME];

export interface CopyRunConfig {
  /** A complete run. */
  entry: CatalogEntry;
  /** The directory that the copy is to have; it has the name of the run. */
  destination: string;
  /** Exists, or its parent does: what is between it and the copy is created. */
  root: string;
  /** Read the copy back, and compare it again. */
  verifies: boolean;
  /** Files that are copied at the same time. */
  parallel: number;
  storages: StorageAccess;
}

/** A namespace of the copy. */
interface PartCopy {
  from: string;
  to: string;
  /** By the names of files; absent = there is no manifest. */
  blocks: ReadonlyMap<string, readonly Block[]> | undefined;
  /** Texts by their names; they come after the files. */
  documents: ReadonlyMap<string, string>;
}

/**
 * The same call goes on where it stopped. Throws CatalogError CATALOG_STATE, CATALOG_COPY (the backup is damaged, was
 * changed meanwhile, or another one is there), LockError, StorageError, or the signal's reason.
 */
export async function copyRun(config: CopyRunConfig, context: RunContext): Promise<CopyResult> {
  const { entry, destination, root, storages } = config;
  if (entry.kind !== 'abs' || entry.state !== 'COMPLETED') {
    throw new CatalogError('CATALOG_STATE', `The backup at ${entry.path} is ${entry.state}; it was not copied`);
  }
  const target = await storages.forPath(destination);
  const parts: PartCopy[] = [];
  for (const part of entry.parts) parts.push(await readPart(part, config));
  for (const { to } of parts) await ensureDirectories(root, to, target);
  const lost = new AbortController();
  const lock = await RunLock.acquire({
    paths: parts.map(({ to }) => joinPath(to, LOCK_NAME)),
    runId: context.runId,
    storages,
    signal: context.signal,
    onLost: (error) => lost.abort(error),
  });
  try {
    const signal = AbortSignal.any([context.signal, lost.signal]);
    const copy = new RunCopy(config, target, { ...context, signal }, lock);
    return await withReaderMarks([entry.path], { storages, signal }, () => copy.run(parts));
  } finally {
    await lock.release();
  }
}

async function readPart({ path }: NamespacePart, config: CopyRunConfig): Promise<PartCopy> {
  const source = await config.storages.forPath(path);
  const documents = new Map<string, string>();
  for (const name of DOCUMENTS) {
    const bytes = await readIfExists(source, joinPath(path, name), 'the document');
    if (bytes !== undefined) documents.set(name, bytes.toString('utf8'));
  }
  const file = joinPath(path, MANIFEST_NAME);
  const manifest = documents.get(MANIFEST_NAME);
  const state = manifest === undefined ? undefined : parseState(Buffer.from(manifest), file);
  // Versions before 3 had no directory for the data.
  const below = path.slice(joinPath(config.entry.path, '.').replace(/\/?\.?$/, '').length + 1);
  return {
    from: path,
    to: joinPath(config.destination, below),
    blocks: state === undefined ? undefined : new Map(state.files.map(({ name, blocks = [] }) => [name, blocks])),
    documents,
  };
}

class RunCopy {
  private readonly result: CopyResult;
  private readonly limit: Semaphore;

  constructor(
    private readonly config: CopyRunConfig,
    private readonly target: Storage,
    private readonly context: RunContext,
    private readonly lock: RunLock,
  ) {
    const { entry, destination, parallel, verifies } = config;
    this.result = { id: entry.id, path: destination, files: 0, bytes: 0, kept: 0, verified: verifies };
    this.limit = new Semaphore(() => parallel);
  }

  async run(parts: readonly PartCopy[]): Promise<CopyResult> {
    for (const part of parts) await this.refuseOther(part);
    for (const part of parts) await this.copyPart(part);
    await this.copyConfiguration();
    this.context.signal.throwIfAborted();
    await this.lock.assertHeld();
    for (const { to, documents } of parts) {
      const manifest = documents.get(MANIFEST_NAME);
      if (manifest !== undefined) await this.target.writeSmall(joinPath(to, MANIFEST_NAME), manifest, 'the manifest');
    }
    for (const { to, documents } of parts) {
      await this.target.createExclusive(joinPath(to, ABS_METADATA_NAME), documents.get(ABS_METADATA_NAME)!);
    }
    return this.result;
  }

  /** What an earlier copy of the same run has left is right. */
  private async refuseOther({ to, documents }: PartCopy): Promise<void> {
    for (const [name, text] of documents) {
      const found = await readIfExists(this.target, joinPath(to, name), 'the document');
      if (found === undefined || found.toString('utf8') === text) continue;
      throw new CatalogError('CATALOG_COPY', `There is another backup at ${to}; nothing was copied over it`);
    }
  }

  private async copyPart(part: PartCopy): Promise<void> {
    const source = await this.config.storages.forPath(part.from);
    const names = part.blocks === undefined ? await listData(part.from, source) : [...part.blocks.keys()];
    const { limit, context } = this;
    await runAll(names, { limit, signal: context.signal }, (name, signal) => this.copyFile(name, part, source, signal));
  }

  private async copyFile(
    name: string,
    { from, to, blocks }: PartCopy,
    source: Storage,
    signal: AbortSignal,
  ): Promise<void> {
    if (basename(name) !== name) {
      throw new CatalogError('CATALOG_COPY', `The manifest of ${from} names a file that is not in its directory`);
    }
    const [path, copy] = [joinPath(from, name), joinPath(to, name)];
    const { sizeBytes } = await source.stat(path);
    const expected = blocks?.get(name);
    this.result.files++;
    this.result.bytes += sizeBytes;
    if (expected !== undefined && (await this.isKept(copy, expected, sizeBytes, signal))) {
      this.result.kept++;
      return;
    }
    // What a copy that was killed has left has no resume point.
    await this.target.deleteFile(copy, 'ignore');
    const sink = await this.target.create(copy, sizeBytes);
    let read: FileFacts;
    try {
      read = await this.readFile(path, source, expected ?? [], signal, async (chunk) => sink.write(chunk));
      refuseDamage(path, read.checker.finish(sizeBytes));
      await sink.close();
    } catch (error) {
      await sink.abort();
      throw error;
    }
    const { sizeBytes: written } = await this.target.stat(copy);
    if (written !== sizeBytes) {
      throw new CatalogError('CATALOG_COPY', `${copy} has ${written} byte(s), but ${sizeBytes} were copied`);
    }
    if (!this.config.verifies) return;
    const back = await this.readFile(copy, this.target, expected ?? [], signal);
    refuseDamage(copy, back.checker.finish(sizeBytes));
    if (back.sha256 !== read.sha256) refuseDamage(copy, ['It does not have the bytes that were written']);
  }

  /** Of an earlier call: whole and right. */
  private async isKept(
    copy: string,
    blocks: readonly Block[],
    sizeBytes: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (!(await this.target.exists('file', copy))) return false;
    if ((await this.target.stat(copy)).sizeBytes !== sizeBytes) return false;
    return (await this.readFile(copy, this.target, blocks, signal)).checker.finish(sizeBytes).length === 0;
  }

  private async readFile(
    path: string,
    storage: Storage,
    blocks: readonly Block[],
    signal: AbortSignal,
    onChunk: (chunk: Buffer) => Promise<void> = () => Promise.resolve(),
  ): Promise<FileFacts> {
    const source = await storage.open(path);
    const checker = new BlockChecker(blocks);
    const hash = createHash('sha256');
    try {
      for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) {
        signal.throwIfAborted();
        // Before it is written: afterwards the storage may own its memory.
        checker.append(chunk);
        hash.update(chunk);
        await onChunk(chunk);
      }
    } finally {
      await source.close();
    }
    return { checker, sha256: hash.digest('base64') };
  }

  /** The configuration of the nodes, which full backups may have. */
  private async copyConfiguration(): Promise<void> {
    const { entry, destination, storages, root } = this.config;
    const from = joinPath(entry.path, 'configuration');
    const source = await storages.forPath(from);
    if (!(await source.listDirectories(entry.path)).includes('configuration')) return;
    const to = joinPath(destination, 'configuration');
    await ensureDirectories(root, to, this.target);
    for (const { name } of await source.list(from)) {
      const text = await source.readSmall(joinPath(from, name), 'the configuration of a node');
      await this.target.writeSmall(joinPath(to, name), text.toString('utf8'), 'the configuration of a node');
    }
  }
}

interface FileFacts {
  checker: BlockChecker;
  sha256: string;
}

async function listData(path: string, storage: Storage): Promise<string[]> {
  return (await storage.list(path)).map(({ name }) => name).filter((name) => isBackupFileName(name));
}

function refuseDamage(path: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new CatalogError('CATALOG_COPY', `${path} is not what its manifest says: ${problems.join('; ')}`, {
    details: { path },
  });
}

/** Creates `root`, which has to have a parent, and what is between it and `path`. */
async function ensureDirectories(root: string, path: string, storage: Storage): Promise<void> {
  if (!storage.capabilities.hasDirectories) return;
  const missing: string[] = [];
  for (let each: string | undefined = path; each !== undefined && each.length >= root.length; each = parentPath(each)) {
    missing.push(each);
  }
  for (const each of missing.reverse()) await storage.ensureDirectory(each);
}
