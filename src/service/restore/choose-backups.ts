/** Which backups make the state of a routine's namespaces at a time. */
import type { FoundBackup } from '../backups/find-backups.js';

export interface NamespaceChain {
  namespace: string;
  /** A full backup and the incremental ones that are restored with it, the oldest first. */
  backups: FoundBackup[];
}

/**
 * For each namespace the newest full backup, and the incremental ones that were created after it; by the names of the
 * namespaces. Backups that were not finished by the time are not to be among the arguments.
 */
export function chooseChains(fulls: readonly FoundBackup[], incrementals: readonly FoundBackup[]): NamespaceChain[] {
  const newest = new Map<string, FoundBackup>();
  for (const full of fulls) {
    const { namespace } = full.metadata;
    const other = newest.get(namespace);
    if (other === undefined || other.createdMs <= full.createdMs) newest.set(namespace, full);
  }
  return [...newest]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([namespace, full]) => {
      const later = incrementals.filter(({ metadata, createdMs }) => {
        return metadata.namespace === namespace && createdMs > full.createdMs;
      });
      return { namespace, backups: [full, ...dropCovered(later)] };
    });
}

/**
 * Without those whose changes a later one has, too, as it reaches as far back: of cumulative backups, the newest one is
 * left.
 */
function dropCovered(incrementals: readonly FoundBackup[]): FoundBackup[] {
  const kept: FoundBackup[] = [];
  // The earliest bound of those that were created later.
  let reachMs = Infinity;
  for (const backup of [...incrementals].sort((a, b) => b.createdMs - a.createdMs)) {
    const { from } = backup.metadata;
    const fromMs = from === undefined ? undefined : Date.parse(from);
    if (fromMs !== undefined && reachMs <= fromMs) continue;
    kept.unshift(backup);
    if (fromMs !== undefined) reachMs = Math.min(reachMs, fromMs);
  }
  return kept;
}
