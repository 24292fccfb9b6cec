/** Limits how many restores run at once: each has workers and buffers of its own. The others wait in their order. */
import { Semaphore } from '../../core/semaphore.js';

const DEFAULT_MOST = 4;

export function createRestoreTurns(most = DEFAULT_MOST): Semaphore {
  return new Semaphore(() => most);
}
