/** `--validate`: reads a backup as a restore would, to its last byte, and touches no server (asrestore.md 4.6, 9). */
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { FormatError } from '../../asb/errors.js';
import { ToolError } from '../../core/errors.js';
import { Codecs, pickCodecConfig } from '../../codecs/codecs.js';
import { errorEvent } from '../../core/log.js';
import { machineRestoreSummaryText } from '../../ui/machine-format.js';
import type { StorageAccess } from '../../storage/registry.js';
import { RestoreProgress } from '../../ui/progress/restore-progress.js';
import {
  fileCheckedLine,
  fileStartedLine,
  validatedLine,
  validatingFilesLine,
  validatingLine,
  validationStartLine,
  validationSummaryLine,
} from '../../ui/messages/restore.js';
import { findMissingFiles } from '../input/missing-files.js';
import { RestoreFailure, noticeOf, errorOf } from '../restore/errors.js';
import { type FileHeader, readFileHeader } from '../input/header-scan.js';
import { collectInput, directoriesOf, noFiles, readingLinks, type Input } from '../input/inputs.js';
import { withMachineFile } from '../restore/machine.js';
import type { FileContents, FileJob, ValidationSetup } from '../restore/worker-protocol.js';
import type { RestoreOptions } from '../restore/config.js';
import { createCounters, sumCounters, countersByWorker, type Totals } from '../restore/counters.js';
import { runRestoreJobs, type RestorePoolEvents } from '../restore/worker-pool.js';

/** What matters for reading. How a restore would write is of no concern. */
export type ValidateOptions = Pick<
  RestoreOptions,
  | 'source'
  | 'storages'
  | 'namespace'
  | 'parallel'
  | 'compression'
  | 'encryption'
  | 'log'
  | 'machinePath'
  | 'display'
  | 'progressRequests'
  | 'signal'
>;

export interface ValidateResult extends FileContents {
  /** That could be read to their end. */
  validFiles: number;
  files: number;
  durationMs: number;
}

/** A backup that would not restore completely, or that was not looked at to its end. */
export class ValidateError extends ToolError {
  readonly result: ValidateResult;
  /** One per fault; a FormatError tells the place in the file. */
  readonly failures: readonly Error[];

  constructor(code: string, message: string, result: ValidateResult, failures: readonly Error[]) {
    super(code, message, { cause: failures[0] });
    this.result = result;
    this.failures = failures;
  }
}

/**
 * Looks at all files, whatever is wrong with some. Resolves if everything can be read and nothing is known to be
 * missing, otherwise rejects with a ValidateError; with a PipelineError if nothing could be begun.
 */
export async function validate(options: ValidateOptions): Promise<ValidateResult> {
  options.signal?.throwIfAborted();
  const pipeline = await Codecs.open(options);
  options.log.info(validationStartLine(options.source));
  return withMachineFile(options, 'the validation', (machine) => new ValidationRun(options, pipeline, machine).run());
}

class ValidationRun {
  private readonly failures: Error[] = [];
  /** Files that could not even be looked at. */
  private unusable = 0;
  /** The first fault of each. */
  private readonly faulty = new Map<FileJob, Error>();
  private checked = 0;
  /** By worker. */
  private readonly current: FileJob[] = [];
  private readonly doing: (string | undefined)[] = [];
  private readonly startedAt = performance.now();
  private tallies = createCounters(1);
  private readonly storages: StorageAccess;

  constructor(
    private readonly options: ValidateOptions,
    private readonly pipeline: Codecs,
    private readonly machine: (line: string) => void,
  ) {
    this.storages = options.storages;
  }

  async run(): Promise<ValidateResult> {
    const { source, log, signal, display, progressRequests: requests } = this.options;
    const directories = directoriesOf(source);
    if (directories.length === 0) log.info(validatingLine('path' in source ? source.path : `[${source.kind}]`));
    const input = await collectInput(source, this.storages, log, (error, of) => {
      if (of === 'file') this.unusable++;
      this.fault(error);
    });
    if (directories.length > 0 && input.files.length === 0 && this.failures.length === 0) throw noFiles(source);
    const setups = this.plan(input.jobs.length);
    for (const [i, storage] of (await readingLinks(this.storages, input, setups.length)).entries())
      setups[i]!.storage = storage;
    const progress = new RestoreProgress({
      read: () => ({
        ...sumCounters(this.tallies),
        expectedBytes: input.expectedBytes,
        workers: countersByWorker(this.tallies).map((counts, i) => ({ ...counts, doing: this.doing[i] })),
      }),
      log,
      machine: this.machine,
      // None of the counters of a restore says anything here.
      counts: false,
      ...(display === undefined ? {} : { display }),
      ...(requests === undefined ? {} : { requests }),
    });
    progress.start();
    let stopReason: Error | undefined;
    try {
      if (directories.length > 0) log.info(validatingFilesLine());
      ({ stopReason } = await runRestoreJobs(
        new URL('./validate-worker.js', import.meta.url),
        input.jobs,
        setups,
        this.events(),
        signal,
      ));
      if (stopReason === undefined) {
        log.info(validatedLine());
        await this.lookForMissingParts(input);
      }
    } finally {
      progress.stop();
    }
    return this.conclude(input, stopReason);
  }

  private plan(jobs: number): ValidationSetup[] {
    const { options } = this;
    const workers = Math.min(options.parallel, jobs, availableParallelism());
    const tallies = (this.tallies = createCounters(Math.max(1, workers)));
    return Array.from({ length: workers }, (_, index) => ({
      index,
      ...(options.namespace === undefined ? {} : { namespace: options.namespace.from }),
      pipeline: pickCodecConfig(options),
      tallies,
    }));
  }

  private events(): RestorePoolEvents {
    const { log, source } = this.options;
    const many = directoriesOf(source).length > 0;
    return {
      fileStarted: (job, worker) => {
        this.current[worker] = job;
        this.doing[worker] = job.path === undefined ? `[${source.kind}]` : basename(job.path);
        if (many) log.info(fileStartedLine('validating', job.path ?? ''), worker + 1);
      },
      idle: (worker) => (this.doing[worker] = undefined),
      fileFailed: (error, worker) => {
        this.faulty.set(this.current[worker]!, error);
        this.fault(error, worker + 1);
      },
      fileChecked: (contents, worker) => {
        const job = this.current[worker]!;
        const fault = this.faulty.get(job);
        const place = fault instanceof FormatError ? { offset: fault.offset } : {};
        log.info(
          fileCheckedLine(job.path ?? `[${source.kind}]`, contents, fault === undefined ? undefined : place),
          worker + 1,
        );
        this.checked++;
      },
      global: () => Promise.resolve(),
      log: (level, line, worker) => log[level](line, worker + 1),
    };
  }

  private async lookForMissingParts({ files, directories }: Input): Promise<void> {
    if (directories.length === 0) return;
    const heads: FileHeader[] = [];
    for (const { kind, path } of files)
      if (kind === 'regular') heads.push(await readFileHeader(this.pipeline, this.storages, path));
    const paths = files.map(({ path }) => path);
    for (const missing of await findMissingFiles(paths, heads, directories, this.storages)) {
      this.fault(new RestoreFailure('VALIDATE_MISSING', `Incomplete: ${missing}.`));
    }
  }

  private fault(cause: unknown, worker?: number): void {
    const error = cause instanceof Error ? cause : errorOf(noticeOf(cause));
    this.failures.push(error);
    this.options.log.error(errorEvent(error), worker);
  }

  private conclude({ jobs }: Input, stopReason: Error | undefined): ValidateResult {
    const totals: Totals = sumCounters(this.tallies);
    const { records, sindexes, udfs, bytes } = totals;
    this.machine(machineRestoreSummaryText(totals));
    const files = jobs.length + this.unusable;
    const validFiles = this.checked - this.faulty.size;
    const durationMs = performance.now() - this.startedAt;
    const result: ValidateResult = { records, sindexes, udfs, bytes, files, validFiles, durationMs };
    const first = stopReason ?? this.failures[0];
    if (first === undefined) {
      this.options.log.info(validationSummaryLine(files, result));
      return result;
    }
    const code = first instanceof ToolError ? first.code : 'RESTORE_INTERNAL';
    throw new ValidateError(code, this.faultText(result, stopReason), result, this.failures);
  }

  /** The faults have lines of their own. */
  private faultText({ files, records }: ValidateResult, stopReason: Error | undefined): string {
    const bad = this.unusable + this.faulty.size;
    const others = this.failures.length - bad;
    const parts: string[] = [];
    if (bad > 0) parts.push(`${bad} of ${files} file(s) cannot be read to the end`);
    if (others > 0) parts.push(`${others} sign(s) of missing parts`);
    const found =
      parts.length > 0 ? `The backup would not be restored completely: ${parts.join(', ')}` : 'No fault found';
    const [fault] = this.failures;
    const repeated = fault === undefined ? '' : ` The first fault: ${fault.message.replace(/[^.]$/, '$&.')}`;
    if (stopReason === undefined) return `${found}. ${records} record(s) are readable.${repeated}`;
    const looked = `${this.checked} of ${files} file(s) were looked at to the end`;
    return `${stopReason.message.replace(/[^.]$/, '$&.')} ${found}, but only ${looked}.`;
  }
}
