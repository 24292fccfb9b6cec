/** Runs `work` for all items, no more at a time than a semaphore permits. */
import type { Semaphore } from './semaphore.js';

/**
 * Settles when all that was begun has ended, so that whoever called may release what they use. After the first failure
 * nothing more begins, and the signal of the others is aborted. Throws the reason of `signal` if it is aborted, else
 * the first failure.
 */
export async function runAll<T>(
  items: readonly T[],
  { limit, signal }: { limit: Semaphore; signal: AbortSignal },
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const combined = AbortSignal.any([signal, failed.signal]);
  const runs = items.map((item) =>
    limit.run(async () => {
      combined.throwIfAborted();
      try {
        await work(item, combined);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    }),
  );
  await Promise.allSettled(runs);
  signal.throwIfAborted();
  failed.signal.throwIfAborted();
}
