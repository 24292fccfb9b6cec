/**
 * Writes the files of one backup from records as text. Until `finish` nothing of it looks like a backup: where there
 * are directories, the files have other names in a directory of another name; elsewhere, the first file, which has the
 * indexes, the modules and the mark that every complete backup has, comes last.
 */
import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { encodeHeader, encodeMetadataFile, encodeSindex, encodeUdf } from '../../asb/encoder.js';
import { getSindexVersion } from '../../asb/metadata-encoder.js';
import type { CodecConfig, Codecs } from '../../codecs/codecs.js';
import type { ByteSink } from '../../core/byte-stream.js';
import { ToolError } from '../../core/errors.js';
import type { Sindex, Udf } from '../../core/sindex.js';
import { CountingSink } from '../../storage/decorators/meter.js';
import { storageError } from '../../storage/errors.js';
import { joinPath } from '../../storage/paths.js';
import type { StorageAccess } from '../../storage/registry.js';
import type { Storage } from '../../storage/storage.js';
import type { StateFileEntry } from '../backup/checkpoint/state-file.js';
import { BlockHasher } from './block-hasher.js';
import { writeMergedManifest } from './merged-manifest.js';

const DEFAULT_FILE_BYTES = 256 << 20;
const BUFFER_BYTES = 1 << 20;
const PART_SUFFIX = '.part';
const RANDOM_BYTES = 4;
// eslint-disable-next-line no-control-regex
const FILE_NAME_PART = /^(?!\.)[^/\\\x00-\x1f\x7f]+$/;

export interface FileSetOptions {
  /** The directory to create; it must be missing or empty. */
  directory: string;
  storages: StorageAccess;
  codecs: Codecs;
  /** What `codecs` was made of: the manifest names it, and is authenticated with the key. */
  codecConfig?: CodecConfig | undefined;
  namespace: string;
  /** Why records may be missing from it: an input was incomplete. Absent = none is known to be. */
  incompleteReason?: string | undefined;
  /** When the newest backup that it is made of was begun, ISO 8601; absent = not known, so that it is now. */
  started?: string | undefined;
  /** Most text bytes of a file; a record that is larger gets a file of its own. */
  fileBytes?: number;
}

export interface WrittenFileSet {
  /** As the manifest has it. */
  id: string;
  files: number;
  /** Of text, before compression and encryption. */
  textBytes: number;
}

export class FileSetWriter {
  private readonly buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  private used = 0;
  private sink: ByteSink | undefined;
  private readonly names: string[] = [];
  private readonly entries: StateFileEntry[] = [];
  private hasher = new BlockHasher();
  private readonly begun = new Date().toISOString();
  /** Records of which the text is in `buffer`. */
  private bufferedRecords = 0;
  private fileText = 0;
  private textBytes = 0;

  private constructor(
    private readonly options: FileSetOptions,
    private readonly storage: Storage,
    /** Where the files are written: not `options.directory` if that can be renamed at the end. */
    private readonly place: string,
  ) {}

  /** Throws ToolError MERGE_NAMESPACE, TARGET_NOT_EMPTY, StorageError. */
  static async create(options: FileSetOptions): Promise<FileSetWriter> {
    const { directory, storages, namespace } = options;
    // It becomes a part of file names; the inputs may be anybody's.
    if (!FILE_NAME_PART.test(namespace)) {
      throw new ToolError('MERGE_NAMESPACE', `The namespace ${namespace} cannot be a part of the name of a file`);
    }
    const storage = await storages.forPath(directory);
    const problem = await storage.validateTarget('directory', directory);
    if (problem !== undefined) throw new ToolError('TARGET', problem.reason, { hint: problem.hint });
    if (await storage.exists('directory', directory)) {
      const entries = await storage.list(directory);
      if (entries.length > 0) {
        throw new ToolError(
          'TARGET_NOT_EMPTY',
          `${directory} is not empty: a backup is written to a new directory only`,
        );
      }
    }
    const { hasDirectories } = storage.capabilities;
    const suffix = `${PART_SUFFIX}-${randomBytes(RANDOM_BYTES).toString('hex')}`;
    const place = hasDirectories ? directory.replace(/\/+$/, '') + suffix : directory;
    await storage.ensureDirectory(place);
    return new FileSetWriter(options, storage, place);
  }

  /** HOT: adds the text of a record. A promise to wait for before the next one; undefined = go on. */
  addRecord(bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    if (this.used + end - start <= BUFFER_BYTES) {
      bytes.copy(this.buffer, this.used, start, end);
      this.used += end - start;
      this.bufferedRecords++;
      return undefined;
    }
    return this.flushAndAdd(bytes, start, end);
  }

  private async flushAndAdd(bytes: Buffer, start: number, end: number): Promise<void> {
    await this.flush();
    if (end - start <= BUFFER_BYTES) {
      bytes.copy(this.buffer, 0, start, end);
      this.used = end - start;
      this.bufferedRecords = 1;
    } else {
      await this.write(bytes.subarray(start, end), 1);
    }
  }

  private async flush(): Promise<void> {
    if (this.used > 0) await this.write(this.buffer.subarray(0, this.used), this.bufferedRecords);
    this.used = this.bufferedRecords = 0;
  }

  private async write(text: Buffer, records: number): Promise<void> {
    const { fileBytes = DEFAULT_FILE_BYTES, namespace } = this.options;
    if (this.sink !== undefined && this.fileText + text.length > fileBytes) {
      await this.closeFile();
    }
    // Number 0 is for the indexes and modules.
    this.sink ??= await this.open(this.nameFile(this.names.length + 1), encodeHeader(namespace, false));
    await this.sink.write(text);
    this.entries.at(-1)!.records += records;
    this.fileText += text.length;
    this.textBytes += text.length;
  }

  private nameFile(number: number): string {
    return `${this.options.namespace}_${String(number).padStart(5, '0')}.asb`;
  }

  private async open(name: string, head: Buffer): Promise<ByteSink> {
    const { codecs } = this.options;
    const suffix = this.place === this.options.directory ? '' : PART_SUFFIX;
    const stored = await this.storage.create(joinPath(this.place, name + suffix), 0);
    const entry: StateFileEntry = { name, bytes: 0, records: 0 };
    const hasher = (this.hasher = new BlockHasher());
    const counted = new CountingSink(
      stored,
      (bytes) => (entry.bytes += bytes),
      (chunk) => hasher.append(chunk),
    );
    const sink = codecs.encode(counted);
    this.names.push(name);
    this.entries.push(entry);
    await sink.write(head);
    this.fileText = head.length;
    this.textBytes += head.length;
    return sink;
  }

  private async closeFile(): Promise<void> {
    await this.sink?.close();
    this.sink = undefined;
    const last = this.entries.at(-1);
    if (last !== undefined) last.blocks ??= this.hasher.drainBlocks();
  }

  /** Writes the indexes and modules, gives the files their names, and adds the manifest. Throws StorageError. */
  async finish(sindexes: readonly Sindex[], udfs: readonly Udf[]): Promise<WrittenFileSet> {
    const { namespace, directory } = this.options;
    await this.flush();
    await this.closeFile();
    // What the C tool cannot read is in a file of its own, so that it can read all others.
    const newer = sindexes.filter((sindex) => getSindexVersion(sindex) !== '3.1');
    if (newer.length > 0) {
      this.sink = await this.open(`metadata_${namespace}_0.asb`, encodeMetadataFile(namespace, newer).bytes);
      await this.closeFile();
    }
    const plain = sindexes.filter((sindex) => getSindexVersion(sindex) === '3.1');
    const entries = [...plain.map(encodeSindex), ...udfs.map(encodeUdf)];
    this.sink = await this.open(this.nameFile(0), Buffer.concat([encodeHeader(namespace, true), ...entries]));
    await this.closeFile();
    if (this.place !== directory) await this.renameParts();
    // Last but for the name of the directory: until then, nobody takes it for a backup that is known to be complete.
    const id = await writeMergedManifest({
      ...this.options,
      place: this.place,
      started: this.options.started ?? this.begun,
      files: this.entries,
      sindexes: sindexes.length,
      udfs: udfs.length,
    });
    if (this.place !== directory) await this.moveIntoPlace();
    return { id, files: this.names.length, textBytes: this.textBytes };
  }

  private async renameParts(): Promise<void> {
    try {
      for (const name of this.names) {
        const path = joinPath(this.place, name);
        await rename(path + PART_SUFFIX, path);
      }
    } catch (error) {
      throw storageError('create', this.options.directory, error);
    }
  }

  private async moveIntoPlace(): Promise<void> {
    const { directory } = this.options;
    try {
      // An empty directory may be there: it is replaced.
      await rename(this.place, directory);
    } catch (error) {
      throw storageError('create', directory, error);
    }
  }

  /** Removes what was written. Never rejects. */
  async abort(): Promise<void> {
    await this.sink?.abort();
    this.sink = undefined;
    if (this.place === this.options.directory) {
      const names = this.names.map((name) => basename(name));
      await this.storage.deleteFiles(this.place, names).catch(() => undefined);
    } else {
      await rm(this.place, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}
