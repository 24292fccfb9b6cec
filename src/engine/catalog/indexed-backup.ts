/** A backup whose records can be looked up by digest without a database, as sources of records by namespace. */
import { Decoder, Entry } from '../../asb/decoder.js';
import type { FormatVersion } from '../../asb/metadata-encoder.js';
import { DECODED_BIN_STRIDE, NAME_IN_ARENA, VALUE_IN_ARENA, type DecodedRecord } from '../../core/decoded-record.js';
import { ToolError } from '../../core/errors.js';
import type { RecordSource, SourceBin, SourceRecord } from '../../core/record-source.js';
import type { MetadataEntry } from '../../core/sindex.js';
import { readBackupFiles, type BackupFiles } from './backup-files.js';
import { MAX_SETS, RecordIndexBuilder, type RecordIndex } from './record-index.js';
import { isPlainLocal, openPlainFile, type RecordText, SpilledText } from './record-text.js';

const MAX_FILES = 0xffff;

export interface IndexBackupConfig {
  /** Only records of these sets; empty = all; '' = records without a set. */
  sets: readonly string[];
  /** For files that cannot be read at any place; absent = the system's directory for temporary files. */
  temporaryDirectory?: string | undefined;
  signal: AbortSignal;
  onBytes?: (bytes: number) => void;
}

export interface IndexedBackup {
  /** By namespace. */
  sources: ReadonlyMap<string, RecordSource>;
  /** Indexes and modules. */
  metadata: readonly MetadataEntry[];
  records: number;
  /** Earlier versions of records that the backup holds several times. */
  repeated: number;
  close(): void;
}

/**
 * Reads all files once. Records of plain local files are read from them again when they are asked for; those of
 * compressed, encrypted and remote files are copied to a temporary file that only this process can read. Throws what
 * reading throws, and the signal's reason.
 */
export async function indexBackup(files: BackupFiles, config: IndexBackupConfig): Promise<IndexedBackup> {
  if (files.files.length > MAX_FILES) {
    throw new ToolError('INDEX_LIMIT', `${files.name} has more than ${MAX_FILES} files`);
  }
  const spilled = isPlainLocal(files) ? undefined : new SpilledText(config.temporaryDirectory);
  const opened: RecordText[] = [];
  const close = (): void => {
    spilled?.close();
    for (const text of opened) text.close();
  };
  try {
    const reader = new IndexReader(config, spilled);
    await reader.read(files);
    if (spilled === undefined) for (const { path } of files.files) opened.push(openPlainFile(path));
    const text = spilled?.finish();
    const getText = (file: number): RecordText => text ?? opened[file]!;
    return { ...reader.finish(getText), close };
  } catch (error) {
    close();
    throw error;
  }
}

interface NamespaceBuilder {
  index: RecordIndexBuilder;
  sets: SetNames;
}

class IndexReader {
  private readonly namespaces = new Map<string, NamespaceBuilder>();
  private readonly metadata: MetadataEntry[] = [];
  private readonly versions: FormatVersion[] = [];
  private readonly wantedSets: readonly Buffer[];

  constructor(
    private readonly config: IndexBackupConfig,
    private readonly spilled: SpilledText | undefined,
  ) {
    this.wantedSets = config.sets.map((set) => Buffer.from(set));
  }

  async read(files: BackupFiles): Promise<void> {
    const { signal, onBytes } = this.config;
    let builder: NamespaceBuilder | undefined;
    let namespace = '';
    await readBackupFiles(
      files,
      {
        visitMeta: (meta) => {
          // A namespace without records is one, too.
          if (meta.namespace !== undefined) this.getBuilder(meta.namespace);
        },
        visitRecord: (decoder, file) => {
          const { record, textStart, textEnd } = decoder;
          this.versions[file] = decoder.version;
          if (builder === undefined || record.namespace !== namespace) {
            namespace = record.namespace;
            builder = this.getBuilder(namespace);
          }
          if (!this.isWanted(record)) return;
          const set = builder.sets.intern(record);
          const offset = this.spilled?.append(record.input, textStart, textEnd) ?? decoder.textOffset;
          builder.index.add(record.digest, file, offset, textEnd - textStart, set);
        },
        visitMetadata: (entry) => {
          this.metadata.push(entry);
        },
        ...(onBytes === undefined ? {} : { onBytes }),
      },
      signal,
    );
  }

  private isWanted({ setBuf, setStart, setEnd }: DecodedRecord): boolean {
    const { wantedSets } = this;
    return (
      wantedSets.length === 0 || wantedSets.some((set) => setBuf.compare(set, 0, set.length, setStart, setEnd) === 0)
    );
  }

  private getBuilder(namespace: string): NamespaceBuilder {
    let builder = this.namespaces.get(namespace);
    if (builder === undefined) {
      builder = { index: new RecordIndexBuilder(), sets: new SetNames() };
      this.namespaces.set(namespace, builder);
    }
    return builder;
  }

  finish(getText: (file: number) => RecordText): Omit<IndexedBackup, 'close'> {
    const sources = new Map<string, RecordSource>();
    let records = 0;
    let repeated = 0;
    for (const [namespace, { index, sets }] of this.namespaces) {
      const built = index.finish();
      records += built.count;
      repeated += index.repeated;
      sources.set(namespace, new IndexedSource(built, sets.count(built), getText, this.versions));
    }
    return { sources, metadata: this.metadata, records, repeated };
  }
}

/** Names of sets by number. */
class SetNames {
  private readonly names: Buffer[] = [];
  private readonly numbers = new Map<string, number>();
  private last = -1;

  intern({ setBuf, setStart, setEnd }: DecodedRecord): number {
    if (setStart === setEnd) return -1;
    const last = this.names[this.last];
    if (last !== undefined && setBuf.compare(last, 0, last.length, setStart, setEnd) === 0) return this.last;
    const name = setBuf.toString('latin1', setStart, setEnd);
    let number = this.numbers.get(name);
    if (number === undefined) {
      number = this.names.push(Buffer.from(name, 'latin1')) - 1;
      if (number >= MAX_SETS) throw new ToolError('INDEX_LIMIT', `The backup has more than ${MAX_SETS} sets`);
      this.numbers.set(name, number);
    }
    this.last = number;
    return number;
  }

  count(index: RecordIndex): { name: Buffer; records: number }[] {
    const sets = this.names.map((name) => ({ name, records: 0 }));
    for (let position = 0; position < index.count; position++) {
      const set = index.getSet(position);
      if (set >= 0) sets[set]!.records++;
    }
    return sets;
  }
}

class IndexedSource implements RecordSource {
  private readonly decoders = new Map<FormatVersion, Decoder>();

  constructor(
    private readonly index: RecordIndex,
    readonly sets: readonly { name: Buffer; records: number }[],
    private readonly getText: (file: number) => RecordText,
    private readonly versions: readonly FormatVersion[],
  ) {}

  get count(): number {
    return this.index.count;
  }

  getPartitionStart(pid: number): number {
    return this.index.getPartitionStart(pid);
  }

  find(buf: Buffer, start: number): number {
    return this.index.find(buf, start);
  }

  findBehind(digest: Buffer): number {
    return this.index.findBehind(digest);
  }

  getSet(position: number): number {
    return this.index.getSet(position);
  }

  read(position: number): SourceRecord {
    const { index } = this;
    const file = index.getFile(position);
    const text = this.getText(file).read(index.getOffset(position), index.getLength(position));
    const version = this.versions[file]!;
    const decoder = this.decoders.get(version) ?? createDecoder(version);
    // One that has failed is of no use any more.
    this.decoders.delete(version);
    decoder.write(text);
    const isRecord = decoder.next() === Entry.RECORD;
    if (!isRecord || index.find(decoder.record.digest, 0) !== position) {
      throw new ToolError('INDEX_CHANGED', 'A file of the backup was changed since it was read');
    }
    this.decoders.set(version, decoder);
    return copyRecord(decoder.record, index.getSet(position));
  }
}

function createDecoder(version: FormatVersion): Decoder {
  const decoder = new Decoder({ file: 'record' });
  decoder.write(Buffer.from(`Version ${version}\n`));
  return decoder;
}

function copyRecord(record: DecodedRecord, set: number): SourceRecord {
  const { keyType, keyBuf, keyStart, keyEnd } = record;
  const found: SourceBin[] = [];
  for (let i = 0, at = 0; i < record.binCount; i++, at += DECODED_BIN_STRIDE) {
    const [particle, nameStart, nameEnd, start, end, flags] = record.bins.subarray(at, at + DECODED_BIN_STRIDE);
    const names = (flags! & NAME_IN_ARENA) === 0 ? record.input : record.arena;
    const values = (flags! & VALUE_IN_ARENA) === 0 ? record.input : record.arena;
    const name = names.toString('latin1', nameStart, nameEnd);
    found.push({ name, particle: particle!, value: Buffer.from(values.subarray(start, end)) });
  }
  return {
    digest: Buffer.from(record.digest),
    set,
    key: keyType === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.of(keyType), keyBuf.subarray(keyStart, keyEnd)]),
    generation: record.generation,
    voidTime: record.voidTime,
    bins: found,
  };
}
