/** What each restore worker counts (core/counters.ts). */
export const RESTORE_COUNTERS = [
  'records',
  'bytes',
  'textBytes',
  'expired',
  'skipped',
  'ignored',
  'inserted',
  'inDoubt',
  'existed',
  'fresher',
  'failed',
  'failedInDoubt',
  'retries',
] as const;

export type RestoreCounter = (typeof RESTORE_COUNTERS)[number];

export type WorkerCounts = Record<RestoreCounter, number>;

/** Plain numbers for the hot path; RestoreResult says what each means. */
export function zeroCounts(): WorkerCounts {
  return {
    records: 0,
    bytes: 0,
    textBytes: 0,
    expired: 0,
    skipped: 0,
    ignored: 0,
    inserted: 0,
    inDoubt: 0,
    existed: 0,
    fresher: 0,
    failed: 0,
    failedInDoubt: 0,
    retries: 0,
  };
}

/** Records that ended in one of the counters. */
export function countAccounted(counts: Omit<WorkerCounts, 'records' | 'bytes' | 'textBytes'>): number {
  const { expired, skipped, ignored, inserted, inDoubt, existed, fresher, failed } = counts;
  return expired + skipped + ignored + inserted + inDoubt + existed + fresher + failed;
}
