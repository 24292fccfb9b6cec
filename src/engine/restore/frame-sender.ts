/** Sends one frame to a node and reports how it went. */
import type { ClusterNode } from '../../aerospike/cluster/node.js';
import { exchangeWrites, type WriteOutcome, type WriteTimeouts } from '../../aerospike/commands/write.js';
import { ConnectionError, LoginError } from '../../aerospike/errors.js';
import { MAX_FRAME_BODY_BYTES, ResultCode } from '../../aerospike/protocol/constants.js';
import { UNANSWERED, type WriteFrame } from '../../aerospike/protocol/write-frame.js';

/**
 * Throws what is no fault of a connection. `onLoginRefused`: authentication is permanently refused, so that no retry
 * can
 * help. Aborting `giveUp` ends the wait for the answer.
 */
export async function sendFrame(
  frame: WriteFrame,
  node: ClusterNode | undefined,
  timeouts: WriteTimeouts,
  giveUp: AbortSignal,
  onLoginRefused: (error: LoginError) => void,
): Promise<WriteOutcome> {
  frame.results.fill(UNANSWERED, 0, frame.rows);
  if (frame.length > MAX_FRAME_BODY_BYTES) return { kind: 'answered', batchCode: ResultCode.RECORD_TOO_BIG };
  if (node === undefined) return { kind: 'answered', batchCode: ResultCode.PARTITION_UNAVAILABLE };
  let connection;
  try {
    connection = await node.acquire();
  } catch (error) {
    if (error instanceof LoginError) onLoginRefused(error);
    else if (!(error instanceof ConnectionError)) throw error;
    return { kind: 'lost', sent: false, error };
  }
  const outcome = await exchangeWrites(connection, frame, timeouts, giveUp);
  if (outcome.kind !== 'answered') return outcome;
  node.release(connection);
  return { ...outcome, loginEnded: (code) => node.sessionEnded(connection, code) };
}
