/** One backup run, from the plan to the summary (asbackup.md 5.1). */
import type { PartitionFilter } from '../../aerospike/config.js';
import type { ScanSelection } from '../../aerospike/protocol/scan-request.js';
import { ServerError } from '../../aerospike/errors.js';
import { ResultCode } from '../../aerospike/protocol/constants.js';
import { encodeHeader } from '../../asb/encoder.js';
import { ToolError } from '../../core/errors.js';
import { BackupProgress } from '../../ui/progress/backup-progress.js';
import {
  type BackupTotals,
  jobCompletedLine,
  jobInterruptedLine,
  jobStartedLine,
  jobText,
  threadsReducedLine,
} from '../../ui/messages/backup.js';
import { logEvent } from '../../core/log.js';
import type { ByteSink } from '../../core/byte-stream.js';
import { CountingSink } from '../../storage/decorators/meter.js';
import { Codecs } from '../../codecs/codecs.js';
import { AES_HEADER_BYTES, encryptVector } from '../../codecs/aes-ctr.js';
import { StreamWriter } from '../../storage/stream/writer.js';
import type { StorageAccess } from '../../storage/registry.js';
import { openStandardOutput } from '../../storage/stdio/stdout.js';
import type { WorkerCounters } from '../../ui/progress/worker-throughput.js';
import type { Checkpointer } from './checkpoint/checkpointer.js';
import { DiskSpace } from './output/disk-space.js';
import { BackupError } from './errors.js';
import { type BackupMetadata, readMetadata } from './metadata.js';
import { type Bandwidth, Counter, COUNTERS_PER_WORKER } from './worker-protocol.js';
import type { BackupOptions, BackupResult } from './config.js';
import { SampleAccumulator } from './estimate/accumulator.js';
import { preflightScan, sampleRecords } from './estimate/sampler.js';
import { scanSelection } from './scan-params.js';
import { withConnection, type Session } from './connect.js';
import { createWorkerData } from './worker-data.js';
import { createState, checkPreconditions, remainingJobs, type RunState } from './checkpoint/run-state.js';
import { finalizeRemainingFiles, toResumePoint } from './checkpoint/resume.js';
import { removeState } from './checkpoint/state-file.js';
import { throttle } from './output/throttle.js';
import { type Checkpoints, type Job, runBackupJobs } from './worker-pool.js';

export { BackupError } from './errors.js';

const CHECKPOINT_INTERVAL_MS = 10_000;

/** Enough to tell whether a disk is much too small; `--estimate` reads more. */
const SPACE_SAMPLES = 1000;

/**
 * Backs up one namespace. Resolves when everything asked for is written and durable; otherwise throws a ToolError whose
 * sentence says what is missing and what was left behind.
 */
export async function backup(options: BackupOptions): Promise<BackupResult> {
  const startedMs = Date.now();
  // Before anything is touched: an option that cannot be followed has left files behind (asbackup.md 12, fault 27).
  const pipeline = await Codecs.open(options);
  const saved = await checkPreconditions(options);
  return withConnection(options, async (session) => {
    const { log, target } = options;
    const globals = await readMetadata(session.cluster, options);
    const jobs = remainingJobs(session.partitions, saved, options);
    const threads = Math.min(options.parallel, jobs.length);
    if (threads < options.parallel && saved === undefined)
      log.info(threadsReducedLine(options.parallel, threads, limitingFactor(session, options)));
    const space = DiskSpace.of(target, log, options.storages);
    let expectedBytes = 0;
    if (!options.noRecords) {
      const meter = new SampleAccumulator(globals.firstHeader, pipeline);
      expectedBytes = await preflight(session, options, meter, space);
    }
    options.signal?.throwIfAborted();
    const runState = await createState(saved, session.partitions, globals, options, log);

    const run = new Run(session, options, globals, threads, pipeline, runState, expectedBytes);
    session.totals = () => run.totals();
    space?.watch(() => ({ ...run.totals(), expectedRecords: run.expectedRecords }));
    try {
      const files = await run.execute(jobs);
      return run.result(files, Date.now() - startedMs);
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      const failed = new BackupError(error.code, error.message, run.result([], Date.now() - startedMs), error.cause);
      if (error.stack !== undefined) failed.stack = error.stack;
      throw failed;
    } finally {
      space?.stop();
    }
  });
}

/** What there was too little of for all the workers asked for. */
function limitingFactor(
  { partitions }: Session,
  { maxRecords = 0 }: BackupOptions,
): 'partitions' | 'filters' | 'records' {
  if (maxRecords > 0) return 'records';
  return partitions.length === 1 && partitions[0]!.kind === 'range' ? 'partitions' : 'filters';
}

/**
 * Reads one record before anything is created or deleted. Before a backup to a file it reads some more, to tell whether
 * the disk will hold it, or how large the parts of an upload have to be: the C tool's nested estimate (asbackup.md 6)
 * without lines of its own (12, fault 9). Resolves with the size expected, 0 = unknown.
 */
async function preflight(
  { cluster, partitions, expectedRecords }: Session,
  options: BackupOptions,
  meter: SampleAccumulator,
  space: DiskSpace | undefined,
): Promise<number> {
  const selection: ScanSelection = { ...scanSelection(options, 1), recordsPerSecond: 0 };
  const withSizes = options.target.kind === 'file';
  try {
    if (withSizes) {
      const samples = options.estimateSamples ?? SPACE_SAMPLES;
      await sampleRecords(cluster, options, selection, partitions, samples, meter);
      await meter.finish();
    } else {
      await preflightScan(cluster, options, selection, partitions);
    }
  } catch (error) {
    throw explainScanRefusal(error, options);
  }
  if (!withSizes) return 0;
  const { maxRecords = 0 } = options;
  const records = maxRecords === 0 ? expectedRecords : Math.min(maxRecords, expectedRecords);
  const expectedBytes = meter.sizeOf(records);
  await space?.check(expectedBytes);
  return expectedBytes;
}

class Run {
  readonly expectedRecords: number;
  private readonly counters: SharedArrayBuffer;
  private readonly counts: Float64Array;
  private readonly bandwidth: Bandwidth | undefined;
  /** Bytes of the one output for all workers. */
  private sharedBytes = 0;
  /** What each worker is at. */
  private readonly doing: (string | undefined)[] = [];
  /** What earlier runs have done of this backup. */
  private readonly before: BackupTotals;
  private readonly storages: StorageAccess;
  /** The storage's end of the one output for all workers. */
  private sharedSink: ByteSink | undefined;

  constructor(
    private readonly session: Session,
    private readonly options: BackupOptions,
    private readonly globals: BackupMetadata,
    private readonly threads: number,
    private readonly pipeline: Codecs,
    private readonly runState: RunState,
    /** Of the one output; 0 = unknown. */
    private readonly expectedBytes: number,
  ) {
    this.storages = options.storages;
    const { sindexes, udfs } = globals;
    this.before = { ...runState.state.counters, ...(this.hasHeader() ? {} : { sindexes, udfs }) };
    const { bandwidthBytesPerSecond, maxRecords = 0 } = options;
    const { expectedRecords } = session;
    this.expectedRecords = maxRecords === 0 ? expectedRecords : Math.min(maxRecords, expectedRecords);
    this.counters = new SharedArrayBuffer(threads * COUNTERS_PER_WORKER * Float64Array.BYTES_PER_ELEMENT);
    this.counts = new Float64Array(this.counters);
    if (bandwidthBytesPerSecond !== undefined) {
      const state = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);
      this.bandwidth = { bytesPerSecond: bandwidthBytesPerSecond, state };
    }
  }

  totals(): BackupTotals {
    const { records, bytes, sindexes, udfs } = this.before;
    return {
      records: records + this.sum(Counter.RECORDS),
      sindexes,
      udfs,
      bytes: bytes + this.sum(Counter.BYTES) + this.sharedBytes,
    };
  }

  result(files: string[], durationMs: number): BackupResult {
    const head = this.hasHeader() ? 0 : this.globals.firstHeader.length;
    return { ...this.totals(), textBytes: head + this.sum(Counter.TEXT_BYTES), files, durationMs };
  }

  private workers(): WorkerCounters[] {
    return Array.from({ length: this.threads }, (_, worker) => {
      const at = worker * COUNTERS_PER_WORKER;
      const [records, bytes] = [this.counts[at + Counter.RECORDS]!, this.counts[at + Counter.TEXT_BYTES]!];
      return { records, bytes, doing: this.doing[worker] };
    });
  }

  private sum(counter: number): number {
    let value = 0;
    for (let i = counter; i < this.counts.length; i += COUNTERS_PER_WORKER) value += this.counts[i]!;
    return value;
  }

  /** Resolves with the names of the files written. */
  async execute(jobs: readonly Job[]): Promise<string[]> {
    const { options, session } = this;
    const { target, display, progressRequests: requests } = options;
    let output: ByteSink | undefined;
    if (!this.hasHeader()) for (const line of this.globals.lines) options.log.info(line, 0);
    const progress = new BackupProgress({
      log: options.log,
      read: () => ({ ...this.totals(), expectedRecords: this.expectedRecords, workers: this.workers() }),
      machine: session.machine,
      ...(display === undefined ? {} : { display }),
      ...(requests === undefined ? {} : { requests }),
    });
    progress.start();
    try {
      output = await this.openSharedOutput();
      const files = await this.scan(jobs, output);
      await output?.close();
      await this.runState.checkpointer?.remove();
      if (options.continueFrom !== undefined) await removeState(options.continueFrom, this.storages);
      if (target.kind === 'file') return [target.path];
      return files;
    } catch (error) {
      await output?.abort();
      const { checkpointer } = this.runState;
      // If it could not be saved, the one saved before still stands, and the files are cut back to that.
      if ((await checkpointer?.finish()) === true) {
        const path = checkpointer?.path ?? '';
        options.log.info(logEvent('state.saved', `Created backup state file ${path}`, { path }));
      }
      throw withHint(error, options, this.totals().records, checkpointer);
    } finally {
      progress.stop();
    }
  }

  private async scan(jobs: readonly Job[], output: ByteSink | undefined): Promise<string[]> {
    const { options, session, threads, bandwidth, globals } = this;
    const { log, namespace } = options;
    const { firstHeader } = globals;
    if (output !== undefined && !this.hasHeader()) {
      await output.write(this.pipeline.compressor()?.frame(firstHeader) ?? firstHeader);
    }
    const { resumed } = this.runState;
    if (resumed !== undefined && options.target.kind === 'directory') {
      await finalizeRemainingFiles(resumed, options, threads, (file) => this.runState.checkpointer?.closed(file));
    }
    // A shared output is this thread's affair.
    const paths = options.target.kind === 'directory' ? [options.target.path] : [];
    const links = await this.storages.openChannels(paths, threads);
    const setups = createWorkerData({
      options,
      cluster: session.cluster,
      selection: scanSelection(options, threads),
      threads,
      counters: this.counters,
      header: encodeHeader(namespace, false),
      firstHeader,
      bandwidth,
      resumed,
      links,
    });
    // With one output for all, its size stands for the job's (asbackup.md 8.2).
    const sizeOf = (jobBytes: number): number => (output === undefined ? jobBytes : this.sharedBytes);
    const files = await runBackupJobs(
      jobs,
      setups,
      output,
      {
        jobStarted: (job: PartitionFilter, worker) => {
          this.doing[worker] = jobText(job);
          log.info(jobStartedLine(job), worker);
        },
        jobDone: (job, worker, count, size) => {
          this.doing[worker] = undefined;
          log.info(jobCompletedLine(job, count, sizeOf(size)), worker);
        },
        jobStopped: (job, worker, count, size) => log.info(jobInterruptedLine(job, count, sizeOf(size)), worker),
        log: (level, line, worker) => log[level](line, worker),
      },
      options.signal,
      this.checkpoints(),
    );
    return files.map(({ name }) => name);
  }

  /** Whether an earlier run has written the indexes and UDFs. */
  private hasHeader(): boolean {
    const { resumed } = this.runState;
    if (resumed === undefined) return false;
    // In a directory they are in file number 0, which may have been lost although later ones were kept.
    return this.options.target.kind === 'directory'
      ? resumed.numbers.includes(0)
      : resumed.files.some(({ bytes }) => bytes > 0);
  }

  private checkpoints(): Checkpoints | undefined {
    const { checkpointer } = this.runState;
    if (checkpointer === undefined) return undefined;
    return {
      durable: (stretch, file) => checkpointer.durable(stretch, file),
      appended: (stretch) => checkpointer.appended(stretch),
      committed: (bytes) => {
        // Not every storage can make a few bytes durable; then nothing has become so.
        const written = (this.runState.resumed?.files[0]?.bytes ?? 0) + this.sharedBytes;
        if (bytes === written) checkpointer.committed(bytes, this.sharedSink?.token);
      },
      intervalMs: this.options.checkpointIntervalMs ?? CHECKPOINT_INTERVAL_MS,
    };
  }

  /** Takes what the workers have compressed. */
  private async openSharedOutput(): Promise<ByteSink | undefined> {
    const { target, encryption } = this.options;
    if (target.kind === 'directory' || target.kind === 'none') return undefined;
    const resumed = this.runState.resumed?.files[0];
    const before = resumed?.bytes ?? 0;
    let sink: ByteSink;
    if (target.kind === 'stdout') sink = openStandardOutput(before, this.options.signal);
    else if (target.kind === 'stream') sink = new StreamWriter(target.stream);
    else {
      const storage = await this.storages.forPath(target.path);
      sink =
        resumed !== undefined && before > 0
          ? await storage.resume(target.path, toResumePoint(resumed))
          : await storage.create(target.path, this.expectedBytes);
    }
    this.sharedSink = sink;
    const stored = throttle(
      new CountingSink(sink, (bytes) => (this.sharedBytes += bytes)),
      this.bandwidth,
      this.options.signal,
    );
    const saved = this.runState.state.files[0]?.vector;
    const vector = resumed?.vector ?? (saved === undefined ? undefined : Buffer.from(saved, 'hex'));
    if (encryption === undefined || vector === undefined) return this.pipeline.encrypt(stored);
    if (before === 0) await stored.write(encryptVector(encryption, vector));
    return this.pipeline.encrypt(stored, { vector, offset: Math.max(0, before - AES_HEADER_BYTES) });
  }
}

/** The scan did not even start: nothing was touched, and a refused request is most likely the person's expression. */
function explainScanRefusal(error: unknown, { filterExp }: BackupOptions): unknown {
  if (!(error instanceof ToolError)) return error;
  const malformed = error instanceof ServerError && error.resultCode === ResultCode.PARAMETER;
  const hint = malformed && filterExp !== undefined ? ' The expression of --filter-exp is not valid.' : '';
  const text = `${asSentence(error.message)}${hint} Nothing was created or deleted.`;
  return new ToolError(error.code, text, { cause: error });
}

function asSentence(message: string): string {
  return message.endsWith('.') ? message : `${message}.`;
}

/** What has to be done before the run can go on, as the beginning of a half-sentence; empty = nothing that is known. */
const REMEDIES: Readonly<Record<string, string>> = {
  IO_ENOSPC: 'make room on the disk, then ',
  IO_EDQUOT: 'make room within the quota, then ',
  IO_EFBIG: 'allow larger files there, then ',
  IO_EROFS: 'make the file system writable again, then ',
  IO_EACCES: 'give this user write permission again, then ',
  IO_EPERM: 'give this user write permission again, then ',
  IO_EIO: 'have the disk seen to, then ',
};

function suggestedAction({ code }: ToolError): string {
  return REMEDIES[code] ?? '';
}

/** Adds to a failure what it left behind. */
function withHint(
  error: unknown,
  { target }: BackupOptions,
  records: number,
  checkpointer: Checkpointer | undefined,
): unknown {
  if (!(error instanceof ToolError)) return error;
  const pipe = target.kind === 'stdout' ? 'standard output' : 'the stream';
  const what = 'path' in target ? `The backup in ${target.path}` : `What was written to ${pipe}`;
  let how: string;
  if (checkpointer === undefined) {
    how = 'path' in target ? 'run again with --remove-files' : 'start it again';
  } else if ('path' in target) {
    how = `${suggestedAction(error)}continue it with --continue ${checkpointer.path} and otherwise the same options, without --remove-files`;
  } else {
    how =
      `cut what has arrived to its first ${checkpointer.sharedBytes} byte(s), and append to it the output of the same ` +
      `command with --continue ${checkpointer.path}`;
  }
  const left = `${what} is incomplete after ${records} record(s); ${how}.`;
  const explained = new ToolError(error.code, `${asSentence(error.message)} ${left}`, { cause: error });
  if (error.stack !== undefined) explained.stack = error.stack;
  return explained;
}
