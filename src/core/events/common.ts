/** Events of all runs. */
import type { ClusterEvent } from '../cluster-events.js';
import type { SerializedError } from '../errors.js';

export type CommonEvent =
  /** A fault on the way that does not end the run by itself. */
  | { type: 'error'; error: SerializedError }
  /** The cluster answered. `build` is the lowest server version; `nodes` are names. */
  | { type: 'cluster.connected'; build: string; nodes: readonly string[]; durationMs: number }
  | ClusterEvent
  /** How many nodes take part. */
  | { type: 'cluster.nodes'; nodes: number }
  /** The partition map cannot be read at the moment. */
  | { type: 'cluster.refresh'; reason: string }
  /** A storage reports a fault that it handles itself, in its own words. */
  | { type: 'message'; level: 'info' | 'error' | 'verbose'; text: string }
  /** A worker ends. Of a backup, `bytes` are text before compression. */
  | ({ type: 'worker.done'; records: number; bytes: number; durationMs: number } & (
      { direction: 'backup'; jobs: number; files: number } | { direction: 'restore'; inserted: number; retries: number }
    ))
  /** Data begins to flow: progress can be shown from here to `transfer.ended`. No line of the log. */
  | { type: 'transfer.started' }
  | { type: 'transfer.ended' };
