/** A plan of a backup: what was measured, and what follows from it. */
import { measure, type Measurement, type MeasurementConfig } from './measure.js';
import {
  chooseShards,
  compareShards,
  START_CPU_SECONDS,
  type PlanGoal,
  type PlanLoad,
  type ShardPlan,
} from './model.js';

/**
 * How a figure was found. `counted`: by the nodes. `sampled`: of some records. `measured`: here, during the sample.
 * `reference`: on another machine. `given`: by the user.
 */
export type FigureBasis = 'counted' | 'sampled' | 'measured' | 'reference';

export interface Figure {
  value: number;
  basis: FigureBasis;
  /** The true value is likely (95 %) within this part of the value; absent = nothing is known about that. */
  error?: number;
}

export interface BackupPlan {
  namespace: string;
  nodes: number;
  build: string;
  replicationFactor: number;
  isMigrating: boolean;
  sindexes: number;
  udfs: number;
  sampledRecords: number;
  records: Figure;
  recordBytes: Figure;
  /** Of the whole backup, not compressed. */
  plainBytes: Figure;
  /** The same with zstd, at the level asked for or its default. */
  compressedBytes: Figure;
  /** What the backup as asked for will have. */
  storedBytes: Figure;
  networkBytes: Figure;
  /** Of all shards of the plan together. */
  cpuSeconds: Figure;
  goal: PlanGoal;
  /** Absent = no number of shards is done in time. */
  chosen?: ShardPlan;
  /** With other numbers of shards, the chosen one among them. */
  alternatives: ShardPlan[];
}

/** Of a ratio that a sample gave: other parts of the data may compress otherwise. */
const RATIO_ERROR = 0.1;
/** Of processor time measured here: a machine has turbo, neighbors, and caches of its own. */
const CPU_ERROR = 0.5;
/** Of files and what stands in front of their records, for each worker of each shard. */
const FILE_HEADER_BYTES = 48;

/** Reads no more records than `config` says, and changes nothing. Throws what an estimate throws. */
export async function planBackup(config: MeasurementConfig, goal: PlanGoal): Promise<BackupPlan> {
  const measurement = await measure(config);
  return toPlan(config.backup.namespace, config.backup.compression !== undefined, measurement, goal);
}

export function toPlan(namespace: string, compresses: boolean, measured: Measurement, goal: PlanGoal): BackupPlan {
  const { records, recordBytes, recordBytesError: error, compressionRatio, cost } = measured;
  // The count is of a moment, and partitions that move are counted twice or not at all.
  const count: Figure = { value: records, basis: 'counted', ...(measured.isMigrating ? {} : { error: 0 }) };
  const sized = (value: number, extra = 0): Figure =>
    measured.sampledRecords === 0 && records > 0
      ? { value, basis: 'sampled' }
      : { value: Math.round(value), basis: 'sampled', error: error + extra };
  const textBytes = measured.headerBytes + records * recordBytes;
  const compressed = sized(textBytes * compressionRatio, RATIO_ERROR);
  const load: PlanLoad = {
    records,
    textBytes,
    storedBytes: compresses ? compressed.value : textBytes,
    wireBytes: records * measured.wireRecordBytes,
    cpuSecondsPerRecord: cost.cpuSecondsPerRecord,
  };
  const chosen = chooseShards(load, goal);
  const { nodes, build, replicationFactor, isMigrating, sindexes, udfs, sampledRecords } = measured;
  const files = chosen === undefined ? 1 : chosen.shards * chosen.workers;
  const plain = sized(textBytes + files * FILE_HEADER_BYTES);
  const cpuError = cost.basis === 'measured' ? { error: CPU_ERROR } : {};
  return {
    namespace,
    nodes,
    build,
    replicationFactor,
    isMigrating,
    sindexes,
    udfs,
    sampledRecords,
    records: count,
    recordBytes: { ...sized(recordBytes), value: recordBytes },
    plainBytes: plain,
    compressedBytes: compressed,
    storedBytes: compresses ? compressed : plain,
    networkBytes: sized(load.wireBytes),
    cpuSeconds: {
      value: records * cost.cpuSecondsPerRecord + START_CPU_SECONDS * (chosen?.shards ?? 1),
      basis: cost.basis,
      ...cpuError,
    },
    goal,
    ...(chosen === undefined ? {} : { chosen }),
    alternatives: compareShards(load, goal, chosen?.shards),
  };
}
