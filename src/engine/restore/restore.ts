/** One restore run: what to read, which threads do it, what came of it (asrestore.md 3–8). */
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from '../../aerospike/cluster/cluster.js';
import { parsePairs } from '../../aerospike/protocol/info.js';
import { buildAtLeast } from '../../aerospike/cluster/peers.js';
import type { ClusterOptions } from '../../aerospike/config.js';
import type { WriteMode } from '../../aerospike/protocol/write-frame.js';
import { machineRestoreSummaryText } from '../../ui/machine-format.js';
import { Codecs, pickCodecConfig } from '../../codecs/codecs.js';
import type { StorageAccess } from '../../storage/registry.js';
import { RestoreProgress } from '../../ui/progress/restore-progress.js';
import { errorEvent, logEvent, warningEvent } from '../../core/log.js';
import { connectedLine, nodeCountLine } from '../../ui/messages/backup.js';
import {
  fileStartedLine,
  finishedLine,
  restoreStartLine,
  restoringRecordsLine,
  restoringLine,
} from '../../ui/messages/restore.js';
import { findMissingFiles } from '../input/missing-files.js';
import { RestoreError, RestoreFailure } from './errors.js';
import { type FileHeader, readFileHeader } from '../input/header-scan.js';
import { MetadataRestorer } from './metadata.js';
import { collectInput, directoriesOf, readingLinks, type Input } from '../input/inputs.js';
import { withMachineFile } from './machine.js';
import type { RestoreWorkerData } from './worker-protocol.js';
import type { RestoreOptions, RestoreResult } from './config.js';
import { RateLimiter, rateLimit, type RateLimits } from './rate-limiter.js';
import { countAccounted, createCounters, sumCounters, countersByWorker } from './counters.js';
import { runRestoreJobs, type RestorePoolEvents, type PoolOutcome } from './worker-pool.js';

export { RestoreError } from './errors.js';
export type { RestoreOptions, RestoreResult, RestoreSource } from './config.js';

/** Of a frame without --batch-size: few large records or many small ones, so that the cost of sending one is shared. */
const BATCH_ROWS = { least: 128, most: 512 };
const SINGLE_ROWS = 16;
/** More in flight keeps no server busier, and holds memory. */
const FRAMES_PER_WORKER = 8;

/**
 * Restores a backup. Resolves when everything is written, or explained by a counter. Rejects with a RestoreError that
 * holds the counters if anything is missing; with a ClusterError or StorageError if nothing could be begun.
 */
export async function restore(options: RestoreOptions): Promise<RestoreResult> {
  const startedAt = performance.now();
  options.signal?.throwIfAborted();
  const pipeline = await Codecs.open(options);
  const cluster = await Cluster.connect(options.cluster, options.signal, (text) =>
    options.log.info(logEvent('cluster.tls', text)),
  );
  try {
    const names = cluster.nodes.map(({ name }) => name);
    options.log.verbose(connectedLine(cluster.build, names, performance.now() - startedAt));
    options.log.info(restoreStartLine(options));
    return await withMachineFile(options, 'the restore', (machine) =>
      new RestoreRun(options, cluster, pipeline, machine, startedAt).run(),
    );
  } finally {
    cluster.close();
  }
}

class RestoreRun {
  private readonly globals: MetadataRestorer;
  private readonly fileFailures: Error[] = [];
  private readonly limits: RateLimits | undefined;
  private tallies = createCounters(1);
  /** The file that each worker reads. */
  private readonly doing: (string | undefined)[] = [];
  private readonly storages: StorageAccess;

  constructor(
    private readonly options: RestoreOptions,
    private readonly cluster: Cluster,
    private readonly pipeline: Codecs,
    private readonly machine: (line: string) => void,
    private readonly startedAt: number,
  ) {
    this.storages = options.storages;
    this.globals = new MetadataRestorer(cluster, options, options.log);
    const bytes = rateLimit(options.bandwidthBytesPerSecond);
    const records = rateLimit(options.recordsPerSecond);
    if (bytes !== undefined || records !== undefined) {
      this.limits = { ...(bytes === undefined ? {} : { bytes }), ...(records === undefined ? {} : { records }) };
    }
  }

  async run(): Promise<RestoreResult> {
    const { options, cluster } = this;
    const { log, source } = options;
    const mode = await this.writeMode();
    log.info(nodeCountLine(cluster.nodes.length));
    if (source.kind === 'stdin' || source.kind === 'stream') log.info(restoringLine(`[${source.kind}]`));
    else if (source.kind === 'file') log.info(restoringLine(source.path));
    const input = await collectInput(source, this.storages, log);
    const setups = this.plan(mode, input.jobs.length);
    for (const [i, storage] of (await readingLinks(this.storages, input, setups.length)).entries())
      setups[i]!.storage = storage;
    this.tallies = createCounters(setups.length);
    for (const setup of setups) setup.tallies = this.tallies;

    const progress = new RestoreProgress({
      read: () => ({
        ...this.totals(),
        expectedBytes: options.noRecords ? 0 : input.expectedBytes,
        workers: countersByWorker(this.tallies).map((counts, i) => ({ ...counts, doing: this.doing[i] })),
      }),
      log,
      machine: this.machine,
      ...(options.display === undefined ? {} : { display: options.display }),
      ...(options.progressRequests === undefined ? {} : { requests: options.progressRequests }),
    });
    progress.start();
    let outcome: PoolOutcome;
    try {
      await this.restoreHeads(input);
      if (!options.noRecords) log.info(restoringRecordsLine());
      outcome = await runRestoreJobs(
        new URL('./restore-worker.js', import.meta.url),
        input.jobs,
        setups,
        this.events(),
        options.signal,
      );
      this.tellFindings(outcome);
      if (outcome.stopReason === undefined) {
        log.info(finishedLine());
        await this.globals.finish(outcome.findings.nullSetSeen);
      } else {
        this.globals.abandon();
      }
    } finally {
      progress.stop();
    }
    return this.conclude(outcome);
  }

  /** Batch writes, if the server has them and the user wants them (asrestore.md 6.1). */
  private async writeMode(): Promise<WriteMode> {
    if (this.options.disableBatchWrites || !buildAtLeast(this.cluster.build, 6, 0)) return 'single';
    const config = parsePairs(await this.cluster.info('get-config:context=service'), ';');
    const threads = config.get('batch-index-threads');
    if (threads === undefined) {
      const text = 'The server does not say its batch-index-threads; records are written one by one';
      this.options.log.error({ ...logEvent('restore.write-mode', text), warning: true });
    }
    return threads === undefined || Number(threads) === 0 ? 'single' : 'batch';
  }

  /** Restores what stands in front of the records of all files, before any record. */
  private async restoreHeads({ files, jobs, directories }: Input): Promise<void> {
    const { log, signal, namespace } = this.options;
    const heads: FileHeader[] = [];
    // Many small files are read twice; that, too, is bandwidth.
    const pacer = this.limits === undefined ? undefined : new RateLimiter(this.limits);
    for (const [i, file] of files.entries()) {
      if (file.kind !== 'regular') continue;
      const head = await readFileHeader(this.pipeline, this.storages, file.path, (bytes) => pacer?.read(bytes));
      heads.push(head);
      const pauseMs = pacer?.bytesPauseMs() ?? 0;
      if (pauseMs > 0) await sleep(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
      // The workers are told to stop as soon as they are there, and the counters are in order then.
      if (signal?.aborted === true) return;
      // A file of another namespace is refused by the worker that comes to it.
      if (namespace !== undefined && head.namespace !== undefined && head.namespace !== namespace.from) continue;
      jobs[i]!.globalsDone = head.globals.length;
      for (const entry of head.globals) await this.globals.restoreEntry(entry);
    }
    if (directories.length === 0) return;
    const paths = files.map(({ path }) => path);
    for (const missing of await findMissingFiles(paths, heads, directories, this.storages))
      log.error(warningEvent('input.missing', missing));
  }

  private plan(mode: WriteMode, jobs: number): RestoreWorkerData[] {
    const { options, cluster } = this;
    const frames = Math.max(1, options.maxAsyncBatches);
    const workers = Math.max(1, Math.min(options.parallel, jobs, availableParallelism(), frames));
    const upload = {
      mode,
      ...rowsOf(mode, options.batchSize),
      framesInFlight: Math.min(FRAMES_PER_WORKER, Math.floor(frames / workers)),
      socketTimeoutMs: options.socketTimeoutMs,
      totalTimeoutMs: options.totalTimeoutMs,
      maxRetries: options.maxRetries,
      retryScaleFactorUs: options.retryScaleFactorUs,
      ignoreRecordError: options.ignoreRecordError,
      ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    };
    const { sets, extraTtlS, unique, replace, noGeneration } = options;
    // Nodes as they were reached; the seeds, should those be gone by then.
    const seeds = [...cluster.addresses, ...options.cluster.seeds];
    const clusterOptions: ClusterOptions = { ...options.cluster, seeds };
    return Array.from({ length: workers }, (_, index) => ({
      index,
      cluster: clusterOptions,
      upload,
      rules: { sets, extraTtlS, unique, replace, noGeneration },
      bins: options.bins,
      noRecords: options.noRecords,
      pipeline: pickCodecConfig(options),
      tallies: this.tallies,
      ...(this.limits === undefined ? {} : { limits: this.limits }),
    }));
  }

  private events(): RestorePoolEvents {
    const { log, source } = this.options;
    return {
      fileStarted: ({ path }, worker) => {
        this.doing[worker] = path === undefined ? `[${source.kind}]` : basename(path);
        if (directoriesOf(source).length > 0) log.info(fileStartedLine('restoring', path ?? ''), worker + 1);
      },
      fileFailed: (error, worker) => {
        this.fileFailures.push(error);
        log.error(errorEvent(error), worker + 1);
      },
      idle: (worker) => (this.doing[worker] = undefined),
      global: (entry) => this.globals.restoreEntry(entry),
      log: (level, line, worker) => log[level](line, worker + 1),
    };
  }

  private tellFindings({ findings }: PoolOutcome): void {
    const { log } = this.options;
    const { ttlsCut, persistBitsCleared, sorted } = findings;
    const tell = (event: string, records: number, text: string): void => {
      if (records > 0) log.info(logEvent(event, text, { records }));
    };
    tell(
      'records.ttl-cut',
      ttlsCut,
      `The life of ${ttlsCut} record(s) was cut to 10 years, the most that the server allows`,
    );
    const marks = `${persistBitsCleared} record(s) lost the "persist index" marks of their lists and maps`;
    tell('records.persist-cleared', persistBitsCleared, marks);
    const order = `${sorted} record(s) had ordered lists or maps out of order; they were written in order`;
    tell('records.sorted', sorted, order);
    const { inDoubt, existed, fresher } = sumCounters(this.tallies);
    const again =
      `${fresher} record(s) were left as they are: the namespace has them with the same or a later generation, as after ` +
      'a restore that is run again (--no-generation writes them all the same)';
    tell('records.fresher', fresher, again);
    const present = `${existed} record(s) were left as they are: the namespace has them already, and --unique was given`;
    tell('records.existed', existed, present);
    const doubt = `${inDoubt} record(s) were found present when sent again after a lost answer, and count as inserted`;
    tell('records.in-doubt', inDoubt, doubt);
  }

  private totals(): Omit<RestoreResult, 'durationMs'> {
    return { ...sumCounters(this.tallies), sindexes: this.globals.sindexes, udfs: this.globals.udfs };
  }

  /** The result, or the error that says what is missing. */
  private conclude({ stopReason }: PoolOutcome): RestoreResult {
    const result: RestoreResult = { ...this.totals(), durationMs: performance.now() - this.startedAt };
    const untold = stopReason === undefined ? [] : [stopReason];
    const lost = result.records - countAccounted(result);
    if (lost !== 0) {
      // A thread that broke down takes its rows with it; anything else is a fault of this program.
      const text = `The fate of ${lost} of ${result.records} record(s) is not known.`;
      untold.push(new RestoreFailure('RESTORE_INTERNAL', text));
      result.failed += Math.max(0, lost);
    }
    this.machine(machineRestoreSummaryText(result));
    const failures = [...untold, ...this.fileFailures, ...this.globals.failures];
    const first = failures[0];
    if (first === undefined) return result;
    const code = 'code' in first && typeof first.code === 'string' ? first.code : 'RESTORE_INTERNAL';
    throw new RestoreError(code, this.lossText(untold, result, stopReason !== undefined), result, failures);
  }

  /** What is missing, after what was not said yet: the faults of files, indexes and modules have lines of their own. */
  private lossText(untold: readonly Error[], result: RestoreResult, stopped: boolean): string {
    const { inserted, failed, failedInDoubt, records } = result;
    const files = this.fileFailures.length;
    const globals = this.globals.failures.length;
    const doubt = failedInDoubt > 0 ? ` (the answer to ${failedInDoubt} of them was lost; they may be there)` : '';
    const parts = [
      `${inserted} of ${records} record(s) read were written${failed > 0 ? `, ${failed} were not${doubt}` : ''}`,
    ];
    if (stopped) {
      parts.push(
        'what was not read by then is missing too; run the same command again for the rest, which leaves alone or writes ' +
          'once more what is there already',
      );
    }
    if (files > 0) parts.push(`${files} file(s) could not be read to the end, and what follows the fault is missing`);
    if (globals > 0) parts.push(`${globals} index(es) or UDF module(s) could not be restored`);
    const reasons = untold.map(({ message }) => `${message.replace(/[^.]$/, '$&.')} `);
    // Whoever is told of the last line only has to know where to begin.
    const [first] = untold.length > 0 ? [] : [...this.fileFailures, ...this.globals.failures];
    const repeated = first === undefined ? '' : ` The first fault: ${first.message.replace(/[^.]$/, '$&.')}`;
    return `${reasons.join('')}${parts.join('; ')}.${repeated}`;
  }
}

function rowsOf(mode: WriteMode, batchSize: number | undefined): { leastRowsPerFrame: number; rowsPerFrame: number } {
  const { least, most } =
    batchSize !== undefined
      ? { least: batchSize, most: batchSize }
      : mode === 'batch'
        ? BATCH_ROWS
        : { least: SINGLE_ROWS, most: SINGLE_ROWS };
  return { leastRowsPerFrame: Math.max(1, least), rowsPerFrame: Math.max(1, most) };
}
