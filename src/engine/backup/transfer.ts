/** The part of a backup in which records flow: worker threads, the output, checkpoints, and the end of the run. */
import type { MessagePort } from 'node:worker_threads';
import type { Codecs } from '../../codecs/codecs.js';
import { encodeHeader } from '../../asb/encoder.js';
import type { CounterBlock } from '../../core/counters.js';
import { errorMessage, ToolError } from '../../core/errors.js';
import type { EngineEvent } from '../../core/events.js';
import type { BackupTotals } from '../../core/events/backup.js';
import type { RunContext } from '../../core/run-context.js';
import type { RunProgress, WorkerActivity } from '../../core/run.js';
import type { PreparedThreads } from '../../core/prepared-threads.js';
import { runLocalWorker } from '../../core/worker.js';
import { WorkerPool, type WorkerSetup } from '../../core/worker-pool.js';
import { joinPath } from '../../storage/paths.js';
import { finalizeRemainingFiles } from './checkpoint/resume.js';
import type { JobPlan, RunState } from './checkpoint/run-state.js';
import { removeState } from './checkpoint/state-file.js';
import type { BackupConfig, BackupResult } from './config.js';
import type { Session } from './connect.js';
import { CompleteError, explainInterruption } from './failure.js';
import type { BackupMetadata } from './metadata.js';
import type { PlannedJob, RecordQuota } from './plan.js';
import type { FinishedFile } from './output/chunk-output.js';
import { DirectoryOutput } from './output/directory-output.js';
import { hasFreeNumber } from './output/file-naming.js';
import { writeMetadataFile } from './output/metadata-file.js';
import { SharedWriter } from './output/shared-writer.js';
import { FilesChangedError, verifyFiles } from './output/verify-files.js';
import { scanSelection } from './scan-params.js';
import { createWorkerData } from './worker-data.js';
import {
  type Bandwidth,
  type BackupCounter,
  type BackupMessage,
  type BackupRequest,
  type BackupJob,
  type BackupWorkerData,
  type BackupWorkerResult,
  type OutputPlan,
  toPartitionFilter,
} from './worker-protocol.js';

export const WORKER_SCRIPT = new URL('./backup-worker.js', import.meta.url);
const CHECKPOINT_INTERVAL_MS = 10_000;
/** Workers post what they have within milliseconds after they were asked for a checkpoint. */
const FLUSH_GRACE_MS = 250;

export interface TransferOptions {
  config: BackupConfig;
  context: RunContext;
  session: Session;
  metadata: BackupMetadata;
  codecs: Codecs;
  runState: RunState;
  counters: CounterBlock<BackupCounter>;
  plan: JobPlan;
  /** Of the one output; 0 = unknown. */
  expectedBytes: number;
  threads: PreparedThreads;
}

type BackupPool = WorkerPool<PlannedJob, BackupRequest, BackupMessage, BackupWorkerResult>;

export class Transfer {
  private readonly expectedRecords: number;
  private readonly bandwidth: Bandwidth | undefined;
  private readonly activities: (WorkerActivity | undefined)[] = [];
  /** What earlier runs have written of this backup. */
  private readonly before: BackupTotals;
  private shared: SharedWriter | undefined;
  private pool: BackupPool | undefined;
  /** Of a directory: where its workers write. */
  private directoryPlan: OutputPlan | undefined;
  /** Of files without records. */
  private fillerBytes = 0;
  /** After a failure: what is durable counts, not what was encoded. */
  private interrupted = false;
  /** In files that are gone or damaged by the end of the run. */
  private lostRecords = 0;

  constructor(private readonly options: TransferOptions) {
    const { config, session, metadata, runState } = options;
    const { sindexes, udfs } = metadata;
    this.before = { ...runState.checkpointer.state.counters, ...(this.hasHeader() ? {} : { sindexes, udfs }) };
    const { bandwidthBytesPerSecond: bytesPerSecond, maxRecords = 0 } = config;
    this.expectedRecords = maxRecords === 0 ? session.expectedRecords : Math.min(maxRecords, session.expectedRecords);
    if (bytesPerSecond !== undefined) {
      this.bandwidth = { bytesPerSecond, state: new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT) };
    }
  }

  totals(): BackupTotals {
    const { before } = this;
    if (this.interrupted) {
      const { records, bytes } = this.options.runState.checkpointer.state.counters;
      return { ...before, records: records - this.lostRecords, bytes };
    }
    const { records, bytes } = this.options.counters.sum();
    return {
      records: before.records + records,
      sindexes: before.sindexes,
      udfs: before.udfs,
      bytes: before.bytes + bytes + this.fillerBytes + (this.shared?.bytes ?? 0),
    };
  }

  progress(): RunProgress {
    const { records, bytes } = this.totals();
    const workers = this.options.counters.byWorker().map((counts, worker) => ({
      records: counts.records,
      bytes: counts.textBytes,
      activity: this.activities[worker],
    }));
    return { records, bytes, expectedRecords: this.expectedRecords, expectedBytes: 0, workers };
  }

  result(files: string[], durationMs: number): BackupResult {
    const { metadata, counters } = this.options;
    const headerBytes = this.hasHeader() ? 0 : metadata.firstHeader.length + (metadata.file?.bytes.length ?? 0);
    return { ...this.totals(), textBytes: headerBytes + counters.sum().textBytes, files, durationMs };
  }

  /** Resolves with the paths of the backup's files. */
  async execute(): Promise<string[]> {
    const { config, context, metadata, runState } = this.options;
    const { emit } = context;
    if (!this.hasHeader()) for (const event of metadata.events) emit({ ...event, worker: 0 });
    emit({ type: 'transfer.started' });
    try {
      const files = await this.transfer();
      await verifyFiles(files, runState.checkpointer.state, config);
      await this.concludeState();
      return this.listFiles(files);
    } catch (error) {
      throw await this.interrupt(error);
    } finally {
      emit({ type: 'transfer.ended' });
      await runState.lock.release();
    }
  }

  /** Also the files that earlier runs of this backup have completed. */
  private listFiles(finished: readonly FinishedFile[]): string[] {
    const { target } = this.options.config;
    const names = finished.map(({ name }) => name);
    if (target.kind !== 'directory') return names;
    const { files } = this.options.runState.checkpointer.state;
    return [...new Set([...files.map(({ name }) => joinPath(target.path, name)), ...names])];
  }

  /**
   * The backup is complete, also if its state cannot be removed: then the error reports just that. A manifest that
   * cannot be written is another matter: it says that the backup is not complete.
   */
  private async concludeState(): Promise<void> {
    const { config, runState } = this.options;
    const { checkpointer } = runState;
    if (checkpointer.state.manifest !== undefined) {
      await checkpointer.conclude('COMPLETED');
      return;
    }
    try {
      await checkpointer.remove();
      if (config.continueFrom !== undefined) await removeState(config.continueFrom, config.storages);
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      throw new CompleteError(error);
    }
  }

  private async interrupt(error: unknown): Promise<unknown> {
    if (error instanceof CompleteError) return error;

    const { config, context, runState } = this.options;
    const { checkpointer } = runState;
    await this.shared?.abort();
    // If the state could not be saved, the one saved before still stands, and the files are cut back to that.
    const isSaved = await checkpointer.finish();
    await this.recordFailure(error);
    this.interrupted = true;
    const damage = error instanceof FilesChangedError ? error : await this.findDamage();
    this.lostRecords = damage?.lostRecords ?? 0;
    const path = damage === undefined ? checkpointer.path : undefined;
    if (isSaved && path !== undefined) context.emit({ type: 'state.saved', path });
    return explainInterruption(error, config, {
      records: this.totals().records,
      statePath: path,
      sharedBytes: checkpointer.state.files[0]?.bytes ?? 0,
    });
  }

  /** A manifest that cannot be written stays at IN_PROGRESS; nobody works on it, so that it counts as interrupted. */
  private async recordFailure(error: unknown): Promise<void> {
    const { context, runState } = this.options;
    const state = context.signal.aborted ? 'CANCELED' : 'FAILED';
    const reason = errorMessage(error);
    await runState.checkpointer.conclude(state, context.redact?.(reason) ?? reason).catch(() => undefined);
  }

  /** What somebody else did to the files: what is missing cannot be continued, and does not count. */
  private async findDamage(): Promise<FilesChangedError | undefined> {
    const { config, runState } = this.options;
    return verifyFiles([], runState.checkpointer.state, config).then(
      () => undefined,
      (error: unknown) => (error instanceof FilesChangedError ? error : undefined),
    );
  }

  private async transfer(): Promise<FinishedFile[]> {
    const { config, metadata, runState } = this.options;
    const { target } = config;
    const { resumed, checkpointer } = runState;
    if (target.kind !== 'directory') {
      this.shared = this.createSharedWriter();
      await this.shared.open(this.hasHeader() ? undefined : metadata.firstHeader);
    } else if (resumed !== undefined) {
      await finalizeRemainingFiles(resumed, config, this.options.counters.workers, (file) => checkpointer.closed(file));
    }
    const metadataFiles = await this.writeMetadata();
    const pool = (this.pool = await this.createPool());
    const checkpoints = this.scheduleCheckpoints(pool);
    let outcome;
    try {
      outcome = await pool.run();
    } finally {
      clearInterval(checkpoints);
    }
    await this.shared?.checkpoint();
    if (outcome.failure !== undefined) throw outcome.failure;
    const droppedKeys = outcome.results.reduce((sum, result) => sum + result.droppedKeys, 0);
    if (droppedKeys > 0) this.options.context.emit({ type: 'backup.keys-dropped', records: droppedKeys });
    if (this.shared !== undefined) return this.closeShared(this.shared);
    const files = outcome.results.flatMap((result) => result.files);
    return [...metadataFiles, ...files, ...(await this.fillNumbers())];
  }

  /** The file of indexes that belongs to the head of the first file, before any other file of the run. */
  private async writeMetadata(): Promise<FinishedFile[]> {
    const { config, codecs, metadata, runState } = this.options;
    const { checkpointer } = runState;
    const { file } = metadata;
    if (config.target.kind !== 'directory' || file === undefined || this.hasHeader()) return [];
    if (checkpointer.state.files.some(({ name }) => name === file.name)) return [];
    const { path } = config.target;
    const checksums = checkpointer.state.manifest !== undefined;
    const { finished, length } = await writeMetadataFile(file, path, config.storages, codecs, checksums);
    this.fillerBytes += length.bytes;
    checkpointer.closed(length);
    return [finished];
  }

  /** Creates files without records for numbers that nobody needed: a gap looks like a file that was lost. */
  private async fillNumbers(): Promise<FinishedFile[]> {
    const { config, codecs, runState } = this.options;
    const files: FinishedFile[] = [];
    if (this.directoryPlan?.kind !== 'directory') return files;
    const plan = { ...this.directoryPlan };
    delete plan.resume;
    while (hasFreeNumber(plan.numbers)) {
      const output = new DirectoryOutput(
        plan,
        (bytes) => (this.fillerBytes += bytes),
        (delta, file) => runState.checkpointer.durable(delta, file),
        codecs,
        (sink) => sink,
        config.storages,
      );
      output.begin();
      files.push(...(await output.finish()));
    }
    return files;
  }

  private async closeShared(shared: SharedWriter): Promise<FinishedFile[]> {
    await shared.close();
    const { target } = this.options.config;
    if (target.kind !== 'file') return [];
    const { identity } = shared;
    const file = { name: target.path, bytes: shared.bytes };
    return [identity === undefined ? file : { ...file, identity }];
  }

  private async createPool(): Promise<BackupPool> {
    const { config, context, session, metadata, runState, counters, plan } = this.options;
    // Without jobs there may still be files to create without records.
    const threads = Math.max(1, counters.workers);
    // A shared output belongs to the main thread.
    const paths = config.target.kind === 'directory' ? [config.target.path] : [];
    const data = createWorkerData({
      config,
      cluster: session.cluster,
      selection: scanSelection(config, threads),
      threads,
      counters: counters.shared,
      header: encodeHeader(config.namespace, false),
      firstHeader: metadata.firstHeader,
      bandwidth: this.bandwidth,
      resumed: runState.resumed,
      checksums: runState.checkpointer.state.manifest !== undefined,
      channels: await config.storages.openChannels(paths, threads),
    });
    this.directoryPlan = data[0]?.output;
    return new WorkerPool({
      script: WORKER_SCRIPT,
      workers: await this.planWorkers(data.slice(0, counters.workers)),
      jobs: plan.jobs,
      ...(plan.quota === undefined ? {} : { moreJobs: () => this.planMoreJobs(plan.quota!) }),
      emit: (event) => this.emit(event),
      signal: context.signal,
      firstWorkerNumber: 0,
      workerFor: ({ worker }) => worker,
      jobStarted: ({ filter }, worker) => {
        this.activities[worker] = { kind: 'partitions', filter };
        context.emit({ type: 'job.start', filter, worker });
      },
      idle: (worker) => (this.activities[worker] = undefined),
      message: (message, worker) => this.handleMessage(message, worker),
      stopError: (reason) => toStopError(reason),
    });
  }

  /**
   * The first worker works here, on the connections that are open: a thread would have to start and connect. Not beside
   * others if this thread compresses, encrypts and writes what they make.
   */
  private async planWorkers(data: readonly BackupWorkerData[]): Promise<WorkerSetup[]> {
    const { config, context, session, threads } = this.options;
    const [first, ...others] = data;
    const planThread = (each: BackupWorkerData): WorkerSetup => {
      const thread = threads.takeThread();
      return { data: each, transfer: each.storage?.ports ?? [], ...(thread === undefined ? {} : { thread }) };
    };
    const hasTime = data.length === 1 || config.target.kind === 'directory';
    if (context.ownsThread !== true || first === undefined || !hasTime) return data.map(planThread);
    const { createBackupTask } = await import('./backup-task.js');
    const start = (): MessagePort =>
      runLocalWorker<BackupJob, BackupRequest, BackupMessage, BackupWorkerResult>((link) =>
        createBackupTask(first, link, session.cluster),
      );
    return [{ start }, ...others.map(planThread)];
  }

  private emit(event: EngineEvent): void {
    const { shared } = this;
    const isJobEnd = event.type === 'job.done' || event.type === 'job.interrupted';
    // With one output for all, its size stands for the job's (asbackup.md 8.2).
    this.options.context.emit(isJobEnd && shared !== undefined ? { ...event, bytes: shared.bytes } : event);
  }

  private handleMessage(message: BackupMessage, worker: number): void {
    const { plan, runState } = this.options;
    if (message.type === 'unfinished') {
      const { filter, cursors } = message;
      plan.quota?.add({ filter: toPartitionFilter(filter), cursors, worker });
      return;
    }
    const { checkpointer } = runState;
    const delta = { cursors: new Uint8Array(message.cursors), records: message.records };
    switch (message.type) {
      case 'chunk': {
        const { memory, length } = message;
        void this.shared
          ?.append(memory, length, delta)
          .then(() => this.pool?.request(worker, { type: 'written', memory }, [memory]));
        break;
      }
      case 'progress':
        this.shared?.recordProgress(delta);
        break;
      case 'durable':
        checkpointer.durable(delta, message.file);
        break;
    }
  }

  /** Jobs for the part of the record limit that the jobs so far have not used. */
  private planMoreJobs(quota: RecordQuota): PlannedJob[] {
    const left = (this.options.config.maxRecords ?? 0) - this.totals().records;
    return left > 0 ? quota.takeJobs(left) : [];
  }

  private scheduleCheckpoints(pool: BackupPool): NodeJS.Timeout | undefined {
    const { config, runState } = this.options;
    const intervalMs = config.checkpointIntervalMs ?? CHECKPOINT_INTERVAL_MS;
    if (runState.checkpointer.path === undefined || intervalMs === 0) return undefined;
    return setInterval(() => {
      pool.requestAll({ type: 'checkpoint' });
      // Not at once: what the workers post for it would have to wait for the next time.
      const delayMs = Math.min(FLUSH_GRACE_MS, intervalMs / 2);
      if (this.shared !== undefined) setTimeout(() => void this.shared?.checkpoint(), delayMs);
    }, intervalMs);
  }

  private createSharedWriter(): SharedWriter {
    const { config, context, codecs, runState, expectedBytes } = this.options;
    const { checkpointer, resumed } = runState;
    const vector = checkpointer.state.files[0]?.vector;
    return new SharedWriter({
      config,
      codecs,
      bandwidth: this.bandwidth,
      checkpointer,
      resumed: resumed?.files[0],
      vector: vector === undefined ? undefined : Buffer.from(vector, 'hex'),
      expectedBytes,
      onFailure: (error) => this.pool?.fail(error),
      signal: context.signal,
    });
  }

  /** Whether an earlier run has written the indexes and UDFs. */
  private hasHeader(): boolean {
    const { config, runState } = this.options;
    const { resumed } = runState;
    if (resumed === undefined) return false;
    // In a directory they are in file number 0, which may have been lost although later ones were kept.
    return config.target.kind === 'directory'
      ? resumed.numbers.includes(0)
      : resumed.files.some(({ bytes }) => bytes > 0);
  }
}

/** A reason of this program's own says more than that the run was stopped. */
function toStopError(reason: unknown): ToolError {
  const isOwn = reason instanceof ToolError && reason.code !== 'INTERRUPTED';
  return isOwn ? reason : new ToolError('STOPPED', 'The backup was stopped before it was complete');
}
