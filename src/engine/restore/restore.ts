/** One restore, from the connection to the result (asrestore.md 3–8). */
import { setTimeout as sleep } from 'node:timers/promises';
import { basename } from 'node:path';
import { Cluster } from '../../aerospike/cluster/cluster.js';
import type { WriteMode } from '../../aerospike/protocol/write-frame.js';
import { loadWasmModule } from '../../asb/wasm-module.js';
import { Codecs } from '../../codecs/codecs.js';
import { CounterBlock } from '../../core/counters.js';
import { serializeError, ToolError } from '../../core/errors.js';
import type { RunContext } from '../../core/run-context.js';
import { type Run, type RunBody, type RunProgress, startRun } from '../../core/run.js';
import { runLocalWorker, type WorkerLink } from '../../core/worker.js';
import { type PoolOutcome, WorkerPool, type WorkerSetup } from '../../core/worker-pool.js';

import type { StorageAccess } from '../../storage/registry.js';
import { deserializeInputError, InputError } from '../input/errors.js';
import { type FileHeader, type HeaderScanOptions, scanHeaders } from '../input/header-scan.js';
import {
  collectInput,
  type FileJob,
  type Input,
  type InputPart,
  noFilesError,
  openReadChannels,
} from '../input/input.js';
import { findMissingFiles, findMissingParts } from '../input/missing-files.js';
import { findFirstFiles, takeShardOfInput } from '../input/shard-input.js';
import { createOverlapMap, findOverlap } from '../input/overlap.js';
import { countReaders, SplitFiles, type SplitOptions } from '../input/split-files.js';
import { describeSource, inputDirectories } from '../input/source.js';
import type { RestoreConfig, RestoreCounts, RestoreResult } from './config.js';
import { RESTORE_COUNTERS } from './counters.js';
import { RestoreFailure } from './errors.js';
import { DEFAULT_METADATA_WAIT_MS, ExpectedMetadata } from './metadata-wait.js';
import { MetadataRestorer } from './metadata.js';
import { concludeRestore } from './outcome.js';
import { chooseWriteMode, createRateLimits, createWorkerData } from './plan.js';
import { RateLimiter } from './rate-limiter.js';
import { reportChangedRecords, reportSuspiciousCounts } from './reports.js';
import type { MetadataDone, RestoreWorkerData, RestoreWorkerMessage, WorkerResult } from './worker-protocol.js';

export { RestoreError } from './errors.js';
export type { RestoreConfig, RestoreCounts, RestoreResult, RestoreSource } from './config.js';

type RestorePool = WorkerPool<FileJob, MetadataDone, RestoreWorkerMessage, WorkerResult>;

/**
 * Starts a restore. `result` resolves when everything is written, or explained by a counter. It rejects with a
 * RestoreError that holds the counters if anything is missing; with a ClusterError, StorageError, CodecError or
 * InputError if nothing could be begun.
 */
export function startRestore(config: RestoreConfig, context: RunContext): Run<RestoreResult, RestoreCounts> {
  return startRun(new RestoreRun(config, context), context);
}

class RestoreRun implements RunBody<RestoreResult, RestoreCounts> {
  private readonly storages: StorageAccess;
  private readonly fileFailures: Error[] = [];
  private readonly missing: Error[] = [];
  /** One for each group of files that is restored after the one before it. */
  private readonly blocks: CounterBlock<(typeof RESTORE_COUNTERS)[number]>[] = [];
  private metadata: MetadataRestorer | undefined;
  private expectedBytes = 0;
  /** Absent = no two directories can hold the same records, or the policy decides which ones count. */
  private overlapMap: SharedArrayBuffer | undefined;
  /** The file that each worker reads. */
  private readonly currentFiles: (string | undefined)[] = [];

  constructor(
    private readonly config: RestoreConfig,
    private readonly context: RunContext,
  ) {
    this.storages = config.storages;
  }

  async execute(): Promise<RestoreResult> {
    const { config, context } = this;
    const { emit, signal } = context;
    const startedAt = performance.now();
    signal.throwIfAborted();
    const codecs = await Codecs.open(config);
    const cluster = await Cluster.connect(config.cluster, signal, emit);
    try {
      const nodes = cluster.nodes.map(({ name }) => name);
      emit({
        type: 'cluster.connected',
        build: cluster.serverVersion,
        nodes,
        durationMs: performance.now() - startedAt,
      });
      const { bins, sets, source } = config;
      emit({ type: 'restore.start', bins, sets, source: describeSource(source) });
      await context.connected?.();
      return await this.restore(cluster, codecs, startedAt);
    } finally {
      cluster.close();
    }
  }

  counters(): RestoreCounts {
    const sums = new CounterBlock(RESTORE_COUNTERS, new SharedArrayBuffer(0)).sum();
    for (const block of this.blocks) {
      const counts = block.sum();
      for (const key of RESTORE_COUNTERS) sums[key] += counts[key];
    }
    return { ...sums, sindexes: this.metadata?.sindexes ?? 0, udfs: this.metadata?.udfs ?? 0 };
  }

  progress(): RunProgress {
    const { records, bytes } = this.counters();
    const current = this.blocks.at(-1)?.byWorker() ?? [];
    return {
      records,
      bytes,
      expectedRecords: 0,
      expectedBytes: this.config.noRecords ? 0 : this.expectedBytes,
      workers: current.map((counts, i) => {
        const name = this.currentFiles[i];
        return { ...counts, ...(name === undefined ? {} : { activity: { kind: 'file', name } }) };
      }),
    };
  }

  private async restore(cluster: Cluster, codecs: Codecs, startedAt: number): Promise<RestoreResult> {
    const { config, context } = this;
    const { emit, signal } = context;
    if (config.namespace !== undefined) cluster.checkReachable(config.namespace.to);
    const mode = await chooseWriteMode(cluster, config, emit);
    emit({ type: 'cluster.nodes', nodes: cluster.nodes.length });
    const { source } = config;
    if (inputDirectories(source).length === 0) emit({ type: 'restore.input', source: describeSource(source) });
    const input = await this.collectInput();
    const groups = await this.orderParts(input, codecs);
    this.expectedBytes = input.expectedBytes;

    const metadata = (this.metadata = new MetadataRestorer(cluster, config, emit, signal));
    const results: WorkerResult[] = [];
    let stopReason: Error | undefined;
    emit({ type: 'transfer.started' });
    try {
      const headers = await this.restoreHeaders(input, codecs, metadata, cluster);
      if (!config.noRecords) emit({ type: 'restore.records' });
      for (const [i, jobs] of groups.entries()) {
        if (jobs.length === 0) continue;
        const outcome = await this.restoreFiles(jobs, i + 1, cluster, codecs, mode, metadata);
        results.push(...outcome.results);
        config.history?.add(outcome.results.map(({ digests }) => digests));
        stopReason = outcome.failure;
        if (stopReason !== undefined) break;
      }
      reportChangedRecords(results, this.counters(), emit);
      if (stopReason === undefined) {
        emit({ type: 'restore.finished' });
        await metadata.finish(results.some(({ nullSetSeen }) => nullSetSeen));
        await reportSuspiciousCounts(this.counters(), this.targetNamespaces(headers), cluster, emit);
      } else {
        metadata.abort();
      }
    } finally {
      emit({ type: 'transfer.ended' });
    }
    const result = { ...this.counters(), durationMs: performance.now() - startedAt };
    emit({ type: 'restore.summary', ...result });
    const { fileFailures: files, missing } = this;
    const unmovable = results.reduce((sum, worker) => sum + worker.unmovable, 0);
    return concludeRestore(result, { stopReason, files, metadata: metadata.failures, missing, unmovable });
  }

  /** A directory or file that was given and is not there ends the run; an entry of a directory does not. */
  private async collectInput(): Promise<Input> {
    const { config, context, storages } = this;
    const input = await collectInput(config.source, storages, context.emit, (error, origin) => {
      if (origin !== 'entry' || !(error instanceof Error)) throw error;
      this.addFileFailure(error);
    });
    if (input.parts.every(({ jobs }) => jobs.length === 0)) {
      const [first] = this.fileFailures;
      throw first ?? noFilesError(config.source);
    }
    return config.shard === undefined ? input : takeShardOfInput(input, config.shard);
  }

  /**
   * Files that may be restored in any order, as one group. Several backups of one namespace may hold the same records:
   * they are restored one after the other, so that the last one counts. Where the policy does not promise that, workers
   * stop at the first record that may be in two of them.
   */
  private async orderParts({ parts }: Input, codecs: Codecs): Promise<FileJob[][]> {
    const all = parts.map(({ jobs }) => jobs);
    if (parts.length > 1 && !this.config.noRecords) {
      const files = parts.flatMap((part) => part.files);
      const overlapping = findOverlap(await scanHeaders(files, this.scanOptions(codecs)));
      if (overlapping.length > 0) {
        // Which of the records that several directories hold is the last one, no shard can tell.
        if (this.config.shard !== undefined) {
          const text = `${overlapping.join(' and ')} may hold the same records: they cannot be restored in shards`;
          throw new InputError('INPUT_OVERLAP', text);
        }
        const { unique, noGeneration, applyIncrement = false } = this.config;
        if (unique || noGeneration || applyIncrement) {
          this.context.emit({ type: 'input.overlap', directories: overlapping, winner: unique ? 'first' : 'last' });
        } else {
          this.overlapMap = createOverlapMap();
        }
        return all.filter((jobs) => jobs.length > 0);
      }
    }
    return [all.flat()];
  }

  private scanOptions(codecs: Codecs): HeaderScanOptions {
    const { signal } = this.context;
    // Many small files are read twice; that, too, is bandwidth.
    const limits = createRateLimits(this.config);
    const limiter = limits === undefined ? undefined : new RateLimiter(limits);
    return {
      codecs,
      storages: this.storages,
      signal,
      onBytes: (bytes) => limiter?.countBytes(bytes),
      afterFile: async () => {
        const pauseMs = limiter?.bytesPauseMs() ?? 0;
        if (pauseMs > 0) await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      },
    };
  }

  /** Restores the indexes and modules in front of the records of all files, before any record. */
  private async restoreHeaders(
    { parts }: Input,
    codecs: Codecs,
    metadata: MetadataRestorer,
    cluster: Cluster,
  ): Promise<FileHeader[]> {
    const { config, context } = this;
    const isFirst = config.shard === undefined || config.shard.index === 0;
    const all = parts.flatMap((part) => part.files);
    const files = isFirst ? all : findFirstFiles(all);
    const expected = new ExpectedMetadata(config);
    const headers = await scanHeaders(files, {
      ...this.scanOptions(codecs),
      onMetadata: async (entry, { namespace }) => {
        // A file of another namespace is refused by the worker that reads it.
        if (config.namespace !== undefined && namespace !== undefined && namespace !== config.namespace.from)
          return false;
        if (isFirst) await metadata.restoreEntry(entry, namespace);
        else expected.add(entry, namespace);
        return true;
      },
    });
    const done = new Map(headers.map(({ path, metadataEntries }) => [path, metadataEntries]));
    for (const job of parts.flatMap(({ jobs }) => jobs)) {
      if (job.path !== undefined) job.metadataDone = done.get(job.path) ?? 0;
    }
    if (!isFirst) {
      const limitMs = config.metadataWaitMs ?? DEFAULT_METADATA_WAIT_MS;
      await expected.wait(cluster, limitMs, context.emit, context.signal);
    }
    if (!context.signal.aborted) await this.reportMissing(parts, headers);
    return headers;
  }

  private async reportMissing(parts: readonly InputPart[], headers: readonly FileHeader[]): Promise<void> {
    const directories = parts.flatMap(({ directory }) => (directory === undefined ? [] : [directory]));
    const { source } = this.config;
    const paths = parts.flatMap(({ files }) => files.map(({ path }) => path));
    const missing =
      source.kind === 'file'
        ? await findMissingParts(source.path, this.storages)
        : directories.length > 0
          ? await findMissingFiles(paths, headers, directories, this.storages)
          : [];
    for (const part of missing) {
      this.context.emit({ type: 'input.missing', part });
      if (this.config.allowIncomplete === true) continue;
      this.missing.push(new InputError('INPUT_INCOMPLETE', `Incomplete: ${part}`, { hint: 'allow-incomplete' }));
    }
  }

  private async restoreFiles(
    jobs: readonly FileJob[],
    directory: number,
    cluster: Cluster,
    codecs: Codecs,
    mode: WriteMode,
    metadata: MetadataRestorer,
  ): Promise<PoolOutcome<WorkerResult>> {
    const { config, context, currentFiles } = this;
    const { emit, signal } = context;
    const split: SplitOptions = {
      codecs,
      storages: this.storages,
      module: config.webAssembly === false ? undefined : loadWasmModule('restore'),
      namespace: config.namespace?.from,
      ...(config.splitSizes === undefined ? {} : { sizes: config.splitSizes }),
    };
    const plan = createWorkerData(config, cluster, mode, await countReaders(jobs, split), createRateLimits(config));
    const files = plan.length > jobs.length ? new SplitFiles(jobs, split, emit) : undefined;
    const current: FileJob[] = [];
    const { overlapMap: map } = this;
    const overlap = map === undefined ? {} : { overlap: { map, directory: ((directory - 1) % 255) + 1 } };
    const block = CounterBlock.allocate(RESTORE_COUNTERS, plan.length);
    this.blocks.push(block);
    const channels = await openReadChannels(this.storages, jobs, plan.length);
    const data = plan.map((each, i): RestoreWorkerData => {
      const storage = channels[i];
      return { ...each, counters: block.shared, ...overlap, ...(storage === undefined ? {} : { storage }) };
    });
    const directories = inputDirectories(config.source).length > 0;
    const pool: RestorePool = new WorkerPool<FileJob, MetadataDone, RestoreWorkerMessage, WorkerResult>({
      script: new URL('./restore-worker.js', import.meta.url),
      workers: await this.planWorkers(
        data,
        cluster,
        files === undefined && !channels.some(({ ports }) => ports.length > 0),
      ),
      jobs: files === undefined ? jobs : [],
      ...(files === undefined ? {} : { supply: files.supplyJobs() }),
      emit,
      signal,
      firstWorkerNumber: 1,
      transferOf: ({ port }) => (port === undefined ? [] : [port]),
      jobStarted: (job, worker) => {
        const { path, range } = job;
        current[worker] = job;
        currentFiles[worker] = path === undefined ? `[${config.source.kind}]` : basename(path);
        if (directories && path !== undefined && (range?.start ?? 0) === 0)
          emit({ type: 'file.start', doing: 'restoring', path, worker: worker + 1 });
      },
      idle: (worker) => (currentFiles[worker] = undefined),
      message: (message, worker) => {
        if (message.type === 'metadata') {
          void metadata
            .restoreEntry(message.entry, message.namespace)
            .then(() => pool.request(worker, { type: 'metadata-done' }));
        } else if (message.type === 'range-read') {
          files?.endRange(current[worker]!.path!, message.contents, worker + 1);
        } else {
          files?.failRange(current[worker]!);
          this.addFileFailure(deserializeInputError(message.error), worker + 1);
        }
      },
      stopError,
    });
    return pool.run();
  }

  /**
   * The first worker works here, on the connections that are open: a thread would have to start and connect. Not beside
   * others if this thread looks for the parts of files, or reads for them.
   */
  private async planWorkers(
    data: readonly RestoreWorkerData[],
    cluster: Cluster,
    hasTime: boolean,
  ): Promise<WorkerSetup[]> {
    const threads = data.map((each) => ({ data: each, transfer: each.storage?.ports ?? [] }));
    const [first] = data;
    if (this.context.ownsThread !== true || first === undefined || (data.length > 1 && !hasTime)) return threads;
    const { createRestoreTask } = await import('./restore-task.js');
    const create = (link: WorkerLink<RestoreWorkerMessage>): ReturnType<typeof createRestoreTask> =>
      createRestoreTask(first, link, cluster);
    return [{ start: () => runLocalWorker(create) }, ...threads.slice(1)];
  }

  private addFileFailure(error: Error, worker?: number): void {
    this.fileFailures.push(error);
    this.context.emit({ type: 'error', error: serializeError(error), ...(worker === undefined ? {} : { worker }) });
  }

  private targetNamespaces(headers: readonly FileHeader[]): string[] {
    const { namespace } = this.config;
    if (namespace !== undefined) return [namespace.to];
    return [...new Set(headers.flatMap((header) => (header.namespace === undefined ? [] : [header.namespace])))];
  }
}

function stopError(reason: unknown): ToolError {
  const text = reason instanceof ToolError ? reason.message : 'The restore was stopped before it was complete';
  return new RestoreFailure('RESTORE_INTERRUPTED', text);
}
