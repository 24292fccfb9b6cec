/** What a backup costs, as a function of its records and of how many shards it has. All of it is arithmetic. */
import { MAX_SHARDS } from '../../core/shard.js';

/** What there is to back up, and what it costs to do so. Bytes and records are of the whole backup. */
export interface PlanLoad {
  records: number;
  /** Text of the backup, before compression. */
  textBytes: number;
  /** As they are stored. */
  storedBytes: number;
  /** As the cluster sends them. */
  wireBytes: number;
  /** Processor time of all threads. */
  cpuSecondsPerRecord: number;
}

/** What the backup may use. Absent = that does not limit it. */
export interface PlanGoal {
  withinSeconds?: number;
  /** Of each machine; each shard has one of its own. */
  cores: number;
  /** Of each machine, in each direction. */
  networkBytesPerSecond?: number;
  /** Of all shards together. */
  storageBytesPerSecond?: number;
  recordsPerSecond?: number;
}

export type PlanLimit = 'cpu' | 'network' | 'storage' | 'cluster' | 'start';

/** How a backup with so many shards goes. */
export interface ShardPlan {
  shards: number;
  /** Of each shard. */
  workers: number;
  seconds: number;
  /** What takes the most time. */
  limit: PlanLimit;
  /** Of each shard, while records flow. */
  receivedBytesPerSecond: number;
  sentBytesPerSecond: number;
  /** Of all shards together. */
  recordsPerSecond: number;
  storedBytesPerSecond: number;
}

/** Start of the process, connection, first scan, and the end of the files. */
export const START_SECONDS = 0.5;
/** Processor time of a start, which each shard repeats. */
export const START_CPU_SECONDS = 0.3;
/** Part of the time allowed that a plan may use: shards are not all equally fast. */
const HEADROOM = 0.8;
/** More threads than that do not share the partitions of one scan well. */
const MAX_WORKERS = 100;

/** The backup in `shards` equal parts at the same time, each on a machine of its own. */
export function predict(load: PlanLoad, goal: PlanGoal, shards: number): ShardPlan {
  const workers = Math.min(goal.cores, MAX_WORKERS, Math.max(1, Math.floor(MAX_SHARDS / shards)));
  const times: Record<Exclude<PlanLimit, 'start'>, number> = {
    cpu: (load.records * load.cpuSecondsPerRecord) / (shards * workers),
    network: Math.max(load.wireBytes, load.storedBytes) / (shards * (goal.networkBytesPerSecond ?? Infinity)),
    storage: load.storedBytes / (goal.storageBytesPerSecond ?? Infinity),
    cluster: load.records / (goal.recordsPerSecond ?? Infinity),
  };
  let limit: PlanLimit = 'start';
  let flowSeconds = START_SECONDS;
  for (const name of ['cpu', 'network', 'storage', 'cluster'] as const) {
    if (times[name] <= flowSeconds) continue;
    limit = name;
    flowSeconds = times[name];
  }
  if (limit === 'start') flowSeconds = Math.max(times.cpu, times.network, times.storage, times.cluster);
  // What takes no time to speak of is not a rate.
  const perSecond = (amount: number): number => (amount === 0 ? 0 : amount / Math.max(flowSeconds, 1e-3));
  return {
    shards,
    workers,
    seconds: START_SECONDS + flowSeconds,
    limit,
    receivedBytesPerSecond: perSecond(load.wireBytes / shards),
    sentBytesPerSecond: perSecond(load.storedBytes / shards),
    recordsPerSecond: perSecond(load.records),
    storedBytesPerSecond: perSecond(load.storedBytes),
  };
}

/**
 * The smallest number of shards that is done in time, with some of the time left; one if no time is given. Undefined =
 * no number is enough: what limits then is shared by all shards, or the time is shorter than a start.
 */
export function chooseShards(load: PlanLoad, goal: PlanGoal): ShardPlan | undefined {
  const { withinSeconds = Infinity } = goal;
  for (let shards = 1; shards <= MAX_SHARDS; shards++) {
    const plan = predict(load, goal, shards);
    if (plan.seconds <= withinSeconds * HEADROOM) return plan;
  }
  return undefined;
}

/** Plans with 1, 2, 4, … shards around the chosen one, to compare. */
export function compareShards(load: PlanLoad, goal: PlanGoal, chosen: number | undefined): ShardPlan[] {
  const most = Math.min(MAX_SHARDS, Math.max(8, (chosen ?? 8) * 2));
  const counts = new Set<number>(chosen === undefined ? [] : [chosen]);
  for (let count = 1; count <= most; count *= 2) counts.add(count);
  return [...counts].sort((a, b) => a - b).map((count) => predict(load, goal, count));
}
