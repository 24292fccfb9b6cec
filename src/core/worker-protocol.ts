/** What the pool (worker-pool.ts) and the skeleton of its threads (worker.ts) send each other. */
import type { SerializedError } from './errors.js';
import type { EngineEvent } from './events.js';

export type PoolRequest<Job, Request> =
  | { type: 'job'; job: Job }
  /** No more jobs: the worker ends with its result. */
  | { type: 'finish' }
  | { type: 'stop'; reason: SerializedError }
  | { type: 'request'; request: Request };

export type PoolMessage<Message, Result> =
  /** Wants a job. */
  | { type: 'idle' }
  | { type: 'event'; event: EngineEvent }
  | { type: 'message'; message: Message }
  /** All workers have to stop. The worker may still report results, or end at once. */
  | { type: 'failed'; error: SerializedError }
  | { type: 'finished'; result: Result };
