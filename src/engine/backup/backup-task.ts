/** A worker of a backup: it has its own encoder and file, and in a thread of its own also its own connections. */
import { Cluster } from '../../aerospike/cluster/cluster.js';
import { PartitionTracker } from '../../aerospike/commands/partition-tracker.js';
import { scanPartitions } from '../../aerospike/commands/scan.js';
import { RecordEncoder } from '../../asb/encoder.js';
import { Codecs } from '../../codecs/codecs.js';
import { CounterBlock } from '../../core/counters.js';
import { collectGarbageBeforeExit } from '../../core/worker-exit.js';
import type { WorkerLink, WorkerTask } from '../../core/worker.js';
import { StorageRegistry } from '../../storage/registry.js';
import type { ChunkOutput } from './output/chunk-output.js';
import { DirectoryOutput } from './output/directory-output.js';
import { SharedOutput } from './output/shared-output.js';
import { throttle } from './output/throttle.js';
import { RecordTranscoder } from './record-transcoder.js';
import { CHUNK_BYTES, RecordWriter } from './record-writer.js';
import {
  BACKUP_COUNTERS,
  type BackupCounter,
  type BackupJob,
  type BackupMessage,
  type BackupRequest,
  type BackupWorkerData,
  type BackupWorkerResult,
  toPartitionFilter,
} from './worker-protocol.js';

const RARE_RECORD_BYTES = 64 * 1024;

class BackupWorker implements WorkerTask<BackupJob, BackupRequest, BackupWorkerResult> {
  private readonly block: CounterBlock<BackupCounter>;
  private readonly counts: Record<BackupCounter, number> = { records: 0, bytes: 0, textBytes: 0 };
  private readonly output: ChunkOutput;
  /** The same as `output` when there is one output for all workers. */
  private readonly shared: SharedOutput | undefined;
  /** undefined = without WebAssembly. */
  private readonly transcoder: RecordTranscoder | undefined;
  private readonly writer: RecordWriter;
  /** Aborts when the run is to stop, and when this worker has failed. */
  private readonly stopping = new AbortController();
  private readonly startedAt = performance.now();
  private jobs = 0;

  constructor(
    private readonly data: BackupWorkerData,
    private readonly link: WorkerLink<BackupMessage>,
    codecs: Codecs,
    private readonly cluster: Cluster | undefined,
    /** Whether nobody else uses the cluster object. */
    private readonly ownsCluster: boolean,
  ) {
    this.block = new CounterBlock(BACKUP_COUNTERS, data.counters);
    link.signal.addEventListener('abort', () => this.stopping.abort(link.signal.reason), { once: true });
    if (data.output.kind === 'directory') {
      this.output = this.openDirectory(data.output, codecs);
    } else {
      const post: WorkerLink<BackupMessage>['post'] = (message, transfer) => link.post(message, transfer);
      this.output = this.shared = new SharedOutput(post, codecs.createFrameCompressor());
    }
    const { selection, compact, module } = data;
    const format = { namespace: selection.namespace, compact };
    this.transcoder =
      module === undefined ? undefined : RecordTranscoder.create(module, { ...format, chunkBytes: CHUNK_BYTES });
    // Behind a transcoder it gets a record now and then.
    const bufferBytes = this.transcoder === undefined ? {} : { bufferBytes: RARE_RECORD_BYTES };
    this.writer = new RecordWriter(new RecordEncoder({ ...format, ...bufferBytes }), this.output, this.transcoder);
  }

  async runJob({ filter, maxRecords, cursors }: BackupJob): Promise<void> {
    const { writer, output } = this;
    const recordsBefore = writer.records;
    const bytesBefore = this.jobBytes();
    const startedAt = performance.now();
    this.jobs++;
    const report = (type: 'job.done' | 'job.interrupted'): void => {
      this.publish();
      const job = {
        filter: toPartitionFilter(filter),
        records: writer.records - recordsBefore,
        bytes: this.jobBytes() - bytesBefore,
      };
      this.link.emit({ type, ...job });
      this.link.emit({ type: 'job.time', ...job, durationMs: performance.now() - startedAt });
    };
    try {
      output.begin();
      writer.planChunkEnd();
      const tracker = new PartitionTracker([toPartitionFilter(filter)], this.transcoder?.tables);
      if (cursors !== undefined) tracker.resume(cursors);
      writer.startPartition(tracker);
      await this.scan(tracker, maxRecords);
      await writer.flush();
      await output.endJob();
      if (maxRecords !== undefined && this.cluster !== undefined && tracker.pending().length > 0) {
        this.link.post({ type: 'unfinished', filter, cursors: tracker.exportCursors() });
      }
    } catch (error) {
      this.stopping.abort(error);
      // Records that still lie in the buffer belong to the bytes that are reported.
      await writer.flush().catch(() => undefined);
      report('job.interrupted');
      throw error;
    }
    report('job.done');
  }

  request(request: BackupRequest): Promise<void> | undefined {
    if (request.type === 'checkpoint') return this.writer.checkpoint();
    this.shared?.release(request.memory);
    return undefined;
  }

  async finish(): Promise<BackupWorkerResult> {
    const finishing = this.output.finish();
    // While the disk takes the rest of the file, a main thread that works here would be idle.
    if (!this.ownsCluster) setImmediate(collectGarbageBeforeExit);
    const files = await finishing;
    this.publish();
    this.link.emit({
      type: 'worker.done',
      direction: 'backup',
      jobs: this.jobs,
      files: files.length,
      records: this.writer.records,
      bytes: this.writer.bytes,
      durationMs: performance.now() - this.startedAt,
    });
    if (this.ownsCluster) this.cluster?.close();
    return { files, droppedKeys: this.writer.droppedKeys };
  }

  /** What was handled is made durable, unless that is what failed. */
  async abort(error: unknown): Promise<void> {
    // Also the scan that goes on when it was a checkpoint that failed.
    this.stopping.abort(error);
    try {
      await this.writer.flush();
      await this.output.finish();
    } catch {
      await this.output.abort();
    }
    this.publish();
    if (this.ownsCluster) this.cluster?.close();
  }

  private openDirectory(plan: Extract<BackupWorkerData['output'], { kind: 'directory' }>, codecs: Codecs): ChunkOutput {
    const { bandwidth, storage } = this.data;
    return new DirectoryOutput(
      plan,
      (bytes) => (this.counts.bytes += bytes),
      (delta, file) => this.link.post({ type: 'durable', ...delta, file }),
      codecs,
      (sink) => throttle(sink, bandwidth, this.stopping.signal),
      StorageRegistry.forWorker(storage),
    );
  }

  /** Bytes of records, or of files if those are compressed. */
  private jobBytes(): number {
    return this.data.pipeline.compression === undefined ? this.writer.bytes : this.counts.bytes;
  }

  private async scan(tracker: PartitionTracker, maxRecords: number | undefined): Promise<void> {
    const { writer, data, cluster } = this;
    if (cluster === undefined) return;
    const { filter: expression, ...selection } = data.selection;
    await scanPartitions(
      cluster,
      expression === undefined ? selection : { ...selection, filter: Buffer.from(expression) },
      tracker,
      {
        row: (view) => writer.row(view),
        bulk: writer.bulk,
        waitForDrain: () => {
          this.publish();
          return writer.waitForDrain();
        },
      },
      {
        maxRetries: data.maxRetries,
        ...(data.retryBudgetMs === undefined ? {} : { retryBudgetMs: data.retryBudgetMs }),
        sleepBetweenRetriesMs: data.sleepBetweenRetriesMs,
        firstNode: data.index,
        ...(maxRecords === undefined ? {} : { maxRecords }),
        signal: this.stopping.signal,
        emit: (event) => {
          this.link.emit(event);
        },
      },
    );
  }

  private publish(): void {
    this.counts.records = this.writer.records;
    this.counts.textBytes = this.writer.bytes;
    this.block.publish(this.data.index, this.counts);
  }
}

/** @param cluster of the thread; absent = one is made. Throws CodecError, ClusterError. */
export async function createBackupTask(
  data: BackupWorkerData,
  link: WorkerLink<BackupMessage>,
  cluster?: Cluster,
): Promise<WorkerTask<BackupJob, BackupRequest, BackupWorkerResult>> {
  const codecs = await Codecs.open(data.pipeline);
  if (data.noRecords) return new BackupWorker(data, link, codecs, undefined, false);
  if (cluster !== undefined) return new BackupWorker(data, link, codecs, cluster, false);
  return new BackupWorker(data, link, codecs, await Cluster.connect(data.cluster, link.signal), true);
}
