import { PARTITIONS, type PartitionFilter, partitionId } from '../../core/partition.js';
import { ValueError } from './value-error.js';

// 20 bytes in padded base64.
const DIGEST = /^[A-Za-z0-9+/]{27}=$/;
const RANGE = /^([0-9]+)(?:-([0-9]+))?$/;

export const ALL_PARTITIONS: PartitionFilter = { kind: 'range', begin: 0, count: PARTITIONS };

export function parseDigest(text: string): Buffer {
  if (!DIGEST.test(text))
    throw new ValueError('expected a digest: 20 bytes in base64, 28 characters with the final "="');
  return Buffer.from(text, 'base64');
}

/** `BEGIN`, `BEGIN-COUNT` or `DIGEST`, separated by commas; sorted by partition and free of overlaps. */
export function parsePartitions(text: string): PartitionFilter[] {
  const parts = text.split(',').map((item) => {
    const source = item.trim();
    const filter = parseFilter(source);
    return { source, filter, ...partitionExtent(filter) };
  });
  parts.sort((a, b) => a.begin - b.begin); // stable
  for (let i = 1; i < parts.length; i++) {
    const [a, b] = [parts[i - 1]!, parts[i]!];
    if (a.end > b.begin) throw new ValueError(`${a.source} and ${b.source} overlap`);
  }
  return parts.map((part) => part.filter);
}

/** The rest of the digest's own partition, then all higher partitions. */
export function partitionsAfter(digest: Buffer): PartitionFilter[] {
  const rest = partitionId(digest, 0) + 1;
  const first: PartitionFilter = { kind: 'digest', digest };
  return rest === PARTITIONS ? [first] : [first, { kind: 'range', begin: rest, count: PARTITIONS - rest }];
}

function parseFilter(source: string): PartitionFilter {
  if (source === '') throw new ValueError('the list has an empty element');
  const range = RANGE.exec(source);
  if (range === null) {
    if (DIGEST.test(source)) return { kind: 'digest', digest: parseDigest(source) };
    throw new ValueError(`${source} is neither BEGIN, nor BEGIN-COUNT, nor a digest (20 bytes in base64)`);
  }
  const begin = Number(range[1]);
  const count = Number(range[2] ?? '1');
  if (begin >= PARTITIONS) throw new ValueError(`${source} begins beyond the last partition, ${PARTITIONS - 1}`);
  if (count < 1) throw new ValueError(`${source} covers no partition; the second number is a count of at least 1`);
  if (begin + count > PARTITIONS) {
    const most = PARTITIONS - begin;
    throw new ValueError(`${source} goes beyond the last partition; from ${begin} on there are ${most}`);
  }
  return { kind: 'range', begin, count };
}

function partitionExtent(filter: PartitionFilter): { begin: number; end: number } {
  const begin = filter.kind === 'range' ? filter.begin : partitionId(filter.digest, 0);
  return { begin, end: begin + (filter.kind === 'range' ? filter.count : 1) };
}
