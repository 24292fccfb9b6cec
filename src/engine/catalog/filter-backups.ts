import type { CatalogEntry } from './find-backups.js';

export interface BackupFilter {
  /** Ids that begin with one of these, which may end in `*`; none = all. */
  prefixes: readonly string[];
  /** Absent = every state but DELETED. */
  state?: string | undefined;
  /** Begun at or after this; milliseconds since 1970. */
  fromMs?: number | undefined;
  /** Begun before this. */
  toMs?: number | undefined;
}

/** Those that match. What has no time is left out only if a time was asked for. */
export function filterBackups(
  entries: readonly CatalogEntry[],
  { prefixes, state: wanted, fromMs, toMs }: BackupFilter,
): CatalogEntry[] {
  const beginnings = prefixes.map((prefix) => prefix.replace(/\*$/, ''));
  return entries.filter(({ id, state, started }) => {
    if (wanted === undefined ? state === 'DELETED' : state !== wanted) return false;
    if (beginnings.length > 0 && !beginnings.some((beginning) => id.startsWith(beginning))) return false;
    if (fromMs === undefined && toMs === undefined) return true;
    const time = started === undefined ? NaN : Date.parse(started);
    return time >= (fromMs ?? -Infinity) && time < (toMs ?? Infinity);
  });
}
