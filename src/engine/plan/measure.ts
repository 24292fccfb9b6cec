/**
 * Measures what a backup would cost, by reading some records as a backup does and writing none: how large they are, how
 * well they compress, and what processor time they take here.
 */
import { Writable } from 'node:stream';
import { Cluster } from '../../aerospike/cluster/cluster.js';
import { countObjects } from '../../aerospike/commands/namespace.js';
import { Codecs } from '../../codecs/codecs.js';
import type { RecordView } from '../../core/record-view.js';
import { createProcessLimits, type RunContext } from '../../core/run-context.js';
import { createRunId } from '../../core/run.js';
import { startBackup } from '../backup/backup.js';
import type { BackupConfig } from '../backup/config.js';
import { SampleAccumulator } from '../backup/estimate/accumulator.js';
import { sampleRecords, type SampleHandler } from '../backup/estimate/sampler.js';
import { explainScanRefusal } from '../backup/failure.js';
import { readMetadata } from '../backup/metadata.js';
import { scanSelection } from '../backup/scan-params.js';
import { type CostSample, type RecordCost, toRecordCost } from './record-cost.js';
import { wireRecordBytes } from './wire-size.js';

export interface MeasurementConfig {
  /** Without a target. */
  backup: BackupConfig;
  /** Records that are read at most. */
  sampleRecords: number;
  /** Records per second. */
  sampleRate: number;
  /** For all reading. */
  sampleMs: number;
  signal: AbortSignal;
}

export interface Measurement {
  nodes: number;
  build: string;
  replicationFactor: number;
  /** Partitions move between the nodes, so that some records are counted twice or not at all. */
  isMigrating: boolean;
  records: number;
  sindexes: number;
  udfs: number;
  /** Records whose size is known. */
  sampledRecords: number;
  /** Bytes of text per record. */
  recordBytes: number;
  /** Half of the range that has the mean with a confidence of 95 %, as a part of it. */
  recordBytesError: number;
  /** As the cluster sends it. */
  wireRecordBytes: number;
  /** Of the head of the first file. */
  headerBytes: number;
  /** Bytes stored per byte of text with zstd, whether it was asked for or not. */
  compressionRatio: number;
  cost: RecordCost;
}

/** Of the records read, those that only sizes are taken of: the first tenth, and enough for a mean. */
const SIZE_PART = 0.1;
const LEAST_SIZES = 10_000;
const POLL_MS = 25;

/** Throws what an estimate throws. */
export async function measure(config: MeasurementConfig): Promise<Measurement> {
  const { backup, signal } = config;
  const { namespace, sets } = backup;
  const cluster = await Cluster.connect(backup.cluster, signal);
  try {
    cluster.checkReachable(namespace);
    const counts = await countObjects(cluster, namespace, sets);
    const factors = counts.map(({ replicationFactor }) => Math.max(1, replicationFactor ?? 1));
    const metadata = await readMetadata(cluster, backup);
    const records = Math.floor(counts.reduce((sum, { objects }, i) => sum + objects / factors[i]!, 0));
    const deadline = Date.now() + config.sampleMs;
    const sizes = await sampleSizes(cluster, config, metadata.firstHeader, deadline);
    const { plain, compressed } = sizes;
    const costs = records === 0 ? [] : await sampleCosts(config, config.sampleRecords - plain.sizes.count, deadline);
    return {
      nodes: cluster.nodes.length,
      build: cluster.serverVersion,
      replicationFactor: Math.max(...factors),
      isMigrating: counts.some(({ isMigrating }) => isMigrating),
      records,
      sindexes: metadata.sindexes,
      udfs: metadata.udfs,
      sampledRecords: plain.sizes.count,
      recordBytes: plain.sizes.mean,
      recordBytesError: plain.sizes.mean === 0 ? 0 : (1.96 * plain.sizes.standardError) / plain.sizes.mean,
      wireRecordBytes: plain.sizes.count === 0 ? 0 : sizes.wireBytes / plain.sizes.count,
      headerBytes: metadata.firstHeader.length,
      compressionRatio: plain.sizes.count === 0 ? 1 : compressed.ratio,
      cost: toRecordCost(costs, plain.sizes.mean, backup),
    };
  } finally {
    cluster.close();
  }
}

interface SizeSample {
  plain: SampleAccumulator;
  compressed: SampleAccumulator;
  wireBytes: number;
}

async function sampleSizes(
  cluster: Cluster,
  config: MeasurementConfig,
  header: Buffer,
  deadline: number,
): Promise<SizeSample> {
  const { backup, signal, sampleRate, sampleRecords: most } = config;
  const plain = new SampleAccumulator(header, await Codecs.open({}));
  const compression = backup.compression ?? { codec: 'zstd', level: 0 };
  const compressed = new SampleAccumulator(header, await Codecs.open({ compression }));
  const sample: SizeSample = { plain, compressed, wireBytes: 0 };
  const namespaceBytes = Buffer.byteLength(backup.namespace);
  const handler: SampleHandler = {
    record(bytes: number, view: RecordView) {
      plain.record(bytes);
      compressed.record(bytes);
      sample.wireBytes += wireRecordBytes(view, namespaceBytes);
    },
    text: (chunk) => compressed.text(chunk),
  };
  const over = AbortSignal.timeout(Math.max(1, Math.ceil((deadline - Date.now()) / 2)));
  const context = { emit: () => undefined, signal: AbortSignal.any([signal, over]) };
  const selection = { ...scanSelection(backup, 1), recordsPerSecond: sampleRate };
  const limit = Math.min(most, Math.max(LEAST_SIZES, Math.floor(most * SIZE_PART)));
  try {
    await sampleRecords(cluster, backup, context, selection, backup.partitions, limit, handler);
  } catch (error) {
    signal.throwIfAborted();
    // What was read by then is a smaller sample.
    if (!over.aborted) throw explainScanRefusal(error, backup);
  }
  await compressed.finish();
  return sample;
}

/** A backup that nobody keeps: by one worker, through everything but a storage. */
async function sampleCosts(config: MeasurementConfig, records: number, deadline: number): Promise<CostSample[]> {
  const { backup, signal } = config;
  const leftMs = deadline - Date.now();
  if (records <= 0 || leftMs <= 0) return [];
  const over = AbortSignal.timeout(leftMs);
  const context: RunContext = {
    runId: createRunId(),
    signal: AbortSignal.any([signal, over]),
    emit: () => undefined,
    limits: createProcessLimits(),
  };
  const discard = new Writable({ write: (_chunk, _encoding, done) => done() });
  const run = startBackup(
    {
      ...backup,
      target: { kind: 'stream', stream: discard },
      parallel: 1,
      maxRecords: records,
      recordsPerSecond: config.sampleRate,
      checkpointIntervalMs: 0,
    },
    context,
  );
  const samples: CostSample[] = [];
  const poll = (): void => {
    const { user, system } = process.cpuUsage();
    const { records: read } = run.counters();
    samples.push({ records: read, cpuMicroseconds: user + system });
  };
  const timer = setInterval(poll, POLL_MS);
  try {
    await run.result;
  } catch (error) {
    signal.throwIfAborted();
    if (!over.aborted) throw error;
  } finally {
    clearInterval(timer);
  }
  return samples;
}
