/** One full backup out of a full one and the increments that follow it: of each record the newest version. */
import { ToolError } from '../../core/errors.js';
import type { MetadataEntry, Sindex, Udf } from '../../core/sindex.js';
import { countStoredBytes, readBackupFiles, type BackupFiles } from './backup-files.js';
import { DigestSorter } from './digest-sorter.js';
import { FileSetWriter, type FileSetOptions, type WrittenFileSet } from './file-set-writer.js';

/** Compressed backups become larger: an estimate for the number of buckets. */
const COMPRESSION_FACTOR = 4;

export interface MergeConfig {
  /** The full backup, then the increments from the oldest to the newest; all of one namespace. */
  inputs: readonly BackupFiles[];
  output: Omit<FileSetOptions, 'namespace'>;
  /** For data that do not fit into memory; absent = the system's directory for temporary files. */
  temporaryDirectory?: string | undefined;
  signal: AbortSignal;
  onBytes?: (bytes: number) => void;
}

/** Deletions are not known: a record that is in any input is in the result. */
export interface MergeResult extends WrittenFileSet {
  namespace: string;
  records: number;
  /** Versions that a newer one replaced. */
  replaced: number;
  sindexes: number;
  udfs: number;
}

/**
 * A version replaces all those of earlier inputs, as the format does not tell when a record was written. The text of a
 * record stays as it is; indexes and modules are those of the last input that has any. Memory is bounded, whatever the
 * size. Throws ToolError MERGE_ORDER, MERGE_NAMESPACE, MERGE_VERSION, TARGET_NOT_EMPTY, and what reading and writing
 * throw; then nothing is left behind.
 */
export async function mergeBackups(config: MergeConfig): Promise<MergeResult> {
  const { inputs, output, signal, temporaryDirectory } = config;
  refuseWrongOrder(inputs);
  const incomplete = inputs.filter(({ isComplete }) => isComplete === false).map(({ name }) => name);
  const incompleteReason = incomplete.length === 0 ? undefined : `Incomplete input: ${incomplete.join(', ')}`;
  const compression = inputs.some(({ codecs }) => codecs.compresses) ? COMPRESSION_FACTOR : 1;
  const storedBytes = inputs.reduce((sum, input) => sum + countStoredBytes(input), 0);
  const sorter = new DigestSorter({ expectedBytes: storedBytes * compression, directory: temporaryDirectory });
  try {
    const reader = new MergeReader(sorter);
    for (const [i, input] of inputs.entries()) await reader.read(input, i, signal, config.onBytes);
    const { namespace, sindexes, udfs } = reader;
    if (namespace === undefined) throw new ToolError('MERGE_EMPTY', 'The backups hold neither records nor a namespace');
    // It has the state of the newest input, and must not pass for one that is newer than later increments.
    const started = inputs.at(-1)?.started;
    const writer = await FileSetWriter.create({ ...output, namespace, incompleteReason, started });
    try {
      let records = 0;
      let replaced = 0;
      await sorter.visitGroups((group) => {
        records++;
        replaced += group.length - 1;
        const newest = group.length - 1;
        return writer.addRecord(group.bytes, group.getPayloadStart(newest), group.getPayloadEnd(newest));
      }, signal);
      const written = await writer.finish(sindexes, udfs);
      return { ...written, namespace, records, replaced, sindexes: sindexes.length, udfs: udfs.length };
    } catch (error) {
      await writer.abort();
      throw error;
    }
  } finally {
    sorter.close();
  }
}

/** An older version must not replace a newer one. Throws ToolError MERGE_ORDER. */
function refuseWrongOrder(inputs: readonly BackupFiles[]): void {
  if (inputs[0]?.type === 'incremental') {
    throw new ToolError('MERGE_ORDER', `${inputs[0].name} is an incremental backup: a full one comes first`);
  }
  let last: BackupFiles | undefined;
  for (const input of inputs) {
    if (input.started === undefined) continue;
    if (last?.started !== undefined && Date.parse(input.started) < Date.parse(last.started)) {
      const text = `${input.name} was begun before ${last.name}: the inputs go from the oldest to the newest`;
      throw new ToolError('MERGE_ORDER', text);
    }
    last = input;
  }
}

class MergeReader {
  namespace: string | undefined;
  sindexes: Sindex[] = [];
  udfs: Udf[] = [];
  private namespaceBytes: Buffer | undefined;

  constructor(private readonly sorter: DigestSorter) {}

  async read(
    input: BackupFiles,
    source: number,
    signal: AbortSignal,
    onBytes?: (bytes: number) => void,
  ): Promise<void> {
    const entries: MetadataEntry[] = [];
    await readBackupFiles(
      input,
      {
        visitMeta: ({ namespace }, file) => {
          if (namespace !== undefined) this.checkNamespace(namespace, input.files[file]!.path);
        },
        visitRecord: (decoder, file) => {
          const { record } = decoder;
          if (record.namespaceBytes !== this.namespaceBytes) {
            this.checkNamespace(record.namespace, input.files[file]!.path);
            if (decoder.version === '3.0') throw refuseVersion(input.files[file]!.path);
            this.namespaceBytes = record.namespaceBytes;
          }
          this.sorter.add(record.digest, source, 0, record.input, decoder.textStart, decoder.textEnd);
        },
        visitMetadata: (entry) => {
          entries.push(entry);
        },
        ...(onBytes === undefined ? {} : { onBytes }),
      },
      signal,
    );
    if (entries.length === 0) return;
    this.sindexes = entries.flatMap((entry) => (entry.kind === 'sindex' ? [entry.sindex] : []));
    this.udfs = entries.flatMap((entry) =>
      entry.kind === 'udf' ? [{ name: entry.name, content: Buffer.from(entry.content) }] : [],
    );
  }

  private checkNamespace(namespace: string, path: string): void {
    this.namespace ??= namespace;
    if (namespace === this.namespace) return;
    throw new ToolError(
      'MERGE_NAMESPACE',
      `${path} holds records of namespace ${namespace}, the first backup those of ${this.namespace}`,
    );
  }
}

function refuseVersion(path: string): ToolError {
  return new ToolError('MERGE_VERSION', `${path} is of version 3.0, whose records cannot be copied as they are`);
}
