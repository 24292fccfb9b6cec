/** Sends one write frame on one connection and says how it went. */
import type { Connection } from '../connection/connection.js';
import { ConnectionError } from '../errors.js';
import type { WriteFrame } from '../protocol/write-frame.js';
import { WriteReply } from '../protocol/write-reply.js';

export interface WriteTimeouts {
  /** No byte from the server for so long = the connection is given up. 0 = no limit. */
  socketTimeoutMs: number;
  /** For the whole answer; also told to the server, which drops a write it could not begin in time. 0 = no limit. */
  totalTimeoutMs: number;
}

export type WriteOutcome =
  /**
   * `frame.results` holds the answers. `batchCode` applies to rows without one. `loginEnded` is ClusterNode.sessionEnded
   * for this connection.
   */
  | { kind: 'answered'; batchCode: number; loginEnded?: (code: number) => boolean }
  /** The connection is gone. Rows without a result may have been written, if the frame was `sent`. */
  | { kind: 'lost'; sent: boolean; error: Error };

/**
 * Never rejects. The connection is free for the next request if the outcome is `answered`, closed otherwise. Aborting
 * `giveUp` ends the wait with `lost`.
 */
export function exchangeWrites(
  connection: Connection,
  frame: WriteFrame,
  timeouts: WriteTimeouts,
  giveUp: AbortSignal,
): Promise<WriteOutcome> {
  const request = frame.seal(timeouts.totalTimeoutMs);
  return new Promise((resolve) => {
    const sent = connection.usable;
    let timer: NodeJS.Timeout | undefined;
    const onGiveUp = (): void => {
      const text = `${connection.where} had not answered a write command when the run was given up.`;
      lost(new ConnectionError('NET_TIMEOUT', connection.where, text));
    };
    const over = (): void => {
      clearTimeout(timer);
      giveUp.removeEventListener('abort', onGiveUp);
    };
    const lost = (error: Error): void => {
      over();
      connection.close();
      resolve({ kind: 'lost', sent, error });
    };
    if (timeouts.totalTimeoutMs > 0) {
      timer = setTimeout(() => {
        const text = `${connection.where} did not answer a write command within ${timeouts.totalTimeoutMs} ms.`;
        lost(new ConnectionError('NET_TIMEOUT', connection.where, text));
      }, timeouts.totalTimeoutMs);
    }
    giveUp.addEventListener('abort', onGiveUp);
    const reply = new WriteReply(frame, {
      answered(batchCode) {
        over();
        connection.release();
        resolve({ kind: 'answered', batchCode });
      },
      lost,
    });
    connection.request(request, reply, timeouts.socketTimeoutMs);
  });
}
