/**
 * Particles, digests and partitions: the vocabulary that the wire protocol (wire.md 1.5, 5.3), the backup file
 * (asb-format.md 2.1) and the log share. The rooms know nothing else of each other.
 */
export const Particle = {
  NULL: 0,
  INTEGER: 1,
  FLOAT: 2,
  STRING: 3,
  BLOB: 4,
  JAVA: 7,
  CSHARP: 8,
  PYTHON: 9,
  RUBY: 10,
  PHP: 11,
  ERLANG: 12,
  VECTOR: 16,
  BOOL: 17,
  HLL: 18,
  MAP: 19,
  LIST: 20,
  GEOJSON: 23,
} as const;

/** Seconds between the Unix epoch and the one void-times count from, 2010-01-01T00:00:00Z. */
export const VOID_TIME_EPOCH_S = 1_262_304_000;

export const PARTITIONS = 4096;
export const DIGEST_BYTES = 20;

/** Which part of the partition space a scan covers (asbackup.md 5.6). */
export type PartitionFilter =
  | { kind: 'range'; begin: number; count: number }
  /** The rest of the digest's partition: records with a smaller digest. */
  | { kind: 'digest'; digest: Buffer };

/** The partition (0–4095) of the digest that starts at `offset`: LE16 of its first two bytes, low 12 bits. */
export function partitionOf(buf: Uint8Array, offset: number): number {
  return (buf[offset]! | (buf[offset + 1]! << 8)) & 0xfff;
}
