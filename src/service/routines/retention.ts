/** Which runs of a routine are too old to keep, or too many. */
export interface CompletedRun {
  path: string;
  timestampMs: number;
  /** When the last of its namespaces was complete. */
  finishedMs: number;
  /** Of the files of all namespaces; absent = not known. */
  bytes?: number;
}

/**
 * How many full backups are kept, and of how many of them the incremental ones; absent = all. What any of the rules
 * does not keep is deleted.
 */
export interface Retention {
  full?: number | undefined;
  incremental?: number | undefined;
  /** Every state since then can be restored: what no such state needs is deleted. */
  maxAgeMs?: number | undefined;
  /** Of all runs together; the newest full backup with its increments is kept even if it has more. */
  maxBytes?: number | undefined;
}

/**
 * The runs to delete, those that others build on last. All runs are complete.
 *
 * @param runningMs starts of increments that are being made
 */
export function selectExpired<Run extends CompletedRun>(
  fulls: readonly Run[],
  incrementals: readonly Run[],
  { full, incremental, maxAgeMs, maxBytes }: Retention,
  nowMs: number,
  runningMs: readonly number[] = [],
): Run[] {
  const ascending = [...fulls].sort((a, b) => a.timestampMs - b.timestampMs);
  const tooMany = full === undefined ? 0 : Math.max(0, ascending.length - full);
  const tooOld = maxAgeMs === undefined ? 0 : countOlder(ascending, nowMs - maxAgeMs);
  const tooLarge = maxBytes === undefined ? 0 : countLarger(ascending, incrementals, maxBytes);
  const running = runningMs.map((timestampMs) => ({ timestampMs, finishedMs: Infinity }));
  const beyond = skipSpanned(Math.max(tooOld, tooLarge), ascending, [...incrementals, ...running]);
  const oldFulls = ascending.slice(0, Math.max(tooMany, beyond));
  const kept = ascending.slice(oldFulls.length);
  const newest = ascending.at(-1);
  const hasLimit = full !== undefined || maxAgeMs !== undefined || maxBytes !== undefined;
  const bases = [
    ...(hasLimit ? [kept[0]] : []),
    ...(incremental === undefined || incremental === 0 ? [] : [ascending.at(-incremental)]),
  ];
  const expired = incrementals.filter((run) => {
    // Of a run that began after the newest full backup, the next increments hold nothing again.
    if (newest === undefined || run.timestampMs >= newest.timestampMs) return false;
    return incremental === 0 || bases.some((base) => base !== undefined && run.finishedMs < base.timestampMs);
  });
  return [...expired.sort((a, b) => b.timestampMs - a.timestampMs), ...oldFulls];
}

/**
 * Without those that are held and what these build on: a full backup, and the increments since. The order stays.
 *
 * @param all all complete runs of the routine
 */
export function withoutHeld<Run extends CompletedRun>(
  expired: readonly Run[],
  held: readonly Run[],
  { fulls, incrementals }: { fulls: readonly Run[]; incrementals: readonly Run[] },
): Run[] {
  const kept = new Set<Run>(held);
  for (const run of held) {
    if (fulls.includes(run)) continue;
    const base = fulls
      .filter(({ timestampMs }) => timestampMs <= run.timestampMs)
      .reduce<Run | undefined>((a, b) => (a === undefined || a.timestampMs < b.timestampMs ? b : a), undefined);
    if (base === undefined) continue;
    kept.add(base);
    for (const each of incrementals) {
      if (each.finishedMs >= base.timestampMs && each.timestampMs <= run.timestampMs) kept.add(each);
    }
  }
  return expired.filter((run) => !kept.has(run));
}

/** Full backups before the one that is the base of the state at `sinceMs`. */
function countOlder(ascending: readonly CompletedRun[], sinceMs: number): number {
  return Math.max(0, ascending.filter(({ timestampMs }) => timestampMs <= sinceMs).length - 1);
}

/** Full backups that go with their increments, so that the rest has at most `maxBytes`. */
function countLarger(
  ascending: readonly CompletedRun[],
  incrementals: readonly CompletedRun[],
  maxBytes: number,
): number {
  let total = 0;
  for (let i = ascending.length - 1; i >= 0; i--) {
    const { timestampMs, bytes = 0 } = ascending[i]!;
    const endMs = ascending[i + 1]?.timestampMs ?? Infinity;
    const own = incrementals.filter((run) => run.timestampMs >= timestampMs && run.timestampMs < endMs);
    total += own.reduce((sum, run) => sum + (run.bytes ?? 0), bytes);
    if (total > maxBytes && i < ascending.length - 1) return i + 1;
  }
  return 0;
}

/** An increment that was made while the next full backup ran builds on the one before, which stays with it. */
function skipSpanned(
  count: number,
  ascending: readonly CompletedRun[],
  incrementals: readonly Pick<CompletedRun, 'timestampMs' | 'finishedMs'>[],
): number {
  for (let i = count; i > 0; i--) {
    const { timestampMs } = ascending[i]!;
    if (!incrementals.some((run) => run.timestampMs < timestampMs && run.finishedMs >= timestampMs)) return i;
  }
  return 0;
}
