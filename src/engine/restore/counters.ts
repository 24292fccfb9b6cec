/**
 * The counters of a run. Each worker counts in plain numbers and publishes them at every chunk and every answer into its
 * own cells of shared memory, so that the main thread can show progress without a message.
 */
export const TALLY_KEYS = [
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

export type TallyKey = (typeof TALLY_KEYS)[number];
export type Totals = Record<TallyKey, number>;

export class Tally implements Totals {
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
    this.cells = new BigInt64Array(shared, worker * TALLY_KEYS.length * 8, TALLY_KEYS.length);
  }

  publish(): void {
    for (let i = 0; i < TALLY_KEYS.length; i++) Atomics.store(this.cells, i, BigInt(this[TALLY_KEYS[i]!]));
  }
}

export function sharedTallies(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(workers * TALLY_KEYS.length * 8);
}

/** Sum over all workers, as last published. */
export function sumTallies(shared: SharedArrayBuffer): Totals {
  const cells = new BigInt64Array(shared);
  const totals = Object.fromEntries(TALLY_KEYS.map((key) => [key, 0])) as Totals;
  for (let i = 0; i < cells.length; i++) {
    totals[TALLY_KEYS[i % TALLY_KEYS.length]!] += Number(Atomics.load(cells, i));
  }
  return totals;
}

/** What each worker has read, as last published. */
export function talliesByWorker(shared: SharedArrayBuffer): { records: number; bytes: number }[] {
  const cells = new BigInt64Array(shared);
  const of = (worker: number, key: TallyKey): number =>
    Number(Atomics.load(cells, worker * TALLY_KEYS.length + TALLY_KEYS.indexOf(key)));
  return Array.from({ length: cells.length / TALLY_KEYS.length }, (_, worker) => ({
    records: of(worker, 'records'),
    bytes: of(worker, 'bytes'),
  }));
}

/** Records that ended in one of the counters. */
export function accountedFor(t: Totals): number {
  return t.expired + t.skipped + t.ignored + t.inserted + t.existed + t.fresher + t.failed;
}
