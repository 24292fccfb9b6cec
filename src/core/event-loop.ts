/** Long work that would keep the event loop from signals, timers and messages. */
import { setImmediate as nextTurn } from 'node:timers/promises';

const YIELD_AFTER_MS = 10;

/**
 * Tells when work that settles in microtasks alone, as reading from memory or a decompressor does, has to let the event
 * loop run. One per loop.
 */
export class EventLoopYielder {
  private lastTurn = performance.now();

  /** A promise to wait for when the loop has run for 10 ms without a turn of the event loop; undefined = go on. */
  yieldIfDue(): Promise<void> | undefined {
    return performance.now() - this.lastTurn < YIELD_AFTER_MS ? undefined : this.yield();
  }

  private async yield(): Promise<void> {
    await nextTurn();
    this.lastTurn = performance.now();
  }
}
