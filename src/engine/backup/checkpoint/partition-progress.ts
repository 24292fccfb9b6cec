/** How far a whole run has come, partition by partition: what the main thread keeps and the state file holds. */
import type { PartitionFilter } from '../../../aerospike/config.js';
import { CURSOR_BYTES, CursorKind } from '../../../aerospike/commands/partition-tracker.js';
import { DIGEST_BYTES, PARTITIONS, partitionId } from '../../../core/partition.js';

/** Partitions as the state file has them; whatever is in neither has not begun. */
export interface CursorJson {
  /** `0-99,105`: completely backed up. */
  done: string;
  /** By partition id: the base64 of the digest after which to go on. */
  after: Record<string, string>;
}

export class PartitionProgress {
  /** 0 = not begun; otherwise the kind of the cursor plus 1. */
  private readonly kinds = new Uint8Array(PARTITIONS);
  /** Made when it is needed: what is complete has none, and a catalog reads thousands of states. */
  private digests: Buffer | undefined;

  /** Takes over a stretch of cursors (partition-tracker.ts). */
  apply(cursors: Uint8Array): void {
    for (let at = 0; at < cursors.length; at += CURSOR_BYTES) {
      const partition = cursors[at]! | (cursors[at + 1]! << 8);
      this.kinds[partition] = cursors[at + 2]! + 1;
      this.makeDigests().set(cursors.subarray(at + 3, at + CURSOR_BYTES), partition * DIGEST_BYTES);
    }
  }

  private makeDigests(): Buffer {
    return (this.digests ??= Buffer.alloc(PARTITIONS * DIGEST_BYTES));
  }

  /** Of runs that have no partition in common. */
  static merge(tables: readonly PartitionProgress[]): PartitionProgress {
    const merged = new PartitionProgress();
    for (const { kinds, digests } of tables) {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        if (kinds[partition] === 0) continue;
        merged.kinds[partition] = kinds[partition]!;
        const start = partition * DIGEST_BYTES;
        digests?.copy(merged.makeDigests(), start, start, start + DIGEST_BYTES);
      }
    }
    return merged;
  }

  isDone(partition: number): boolean {
    return this.kinds[partition] === CursorKind.DONE + 1;
  }

  /** The cursors of the partitions that a filter covers, as a stretch. */
  within(filter: PartitionFilter): Uint8Array<ArrayBuffer> {
    const parts: Buffer[] = [];
    for (const partition of listPartitions(filter)) {
      const kind = this.kinds[partition]!;
      if (kind === 0) continue;
      const cursor = Buffer.alloc(CURSOR_BYTES);
      cursor.writeUInt16LE(partition, 0);
      cursor[2] = kind - 1;
      this.digests?.copy(cursor, 3, partition * DIGEST_BYTES, (partition + 1) * DIGEST_BYTES);
      parts.push(cursor);
    }
    return new Uint8Array(Buffer.concat(parts));
  }

  /** Whether nothing of the filter is left to do. */
  covers(filter: PartitionFilter): boolean {
    return listPartitions(filter).every((partition) => this.isDone(partition));
  }

  toJSON(): CursorJson {
    const done: number[] = [];
    const after: Record<string, string> = {};
    for (let partition = 0; partition < PARTITIONS; partition++) {
      if (this.isDone(partition)) done.push(partition);
      else if (this.kinds[partition] === CursorKind.AFTER_DIGEST + 1) {
        after[partition] = this.makeDigests().toString(
          'base64',
          partition * DIGEST_BYTES,
          (partition + 1) * DIGEST_BYTES,
        );
      }
    }
    return { done: joinRanges(done), after };
  }

  /** Throws a RangeError that says what is wrong with the JSON. */
  static fromJSON(json: CursorJson): PartitionProgress {
    const table = new PartitionProgress();
    for (const range of json.done === '' ? [] : json.done.split(',')) {
      const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(range);
      const first = Number(match?.[1] ?? NaN);
      const last = Number(match?.[2] ?? first);
      if (!(first <= last && last < PARTITIONS)) throw new RangeError(`"${range}" is not a range of partitions`);
      table.kinds.fill(CursorKind.DONE + 1, first, last + 1);
    }
    for (const [key, text] of Object.entries(json.after)) {
      const partition = Number(key);
      const digest = Buffer.from(text, 'base64');
      if (!/^\d{1,4}$/.test(key) || partition >= PARTITIONS) throw new RangeError(`"${key}" is not a partition`);
      if (
        digest.length !== DIGEST_BYTES ||
        digest.toString('base64') !== text ||
        partitionId(digest, 0) !== partition
      ) {
        throw new RangeError(`"${text}" is not a digest of partition ${partition}`);
      }
      if (table.kinds[partition] !== 0) throw new RangeError(`partition ${partition} is named twice`);
      table.kinds[partition] = CursorKind.AFTER_DIGEST + 1;
      digest.copy(table.makeDigests(), partition * DIGEST_BYTES);
    }
    return table;
  }
}

function listPartitions(filter: PartitionFilter): number[] {
  if (filter.kind === 'digest') return [partitionId(filter.digest, 0)];
  return Array.from({ length: filter.count }, (_, i) => filter.begin + i);
}

function joinRanges(partitions: readonly number[]): string {
  const ranges: string[] = [];
  for (let i = 0; i < partitions.length;) {
    let j = i;
    while (j + 1 < partitions.length && partitions[j + 1] === partitions[j]! + 1) j++;
    ranges.push(i === j ? String(partitions[i]) : `${partitions[i]!}-${partitions[j]!}`);
    i = j + 1;
  }
  return ranges.join(',');
}
