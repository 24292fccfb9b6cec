/** What each result code of a write means for a restore (asrestore.md 5.6, wire.md 11). */
import { ResultCode } from '../../aerospike/protocol/constants.js';

export const WriteResult = {
  /** Unknown or permanent: the run stops. */
  STOP: 0,
  WRITTEN: 1,
  /** The server has the record with an equal or newer generation. */
  FRESHER: 2,
  EXISTED: 3,
  /** Refused for a reason of this record alone. */
  REFUSED: 4,
  /** May work a moment later. */
  RETRY: 5,
  /** May work a moment later, after a look at who holds the partition. */
  RETRY_ELSEWHERE: 6,
  /** The batch has too many rows. */
  SMALLER_BATCH: 7,
} as const;

/** Record locked by a transaction that is under way. */
const TRANSACTION_BLOCKED = 120;
/** Another write from a shipping cluster has the key. */
const XDR_KEY_BUSY = 32;

/** By result code. */
const VERDICTS = new Uint8Array(256);
VERDICTS[ResultCode.OK] = WriteResult.WRITTEN;
VERDICTS[ResultCode.GENERATION] = WriteResult.FRESHER;
VERDICTS[ResultCode.RECORD_EXISTS] = WriteResult.EXISTED;
for (const code of [
  ResultCode.ALWAYS_FORBIDDEN,
  ResultCode.BIN_TYPE,
  ResultCode.RECORD_TOO_BIG,
  ResultCode.BIN_NOT_FOUND,
  ResultCode.KEY_MISMATCH,
  ResultCode.BIN_NAME,
  ResultCode.FORBIDDEN,
  // For the C tool a reason to stop even with --ignore-record-error; but it concerns this record alone.
  ResultCode.INVALID_GEO,
]) {
  VERDICTS[code] = WriteResult.REFUSED;
}
for (const code of [
  ResultCode.SERVER_ERROR,
  ResultCode.TIMEOUT,
  ResultCode.KEY_BUSY,
  ResultCode.DEVICE_OVERLOAD,
  XDR_KEY_BUSY,
  ResultCode.QUOTA_EXCEEDED,
  TRANSACTION_BLOCKED,
  ResultCode.BATCH_QUEUES_FULL,
]) {
  VERDICTS[code] = WriteResult.RETRY;
}
VERDICTS[ResultCode.CLUSTER_KEY_MISMATCH] = WriteResult.RETRY_ELSEWHERE;
VERDICTS[ResultCode.PARTITION_UNAVAILABLE] = WriteResult.RETRY_ELSEWHERE;
VERDICTS[ResultCode.BATCH_MAX_REQUESTS] = WriteResult.SMALLER_BATCH;

export function verdictOf(code: number): number {
  return VERDICTS[code]!;
}
