/** A validation worker thread: reads one file after another to its end, or to its first fault, and writes nothing. */
import { workerData } from 'node:worker_threads';
import type { Decoder, Meta } from '../../asb/decoder.js';
import { RecordScanner } from '../../asb/record-scanner.js';
import { type EntryVisitor, visitEntries } from '../../asb/read-entries.js';
import { Codecs } from '../../codecs/codecs.js';
import type { ByteSource } from '../../core/byte-stream.js';
import { CounterBlock } from '../../core/counters.js';
import { serializeError } from '../../core/errors.js';
import type { MetadataEntry } from '../../core/sindex.js';
import { runWorker, type WorkerLink, type WorkerTask } from '../../core/worker.js';
import { StorageRegistry } from '../../storage/registry.js';
import type { FileJob } from '../input/input.js';
import { NamespaceCheck } from '../input/namespace-check.js';
import { explainReadError, openInput } from '../input/open-input.js';
import { type FileChecked, VALIDATE_COUNTERS, type ValidateWorkerData } from './worker-protocol.js';

class ValidateWorker implements EntryVisitor, WorkerTask<FileJob, never, null> {
  private readonly counts = { records: 0, sindexes: 0, udfs: 0, bytes: 0, textBytes: 0 };
  private readonly block: CounterBlock<(typeof VALIDATE_COUNTERS)[number]>;
  private readonly storages: StorageRegistry;
  private readonly namespaces: NamespaceCheck;
  private readonly scanner: RecordScanner | undefined;
  private source: ByteSource | undefined;

  constructor(
    private readonly data: ValidateWorkerData,
    private readonly link: WorkerLink<FileChecked>,
    private readonly codecs: Codecs,
  ) {
    this.block = new CounterBlock(VALIDATE_COUNTERS, data.counters);
    this.storages = StorageRegistry.forWorker(data.storage);
    this.namespaces = new NamespaceCheck(data.namespace);
    if (data.scannerModule !== undefined) this.scanner = RecordScanner.createChecker(data.scannerModule);
    // A read from a silent pipe would never end.
    link.signal.addEventListener('abort', () => void this.source?.close(), { once: true });
  }

  async runJob(job: FileJob): Promise<void> {
    const before = { ...this.counts };
    let failure: { error?: ReturnType<typeof serializeError> } = {};
    try {
      await this.readFile(job);
    } catch (error) {
      failure = { error: serializeError(error) };
    }
    this.publish();
    // Once the run has stopped, the end of a file is no fault of its own.
    if (this.isStopped()) return;
    const { counts } = this;
    const contents = {
      records: counts.records - before.records,
      sindexes: counts.sindexes - before.sindexes,
      udfs: counts.udfs - before.udfs,
      bytes: counts.bytes - before.bytes,
    };
    this.link.post({ contents, ...failure });
  }

  finish(): Promise<null> {
    return Promise.resolve(null);
  }

  visitMeta(meta: Readonly<Meta>): void {
    this.namespaces.checkMeta(this.source?.name ?? '', meta);
  }

  scanRecords(decoder: Decoder): boolean {
    const { scanner } = this;
    if (scanner === undefined) return false;
    scanner.followNamespace(decoder);
    const more = decoder.scanRecords(scanner);
    this.counts.records += scanner.takeCounts().records;
    return more;
  }

  visitRecord({ record }: Decoder): void {
    this.counts.records++;
    this.namespaces.checkRecord(record.namespace);
  }

  visitMetadata(entry: MetadataEntry): undefined {
    if (entry.kind === 'udf') {
      this.counts.udfs++;
    } else {
      this.counts.sindexes++;
      this.namespaces.checkSindex(entry.sindex);
    }
  }

  waitForDrain(): undefined {
    return undefined;
  }

  beforeChunk(bytes: number): undefined {
    this.counts.textBytes += bytes;
    this.publish();
  }

  isStopped(): boolean {
    return this.link.signal.aborted;
  }

  private async readFile(job: FileJob): Promise<void> {
    const { counts, data, link } = this;
    const startedAt = performance.now();
    const { records, bytes } = counts;
    const onBytes = (read: number): void => void (counts.bytes += read);
    const source = await openInput(this.codecs, this.storages, job, onBytes, { readers: data.storage?.readers ?? 1 });
    this.source = source;
    try {
      if (job.path !== undefined) link.emit({ type: 'file.opened', path: source.name });
      this.namespaces.startFile();
      await visitEntries(source, this, { window: this.scanner?.window });
      link.emit({
        type: 'file.read',
        path: source.name,
        records: counts.records - records,
        bytes: counts.bytes - bytes,
        durationMs: performance.now() - startedAt,
      });
    } catch (error) {
      throw explainReadError(error, source);
    } finally {
      this.source = undefined;
      await source.close();
    }
  }

  private publish(): void {
    this.block.publish(this.data.index, this.counts);
  }
}

runWorker<FileJob, never, FileChecked, null>(async (link) => {
  const data = workerData as ValidateWorkerData;
  return new ValidateWorker(data, link, await Codecs.open(data.codecs));
});
