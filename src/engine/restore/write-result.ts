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
  /** May work a moment later, when the partition map has been read again. */
  RETRY_ELSEWHERE: 6,
  /** The batch has too many rows. */
  SMALLER_BATCH: 7,
} as const;

/** The record is locked by a transaction. */
const TRANSACTION_BLOCKED = 120;
/** Another write from a shipping cluster has the key. */
const XDR_KEY_BUSY = 32;

/** By result code. */
const RESULTS = new Uint8Array(256);
RESULTS[ResultCode.OK] = WriteResult.WRITTEN;
RESULTS[ResultCode.GENERATION] = WriteResult.FRESHER;
RESULTS[ResultCode.RECORD_EXISTS] = WriteResult.EXISTED;
for (const code of [
  ResultCode.ALWAYS_FORBIDDEN,
  ResultCode.BIN_TYPE,
  ResultCode.RECORD_TOO_BIG,
  ResultCode.BIN_NOT_FOUND,
  ResultCode.KEY_MISMATCH,
  ResultCode.BIN_NAME,
  ResultCode.FORBIDDEN,
  // The C tool stops even when record errors are to be ignored; but this code concerns one record alone.
  ResultCode.INVALID_GEO,
]) {
  RESULTS[code] = WriteResult.REFUSED;
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
  RESULTS[code] = WriteResult.RETRY;
}
RESULTS[ResultCode.CLUSTER_KEY_MISMATCH] = WriteResult.RETRY_ELSEWHERE;
RESULTS[ResultCode.PARTITION_UNAVAILABLE] = WriteResult.RETRY_ELSEWHERE;
RESULTS[ResultCode.BATCH_MAX_REQUESTS] = WriteResult.SMALLER_BATCH;

/** The WriteResult of a result code. */
export function classifyResultCode(code: number): number {
  return RESULTS[code]!;
}

/** The server cannot keep up: writing more slowly helps, writing again at once does not. */
export function isOverload(code: number): boolean {
  return (
    code === ResultCode.DEVICE_OVERLOAD || code === ResultCode.QUOTA_EXCEEDED || code === ResultCode.BATCH_QUEUES_FULL
  );
}
