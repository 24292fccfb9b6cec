/** How a restore is spread over workers, and how it writes. */
import { availableParallelism } from 'node:os';
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import { infoCommand } from '../../aerospike/protocol/info-command.js';
import { parsePairs } from '../../aerospike/protocol/info.js';
import type { WriteMode } from '../../aerospike/protocol/write-frame.js';
import { loadWasmModule } from '../../asb/wasm-module.js';
import { pickCodecConfig } from '../../codecs/codecs.js';
import type { EmitEvent } from '../../core/events.js';
import { DEFAULT_RETRY_BUDGET_MS, type RestoreConfig } from './config.js';
import { rateLimit, type RateLimits } from './rate-limiter.js';
import type { RestoreWorkerData } from './worker-protocol.js';

/** Without a batch size: few large records or many small ones, so that the cost of sending a frame is shared. */
const BATCH_ROWS = { min: 128, max: 2048 };
const SINGLE_ROWS = 16;
/** More in flight keeps no server busier, and holds memory. */
const FRAMES_PER_WORKER = 8;

/** Batch writes, if the server has them and the configuration allows them (asrestore.md 6.1). */
export async function chooseWriteMode(
  cluster: Cluster,
  { disableBatchWrites }: RestoreConfig,
  emit: EmitEvent,
): Promise<WriteMode> {
  if (disableBatchWrites || !cluster.supports('batchWrite')) return 'single';
  const service = parsePairs(await cluster.info(infoCommand('get-config', { context: 'service' })), ';');
  const threads = service.get('batch-index-threads');
  if (threads === undefined) {
    emit({ type: 'restore.write-mode', reason: 'The server does not report its batch-index-threads' });
  }
  return threads === undefined || Number(threads) === 0 ? 'single' : 'batch';
}

/**
 * The data of each worker thread for so many files, or parts of files that can be read at the same time. Storage and
 * counters are set by the run.
 */
export function createWorkerData(
  config: RestoreConfig,
  cluster: Cluster,
  mode: WriteMode,
  files: number,
  limits: RateLimits | undefined,
): Omit<RestoreWorkerData, 'counters'>[] {
  const frames = Math.max(1, config.maxAsyncBatches);
  const workers = Math.max(1, Math.min(config.parallel, files, availableParallelism(), frames));
  const { sets, extraTtlS, unique, replace, noGeneration, applyIncrement = false } = config;
  const { excludedSets = [], renamedSets = [], history } = config;
  const newer = history?.shared;
  const scannerModule = config.webAssembly === false ? undefined : loadWasmModule('restore');
  return Array.from({ length: workers }, (_, index) => ({
    index,
    cluster: cluster.optionsForWorker,
    writer: {
      mode,
      ...chooseRows(mode, config.batchSize),
      framesInFlight: Math.min(FRAMES_PER_WORKER, Math.floor(frames / workers)),
      socketTimeoutMs: config.socketTimeoutMs,
      totalTimeoutMs: config.totalTimeoutMs,
      maxRetries: config.maxRetries,
      retryScaleFactorUs: config.retryScaleFactorUs,
      retryBudgetMs: config.retryBudgetMs ?? DEFAULT_RETRY_BUDGET_MS,
      ignoreRecordError: config.ignoreRecordError,
      ...(config.namespace === undefined ? {} : { namespace: config.namespace }),
    },
    rules: {
      sets,
      excludedSets,
      extraTtlS,
      unique,
      replace: replace || applyIncrement,
      noGeneration: noGeneration || applyIncrement,
    },
    bins: config.bins,
    noRecords: config.noRecords,
    renamedSets,
    ...(history === undefined ? {} : { remembered: history.remembered }),
    ...(newer === undefined ? {} : { newer }),
    codecs: pickCodecConfig(config),
    ...(limits === undefined ? {} : { limits }),
    ...(scannerModule === undefined ? {} : { scannerModule }),
  }));
}

export function createRateLimits({ bandwidthBytesPerSecond, recordsPerSecond }: RestoreConfig): RateLimits | undefined {
  const bytes = rateLimit(bandwidthBytesPerSecond);
  const records = rateLimit(recordsPerSecond);
  if (bytes === undefined && records === undefined) return undefined;
  return { ...(bytes === undefined ? {} : { bytes }), ...(records === undefined ? {} : { records }) };
}

function chooseRows(mode: WriteMode, batchSize: number | undefined): { minRowsPerFrame: number; rowsPerFrame: number } {
  const { min, max } =
    batchSize !== undefined
      ? { min: batchSize, max: batchSize }
      : mode === 'batch'
        ? BATCH_ROWS
        : { min: SINGLE_ROWS, max: SINGLE_ROWS };
  return { minRowsPerFrame: Math.max(1, min), rowsPerFrame: Math.max(1, max) };
}
