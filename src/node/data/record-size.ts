/**
 * The size a record has in the server's storage: what `max-record-size`, `data_used_bytes` and expression 74 speak of.
 */
import { Particle } from '../../core/particle.js';

/** Fixed head of a stored record: magic, size, digest, last-update time, generation. */
const RECORD_HEAD_BYTES = 35;
const VOID_TIME_BYTES = 4;
const END_MARK_BYTES = 4;
/** Storage is addressed in units of this many bytes. */
const BLOCK_BYTES = 16;

/** Bytes of one stored bin. */
export function flatBinBytes(nameBytes: number, type: number, valueBytes: number): number {
  const value = type === Particle.INTEGER || type === Particle.FLOAT || type === Particle.BOOL ? 1 : 5;
  return 1 + nameBytes + value + valueBytes;
}

/** Bytes of a stored record with the given sum of bin sizes. `keyBytes` includes the type byte; 0 = no key. */
export function flatRecordBytes(
  binBytes: number,
  nBins: number,
  setBytes: number,
  keyBytes: number,
  expires: boolean,
): number {
  let size = RECORD_HEAD_BYTES + binBytes + varintBytes(nBins) + END_MARK_BYTES;
  if (setBytes !== 0) size += 1 + setBytes;
  if (keyBytes !== 0) size += varintBytes(keyBytes) + keyBytes;
  if (expires) size += VOID_TIME_BYTES;
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : 3;
}
