/** Which runs of a routine are too old to keep. */
export interface CompletedRun {
  path: string;
  timestampMs: number;
  /** When the last of its namespaces was complete. */
  finishedMs: number;
}

/** How many full backups are kept, and of how many of them the incremental ones; absent = all. */
export interface Retention {
  full?: number | undefined;
  incremental?: number | undefined;
}

/** The runs to delete, those that others build on last. All runs are complete. */
export function selectExpired<Run extends CompletedRun>(
  fulls: readonly Run[],
  incrementals: readonly Run[],
  { full, incremental }: Retention,
): Run[] {
  const ascending = [...fulls].sort((a, b) => a.timestampMs - b.timestampMs);
  const oldFulls = full === undefined ? [] : ascending.slice(0, Math.max(0, ascending.length - full));
  const kept = ascending.slice(oldFulls.length);
  const newest = ascending.at(-1);
  const expired = incrementals.filter((run) => {
    // Of a run that began after the newest full backup, the next increments hold nothing again.
    if (newest === undefined || run.timestampMs >= newest.timestampMs) return false;
    if (incremental === 0) return true;
    const base = incremental === undefined ? kept[0] : ascending.at(-incremental);
    if (incremental === undefined && full === undefined) return false;
    return base !== undefined && run.finishedMs < base.timestampMs;
  });
  return [...expired.sort((a, b) => b.timestampMs - a.timestampMs), ...oldFulls];
}
