/** One of several equal parts of a run, each for a process of its own. */
import { PARTITIONS } from './partition.js';

/** A shard has at least one partition. */
export const MAX_SHARDS = PARTITIONS;

export interface Shard {
  /** From 0. */
  index: number;
  count: number;
}

/** Whether `value` is a shard: its count from 1 to 4096, its index below that. */
export function isShard(value: unknown): value is Shard {
  if (typeof value !== 'object' || value === null) return false;
  const { index, count } = value as Record<string, unknown>;
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(count)) return false;
  return (index as number) >= 0 && (index as number) < (count as number) && (count as number) <= MAX_SHARDS;
}

/** `3/8` */
export function formatShard({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/**
 * The half-open range of the items, of `length` in all, that are the shard's. The ranges of all shards follow each
 * other without a gap, and their lengths differ by one at most.
 */
export function shardRange(length: number, { index, count }: Shard): { begin: number; end: number } {
  return { begin: Math.floor((length * index) / count), end: Math.floor((length * (index + 1)) / count) };
}
