/** Large files are read by several workers where there are fewer files than workers. */
import { RecordScanner } from '../../asb/record-scanner.js';
import type { Codecs } from '../../codecs/codecs.js';
import type { EmitEvent } from '../../core/events.js';
import type { WasmModule } from '../../core/webassembly.js';
import type { StorageAccess } from '../../storage/registry.js';
import type { ByteRange } from '../../storage/storage.js';
import type { ReadCounts } from './file-reader.js';
import { findRanges } from './file-ranges.js';
import type { FileJob } from './input.js';
import { NamespaceCheck } from './namespace-check.js';
import { openInput } from './open-input.js';

export interface SplitSizes {
  /** A worker more for each so many bytes: a smaller part is not worth its start. */
  bytesPerWorker: number;
  rangeBytes: number;
}

const DEFAULT_SIZES: SplitSizes = { bytesPerWorker: 256 << 20, rangeBytes: 16 << 20 };

export interface SplitOptions {
  codecs: Codecs;
  storages: StorageAccess;
  /** Absent = files are not split: finding the places would take as long as reading the file. */
  module: WasmModule | undefined;
  /** The namespace of the records; undefined = that of each file. */
  namespace: string | undefined;
  sizes?: SplitSizes;
}

/** How many workers files can be given to at most. Only plain local files are for more than one. */
export async function countReaders(jobs: readonly FileJob[], options: SplitOptions): Promise<number> {
  let readers = 0;
  for (const job of jobs) readers += await countReadersOfFile(job, options);
  return readers;
}

async function countReadersOfFile({ path, sizeBytes = 0 }: FileJob, options: SplitOptions): Promise<number> {
  const { codecs, storages, module, sizes = DEFAULT_SIZES } = options;
  if (path === undefined || module === undefined || codecs.transforms) return 1;
  if ((await storages.forPath(path)).capabilities.needsMainThread) return 1;
  return Math.max(1, Math.floor(sizeBytes / sizes.bytesPerWorker));
}

interface SplitFile {
  startedAt: number;
  /** Of the parts that were read. */
  contents: ReadCounts;
  /** Given out and not read yet. */
  open: number;
  /** All parts have been given out. */
  allGiven: boolean;
  failed: boolean;
}

/** The parts of files as jobs, found while others are read, and what becomes of them. */
export class SplitFiles {
  private readonly files = new Map<string, SplitFile>();

  constructor(
    private readonly jobs: readonly FileJob[],
    private readonly options: SplitOptions,
    private readonly emit: EmitEvent,
  ) {}

  /** For `PoolOptions.supply`. */
  async *supplyJobs(): AsyncGenerator<FileJob, void> {
    for (const job of this.jobs) {
      if ((await countReadersOfFile(job, this.options)) > 1) yield* this.splitFile(job, job.path!);
      else yield job;
    }
  }

  /** A part was read to its end. The event of the file is that of the worker which ends it. */
  endRange(path: string, { records, bytes }: ReadCounts, worker: number): void {
    const file = this.files.get(path)!;
    file.contents.records += records;
    file.contents.bytes += bytes;
    file.open--;
    this.reportEnd(path, file, worker);
  }

  /** A part could not be read to its end: no more of the file is read. */
  failRange({ path }: FileJob): void {
    const file = path === undefined ? undefined : this.files.get(path);
    if (file !== undefined) file.failed = true;
  }

  private async *splitFile(job: FileJob, path: string): AsyncGenerator<FileJob, void> {
    const { codecs, storages, module, namespace, sizes = DEFAULT_SIZES } = this.options;
    const scanner = module === undefined ? undefined : RecordScanner.createChecker(module);
    const version = await findVersion(path, storages);
    // All parts are of the file in which they were found, even if another one takes its name meanwhile.
    const whole = { range: { start: 0, end: Infinity, ...version } };
    const source = await openInput(codecs, storages, job, () => undefined, whole).catch(() => undefined);
    if (scanner === undefined || source === undefined) {
      await source?.close();
      yield job;
      return;
    }
    const contents = { records: 0, bytes: 0 };
    const file: SplitFile = { startedAt: performance.now(), contents, open: 0, allGiven: false, failed: false };
    this.files.set(path, file);
    const namespaces = new NamespaceCheck(namespace);
    for await (const range of findRanges(source, { rangeBytes: sizes.rangeBytes, scanner, namespaces })) {
      if (file.failed) return;
      file.open++;
      file.allGiven = range.end === Infinity;
      yield { ...job, range: { ...range, ...version }, metadataDone: range.start === 0 ? job.metadataDone : 0 };
    }
    file.allGiven = true;
    this.reportEnd(path, file, undefined);
  }

  private reportEnd(path: string, file: SplitFile, worker: number | undefined): void {
    const { allGiven, open, failed, contents, startedAt } = file;
    if (!allGiven || open > 0 || failed) return;
    const durationMs = performance.now() - startedAt;
    this.emit({ type: 'file.read', path, ...contents, durationMs, ...(worker === undefined ? {} : { worker }) });
  }
}

/** Of nothing if there is no such file: whoever opens it reports that. */
async function findVersion(path: string, storages: StorageAccess): Promise<Pick<ByteRange, 'version'>> {
  try {
    const { version } = await (await storages.forPath(path)).stat(path);
    return version === undefined ? {} : { version };
  } catch {
    return {};
  }
}
