/**
 * Spreads a number of units (bytes, records) evenly over time, for all threads of a process together.
 *
 * The shared state is one number: the time up to which the units granted so far use the rate. A grant moves it forward
 * by its cost, and its caller waits until that time is at most `burstMs` ahead. So the first grant does not wait, an
 * idle period saves up no more than the burst, and no timer runs between grants.
 */
export class TokenBucket {
  private readonly paidUntil: BigInt64Array;

  /**
   * @param unitsPerSecond more than 0
   * @param state 8 bytes, shared by all threads that share the limit; absent = a bucket that is not shared
   * @param burstMs how far grants may run ahead of the rate
   */
  constructor(
    private readonly unitsPerSecond: number,
    state: SharedArrayBuffer = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT),
    private readonly burstMs = 100,
    private readonly nowNs: () => bigint = () => process.hrtime.bigint(),
  ) {
    this.paidUntil = new BigInt64Array(state);
  }

  /** Grants `units` and returns how many milliseconds to wait before using them. */
  acquire(units: number): number {
    const cost = BigInt(Math.round((units / this.unitsPerSecond) * 1e9));
    for (;;) {
      const before = Atomics.load(this.paidUntil, 0);
      const now = this.nowNs();
      const start = before > now ? before : now;
      if (Atomics.compareExchange(this.paidUntil, 0, before, start + cost) === before) {
        return Math.max(0, Number(start - now) / 1e6 - this.burstMs);
      }
    }
  }
}
