/** What a worker of a validation does: reads one file after another, to its end or first fault, and writes nothing. */
import type { Decoder, Meta } from '../../asb/decoder.js';
import type { EntryVisitor } from '../../asb/read-entries.js';
import { RecordScanner } from '../../asb/record-scanner.js';
import { Codecs } from '../../codecs/codecs.js';
import { CounterBlock } from '../../core/counters.js';
import { serializeError } from '../../core/errors.js';
import type { MetadataEntry } from '../../core/sindex.js';
import type { WorkerLink, WorkerTask } from '../../core/worker.js';
import { FileReader } from '../input/file-reader.js';
import type { FileJob } from '../input/input.js';
import { NamespaceCheck } from '../input/namespace-check.js';
import { type FileChecked, VALIDATE_COUNTERS, type ValidateWorkerData } from './worker-protocol.js';

class ValidateWorker implements EntryVisitor, WorkerTask<FileJob, never, null> {
  private readonly counts = { records: 0, sindexes: 0, udfs: 0, bytes: 0, textBytes: 0 };
  private readonly block: CounterBlock<(typeof VALIDATE_COUNTERS)[number]>;
  private readonly reader: FileReader;
  private readonly namespaces: NamespaceCheck;
  private readonly scanner: RecordScanner | undefined;

  constructor(
    private readonly data: ValidateWorkerData,
    private readonly link: WorkerLink<FileChecked>,
    codecs: Codecs,
  ) {
    this.block = new CounterBlock(VALIDATE_COUNTERS, data.counters);
    this.namespaces = new NamespaceCheck(data.namespace);
    if (data.scannerModule !== undefined) this.scanner = RecordScanner.createChecker(data.scannerModule);
    const { namespaces, counts } = this;
    const { storage } = data;
    const window = this.scanner?.window;
    this.reader = new FileReader({ codecs, storage, namespaces, counts, emit: link.emit, window });
    link.signal.addEventListener('abort', () => this.reader.close(), { once: true });
  }

  async runJob(job: FileJob): Promise<void> {
    const before = { ...this.counts };
    let failure: { error?: ReturnType<typeof serializeError> } = {};
    try {
      await this.reader.read(job, this);
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
    this.namespaces.checkMeta(this.reader.fileName, meta);
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

  private publish(): void {
    this.block.publish(this.data.index, this.counts);
  }
}

export async function createValidateTask(
  data: ValidateWorkerData,
  link: WorkerLink<FileChecked>,
): Promise<WorkerTask<FileJob, never, null>> {
  return new ValidateWorker(data, link, await Codecs.open(data.codecs));
}
