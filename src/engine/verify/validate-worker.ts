/** A validation worker thread: reads one file after another to its end, or to its first fault, and writes nothing. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Decoder, Meta } from '../../asb/decoder.js';
import { Codecs } from '../../codecs/codecs.js';
import { fileReadLine, openedLine } from '../../ui/messages/restore.js';
import type { ByteSource } from '../../core/byte-stream.js';
import { StorageRegistry } from '../../storage/registry.js';
import { exitWorker } from '../../core/worker-exit.js';
import { noticeOf, RestoreFailure } from '../restore/errors.js';
import { visitEntries, type EntryVisitor } from '../../asb/read-entries.js';
import type { MetadataEntry } from '../../core/sindex.js';
import { checkNamespace } from '../input/check-namespace.js';
import type {
  FileContents,
  FileJob,
  RestoreWorkerMessage,
  RestoreWorkerRequest,
  ValidationSetup,
} from '../restore/worker-protocol.js';
import { explainFailure, openSource } from '../input/open-input.js';
import { RestoreCounters } from '../restore/counters.js';

const port = parentPort;
if (port === null) throw new Error('validate-worker.js runs as a worker thread only');
const setup = workerData as ValidationSetup;

const storages = StorageRegistry.forWorker(setup.storage);
const readOptions = { readers: setup.storage?.readers ?? 1 };

function say(message: RestoreWorkerMessage): void {
  port?.postMessage(message);
}

class ValidationWorker implements EntryVisitor {
  private readonly tally = new RestoreCounters(setup.tallies, setup.index);
  private stopped = false;
  private source: ByteSource | undefined;

  constructor(private readonly pipeline: Codecs) {}

  stop(): void {
    this.stopped = true;
    // A read from a silent pipe would go on for ever.
    void this.source?.close();
  }

  /** Never rejects. */
  async checkFile(job: FileJob): Promise<void> {
    const { records, sindexes, udfs, bytes } = this.tally;
    const before: FileContents = { records, sindexes, udfs, bytes };
    try {
      await this.readFile(job);
    } catch (error) {
      // Once the run has stopped, the end of a file is no failure of its own.
      if (!this.stopped) say({ type: 'fileFailed', failure: noticeOf(error) });
    }
    this.tally.publish();
    const { tally } = this;
    const contents: FileContents = {
      records: tally.records - before.records,
      sindexes: tally.sindexes - before.sindexes,
      udfs: tally.udfs - before.udfs,
      bytes: tally.bytes - before.bytes,
    };
    if (!this.stopped) say({ type: 'fileChecked', contents });
  }

  visitMeta(meta: Readonly<Meta>): void {
    checkNamespace(this.source?.name ?? '', meta, setup.namespace);
  }

  visitRecord({ record }: Decoder): void {
    this.tally.records++;
    if (setup.namespace !== undefined && record.namespace !== setup.namespace) {
      throw otherNamespace('a record', record.namespace);
    }
  }

  waitForDrain(): undefined {
    return undefined;
  }

  visitMetadata(entry: MetadataEntry): undefined {
    if (entry.kind === 'udf') {
      this.tally.udfs++;
    } else {
      this.tally.sindexes++;
      const { namespace, name } = entry.sindex;
      if (setup.namespace !== undefined && namespace !== setup.namespace) {
        throw otherNamespace(`the index ${name}`, namespace);
      }
    }
  }

  beforeChunk(bytes: number): undefined {
    this.tally.textBytes += bytes;
    this.tally.publish();
  }

  isStopped(): boolean {
    return this.stopped;
  }

  private async readFile(job: FileJob): Promise<void> {
    const startedAt = performance.now();
    const { records, bytes } = this.tally;
    const count = (bytes: number): void => void (this.tally.bytes += bytes);
    const source = await openSource(this.pipeline, storages, job, count, readOptions);
    this.source = source;
    try {
      if (job.announce) say({ type: 'log', level: 'info', line: openedLine(source.name) });
      await visitEntries(source, this);
      const ms = performance.now() - startedAt;
      const line = fileReadLine(source.name, this.tally.records - records, this.tally.bytes - bytes, ms);
      say({ type: 'log', level: 'verbose', line });
    } catch (error) {
      throw explainFailure(error, source);
    } finally {
      this.source = undefined;
      await source.close();
    }
  }
}

function otherNamespace(what: string, namespace: string): RestoreFailure {
  const text = `it holds ${what} of namespace "${namespace}", but --namespace says "${setup.namespace ?? ''}"`;
  return new RestoreFailure('RESTORE_NAMESPACE', text);
}

const worker = new ValidationWorker(await Codecs.open(setup.pipeline));
port.on('message', (message: RestoreWorkerRequest) => {
  switch (message.type) {
    case 'file':
      void worker.checkFile(message.job).then(() => say({ type: 'idle' }));
      break;
    case 'stop':
      worker.stop();
      break;
    case 'finish':
      exitWorker(port);
      break;
    case 'globalDone':
      break;
  }
});
say({ type: 'idle' });
