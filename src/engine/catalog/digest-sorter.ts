/**
 * Brings any number of records together that have the same digest, in bounded memory: entries are dealt out to buckets
 * by their place in the order of a scan (partition, then descending digest), and each bucket is sorted by itself. What
 * does not fit into memory goes to a SpillFile. The result is in the order of a scan, as is what is written from it.
 */
import { EventLoopYielder } from '../../core/event-loop.js';
import { DIGEST_BYTES, partitionId } from '../../core/partition.js';
import { SpillFile } from './spill-file.js';

/** An entry: payload length (4), source (2), namespace (2), digest, payload. */
const SOURCE_AT = 4;
const NAMESPACE_AT = 6;
const DIGEST_AT = 8;
const HEAD_BYTES = DIGEST_AT + DIGEST_BYTES;

/** Bits of a digest that decide its place in the order of a scan, as far as a double holds them with an index. */
const ORDER_BITS = 48;
const BITS_BELOW_PARTITION = 36;
const DOUBLE_BITS = 53;

const MIN_BUCKET_BITS = 6;
const MAX_BUCKET_BITS = 12;
const SPLIT_BITS = 6;
const TARGET_BUCKET_BYTES = 16 << 20;
/** A larger bucket is dealt out again. */
const DEFAULT_MAX_BUCKET_BYTES = 64 << 20;
const BUFFERS_BYTES = 64 << 20;
const MAX_BUFFER_BYTES = 128 << 10;
const FIRST_BUFFER_BYTES = 1 << 10;

interface Bucket {
  /** Entries that are not spilled yet: `buffer[0, used)`. */
  buffer: Buffer | undefined;
  used: number;
  /** Pairs of offset and length in the spill file. */
  extents: number[];
  bytes: number;
}

export interface DigestSorterOptions {
  /** An estimate of all payloads together; decides the number of buckets. */
  expectedBytes: number;
  /** Where the spill file is made; absent = the system's directory for temporary files. */
  directory?: string | undefined;
  /** Largest bucket that is sorted in memory; for tests. */
  maxBucketBytes?: number;
}

/** The entries of one digest in one namespace, in the order in which they were added. */
export class DigestGroup {
  bytes: Buffer = Buffer.alloc(0);
  /** Where the entries begin in `bytes`. */
  offsets: Uint32Array = new Uint32Array(0);
  first = 0;
  end = 0;

  get length(): number {
    return this.end - this.first;
  }

  get digestStart(): number {
    return this.offsets[this.first]! + DIGEST_AT;
  }

  get namespace(): number {
    return this.bytes.readUInt16LE(this.offsets[this.first]! + NAMESPACE_AT);
  }

  getSource(index: number): number {
    return this.bytes.readUInt16LE(this.offsets[this.first + index]! + SOURCE_AT);
  }

  getPayloadStart(index: number): number {
    return this.offsets[this.first + index]! + HEAD_BYTES;
  }

  getPayloadEnd(index: number): number {
    const at = this.offsets[this.first + index]!;
    return at + HEAD_BYTES + this.bytes.readUInt32LE(at);
  }
}

/** Called for each group; a promise to wait for before the next one. The group is valid until then. */
export type VisitGroup = (group: DigestGroup) => Promise<void> | undefined;

export class DigestSorter {
  private readonly spill: { file: SpillFile | undefined };
  private readonly buckets: Bucket[];
  private readonly bucketBits: number;
  private readonly bufferBytes: number;
  private readonly maxBucketBytes: number;

  constructor(
    private readonly options: DigestSorterOptions,
    /** Of a bucket that is dealt out again: the bits that all its entries share. */
    private readonly sharedBits = 0,
    spill?: { file: SpillFile | undefined },
  ) {
    const wanted = Math.ceil(Math.log2(Math.max(1, options.expectedBytes / TARGET_BUCKET_BYTES)));
    this.bucketBits = sharedBits > 0 ? SPLIT_BITS : Math.min(MAX_BUCKET_BITS, Math.max(MIN_BUCKET_BITS, wanted));
    this.spill = spill ?? { file: undefined };
    this.maxBucketBytes = options.maxBucketBytes ?? DEFAULT_MAX_BUCKET_BYTES;
    const count = 2 ** this.bucketBits;
    this.bufferBytes = Math.min(MAX_BUFFER_BYTES, BUFFERS_BYTES / count);
    this.buckets = Array.from({ length: count }, () => ({ buffer: undefined, used: 0, extents: [], bytes: 0 }));
  }

  /** HOT: adds `payload[start, end)`, which is copied. Throws StorageError. */
  add(digest: Buffer, source: number, namespace: number, payload: Buffer, start: number, end: number): void {
    const bytes = HEAD_BYTES + end - start;
    const bucket = this.buckets[this.findBucket(digest, 0)]!;
    const buffer = this.reserve(bucket, bytes);
    const at = bucket.used;
    buffer.writeUInt32LE(end - start, at);
    buffer.writeUInt16LE(source, at + SOURCE_AT);
    buffer.writeUInt16LE(namespace, at + NAMESPACE_AT);
    digest.copy(buffer, at + DIGEST_AT, 0, DIGEST_BYTES);
    payload.copy(buffer, at + HEAD_BYTES, start, end);
    bucket.used += bytes;
    bucket.bytes += bytes;
  }

  /** Visits all groups in the order of a scan. Nothing may be added afterwards. Throws StorageError. */
  async visitGroups(visit: VisitGroup, signal: AbortSignal): Promise<void> {
    const eventLoop = new EventLoopYielder();
    const sharedBits = this.sharedBits + this.bucketBits;
    for (const bucket of this.buckets) {
      if (bucket.bytes === 0) continue;
      await eventLoop.yieldIfDue();
      signal.throwIfAborted();
      if (bucket.bytes > this.maxBucketBytes && sharedBits + SPLIT_BITS <= ORDER_BITS) {
        await this.splitBucket(bucket, sharedBits).visitGroups(visit, signal);
        continue;
      }
      const bytes = this.load(bucket);
      const group = new DigestGroup();
      group.bytes = bytes;
      group.offsets = sortEntries(bytes, sharedBits);
      const { offsets } = group;
      for (let first = 0, end = 0; first < offsets.length; first = end) {
        while (end < offsets.length && isSameRecord(bytes, offsets[first]!, offsets[end]!)) end++;
        group.first = first;
        group.end = end;
        const wait = visit(group);
        if (wait !== undefined) await wait;
      }
    }
  }

  /** Removes what is on the disk. Idempotent. */
  close(): void {
    this.spill.file?.close();
  }

  private findBucket(bytes: Buffer, digestAt: number): number {
    const order = computeOrder(bytes, digestAt);
    const below = ORDER_BITS - this.sharedBits - this.bucketBits;
    return Math.floor(order / 2 ** below) % this.buckets.length;
  }

  private reserve(bucket: Bucket, bytes: number): Buffer {
    const { buffer, used } = bucket;
    if (buffer !== undefined && used + bytes <= buffer.length) return buffer;
    if (used + bytes > this.bufferBytes) this.flush(bucket);
    // Buffers grow, as most buckets of a small backup stay nearly empty; a huge entry gets one of its own size.
    const wanted = Math.min(this.bufferBytes, Math.max(FIRST_BUFFER_BYTES, 2 * (bucket.used + bytes)));
    const grown = Buffer.allocUnsafeSlow(Math.max(wanted, bucket.used + bytes, bucket.buffer?.length ?? 0));
    bucket.buffer?.copy(grown, 0, 0, bucket.used);
    bucket.buffer = grown;
    return grown;
  }

  private flush(bucket: Bucket): void {
    if (bucket.buffer === undefined || bucket.used === 0) return;
    this.spill.file ??= SpillFile.create(this.options.directory);
    bucket.extents.push(this.spill.file.append(bucket.buffer.subarray(0, bucket.used)), bucket.used);
    bucket.used = 0;
    if (bucket.buffer.length > this.bufferBytes) bucket.buffer = undefined;
  }

  /** All entries of a bucket, which is empty afterwards. */
  private load(bucket: Bucket): Buffer {
    const bytes = Buffer.allocUnsafeSlow(bucket.bytes);
    let at = 0;
    for (const part of this.readParts(bucket)) {
      part.copy(bytes, at);
      at += part.length;
    }
    return bytes;
  }

  private *readParts(bucket: Bucket): Generator<Buffer, void, undefined> {
    const { extents } = bucket;
    for (let i = 0; i < extents.length; i += 2) yield this.spill.file!.read(extents[i]!, extents[i + 1]!);
    if (bucket.buffer !== undefined) yield bucket.buffer.subarray(0, bucket.used);
    bucket.buffer = undefined;
    bucket.used = 0;
    bucket.extents = [];
  }

  private splitBucket(bucket: Bucket, sharedBits: number): DigestSorter {
    const { options, spill } = this;
    const sorter = new DigestSorter({ ...options, expectedBytes: bucket.bytes }, sharedBits, spill);
    for (const part of this.readParts(bucket)) {
      for (let at = 0; at < part.length;) {
        const end = at + HEAD_BYTES + part.readUInt32LE(at);
        const digest = part.subarray(at + DIGEST_AT, at + HEAD_BYTES);
        const source = part.readUInt16LE(at + SOURCE_AT);
        sorter.add(digest, source, part.readUInt16LE(at + NAMESPACE_AT), part, at + HEAD_BYTES, end);
        at = end;
      }
    }
    return sorter;
  }
}

/** The place of a digest in the order of a scan, by its first 48 bits: partitions ascend, digests descend in each. */
function computeOrder(bytes: Buffer, at: number): number {
  const rest = (bytes[at + 1]! >>> 4) * 2 ** 32 + bytes.readUInt32BE(at + 2);
  return partitionId(bytes, at) * 2 ** BITS_BELOW_PARTITION + (2 ** BITS_BELOW_PARTITION - 1 - rest);
}

/** Where the entries of a bucket begin, sorted; equal ones in the order in which they came. */
function sortEntries(bytes: Buffer, sharedBits: number): Uint32Array {
  const offsets = findEntries(bytes);
  const count = offsets.length;
  const indexRange = 2 ** Math.ceil(Math.log2(Math.max(2, count)));
  const bits = Math.min(ORDER_BITS - sharedBits, DOUBLE_BITS - Math.log2(indexRange));
  const range = 2 ** (ORDER_BITS - sharedBits);
  const dropped = 2 ** (ORDER_BITS - sharedBits - bits);
  // Plain doubles are sorted many times faster than with a comparison function.
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const order = computeOrder(bytes, offsets[i]! + DIGEST_AT) % range;
    keys[i] = Math.floor(order / dropped) * indexRange + i;
  }
  keys.sort();
  const sorted = new Uint32Array(count);
  for (let i = 0; i < count; i++) sorted[i] = offsets[keys[i]! % indexRange]!;
  // Entries that the key cannot tell apart are next to each other; offsets grow in the order of arrival.
  for (let from = 0, to; from < count; from = to) {
    const key = Math.floor(keys[from]! / indexRange);
    for (to = from + 1; to < count && Math.floor(keys[to]! / indexRange) === key;) to++;
    if (to - from > 1) sorted.subarray(from, to).sort((a, b) => compareEntries(bytes, a, b) || a - b);
  }
  return sorted;
}

function findEntries(bytes: Buffer): Uint32Array {
  let count = 0;
  for (let at = 0; at < bytes.length; count++) at += HEAD_BYTES + bytes.readUInt32LE(at);
  const offsets = new Uint32Array(count);
  for (let at = 0, i = 0; i < count; i++) {
    offsets[i] = at;
    at += HEAD_BYTES + bytes.readUInt32LE(at);
  }
  return offsets;
}

/** In the order of a scan, then by namespace. */
function compareEntries(bytes: Buffer, a: number, b: number): number {
  const first = a + DIGEST_AT;
  const second = b + DIGEST_AT;
  const byPartition = partitionId(bytes, first) - partitionId(bytes, second);
  if (byPartition !== 0) return byPartition;
  const byDigest = bytes.compare(bytes, first, first + DIGEST_BYTES, second, second + DIGEST_BYTES);
  if (byDigest !== 0) return byDigest;
  return bytes.readUInt16LE(a + NAMESPACE_AT) - bytes.readUInt16LE(b + NAMESPACE_AT);
}

function isSameRecord(bytes: Buffer, a: number, b: number): boolean {
  return a === b || compareEntries(bytes, a, b) === 0;
}
