/** Sends one write frame on one connection. */
import type { Connection } from '../connection/connection.js';
import { ConnectionError } from '../errors.js';
import type { WriteFrame } from '../protocol/write-frame.js';
import { WriteReply } from '../protocol/write-reply.js';

export interface WriteTimeouts {
  /** The connection is closed after so long without a byte from the server. 0 = no limit. */
  socketTimeoutMs: number;
  /** For the whole answer; the server gets it, too, and drops a write that it could not begin in time. 0 = no limit. */
  totalTimeoutMs: number;
}

export type WriteOutcome =
  /**
   * `frame.results` holds the answers. `batchCode` applies to rows without one. `loginEnded` is
   * ClusterNode.sessionEnded for this connection.
   */
  | { kind: 'answered'; batchCode: number; loginEnded?: (code: number) => boolean }
  /** The connection is gone. Rows without a result may have been written, if the frame was `sent`. */
  | { kind: 'lost'; sent: boolean; error: Error };

/**
 * Never rejects. The connection is free for the next request if the outcome is `answered` and it is usable; otherwise
 * it is closed. The frame may be used again in either case: nothing is sent from its memory any more. Aborting
 * `abort` ends the wait with `lost`.
 */
export function exchangeWrites(
  connection: Connection,
  frame: WriteFrame,
  timeouts: WriteTimeouts,
  abort: AbortSignal,
): Promise<WriteOutcome> {
  const request = frame.seal(timeouts.totalTimeoutMs);
  return new Promise((resolve) => {
    const sent = connection.usable;
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      const text = `${connection.where} had not answered a write command when the run was stopped`;
      lost(new ConnectionError('NET_TIMEOUT', connection.where, text));
    };
    const cleanUp = (): void => {
      clearTimeout(timer);
      abort.removeEventListener('abort', onAbort);
    };
    const lost = (error: Error): void => {
      cleanUp();
      connection.close();
      resolve({ kind: 'lost', sent, error });
    };
    if (timeouts.totalTimeoutMs > 0) {
      timer = setTimeout(() => {
        const text = `${connection.where} did not answer a write command within ${timeouts.totalTimeoutMs} ms`;
        lost(new ConnectionError('NET_TIMEOUT', connection.where, text));
      }, timeouts.totalTimeoutMs);
    }
    abort.addEventListener('abort', onAbort);
    const reply = new WriteReply(frame, {
      answered(batchCode) {
        cleanUp();
        // A server that answers before it has read the request gets no more of it: the frame's memory is used again.
        if (connection.sending) connection.close();
        else connection.release();
        resolve({ kind: 'answered', batchCode });
      },
      lost,
    });
    connection.request(request, reply, timeouts.socketTimeoutMs);
  });
}
