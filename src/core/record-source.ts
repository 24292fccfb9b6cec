/** Records that lie elsewhere than in memory, for a node that only reads them. */

export interface SourceBin {
  /** Latin1: one character per byte. */
  name: string;
  particle: number;
  /** Wire bytes; GeoJSON as its bare text. */
  value: Buffer;
}

export interface SourceRecord {
  /** 20 bytes. */
  digest: Buffer;
  /** Number of the set in `sets`; -1 = none. */
  set: number;
  /** Particle type byte and the bytes of the key; empty = none. */
  key: Buffer;
  generation: number;
  /** Seconds since 2010-01-01T00:00:00Z, 0 = never. */
  voidTime: number;
  bins: SourceBin[];
}

/**
 * The records of one namespace. Their positions, from 0, are in the order of a scan: partitions ascend, digests descend
 * in each.
 */
export interface RecordSource {
  readonly count: number;
  readonly sets: readonly { name: Buffer; records: number }[];
  /** The first position of a partition; of partition 4096: `count`. */
  getPartitionStart(pid: number): number;
  /** The position of the digest at `buf[start…]`; -1 = there is none. */
  find(buf: Buffer, start: number): number;
  /** The first position in the digest's partition that comes behind the digest in the order of a scan. */
  findBehind(digest: Buffer): number;
  /** Number of the set in `sets`; -1 = none. */
  getSet(position: number): number;
  /** Reads a record, in memory of its own. Throws what reading and parsing throw. */
  read(position: number): SourceRecord;
}
