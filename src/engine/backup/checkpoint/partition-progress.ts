/** How far a whole run has come, partition by partition: what the main thread keeps and the state file holds. */
import type { PartitionFilter } from '../../../aerospike/config.js';
import { CURSOR_HEAD_BYTES, cursorBytes, CursorKind } from '../../../aerospike/commands/partition-tracker.js';
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
    const { kinds } = this;
    for (let at = 0; at < cursors.length;) {
      const partition = cursors[at]! | (cursors[at + 1]! << 8);
      const kind = cursors[at + 2]!;
      kinds[partition] = kind + 1;
      at += CURSOR_HEAD_BYTES;
      if (kind === CursorKind.DONE) continue;
      this.makeDigests().set(cursors.subarray(at, at + DIGEST_BYTES), partition * DIGEST_BYTES);
      at += DIGEST_BYTES;
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
      const isDone = kind === CursorKind.DONE + 1;
      const cursor = Buffer.alloc(cursorBytes(kind - 1));
      cursor.writeUInt16LE(partition, 0);
      cursor[2] = kind - 1;
      if (!isDone) {
        const start = partition * DIGEST_BYTES;
        this.digests?.copy(cursor, CURSOR_HEAD_BYTES, start, start + DIGEST_BYTES);
      }
      parts.push(cursor);
    }
    return new Uint8Array(Buffer.concat(parts));
  }

  /** Whether nothing of the filter is left to do. */
  covers(filter: PartitionFilter): boolean {
    return listPartitions(filter).every((partition) => this.isDone(partition));
  }

  toJSON(): CursorJson {
    const { kinds } = this;
    const done: number[] = [];
    const after: Record<string, string> = {};
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const kind = kinds[partition];
      if (kind === CursorKind.DONE + 1) done.push(partition);
      else if (kind === CursorKind.AFTER_DIGEST + 1) {
        const start = partition * DIGEST_BYTES;
        after[partition] = this.makeDigests().toString('base64', start, start + DIGEST_BYTES);
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
