/** Limits how many restores run at once: each has workers and buffers of its own. The others wait in their order. */
import { Semaphore } from '../../core/semaphore.js';

const DEFAULT_MOST = 4;

export class RestoreTurns {
  private readonly limit: Semaphore;

  constructor(most = DEFAULT_MOST) {
    this.limit = new Semaphore(() => most);
  }

  /** Resolves with what ends the turn, which may be called once. Throws the reason of the signal. */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    let giveUp: () => void = () => undefined;
    const aborted = new Promise<void>((resolve) => (giveUp = resolve));
    signal.addEventListener('abort', giveUp, { once: true });
    const turn = this.limit.acquire();
    await Promise.race([turn, aborted]);
    signal.removeEventListener('abort', giveUp);
    const end = (): void => this.limit.release();
    if (signal.aborted) void turn.then(end);
    signal.throwIfAborted();
    return end;
  }
}
