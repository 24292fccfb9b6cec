import { followAbort } from '../../core/abort.js';
import { startLongTimer, type Clock } from './clock.js';

export interface TimeLimit {
  clock: Clock;
  limitMs: number;
  signal: AbortSignal;
  /** What the promise rejects with when the time is over. */
  createError: () => Error;
}

/**
 * Settles as `work` does, but no later than the limit, and at once with the reason of the signal when that aborts: what
 * waits for somebody who never answers is given up. `work` itself may go on.
 */
export function limitTime<T>({ clock, limitMs, signal, createError }: TimeLimit, work: Promise<T>): Promise<T> {
  let tidy: () => void = () => undefined;
  const limited = new Promise<T>((resolve, reject) => {
    const cancel = startLongTimer(clock, limitMs, () => reject(createError()));
    tidy = () => {
      cancel();
      stopFollowing();
    };
    const stopFollowing = followAbort(signal, () => reject(signal.reason as Error));
    work.then(resolve, reject);
  });
  return limited.finally(tidy);
}
