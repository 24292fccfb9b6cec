/** A backup worker thread: it owns its connections, encoder and file from end to end. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { Cluster } from '../../aerospike/cluster/cluster.js';
import type { PartitionFilter } from '../../aerospike/config.js';
import { PartitionTracker } from '../../aerospike/commands/partition-tracker.js';
import { scanPartitions } from '../../aerospike/commands/scan.js';
import { RecordEncoder } from '../../asb/encoder.js';
import { errorMessage, ToolError } from '../../core/errors.js';
import { jobTimeLine, scanRetryLine, workerDoneLine } from '../../ui/messages/backup.js';
import type { LogEvent } from '../../core/log.js';
import { exitWorker } from '../../core/worker-exit.js';
import { Codecs } from '../../codecs/codecs.js';
import type { ByteSink } from '../../core/byte-stream.js';
import { StorageRegistry } from '../../storage/registry.js';
import {
  Counter,
  COUNTERS_PER_WORKER,
  type FileLength,
  type BackupWorkerMessage,
  type JobFilter,
  type BackupWorkerRequest,
  type BackupWorkerData,
} from './worker-protocol.js';
import { throttle } from './output/throttle.js';
import { DirectoryOutput, SharedOutput, type ChunkOutput, type ProgressDelta } from './output/chunk-output.js';
import { RecordWriter } from './record-writer.js';

class BackupWorker {
  private readonly counters: Float64Array;
  private readonly output: ChunkOutput;
  /** The same as `output` when there is one output for all workers. */
  private readonly shared: SharedOutput | undefined;
  private readonly writer: RecordWriter;
  private readonly stopping = new AbortController();
  private cluster: Cluster | undefined;
  private failed = false;
  private readonly startedAt = performance.now();
  private jobs = 0;

  constructor(
    private readonly setup: BackupWorkerData,
    private readonly port: MessagePort,
    pipeline: Codecs,
  ) {
    const at = setup.index * COUNTERS_PER_WORKER * Float64Array.BYTES_PER_ELEMENT;
    this.counters = new Float64Array(setup.counters, at, COUNTERS_PER_WORKER);
    const { output, selection, compact } = setup;
    if (output.kind === 'directory') {
      const onBytes = (bytes: number): void => void (this.counters[Counter.BYTES]! += bytes);
      const onDurable = (stretch: ProgressDelta, file: FileLength | undefined): void => {
        this.send({ type: 'durable', ...stretch, file });
      };
      const slow = (sink: ByteSink): ByteSink => throttle(sink, setup.bandwidth, this.stopping.signal);
      this.output = new DirectoryOutput(
        output,
        onBytes,
        onDurable,
        pipeline,
        slow,
        StorageRegistry.forWorker(setup.storage),
      );
    } else {
      this.output = this.shared = new SharedOutput(port, pipeline.compressor());
    }
    const encoder = new RecordEncoder({ namespace: selection.namespace, compact });
    this.writer = new RecordWriter(encoder, this.output);
  }

  start(): void {
    this.port.on('message', (message: BackupWorkerRequest) => {
      switch (message.type) {
        case 'job':
          this.guard(() => this.runJob(message.filter, message.maxRecords, message.cursors));
          break;
        case 'finish':
          this.guard(() => this.finish());
          break;
        case 'checkpoint':
          this.guard(() => this.writer.checkpoint());
          break;
        case 'written':
          this.shared?.written(message.memory);
          break;
        case 'stop':
          this.stopping.abort(new ToolError('STOPPED', 'The backup was stopped.'));
          break;
      }
    });
    this.guard(async () => {
      if (!this.setup.noRecords) this.cluster = await Cluster.connect(this.setup.cluster, this.stopping.signal);
      this.send({ type: 'idle' });
    });
  }

  private async runJob(
    filter: JobFilter,
    maxRecords: number | undefined,
    cursors: Uint8Array | undefined,
  ): Promise<void> {
    const { writer, output } = this;
    const recordsBefore = writer.records;
    const bytesBefore = this.jobBytes();
    const startedAt = performance.now();
    this.jobs++;
    const report = (type: 'jobDone' | 'jobStopped'): void => {
      this.count();
      const records = writer.records - recordsBefore;
      const bytes = this.jobBytes() - bytesBefore;
      this.send({ type, filter, records, bytes });
      this.tell(jobTimeLine(toPartitionFilter(filter), records, bytes, performance.now() - startedAt));
    };
    try {
      output.begin();
      writer.planChunkEnd();
      const tracker = new PartitionTracker([toPartitionFilter(filter)]);
      if (cursors !== undefined) tracker.resume(cursors);
      writer.startPartition(tracker);
      await this.scan(tracker, maxRecords);
      await writer.flush();
      await output.endJob();
    } catch (error) {
      report('jobStopped');
      throw error;
    }
    report('jobDone');
    this.send({ type: 'idle' });
  }

  /** Bytes of records, or of files if those are compressed. */
  private jobBytes(): number {
    return this.setup.pipeline.compression === undefined ? this.writer.bytes : this.counters[Counter.BYTES]!;
  }

  private async scan(tracker: PartitionTracker, maxRecords: number | undefined): Promise<void> {
    const { writer, setup } = this;
    if (this.cluster !== undefined) {
      const { filter: expression, ...selection } = setup.selection;
      await scanPartitions(
        this.cluster,
        expression === undefined ? selection : { ...selection, filter: Buffer.from(expression) },
        tracker,
        {
          row: (view) => writer.row(view),
          waitForDrain: () => {
            this.count();
            return writer.waitForDrain();
          },
        },
        {
          maxRetries: setup.maxRetries,
          sleepBetweenRetriesMs: setup.sleepBetweenRetriesMs,
          firstNode: setup.index,
          ...(maxRecords === undefined ? {} : { maxRecords }),
          signal: this.stopping.signal,
          onRetry: (error, left) => {
            this.send({ type: 'log', level: 'error', line: scanRetryLine(left, errorMessage(error)) });
          },
        },
      );
    }
  }

  private async finish(): Promise<void> {
    const files = await this.output.finish();
    const { jobs, writer } = this;
    this.tell(workerDoneLine(jobs, files.length, writer.records, writer.bytes, performance.now() - this.startedAt));
    this.cluster?.close();
    this.send({ type: 'finished', files });
    exitWorker(this.port);
  }

  /**
   * Runs a piece of work. A failure closes everything and is the last thing this worker says; before, what was handled
   * is made durable, unless that is what failed.
   */
  private guard(work: () => Promise<void>): void {
    work().catch(async (error: unknown) => {
      if (this.failed) return;
      this.failed = true;
      // Also the scan that goes on when it was a checkpoint that failed.
      this.stopping.abort(error);
      let openFiles: string[] = [];
      try {
        await this.writer.flush();
        await this.output.finish();
      } catch {
        openFiles = await this.output.abandon();
      }
      this.cluster?.close();
      const code = error instanceof ToolError ? error.code : 'INTERNAL';
      const stack = error instanceof Error ? (error.stack ?? '') : '';
      this.send({ type: 'failed', code, message: errorMessage(error), stack, openFiles });
      exitWorker(this.port);
    });
  }

  private count(): void {
    this.counters[Counter.RECORDS] = this.writer.records;
    this.counters[Counter.TEXT_BYTES] = this.writer.bytes;
  }

  private tell(line: LogEvent): void {
    this.send({ type: 'log', level: 'verbose', line });
  }

  private send(message: BackupWorkerMessage): void {
    this.port.postMessage(message);
  }
}

function toPartitionFilter(filter: JobFilter): PartitionFilter {
  return filter.kind === 'range' ? filter : { kind: 'digest', digest: Buffer.from(filter.digest) };
}

if (parentPort === null) throw new Error('this file runs in a worker thread');
const setup = workerData as BackupWorkerData;
new BackupWorker(setup, parentPort, await Codecs.open(setup.pipeline)).start();
