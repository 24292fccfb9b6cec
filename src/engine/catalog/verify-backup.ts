/** Whether a backup is what its manifest says: every block, every record, every file. */
import { basename, dirname, isAbsolute } from 'node:path';
import { createHash, type Hash } from 'node:crypto';
import { errorMessage } from '../../core/errors.js';
import type { RunContext } from '../../core/run-context.js';
import type { CodecConfig } from '../../codecs/codecs.js';
import type { EncryptionKey } from '../../codecs/key.js';
import { COMPRESSION_IDS } from '../../codecs/ids.js';
import { joinPath } from '../../storage/paths.js';
import type { StorageAccess } from '../../storage/registry.js';
import { isBackupFileName, listBackupFiles } from '../../storage/storage.js';
import { parseState, type BackupState, type StateFileEntry } from '../backup/checkpoint/state-file.js';
import { isOfBackup } from '../backup/output/target.js';
import { startValidate, ValidateError, type ValidateResult } from '../verify/validate.js';
import { BACKUP_DOCUMENT_NAME, readBackupDocument, readIfExists, type BackupDocument } from './backup-document.js';
import type { CatalogEntry, NamespacePart } from './find-backups.js';
import { MANIFEST_NAME, manifestPath, type Block } from './manifest.js';

export interface VerifyOptions {
  storages: StorageAccess;
  /** How files without a manifest are stored. */
  codecs: CodecConfig;
  /** Of encrypted backups. */
  key?: EncryptionKey;
  /** Read the bytes, but not the records in them. */
  checksumsOnly: boolean;
  /** Worker threads that read records. */
  parallel: number;
}

export interface VerifyProblem {
  /** The file or directory. */
  path: string;
  /** A sentence without a full stop. */
  text: string;
}

export interface VerifyResult {
  id: string;
  path: string;
  problems: VerifyProblem[];
  files: number;
  /** Whose checksums were compared. */
  bytes: number;
  /** That could be read; absent = records were not read. */
  records?: number;
}

/**
 * Compares a backup with its manifests. A backup without a manifest is read to its end: more cannot be said of it.
 * Throws what the signal's reason is, and nothing for what is wrong with the backup.
 */
export async function verifyBackup(
  entry: CatalogEntry,
  options: VerifyOptions,
  context: RunContext,
): Promise<VerifyResult> {
  const result: VerifyResult = { id: entry.id, path: entry.path, problems: [], files: 0, bytes: 0 };
  const { state, reason } = entry;
  if (state !== 'COMPLETED' && state !== 'UNKNOWN') {
    const why = reason === undefined ? '' : `: ${reason}`;
    result.problems.push({ path: entry.path, text: `The backup is ${state}${why}` });
  }
  if (entry.document !== undefined) await verifyDocument(entry, entry.document, options, result);
  for (const part of entry.parts) {
    context.signal.throwIfAborted();
    if (part.manifest !== undefined) await new PartVerifier(part, part.manifest, options, context, result).verify();
    else if (part.stored !== undefined && part.state === 'COMPLETED')
      await verifyStored(part, options, context, result);
    else if (entry.kind !== 'manifest') await readRecords(part, undefined, options, context, result);
  }
  return result;
}

/**
 * A namespace of the Aerospike Backup Service, which counts its records and files. With a manifest of this program
 * beside its metadata, it is compared with that, too.
 */
async function verifyStored(
  part: NamespacePart,
  options: VerifyOptions,
  context: RunContext,
  result: VerifyResult,
): Promise<void> {
  const { path, records, files } = part;
  const storage = await options.storages.forPath(path);
  const file = joinPath(path, MANIFEST_NAME);
  const before = result.records ?? 0;
  let manifest: BackupState | undefined;
  try {
    const bytes = await readIfExists(storage, file, 'the manifest');
    manifest = bytes === undefined ? undefined : parseState(bytes, file);
  } catch (error) {
    result.problems.push({ path: file, text: errorMessage(error) });
  }
  if (manifest !== undefined) {
    await new PartVerifier(part, manifest, options, context, result).verify();
    const { counters } = manifest;
    if (counters.records === records && manifest.files.length === files) return;
    const counted = `The manifest counts ${counters.records} record(s) in ${manifest.files.length} file(s)`;
    result.problems.push({ path: file, text: `${counted}, the metadata ${records ?? 0} in ${files}` });
    return;
  }
  await readRecords(part, undefined, options, context, result);
  const found = await listBackupFiles(storage, path);
  if (found.length !== files) {
    result.problems.push({ path, text: `There are ${found.length} file(s), but ${files} were written` });
  }
  if (options.checksumsOnly || result.records === undefined || result.records - before === records) return;
  const text = `The files have ${result.records - before} record(s), but ${records ?? 0} were written`;
  result.problems.push({ path, text });
}

/** What the manifests of the parts cannot tell: whether they are all, and whether there is something else. */
async function verifyDocument(
  { path, parts, reason: shown }: CatalogEntry,
  { namespaces }: BackupDocument,
  { key, storages }: VerifyOptions,
  { problems }: VerifyResult,
): Promise<void> {
  const storage = await storages.forPath(path);
  const isEncrypted = parts.some(({ manifest }) => manifest !== undefined && manifest.identity.encrypt !== '');
  if (key !== undefined && isEncrypted) {
    await readBackupDocument(path, storage, key).catch((error: unknown) =>
      problems.push({ path: joinPath(path, BACKUP_DOCUMENT_NAME), text: errorMessage(error) }),
    );
  }
  for (const { namespace, path: place, state, reason } of parts) {
    if (state === 'COMPLETED' || (reason !== undefined && reason === shown)) continue;
    problems.push({
      path: place,
      text: `The namespace ${namespace} is ${state}${reason === undefined ? '' : `: ${reason}`}`,
    });
  }
  for (const name of await listBackupFiles(storage, path)) {
    problems.push({ path: joinPath(path, name), text: 'The file belongs to no namespace of the backup' });
  }
  for (const name of await storage.listDirectories(path)) {
    if (namespaces.includes(name)) continue;
    const files = await storage.list(joinPath(path, name));
    if (!files.some((file) => file.name === MANIFEST_NAME || isBackupFileName(file.name))) continue;
    problems.push({ path: joinPath(path, name), text: 'The directory belongs to no namespace of the backup' });
  }
}

class PartVerifier {
  constructor(
    private readonly part: NamespacePart,
    private readonly manifest: BackupState,
    private readonly options: VerifyOptions,
    private readonly context: RunContext,
    private readonly result: VerifyResult,
  ) {}

  async verify(): Promise<void> {
    await this.verifyHmac();
    const { files, counters } = this.manifest;
    for (const file of files) {
      this.context.signal.throwIfAborted();
      await this.verifyFile(file).catch((error: unknown) => this.report(this.resolvePath(file), errorMessage(error)));
    }
    const records = files.reduce((sum, file) => sum + file.records, 0);
    if (records !== counters.records) {
      this.report(this.part.path, `The manifest counts ${counters.records} record(s), its files ${records}`);
    }
    await this.reportStrangers();
    await readRecords(this.part, this.manifest, this.options, this.context, this.result);
  }

  /** Only somebody with the key can tell whether the manifest was changed together with the files. */
  private async verifyHmac(): Promise<void> {
    const { key, storages } = this.options;
    const isEncrypted = this.manifest.identity.encrypt !== '';
    if (key === undefined || !isEncrypted) return;
    const { path, shards } = this.part;
    const only = manifestPath({ kind: this.isFile() ? 'file' : 'directory', path });
    for (const file of shards?.begun.map(({ document }) => document) ?? [only]) {
      try {
        parseState(await (await storages.forPath(file)).readSmall(file, 'the manifest'), file, key);
      } catch (error) {
        this.report(file, errorMessage(error));
      }
    }
  }

  private async verifyFile(file: StateFileEntry): Promise<void> {
    const { storages } = this.options;
    const path = this.resolvePath(file);
    const storage = await storages.forPath(path);
    this.result.files++;
    if (!this.isFile() && (isAbsolute(file.name) || file.name.split('/').includes('..'))) {
      this.report(this.part.path, 'The manifest names a file that is not in the directory of the backup');
      return;
    }
    if (!(await storage.exists('file', path))) {
      this.report(path, `The file is missing; it had ${file.records} record(s)`);
      return;
    }
    const source = await storage.open(path);
    const checker = new BlockChecker(file.blocks ?? []);
    try {
      for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) {
        this.context.signal.throwIfAborted();
        checker.append(chunk);
      }
    } finally {
      await source.close();
    }
    this.result.bytes += checker.bytes;
    for (const text of checker.finish(file.bytes)) this.report(path, text);
  }

  /** A restore of the directory would read them, too. */
  private async reportStrangers(): Promise<void> {
    if (this.isFile()) return;
    const path = findDataDirectory(this.part, this.manifest);
    const known = new Set(this.manifest.files.map(({ name }) => basename(name)));
    const isOwn = isOfBackup(String(this.manifest.identity['output-file-prefix'] ?? ''));
    const storage = await this.options.storages.forPath(path);
    for (const name of await listBackupFiles(storage, path)) {
      if (known.has(name)) continue;
      const what = isOwn(name) ? 'The manifest does not know the file' : 'The file belongs to another backup';
      this.report(joinPath(path, name), what);
    }
  }

  private isFile(): boolean {
    return this.manifest.identity.target === 'file';
  }

  private resolvePath({ name }: StateFileEntry): string {
    return this.isFile() ? this.part.path : joinPath(this.part.path, name);
  }

  private report(path: string, text: string): void {
    this.result.problems.push({ path, text });
  }
}

/** Compares the bytes of a file with its checksums, block by block. */
export class BlockChecker {
  bytes = 0;
  private index = 0;
  private inBlock = 0;
  private hash: Hash | undefined;
  private readonly wrong: string[] = [];

  constructor(private readonly blocks: readonly Block[]) {}

  append(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      const block = this.blocks[this.index];
      // What is behind the last block is counted only.
      const length = block === undefined ? chunk.length - at : Math.min(chunk.length - at, block[0] - this.inBlock);
      if (block !== undefined) (this.hash ??= createHash('sha256')).update(chunk.subarray(at, at + length));
      at += length;
      this.bytes += length;
      this.inBlock += length;
      if (block !== undefined && this.inBlock === block[0]) this.endBlock(block);
    }
  }

  /** Sentences about all that is wrong. `expectedBytes`: length of the file. */
  finish(expectedBytes: number): string[] {
    if (this.bytes !== expectedBytes) {
      this.wrong.push(`The file has ${this.bytes} byte(s), but ${expectedBytes} were written`);
    }
    return this.wrong;
  }

  private endBlock([bytes, sha256]: Block): void {
    if (this.hash?.digest('base64') !== sha256) {
      const begin = this.bytes - bytes;
      const text = `Block ${this.index}, bytes ${begin} to ${this.bytes - 1}, does not have the checksum that was written`;
      this.wrong.push(text);
    }
    this.hash = undefined;
    this.inBlock = 0;
    this.index++;
  }
}

/** Reads every record, and compares the numbers of records with the manifest. */
async function readRecords(
  part: NamespacePart,
  manifest: BackupState | undefined,
  options: VerifyOptions,
  context: RunContext,
  result: VerifyResult,
): Promise<void> {
  const { checksumsOnly, parallel, storages } = options;
  if (checksumsOnly) return;
  const codecs = findCodecs(part, manifest, options);
  if (codecs === undefined) {
    const text = 'The records were not read: the backup is encrypted, and no key was given';
    result.problems.push({ path: part.path, text });
    return;
  }
  const isFile = manifest === undefined ? part.path.endsWith('.asb') : manifest.identity.target === 'file';
  const source = isFile
    ? ({ kind: 'file', path: part.path } as const)
    : ({ kind: 'directory', path: findDataDirectory(part, manifest) } as const);
  const found = new Map<string, number>();
  const run = startValidate(
    { ...codecs, source, storages, parallel },
    {
      ...context,
      emit: (event) => {
        if (event.type === 'file.checked') found.set(basename(event.path), event.records);
      },
    },
  );
  let read: ValidateResult | undefined;
  try {
    read = await run.result;
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof ValidateError) read = error.result;
    const failures = error instanceof ValidateError ? error.failures : [error];
    for (const failure of failures) result.problems.push({ path: part.path, text: errorMessage(failure) });
  }
  result.records = (result.records ?? 0) + (read?.records ?? 0);
  for (const { name, records } of manifest?.files ?? []) {
    const path = isFile ? part.path : joinPath(part.path, name);
    const count = found.get(basename(path));
    if (count === undefined || count === records) continue;
    result.problems.push({ path, text: `The file has ${count} record(s), but ${records} were written` });
  }
}

/** How the files of a part are stored; undefined = the key is missing. */
export function findCodecs(
  { stored }: NamespacePart,
  manifest: BackupState | undefined,
  { codecs, key }: { codecs: CodecConfig; key?: EncryptionKey | undefined },
): CodecConfig | undefined {
  if (manifest !== undefined) return toCodecConfig(manifest.identity.compress, manifest.identity.encrypt, key);
  return stored === undefined ? codecs : toCodecConfig(stored.compressed ? 'zstd' : '', stored.encryption, key);
}

function toCodecConfig(compress: unknown, mode: unknown, key: EncryptionKey | undefined): CodecConfig | undefined {
  const codec = COMPRESSION_IDS.find((id) => id === compress);
  const compression = codec === undefined ? {} : { compression: { codec, level: 0 } };
  if (mode !== 'aes128' && mode !== 'aes256') return compression;
  return key === undefined ? undefined : { ...compression, encryption: { mode, key } };
}

/** Where the files are: a prefix may begin with the name of a directory. */
function findDataDirectory({ path }: NamespacePart, manifest: BackupState | undefined): string {
  const directory = dirname(String(manifest?.identity['output-file-prefix'] ?? ''));
  return directory === '.' || isAbsolute(directory) || directory.split('/').includes('..')
    ? path
    : joinPath(path, directory);
}
