/** One backup run, from the plan to the summary (asbackup.md 5.1). */
import type { ScanSelection } from '../../aerospike/protocol/scan-request.js';
import { Codecs } from '../../codecs/codecs.js';
import { CounterBlock } from '../../core/counters.js';
import { ToolError } from '../../core/errors.js';
import type { EngineEvent } from '../../core/events.js';
import type { BackupTotals, LimitingFactor } from '../../core/events/backup.js';
import { PARTITIONS } from '../../core/partition.js';
import { PreparedThreads } from '../../core/prepared-threads.js';
import type { RunContext } from '../../core/run-context.js';
import { startRun, type Run, type RunBody, type RunProgress } from '../../core/run.js';
import { checkSiblings, findEarlierShard, toShardResult } from './checkpoint/own-shard.js';
import { checkPreconditions, createRunState, planJobs } from './checkpoint/run-state.js';
import type { BackupConfig, BackupResult } from './config.js';
import { withConnection, type Session } from './connect.js';
import { BackupError } from './errors.js';
import { SampleAccumulator } from './estimate/accumulator.js';
import { recordSizeBound } from './estimate/statistics.js';
import { preflightScan, sampleRecords } from './estimate/sampler.js';
import { explainScanRefusal } from './failure.js';
import { readMetadata } from './metadata.js';
import { DiskSpace } from './output/disk-space.js';
import { scanSelection } from './scan-params.js';
import { Transfer, WORKER_SCRIPT } from './transfer.js';
import { BACKUP_COUNTERS } from './worker-protocol.js';

export { BackupError } from './errors.js';

/** Enough to know whether a disk is much too small; an estimate reads more. */
const SPACE_SAMPLES = 1000;

/** Of fewer records, writes and deletions meanwhile may be most. */
const MIN_COUNT_COMPARED = 100;

export type BackupRun = Run<BackupResult, BackupTotals>;

/**
 * Backs up one namespace. The result settles when everything asked for is written and durable; it rejects with a
 * BackupError if the backup was begun and is not complete, and with another ToolError if it could not begin.
 */
export function startBackup(config: BackupConfig, context: RunContext): BackupRun {
  return startRun(new BackupBody(config, context), context);
}

const NOTHING: BackupTotals = { records: 0, sindexes: 0, udfs: 0, bytes: 0 };

class BackupBody implements RunBody<BackupResult, BackupTotals> {
  private transfer: Transfer | undefined;
  /** Aborts when the context's signal does, and when the lock was lost. */
  private readonly stopping = new AbortController();
  private readonly context: RunContext;

  constructor(
    private config: BackupConfig,
    context: RunContext,
  ) {
    this.context = { ...context, signal: this.stopping.signal };
    const { signal } = context;
    if (signal.aborted) this.stopping.abort(signal.reason);
    else signal.addEventListener('abort', () => this.stopping.abort(signal.reason), { once: true });
  }

  counters(): BackupTotals {
    return this.transfer?.totals() ?? NOTHING;
  }

  progress(): RunProgress {
    return this.transfer?.progress() ?? { records: 0, bytes: 0, expectedRecords: 0, expectedBytes: 0, workers: [] };
  }

  async execute(): Promise<BackupResult> {
    // Before anything is changed: an option that cannot be followed has left files behind (asbackup.md 12, fault 27).
    const codecs = await Codecs.open(this.config);
    const done = await this.takeUpShard();
    if (done !== undefined) return done;
    const threads = this.prepareThreads();
    try {
      return await withConnection(
        this.config,
        this.context,
        () => this.counters(),
        (session) => this.run(session, codecs, threads),
      );
    } finally {
      await threads.close();
    }
  }

  /** Not where others use the process, too: a run that cannot begin would have started them for nothing. */
  private prepareThreads(): PreparedThreads {
    const { parallel, target, noRecords } = this.config;
    // With a directory the first worker needs no thread (transfer.ts).
    const wanted = target.kind === 'directory' || parallel === 1 ? parallel - 1 : parallel;
    return new PreparedThreads(WORKER_SCRIPT, this.context.ownsThread === true && !noRecords ? wanted : 0);
  }

  /** Resolves with the result if the shard is complete already; prepares to continue it if it was interrupted. */
  private async takeUpShard(): Promise<BackupResult | undefined> {
    const { config, context } = this;
    const earlier = await findEarlierShard(config);
    if (earlier.kind === 'interrupted') this.config = { ...config, continueFrom: earlier.path };
    if (earlier.kind !== 'complete') return undefined;
    const { path, state } = earlier;
    context.emit({ type: 'shard.complete', path, records: state.counters.records });
    return toShardResult(state, config);
  }

  private async run(session: Session, codecs: Codecs, threads: PreparedThreads): Promise<BackupResult> {
    const { config, context } = this;
    const startedMs = Date.now();
    const stop = (error: Error): void => this.stopping.abort(error);
    if (config.continueFrom === undefined) await checkSiblings(config, session.selected);
    const saved = await checkPreconditions(config, session.clusterIdentity, context, stop);
    let transfer: Transfer;
    let space: DiskSpace | undefined;
    try {
      const metadata = await readMetadata(session.cluster, config);
      const plan = planJobs(session.partitions, saved?.state, config);
      const workers = Math.min(config.parallel, plan.jobs.length);
      if (workers < config.parallel && saved === undefined) this.reportWorkers(session, workers);
      space = DiskSpace.of(config.target, context.emit, config.storages);
      const sampled = new SampleAccumulator(metadata.firstHeader, codecs);
      const expectedBytes = config.noRecords ? 0 : await this.preflight(session, sampled, space);
      context.signal.throwIfAborted();
      const runState = await createRunState(
        saved,
        session.partitions,
        {
          metadata,
          cluster: session.clusterIdentity,
          serverVersion: session.cluster.serverVersion,
          startedMs,
          selected: session.selected,
        },
        config,
        context,
        stop,
      );
      const counters = CounterBlock.allocate(BACKUP_COUNTERS, workers);
      transfer = new Transfer({
        config,
        context,
        session,
        metadata,
        codecs,
        runState,
        counters,
        plan,
        expectedBytes,
        threads,
      });
    } catch (error) {
      await saved?.lock.release();
      throw error;
    }
    this.transfer = transfer;
    space?.watch(() => transfer.progress());
    try {
      const files = await transfer.execute();
      this.reportCount(session);
      return transfer.result(files, Date.now() - startedMs);
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      throw new BackupError(error, transfer.result([], Date.now() - startedMs));
    } finally {
      space?.stop();
    }
  }

  /** A node that claims partitions it does not have, or loses some, shows in the count alone. */
  private reportCount({ expectedRecords: expected, partitions }: Session): void {
    const { config, context } = this;
    const { filterExp, modifiedAfterNs, modifiedBeforeNs, noTtlOnly = false, maxRecords = 0, noRecords } = config;
    const isSelective =
      filterExp !== undefined ||
      // A server leaves out records that have none of the bins.
      config.bins.length > 0 ||
      (config.excludedSets ?? []).length > 0 ||
      modifiedAfterNs !== undefined ||
      modifiedBeforeNs !== undefined ||
      noTtlOnly;
    const [first] = partitions;
    const isWhole = partitions.length === 1 && first?.kind === 'range' && first.count === PARTITIONS;
    if (isSelective || maxRecords > 0 || noRecords || !isWhole) return;
    const { records } = this.counters();
    const isFar = records * 2 < expected || records > expected * 2;
    if (isFar && Math.max(records, expected) >= MIN_COUNT_COMPARED) {
      context.emit({ type: 'backup.count', records, expected });
    }
  }

  private reportWorkers({ partitions }: Session, workers: number): void {
    const { parallel: asked, maxRecords = 0 } = this.config;
    // As C counts: a digest alone stands for what follows it in one partition.
    let scarce: LimitingFactor = partitions.length === 1 ? 'partitions' : 'filters';
    if (maxRecords > 0) scarce = 'records';
    const event: EngineEvent = { type: 'backup.workers', asked, workers, scarce };
    this.context.emit(event);
  }

  /**
   * Reads one record before anything is created or deleted. Before a backup to a file it reads some more, to know
   * whether the disk will hold it, or how large the parts of an upload have to be: the C tool's nested estimate
   * (asbackup.md 6) without lines of its own (12, fault 9). Resolves with the size expected, 0 = unknown.
   */
  private async preflight(session: Session, sampled: SampleAccumulator, space: DiskSpace | undefined): Promise<number> {
    const { config, context } = this;
    const { cluster, partitions } = session;
    const selection: ScanSelection = { ...scanSelection(config, 1), recordsPerSecond: 0 };
    const withSizes = config.target.kind === 'file';
    try {
      if (withSizes) {
        const samples = config.estimateSamples ?? SPACE_SAMPLES;
        await sampleRecords(cluster, config, context, selection, partitions, samples, sampled);
        await sampled.finish();
      } else {
        await preflightScan(cluster, config, context, selection, partitions);
      }
    } catch (error) {
      throw explainScanRefusal(error, config);
    }
    if (!withSizes) return 0;
    const { maxRecords = 0 } = config;
    const records = maxRecords === 0 ? session.expectedRecords : Math.min(maxRecords, session.expectedRecords);
    const expectedBytes = sampled.estimateSize(records);
    if (config.continueFrom === undefined) {
      context.emit({ type: 'backup.expected', records, bytesPerRecord: recordSizeBound(sampled.sizes) });
    }
    await space?.check(expectedBytes);
    return expectedBytes;
  }
}
