/** Ends a request that makes no progress: a connection may be dead without anybody noticing. */
export class IdleTimer {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly deadline: NodeJS.Timeout | undefined;

  /**
   * @param idleMs without progress for so long, the request ends
   * @param totalMs after so long it ends anyhow; undefined = no limit
   */
  constructor(idleMs: number, totalMs?: number) {
    this.timer = setTimeout(() => this.expire(), idleMs);
    this.deadline = totalMs === undefined ? undefined : setTimeout(() => this.expire(), totalMs);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  touch(): void {
    this.timer.refresh();
  }

  stop(): void {
    clearTimeout(this.timer);
    clearTimeout(this.deadline);
  }

  /** For work that cannot be told to end. Rejects when the timer has expired. */
  endWith<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.signal.addEventListener('abort', () => reject(new Error('no answer came in time')), { once: true });
      work.then(resolve, reject);
    });
  }

  /** Runs a request; one that was ended because it took too long rejects with ETIMEDOUT. */
  static async run<T>(
    limits: { idleMs: number; totalMs?: number | undefined },
    work: (timer: IdleTimer) => Promise<T>,
  ) {
    const timer = new IdleTimer(limits.idleMs, limits.totalMs);
    try {
      return await work(timer);
    } catch (error) {
      if (!timer.signal.aborted) throw error;
      throw Object.assign(new Error('the request took too long', { cause: error }), { code: 'ETIMEDOUT' });
    } finally {
      timer.stop();
    }
  }

  private expire(): void {
    this.controller.abort();
  }
}
