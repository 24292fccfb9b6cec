/** Digests, partitions and the parts of the partition space that a scan covers. */

export const PARTITIONS = 4096;
export const DIGEST_BYTES = 20;

/** Which part of the partition space a scan covers (asbackup.md 5.6). */
export type PartitionFilter =
  | { kind: 'range'; begin: number; count: number }
  /** The rest of the digest's partition: records with a smaller digest. */
  | { kind: 'digest'; digest: Buffer };

/** The partition (0–4095) of the digest that starts at `offset`: LE16 of its first two bytes, low 12 bits. */
export function partitionId(buf: Uint8Array, offset: number): number {
  return (buf[offset]! | (buf[offset + 1]! << 8)) & 0xfff;
}
