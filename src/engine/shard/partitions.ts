/** Which of the selected partitions a shard reads. */
import { createHash } from 'node:crypto';
import { ToolError } from '../../core/errors.js';
import type { PartitionFilter } from '../../core/partition.js';
import { formatShard, shardRange, type Shard } from '../../core/shard.js';

/**
 * The shard's part of the filters, which do not overlap. Its partitions follow each other in the order of the filters;
 * the rest of a partition behind a digest counts as one. Throws ToolError SHARD_EMPTY if there are fewer partitions
 * than shards.
 */
export function takeShard(filters: readonly PartitionFilter[], shard: Shard): PartitionFilter[] {
  const selected = countPartitions(filters);
  if (selected < shard.count) {
    const text = `Shard ${formatShard(shard)} has nothing to read: only ${selected} partition(s) are selected`;
    throw new ToolError('SHARD_EMPTY', text, { hint: 'fewer-shards' });
  }
  const { begin, end } = shardRange(selected, shard);
  const taken: PartitionFilter[] = [];
  let at = 0;
  for (const filter of filters) {
    const length = filter.kind === 'range' ? filter.count : 1;
    const from = Math.max(begin, at);
    const to = Math.min(end, at + length);
    if (from < to) {
      taken.push(
        filter.kind === 'range' ? { kind: 'range', begin: filter.begin + from - at, count: to - from } : filter,
      );
    }
    at += length;
  }
  return taken;
}

export function countPartitions(filters: readonly PartitionFilter[]): number {
  return filters.reduce((sum, filter) => sum + (filter.kind === 'range' ? filter.count : 1), 0);
}

/**
 * A text that is the same for the same selection. The shards of a list of nodes are equal parts of what these nodes
 * were master of: if that changes between two shards, the parts do not fit together.
 */
export function fingerprintSelection(filters: readonly PartitionFilter[]): string {
  const text = filters
    .map((filter) => (filter.kind === 'range' ? `${filter.begin}-${filter.count}` : filter.digest.toString('base64')))
    .join(',');
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
