/**
 * Counters that all threads of a run share. Each worker counts in plain numbers of its own and publishes them now and
 * then into its cells of shared memory, so that the main thread reads them at any time without a message.
 */

const CELL_BYTES = BigInt64Array.BYTES_PER_ELEMENT;

export class CounterBlock<Key extends string> {
  private readonly cells: BigInt64Array;

  /**
   * @param keys in the same order in all threads
   * @param shared of `CounterBlock.allocate`
   */
  constructor(
    readonly keys: readonly Key[],
    readonly shared: SharedArrayBuffer,
  ) {
    this.cells = new BigInt64Array(shared);
  }

  static allocate<Key extends string>(keys: readonly Key[], workers: number): CounterBlock<Key> {
    return new CounterBlock(keys, new SharedArrayBuffer(workers * keys.length * CELL_BYTES));
  }

  get workers(): number {
    return this.cells.length / this.keys.length;
  }

  /** Replaces the values of one worker. Values are whole numbers. */
  publish(worker: number, values: Readonly<Record<Key, number>>): void {
    const { keys, cells } = this;
    const start = worker * keys.length;
    for (let i = 0; i < keys.length; i++) Atomics.store(cells, start + i, BigInt(values[keys[i]!]));
  }

  /** The values of one worker, as last published. */
  of(worker: number): Record<Key, number> {
    return this.collect(worker, worker + 1);
  }

  /** Sums over all workers, as last published. */
  sum(): Record<Key, number> {
    return this.collect(0, this.workers);
  }

  byWorker(): Record<Key, number>[] {
    return Array.from({ length: this.workers }, (_, worker) => this.of(worker));
  }

  private collect(first: number, end: number): Record<Key, number> {
    const { keys, cells } = this;
    const values = Object.fromEntries(keys.map((key) => [key, 0])) as Record<Key, number>;
    for (let i = first * keys.length; i < end * keys.length; i++) {
      values[keys[i % keys.length]!] += Number(Atomics.load(cells, i));
    }
    return values;
  }
}
