/**
 * The counters of a run. Each worker counts in plain numbers and publishes them at every chunk and every answer into its
 * own cells of shared memory, so that the main thread can show progress without a message.
 */
export const COUNTER_KEYS = [
  'records',
  'bytes',
  'textBytes',
  'expired',
  'skipped',
  'ignored',
  'inserted',
  'existed',
  'fresher',
  'failed',
  'failedInDoubt',
  'retries',
  'inDoubt',
  'sindexes',
  'udfs',
] as const;

export type CounterKey = (typeof COUNTER_KEYS)[number];
export type Totals = Record<CounterKey, number>;

export class RestoreCounters implements Totals {
  /** Read from files. */
  records = 0;
  /** Of files, as stored. */
  bytes = 0;
  /** The same, decrypted and decompressed. */
  textBytes = 0;
  expired = 0;
  skipped = 0;
  ignored = 0;
  inserted = 0;
  existed = 0;
  fresher = 0;
  failed = 0;
  /** Of `failed`: sent without an answer, so they may have been written. */
  failedInDoubt = 0;
  retries = 0;
  /** Of `inserted`: found present when sent again after an answer was lost. */
  inDoubt = 0;
  /** Counted here by validation only; a restore sees to them on its main thread. */
  sindexes = 0;
  udfs = 0;

  private readonly cells: BigInt64Array;

  constructor(shared: SharedArrayBuffer, worker: number) {
    this.cells = new BigInt64Array(shared, worker * COUNTER_KEYS.length * 8, COUNTER_KEYS.length);
  }

  publish(): void {
    for (let i = 0; i < COUNTER_KEYS.length; i++) Atomics.store(this.cells, i, BigInt(this[COUNTER_KEYS[i]!]));
  }
}

export function createCounters(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(workers * COUNTER_KEYS.length * 8);
}

/** Sum over all workers, as last published. */
export function sumCounters(shared: SharedArrayBuffer): Totals {
  const cells = new BigInt64Array(shared);
  const totals = Object.fromEntries(COUNTER_KEYS.map((key) => [key, 0])) as Totals;
  for (let i = 0; i < cells.length; i++) {
    totals[COUNTER_KEYS[i % COUNTER_KEYS.length]!] += Number(Atomics.load(cells, i));
  }
  return totals;
}

/** What each worker has read, as last published. */
export function countersByWorker(shared: SharedArrayBuffer): { records: number; bytes: number }[] {
  const cells = new BigInt64Array(shared);
  const of = (worker: number, key: CounterKey): number =>
    Number(Atomics.load(cells, worker * COUNTER_KEYS.length + COUNTER_KEYS.indexOf(key)));
  return Array.from({ length: cells.length / COUNTER_KEYS.length }, (_, worker) => ({
    records: of(worker, 'records'),
    bytes: of(worker, 'bytes'),
  }));
}

/** Records that ended in one of the counters. */
export function countAccounted(t: Totals): number {
  return t.expired + t.skipped + t.ignored + t.inserted + t.existed + t.fresher + t.failed;
}
