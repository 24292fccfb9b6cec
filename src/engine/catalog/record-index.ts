/**
 * An index of the records of a backup: from digests to where their text lies. Flat columns, no object per record: 34
 * bytes each. It is built in the order of the files and then brought into the order of a scan.
 */
import { DIGEST_BYTES, PARTITIONS, partitionId } from '../../core/partition.js';

const NO_SET = 0xffff;
export const MAX_SETS = NO_SET;
const FIRST_CAPACITY = 1024;
const GROWTH = 1.5;
/** Bits of a digest behind those that all digests of a partition share, as far as a double holds them with a number. */
const SORT_BITS = 32;

interface Columns {
  digests: Buffer;
  /** Of the text in its file, in bytes. */
  offsets: Float64Array;
  lengths: Uint32Array;
  files: Uint16Array;
  sets: Uint16Array;
}

function createColumns(capacity: number): Columns {
  return {
    digests: Buffer.allocUnsafeSlow(capacity * DIGEST_BYTES),
    offsets: new Float64Array(capacity),
    lengths: new Uint32Array(capacity),
    files: new Uint16Array(capacity),
    sets: new Uint16Array(capacity),
  };
}

export class RecordIndexBuilder {
  /** Earlier versions of records that came again. */
  repeated = 0;
  private columns = createColumns(FIRST_CAPACITY);
  private count = 0;

  /** HOT: adds a record. `set`: its number, -1 = none. */
  add(digest: Buffer, file: number, offset: number, length: number, set: number): void {
    const { count } = this;
    if (count === this.columns.offsets.length) this.grow();
    const { columns } = this;
    digest.copy(columns.digests, count * DIGEST_BYTES, 0, DIGEST_BYTES);
    columns.offsets[count] = offset;
    columns.lengths[count] = length;
    columns.files[count] = file;
    columns.sets[count] = set < 0 ? NO_SET : set;
    this.count++;
  }

  private grow(): void {
    const { columns: old } = this;
    const grown = createColumns(Math.ceil(this.count * GROWTH));
    old.digests.copy(grown.digests);
    grown.offsets.set(old.offsets);
    grown.lengths.set(old.lengths);
    grown.files.set(old.files);
    grown.sets.set(old.sets);
    this.columns = grown;
  }

  /** The index; of a record that came several times the last version counts. The builder is empty afterwards. */
  finish(): RecordIndex {
    const order = this.sort();
    const { columns: old } = this;
    this.columns = createColumns(FIRST_CAPACITY);
    const kept = this.dropRepeated(old.digests, order);
    const columns = createColumns(kept);
    const starts = new Uint32Array(PARTITIONS + 1);
    for (let i = 0; i < kept; i++) {
      const from = order[i]!;
      old.digests.copy(columns.digests, i * DIGEST_BYTES, from * DIGEST_BYTES, (from + 1) * DIGEST_BYTES);
      columns.offsets[i] = old.offsets[from]!;
      columns.lengths[i] = old.lengths[from]!;
      columns.files[i] = old.files[from]!;
      columns.sets[i] = old.sets[from]!;
      starts[partitionId(old.digests, from * DIGEST_BYTES) + 1]!++;
    }
    for (let pid = 0; pid < PARTITIONS; pid++) starts[pid + 1]! += starts[pid]!;
    return new RecordIndex(columns, starts);
  }

  /** Numbers of the records in the order of a scan; those of the same digest in the order in which they came. */
  private sort(): Uint32Array {
    const { count } = this;
    const { digests } = this.columns;
    const starts = new Uint32Array(PARTITIONS + 1);
    for (let i = 0; i < count; i++) starts[partitionId(digests, i * DIGEST_BYTES) + 1]!++;
    for (let pid = 0; pid < PARTITIONS; pid++) starts[pid + 1]! += starts[pid]!;
    const order = new Uint32Array(count);
    const next = starts.slice();
    for (let i = 0; i < count; i++) order[next[partitionId(digests, i * DIGEST_BYTES)]!++] = i;
    for (let pid = 0; pid < PARTITIONS; pid++) sortPartition(digests, order.subarray(starts[pid], starts[pid + 1]));
    return order;
  }

  private dropRepeated(digests: Buffer, order: Uint32Array): number {
    let kept = 0;
    for (let i = 0; i < order.length; i++) {
      const hasLater = i + 1 < order.length && compareDescending(digests, order[i]!, order[i + 1]!) === 0;
      if (hasLater) this.repeated++;
      else order[kept++] = order[i]!;
    }
    this.count = 0;
    return kept;
  }
}

/** Plain doubles are sorted many times faster than with a comparison function. */
function sortPartition(digests: Buffer, order: Uint32Array): void {
  const { length } = order;
  const range = 2 ** Math.ceil(Math.log2(Math.max(2, length)));
  const bits = Math.min(SORT_BITS, 53 - Math.log2(range));
  const dropped = 2 ** (SORT_BITS - bits);
  const keys = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const at = order[i]! * DIGEST_BYTES;
    const rest = 2 ** SORT_BITS - 1 - (digests[at + 1]! >>> 4) * 2 ** 28 - (digests.readUInt32BE(at + 2) >>> 4);
    keys[i] = Math.floor(rest / dropped) * range + i;
  }
  keys.sort();
  const before = order.slice();
  for (let i = 0; i < length; i++) order[i] = before[keys[i]! % range]!;
  // Those that the key cannot tell apart are next to each other.
  for (let from = 0, to; from < length; from = to) {
    const key = Math.floor(keys[from]! / range);
    for (to = from + 1; to < length && Math.floor(keys[to]! / range) === key;) to++;
    if (to - from > 1) order.subarray(from, to).sort((a, b) => compareDescending(digests, a, b) || a - b);
  }
}

/** Of two digests of one partition; by number where they are the same. */
function compareDescending(digests: Buffer, a: number, b: number): number {
  const first = a * DIGEST_BYTES;
  const second = b * DIGEST_BYTES;
  return digests.compare(digests, first, first + DIGEST_BYTES, second, second + DIGEST_BYTES);
}

/** Positions are in the order of a scan. */
export class RecordIndex {
  constructor(
    private readonly columns: Columns,
    /** By partition: the first position; behind them the number of all. */
    private readonly starts: Uint32Array,
  ) {}

  get count(): number {
    return this.columns.offsets.length;
  }

  getPartitionStart(pid: number): number {
    return this.starts[pid]!;
  }

  /** The position of the digest at `buf[start…]`; -1 = there is none. */
  find(buf: Buffer, start: number): number {
    const position = this.findFirst(buf, start, false);
    const isThere = position < this.starts[partitionId(buf, start) + 1]! && this.compare(position, buf, start) === 0;
    return isThere ? position : -1;
  }

  /** The first position in the digest's partition that comes behind it. */
  findBehind(digest: Buffer): number {
    return this.findFirst(digest, 0, true);
  }

  /** The first position whose digest is not above, or with `below` is below, that at `buf[start…]`. */
  private findFirst(buf: Buffer, start: number, below: boolean): number {
    const pid = partitionId(buf, start);
    let low = this.starts[pid]!;
    let high = this.starts[pid + 1]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.compare(middle, buf, start);
      if (order < 0 || (order === 0 && !below)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private compare(position: number, buf: Buffer, start: number): number {
    const at = position * DIGEST_BYTES;
    return this.columns.digests.compare(buf, start, start + DIGEST_BYTES, at, at + DIGEST_BYTES);
  }

  getSet(position: number): number {
    const set = this.columns.sets[position]!;
    return set === NO_SET ? -1 : set;
  }

  getFile(position: number): number {
    return this.columns.files[position]!;
  }

  getOffset(position: number): number {
    return this.columns.offsets[position]!;
  }

  getLength(position: number): number {
    return this.columns.lengths[position]!;
  }
}
