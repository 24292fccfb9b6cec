/** Reads a backup as a restore would, to its last byte, and connects to no server (asrestore.md 4.6, 9). */
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { FormatError } from '../../asb/errors.js';
import { loadWasmModule } from '../../asb/wasm-module.js';
import { Codecs, pickCodecConfig } from '../../codecs/codecs.js';
import { CounterBlock } from '../../core/counters.js';
import { serializeError, ToolError } from '../../core/errors.js';
import type { RunContext } from '../../core/run-context.js';
import { type Run, type RunBody, type RunProgress, startRun } from '../../core/run.js';
import { type PoolOutcome, WorkerPool, type WorkerSetup } from '../../core/worker-pool.js';
import { runLocalWorker, type WorkerLink } from '../../core/worker.js';
import type { StorageAccess } from '../../storage/registry.js';
import { deserializeInputError, InputError } from '../input/errors.js';
import { scanHeaders } from '../input/header-scan.js';
import { collectInput, type FileJob, noFilesError, openReadChannels } from '../input/input.js';
import { findMissingFiles, findMissingParts } from '../input/missing-files.js';
import { takeShardOfInput } from '../input/shard-input.js';
import { describeSource, inputDirectories } from '../input/source.js';
import type { ValidateConfig, ValidateCounts, ValidateResult } from './config.js';
import { ValidateError } from './errors.js';
import { type FileChecked, VALIDATE_COUNTERS, type ValidateWorkerData } from './worker-protocol.js';

export type { ValidateConfig, ValidateCounts, ValidateResult } from './config.js';
export { ValidateError } from './errors.js';

/**
 * Starts a validation of all files, whatever is wrong with some. `result` resolves if everything can be read and
 * nothing
 * is known to be missing. Otherwise it rejects with a ValidateError; with a CodecError if nothing could be begun.
 */
export function startValidate(config: ValidateConfig, context: RunContext): Run<ValidateResult, ValidateCounts> {
  return startRun(new ValidateRun(config, context), context);
}

class ValidateRun implements RunBody<ValidateResult, ValidateCounts> {
  private readonly storages: StorageAccess;
  private readonly failures: Error[] = [];
  /** Files that could not be opened at all. */
  private unusable = 0;
  /** Files with a fault in their contents. */
  private faulty = 0;
  /** Files that were read to their end, or to their first fault. */
  private checked = 0;
  private expectedBytes = 0;
  private block = CounterBlock.allocate(VALIDATE_COUNTERS, 1);
  /** By worker. */
  private readonly currentJobs: (FileJob | undefined)[] = [];

  constructor(
    private readonly config: ValidateConfig,
    private readonly context: RunContext,
  ) {
    this.storages = config.storages;
  }

  async execute(): Promise<ValidateResult> {
    const { config, context, storages } = this;
    const { emit, signal } = context;
    const startedAt = performance.now();
    signal.throwIfAborted();
    const codecs = await Codecs.open(config);
    const source = describeSource(config.source);
    emit({ type: 'validate.start', source });
    await context.connected?.();
    const directories = inputDirectories(config.source);
    if (directories.length === 0) emit({ type: 'validate.input', source });
    const collected = await collectInput(config.source, storages, emit, (error, origin) => {
      if (origin !== 'directory') this.unusable++;
      this.addFault(error);
    });
    const hasFiles = collected.parts.some((part) => part.jobs.length > 0);
    const { parts, expectedBytes } = config.shard === undefined ? collected : takeShardOfInput(collected, config.shard);
    this.expectedBytes = expectedBytes;
    const jobs = parts.flatMap((part) => part.jobs);
    if (directories.length > 0 && !hasFiles && this.failures.length === 0) throw noFilesError(config.source);
    let stopReason: Error | undefined;
    emit({ type: 'transfer.started' });
    try {
      if (directories.length > 0) emit({ type: 'validate.files' });
      if (jobs.length > 0) ({ failure: stopReason } = await this.readFiles(jobs));
      if (stopReason === undefined) {
        emit({ type: 'validate.finished' });
        const files = parts.flatMap((part) => part.files);
        const listed = parts.flatMap(({ directory }) => (directory === undefined ? [] : [directory]));
        if (listed.length > 0) {
          const headers = await scanHeaders(files, { codecs, storages, signal });
          this.reportMissing(await findMissingFiles(toPaths(files), headers, listed, storages));
        } else if (config.source.kind === 'file') {
          this.reportMissing(await findMissingParts(config.source.path, storages));
        }
      }
    } finally {
      emit({ type: 'transfer.ended' });
    }
    return this.conclude(jobs.length + this.unusable, performance.now() - startedAt, stopReason);
  }

  counters(): ValidateCounts {
    return this.block.sum();
  }

  progress(): RunProgress {
    const { records, bytes } = this.counters();
    return {
      records,
      bytes,
      expectedRecords: 0,
      expectedBytes: this.expectedBytes,
      workers: this.block.byWorker().map((counts, i) => {
        const job = this.currentJobs[i];
        return { ...counts, ...(job === undefined ? {} : { activity: { kind: 'file', name: this.jobName(job) } }) };
      }),
    };
  }

  private async readFiles(jobs: readonly FileJob[]): Promise<PoolOutcome<null>> {
    const { config, context, currentJobs } = this;
    const { emit, signal } = context;
    const workers = Math.min(config.parallel, jobs.length, availableParallelism());
    this.block = CounterBlock.allocate(VALIDATE_COUNTERS, Math.max(1, workers));
    const channels = await openReadChannels(this.storages, jobs, workers);
    const scannerModule = config.webAssembly === false ? undefined : loadWasmModule('restore');
    const data = Array.from({ length: workers }, (_, index): ValidateWorkerData => {
      const storage = channels[index];
      return {
        index,
        codecs: pickCodecConfig(config),
        counters: this.block.shared,
        ...(config.namespace === undefined ? {} : { namespace: config.namespace }),
        ...(storage === undefined ? {} : { storage }),
        ...(scannerModule === undefined ? {} : { scannerModule }),
      };
    });
    const directories = inputDirectories(config.source).length > 0;
    const pool = new WorkerPool<FileJob, never, FileChecked, null>({
      script: new URL('./validate-worker.js', import.meta.url),
      workers: await this.planWorkers(data),
      jobs,
      emit,
      signal,
      firstWorkerNumber: 1,
      transferOf: ({ port }) => (port === undefined ? [] : [port]),
      jobStarted: (job, worker) => {
        currentJobs[worker] = job;
        if (directories && job.path !== undefined)
          emit({ type: 'file.start', doing: 'validating', path: job.path, worker: worker + 1 });
      },
      idle: (worker) => (currentJobs[worker] = undefined),
      message: (message, worker) => this.countFile(message, currentJobs[worker], worker + 1),
      stopError,
    });
    return pool.run();
  }

  /**
   * The first worker works here: a thread would have to start and read its code. Not beside others if this thread reads
   * for them.
   */
  private async planWorkers(data: readonly ValidateWorkerData[]): Promise<WorkerSetup[]> {
    const threads = data.map((each) => ({ data: each, transfer: each.storage?.ports ?? [] }));
    const [first] = data;
    const hasTime = data.length === 1 || !threads.some(({ transfer }) => transfer.length > 0);
    if (this.context.ownsThread !== true || first === undefined || !hasTime) return threads;
    const { createValidateTask } = await import('./validate-task.js');
    const create = (link: WorkerLink<FileChecked>): ReturnType<typeof createValidateTask> =>
      createValidateTask(first, link);
    return [{ start: () => runLocalWorker(create) }, ...threads.slice(1)];
  }

  private countFile({ contents, error }: FileChecked, job: FileJob | undefined, worker: number): void {
    this.checked++;
    let fault: { offset?: number } | undefined;
    if (error !== undefined) {
      this.faulty++;
      const failure = deserializeInputError(error);
      this.addFault(failure, worker);
      fault = failure instanceof FormatError ? { offset: failure.offset } : {};
    }
    const path = job === undefined ? '' : (job.path ?? this.jobName(job));
    this.context.emit({
      type: 'file.checked',
      path,
      ...contents,
      ...(fault === undefined ? {} : { fault }),
      worker,
    });
  }

  private reportMissing(missing: readonly string[]): void {
    for (const part of missing) this.addFault(new InputError('VALIDATE_MISSING', `Incomplete: ${part}`));
  }

  private addFault(cause: unknown, worker?: number): void {
    const error = cause instanceof Error ? cause : new InputError('RESTORE_INTERNAL', String(cause));
    this.failures.push(error);
    this.context.emit({ type: 'error', error: serializeError(error), ...(worker === undefined ? {} : { worker }) });
  }

  private jobName({ path }: FileJob): string {
    return path === undefined ? `[${this.config.source.kind}]` : basename(path);
  }

  private conclude(files: number, durationMs: number, stopReason: Error | undefined): ValidateResult {
    const { records, sindexes, udfs, bytes } = this.counters();
    const validFiles = this.checked - this.faulty;
    const result: ValidateResult = { records, sindexes, udfs, bytes, files, validFiles, durationMs };
    const first = stopReason ?? this.failures[0];
    this.context.emit({ type: 'validate.summary', files, sound: first === undefined, records, sindexes, udfs, bytes });
    if (first === undefined) return result;
    const code = first instanceof ToolError && first.code !== 'INTERNAL' ? first.code : 'RESTORE_INTERNAL';
    throw new ValidateError(code, this.faultMessage(result, stopReason), result, this.failures);
  }

  /** The faults have lines of their own. */
  private faultMessage({ files, records }: ValidateResult, stopReason: Error | undefined): string {
    const bad = this.unusable + this.faulty;
    const others = this.failures.length - bad;
    const parts: string[] = [];
    if (bad > 0) parts.push(`${bad} of ${files} file(s) cannot be read to the end`);
    if (others > 0) parts.push(`${others} sign(s) of missing parts`);
    const found =
      parts.length > 0 ? `The backup would not be restored completely: ${parts.join(', ')}` : 'No fault found';
    if (stopReason !== undefined) {
      return `${stopReason.message}. ${found}, but only ${this.checked} of ${files} file(s) were read to the end`;
    }
    const [fault] = this.failures;
    const repeated = fault === undefined ? '' : `. The first fault: ${fault.message}`;
    return `${found}. ${records} record(s) are readable${repeated}`;
  }
}

function stopError(reason: unknown): ToolError {
  const text = reason instanceof ToolError ? reason.message : 'The validation was stopped before it was complete';
  return new InputError('RESTORE_INTERRUPTED', text);
}

function toPaths(files: readonly { path: string }[]): string[] {
  return files.map(({ path }) => path);
}
