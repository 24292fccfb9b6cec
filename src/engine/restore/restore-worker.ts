/** A restore worker thread: its own connections, file, decoder and frames; one file after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { Cluster } from '../../aerospike/cluster/cluster.js';
import type { Decoder, Meta } from '../../asb/decoder.js';
import { Codecs } from '../../codecs/codecs.js';
import type { LogEvent } from '../../core/log.js';
import { fileReadLine, openedLine, writerDoneLine } from '../../ui/messages/restore.js';
import type { ByteSource } from '../../core/byte-stream.js';
import { StorageRegistry } from '../../storage/registry.js';
import { exitWorker } from '../../core/worker-exit.js';
import { errorOf, noticeOf } from './errors.js';
import { visitEntries, type EntryVisitor } from '../../asb/read-entries.js';
import type { MetadataEntry } from '../../core/sindex.js';
import { checkNamespace } from '../input/check-namespace.js';
import type { FileJob, RestoreWorkerMessage, RestoreWorkerRequest, RestoreWorkerData } from './worker-protocol.js';
import { explainFailure, openSource } from '../input/open-input.js';
import { RateLimiter } from './rate-limiter.js';
import { RecordProcessor } from './record-processor.js';
import { RestoreCounters } from './counters.js';
import { BatchWriter } from './batch-writer.js';

const port = parentPort;
if (port === null) throw new Error('restore-worker.js runs as a worker thread only');
const setup = workerData as RestoreWorkerData;

const storages = StorageRegistry.forWorker(setup.storage);
const readOptions = { readers: setup.storage?.readers ?? 1 };

function say(message: RestoreWorkerMessage): void {
  port?.postMessage(message);
}

class RestoreWorker implements EntryVisitor {
  private readonly tally = new RestoreCounters(setup.tallies, setup.index);
  private readonly uploader: BatchWriter;
  private readonly filter: RecordProcessor;
  /** Globals of the current file that were restored before. */
  private globalsDone = 0;
  private globalSeen: (() => void) | undefined;
  private source: ByteSource | undefined;
  private readonly startedAt = performance.now();
  private readonly pacer = setup.limits === undefined ? undefined : new RateLimiter(setup.limits);

  constructor(
    private readonly cluster: Cluster,
    private readonly pipeline: Codecs,
  ) {
    this.uploader = new BatchWriter(cluster, setup.upload, this.tally, {
      verbose: (line) => say({ type: 'log', level: 'verbose', line }),
      stopped: (error) => {
        say({ type: 'stopped', failure: noticeOf(error) });
        this.globalDone();
        // A read from a silent pipe would go on for ever.
        void this.source?.close();
      },
    });
    this.filter = new RecordProcessor(setup.rules, this.tally, this.uploader);
  }

  stop(reason: Error): void {
    this.uploader.stop(reason);
  }

  globalDone(): void {
    this.globalSeen?.();
  }

  /** Never rejects. */
  async restoreFile(job: FileJob): Promise<void> {
    const startedAt = performance.now();
    const { records, bytes } = this.tally;
    try {
      const count = (bytes: number): void => {
        this.tally.bytes += bytes;
        this.pacer?.read(bytes);
      };
      const source = await openSource(this.pipeline, storages, job, count, readOptions);
      this.source = source;
      try {
        if (job.announce) say({ type: 'log', level: 'info', line: openedLine(source.name) });
        this.globalsDone = job.globalsDone;
        await visitEntries(source, this, { bins: setup.bins });
        const { tally } = this;
        const ms = performance.now() - startedAt;
        this.tell(fileReadLine(source.name, tally.records - records, tally.bytes - bytes, ms));
      } catch (error) {
        throw explainFailure(error, source);
      } finally {
        this.source = undefined;
        await source.close();
      }
    } catch (error) {
      // Once the run has stopped, the end of a file is no failure of its own.
      if (!this.uploader.stopped) say({ type: 'fileFailed', failure: noticeOf(error) });
    }
    this.tally.publish();
  }

  /** Never rejects: what stopped the uploader was said when it happened. */
  async finish(): Promise<void> {
    await this.uploader.finish().catch(() => undefined);
    const { tally } = this;
    this.tell(
      writerDoneLine(tally.records, tally.inserted, tally.retries, tally.bytes, performance.now() - this.startedAt),
    );
    const { nullSetSeen, ttlsCut } = this.filter;
    const { persistBitsCleared, sorted } = this.uploader;
    say({ type: 'finished', findings: { nullSetSeen, ttlsCut, persistBitsCleared, sorted } });
    this.cluster.close();
  }

  visitMeta(meta: Readonly<Meta>): void {
    checkNamespace(this.source?.name ?? '', meta, setup.upload.namespace?.from);
  }

  visitRecord(decoder: Decoder): void {
    if (setup.noRecords) this.filter.inspectSkipped(decoder.record);
    else this.filter.process(decoder.record);
  }

  waitForDrain(): Promise<void> | undefined {
    const pauseMs = this.pacer === undefined || setup.noRecords ? 0 : this.pacer.recordPauseMs();
    if (pauseMs > 0) return this.pause(pauseMs).then(() => this.uploader.room());
    if (!this.uploader.busy && !this.uploader.stopped) return undefined;
    return this.uploader.room().then(() => this.filter.tick());
  }

  async visitMetadata(entry: MetadataEntry): Promise<void> {
    if (this.globalsDone > 0) {
      this.globalsDone--;
      return;
    }
    if (this.uploader.stopped) return;
    await new Promise<void>((resolve) => {
      this.globalSeen = resolve;
      say({ type: 'global', entry });
    });
    this.globalSeen = undefined;
  }

  beforeChunk(bytes: number): Promise<void> | undefined {
    this.tally.textBytes += bytes;
    this.tally.publish();
    this.filter.tick();
    const pauseMs = this.pacer?.bytesPauseMs() ?? 0;
    return pauseMs > 0 ? this.pause(pauseMs) : undefined;
  }

  isStopped(): boolean {
    return this.uploader.stopped;
  }

  private tell(line: LogEvent): void {
    say({ type: 'log', level: 'verbose', line });
  }

  private async pause(ms: number): Promise<void> {
    await this.uploader.pause(ms);
    this.filter.tick();
  }
}

const cluster = await Cluster.connect(setup.cluster);
const worker = new RestoreWorker(cluster, await Codecs.open(setup.pipeline));
port.on('message', (message: RestoreWorkerRequest) => {
  switch (message.type) {
    case 'file':
      void worker.restoreFile(message.job).then(() => say({ type: 'idle' }));
      break;
    case 'globalDone':
      worker.globalDone();
      break;
    case 'stop':
      worker.stop(errorOf(message.reason));
      break;
    case 'finish':
      void worker.finish().then(() => exitWorker(port));
      break;
  }
});
say({ type: 'idle' });
