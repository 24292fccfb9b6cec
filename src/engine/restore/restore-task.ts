/** What a worker of a restore does: its own file, decoder and frames; one file after another. */
import { Cluster } from '../../aerospike/cluster/cluster.js';
import type { Decoder, Meta } from '../../asb/decoder.js';
import type { EntryVisitor } from '../../asb/read-entries.js';
import type { RecordScanner } from '../../asb/record-scanner.js';
import { Codecs } from '../../codecs/codecs.js';
import { CounterBlock } from '../../core/counters.js';
import { serializeError, type ToolError } from '../../core/errors.js';
import type { DecodedRecord } from '../../core/decoded-record.js';
import type { MetadataEntry } from '../../core/sindex.js';
import type { WorkerLink, WorkerTask } from '../../core/worker.js';
import { InputError } from '../input/errors.js';
import { FileReader } from '../input/file-reader.js';
import type { FileJob } from '../input/input.js';
import { NamespaceCheck } from '../input/namespace-check.js';
import { OverlapDetector } from '../input/overlap.js';
import { BatchWriter } from './batch-writer.js';
import { RESTORE_COUNTERS, zeroCounts } from './counters.js';
import { RateLimiter } from './rate-limiter.js';
import { RecordProcessor } from './record-processor.js';
import { createScanner } from './scanner.js';
import { SetRenamer } from './set-renamer.js';
import { DigestLog, DigestTable } from './version-history.js';
import type { MetadataDone, RestoreWorkerData, RestoreWorkerMessage, WorkerResult } from './worker-protocol.js';

class RestoreWorker implements EntryVisitor, WorkerTask<FileJob, MetadataDone, WorkerResult> {
  private readonly counts = zeroCounts();
  private readonly block: CounterBlock<(typeof RESTORE_COUNTERS)[number]>;
  private readonly batchWriter: BatchWriter;
  private readonly processor: RecordProcessor;
  private readonly scanner: RecordScanner | undefined;
  private readonly namespaces: NamespaceCheck;
  private readonly overlap: OverlapDetector | undefined;
  private readonly reader: FileReader;
  private readonly rateLimiter: RateLimiter | undefined;
  private readonly renamer: SetRenamer | undefined;
  /** Records of which a newer backup had a version. */
  private readonly newer: DigestTable | undefined;
  private readonly digests = new DigestLog();
  private unmovable = 0;
  /** Indexes and modules of the current file that are restored already. */
  private metadataDone = 0;
  private onMetadataDone: (() => void) | undefined;
  private readonly startedAt = performance.now();

  constructor(
    private readonly data: RestoreWorkerData,
    private readonly link: WorkerLink<RestoreWorkerMessage>,
    private readonly cluster: Cluster,
    /** Whether nobody else uses the cluster object. */
    private readonly ownsCluster: boolean,
    codecs: Codecs,
  ) {
    this.block = new CounterBlock(RESTORE_COUNTERS, data.counters);
    this.namespaces = new NamespaceCheck(data.writer.namespace?.from);
    this.rateLimiter = data.limits === undefined ? undefined : new RateLimiter(data.limits);
    this.overlap = data.overlap && new OverlapDetector(data.overlap.map, data.overlap.directory);
    this.renamer = data.renamedSets.length === 0 ? undefined : new SetRenamer(data.renamedSets);
    this.newer = data.newer === undefined ? undefined : new DigestTable(data.newer);
    this.processor = new RecordProcessor(data.rules, this.counts);
    this.scanner = createScanner(data, cluster.nodes.length, this.processor);
    this.reader = new FileReader({
      codecs,
      storage: data.storage,
      namespaces: this.namespaces,
      counts: this.counts,
      emit: link.emit,
      bins: data.bins,
      window: this.scanner?.window,
      onRangeRead: (contents) => link.post({ type: 'range-read', contents }),
      onBytes: (bytes) => this.rateLimiter?.countBytes(bytes),
    });
    const hooks = {
      emit: link.emit,
      counted: () => this.publish(),
      stopped: (error: Error) => {
        link.fail(error);
        this.onMetadataDone?.();
        this.reader.close();
      },
    };
    this.batchWriter = new BatchWriter(cluster, data.writer, this.counts, hooks, this.scanner);
    const stop = (): void => this.batchWriter.stop(link.signal.reason as ToolError);
    if (link.signal.aborted) stop();
    else link.signal.addEventListener('abort', stop, { once: true });
  }

  request(): void {
    this.onMetadataDone?.();
  }

  async runJob(job: FileJob): Promise<void> {
    this.metadataDone = job.metadataDone;
    try {
      await this.reader.read(job, this);
    } catch (error) {
      // Once the run has stopped, the end of a file is no failure of its own.
      if (!this.batchWriter.stopped) this.link.post({ type: 'file-failed', error: serializeError(error) });
    }
    this.publish();
  }

  async finish(): Promise<WorkerResult> {
    // What stopped the writer was reported when it happened.
    await this.batchWriter.finish().catch(() => undefined);
    const { records, inserted, retries, bytes } = this.counts;
    const durationMs = performance.now() - this.startedAt;
    this.link.emit({ type: 'worker.done', direction: 'restore', records, inserted, retries, bytes, durationMs });
    const { nullSetSeen, ttlsCut, generationZero } = this.processor;
    const { persistBitsCleared, sorted } = this.batchWriter;
    if (this.ownsCluster) this.cluster.close();
    const { unmovable } = this;
    const digests = this.digests.take();
    return { nullSetSeen, ttlsCut, persistBitsCleared, sorted, generationZero, unmovable, digests };
  }

  visitMeta(meta: Readonly<Meta>): void {
    this.namespaces.checkMeta(this.reader.fileName, meta);
  }

  scanRecords(decoder: Decoder): boolean {
    const { scanner, processor, batchWriter } = this;
    if (scanner === undefined) return false;
    if (this.data.noRecords) return this.scanSkipped(decoder, scanner);
    scanner.setClock(processor.nowS);
    const more = batchWriter.addScanned(decoder);
    const counts = scanner.takeCounts();
    processor.countScanned(counts);
    batchWriter.persistBitsCleared += counts.persistBitsCleared;
    return more;
  }

  visitRecord({ record }: Decoder): void {
    const { processor, counts } = this;
    if (this.data.noRecords) {
      processor.inspectSkipped(record);
      return;
    }
    counts.records++;
    try {
      this.namespaces.checkRecord(record.namespace);
    } catch (error) {
      counts.failed++;
      throw error;
    }
    if (this.newer?.has(record.digest) === true) {
      counts.skipped++;
      return;
    }
    const accepted = processor.accept(record);
    const { remembered } = this.data;
    // Before the digest becomes that of another set.
    if (remembered === 'all' || (remembered !== undefined && !accepted)) this.remember(record);
    if (!accepted) return;
    if (this.renamer?.rename(record) === false) {
      if (remembered !== undefined) this.remember(record);
      counts.failed++;
      this.unmovable++;
      return;
    }
    if (this.overlap?.isOverlap(record) === true) {
      counts.failed++;
      this.batchWriter.stop(overlapError(this.reader.fileName));
      return;
    }
    this.batchWriter.add(record, processor.policy, processor.generation, processor.ttlS);
  }

  async visitMetadata(entry: MetadataEntry): Promise<void> {
    if (this.metadataDone > 0) {
      this.metadataDone--;
      return;
    }
    if (this.batchWriter.stopped) return;
    const { expected } = this.namespaces;
    await new Promise<void>((resolve) => {
      this.onMetadataDone = resolve;
      this.link.post({ type: 'metadata', entry, ...(expected === undefined ? {} : { namespace: expected }) });
    });
    this.onMetadataDone = undefined;
  }

  waitForDrain(): Promise<void> | undefined {
    const { batchWriter } = this;
    const pauseMs = this.rateLimiter === undefined || this.data.noRecords ? 0 : this.rateLimiter.recordPauseMs();
    if (pauseMs > 0) return this.pause(pauseMs).then(() => batchWriter.waitForDrain());
    if (!batchWriter.busy && !batchWriter.stopped) return undefined;
    return batchWriter.waitForDrain().then(() => this.processor.readClock());
  }

  beforeChunk(bytes: number): Promise<void> | undefined {
    this.counts.textBytes += bytes;
    this.publish();
    this.processor.readClock();
    const pauseMs = this.rateLimiter?.bytesPauseMs() ?? 0;
    return pauseMs > 0 ? this.pause(pauseMs) : undefined;
  }

  isStopped(): boolean {
    return this.batchWriter.stopped;
  }

  /** No older version of the record may be written. */
  private remember(record: DecodedRecord): void {
    if (this.processor.isWantedSet(record)) this.digests.add(record.digest);
  }

  /** Of records that are not restored, what indexes need to know. */
  private scanSkipped(decoder: Decoder, scanner: RecordScanner): boolean {
    scanner.followNamespace(decoder);
    const more = decoder.scanRecords(scanner);
    if (scanner.takeCounts().nullSets > 0) this.processor.nullSetSeen = true;
    return more;
  }

  private publish(): void {
    this.block.publish(this.data.index, this.counts);
  }

  private async pause(ms: number): Promise<void> {
    await this.batchWriter.pause(ms);
    this.processor.readClock();
  }
}

function overlapError(file: string): InputError {
  const text =
    `${file} may hold other versions of records that an earlier directory has, too, and generations do not show which ` +
    'version is the newest';
  return new InputError('INPUT_OVERLAP', text, { hint: 'overlapping-directories', details: { file } });
}

/** @param cluster one that others use as well; absent = the worker connects by itself */
export async function createRestoreTask(
  data: RestoreWorkerData,
  link: WorkerLink<RestoreWorkerMessage>,
  cluster?: Cluster,
): Promise<WorkerTask<FileJob, MetadataDone, WorkerResult>> {
  const codecs = await Codecs.open(data.codecs);
  if (cluster !== undefined) return new RestoreWorker(data, link, cluster, false, codecs);
  return new RestoreWorker(data, link, await Cluster.connect(data.cluster), true, codecs);
}
