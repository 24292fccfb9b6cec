/** Bounds how many operations run at a time; the others wait in the order of their arrival. */
import { followAbort } from './abort.js';

export class Semaphore {
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  /** @param permits may change while operations run */
  constructor(private readonly permits: () => number) {}

  /** `onStart` is called when `operation` begins. */
  async run<T>(operation: () => Promise<T>, onStart?: () => void): Promise<T> {
    // Without a wait, the operation begins in the same turn of the event loop.
    if (!this.tryAcquire()) await this.acquire();
    try {
      onStart?.();
      return await operation();
    } finally {
      this.release();
    }
  }

  /**
   * Settles when the caller may begin; it calls `release` once when it is done. Rejects with the reason of `signal` if
   * that is aborted first: the caller has nothing to release then.
   */
  async acquire(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (!this.tryAcquire()) await this.wait(signal);
  }

  private wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        stopFollowing();
        resolve();
      };
      this.waiting.push(begin);
      const stopFollowing = followAbort(signal, () => {
        this.waiting.splice(this.waiting.indexOf(begin), 1);
        reject(signal!.reason as Error);
      });
    });
  }

  private tryAcquire(): boolean {
    if (this.running >= this.permits()) return false;
    this.running++;
    return true;
  }

  release(): void {
    // The permit passes to the first that waits, unless there are fewer permits by now.
    const next = this.running <= this.permits() ? this.waiting.shift() : undefined;
    if (next === undefined) this.running--;
    else next();
  }
}
