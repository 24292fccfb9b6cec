/** Which moments a storage can restore, and what to say of those that it cannot. */
import { findRanges, type NamespaceRanges } from '../../../engine/catalog/chains.js';
import type { CatalogEntry } from '../../../engine/catalog/find-backups.js';
import type { RestoreSelection } from '../../../engine/catalog/restore-plan.js';
import { findRun } from '../backups/backup-item.js';
import type { CatalogView } from '../context.js';
import { V2Error } from '../errors.js';

/** Backups that can build on each other: those of a routine, or those without one. */
export interface BackupGroup {
  /** Absent = backups that were made without a routine. */
  routine?: string;
  entries: CatalogEntry[];
}

/** In the order of the names of the routines, those without one first. */
export function groupBackups({ items }: CatalogView): BackupGroup[] {
  const groups = new Map<string, CatalogEntry[]>();
  for (const { entry, deleted } of items) {
    if (entry === undefined || deleted !== undefined) continue;
    const routine = findRun(entry)?.routine ?? '';
    const known = groups.get(routine);
    if (known === undefined) groups.set(routine, [entry]);
    else known.push(entry);
  }
  return [...groups.keys()].sort().map((routine) => ({
    ...(routine === '' ? {} : { routine }),
    entries: groups.get(routine)!,
  }));
}

/** Throws V2Error invalid-request, no-restore-point. */
export function selectGroup(view: CatalogView, routine: string | undefined): BackupGroup {
  const groups = groupBackups(view).filter(({ entries }) => entries.some(({ state }) => state !== 'DELETED'));
  if (routine !== undefined) {
    const found = groups.find((group) => group.routine === routine);
    if (found !== undefined) return found;
    throw new V2Error('no-restore-point', `Routine "${routine}" has no backup in storage "${view.catalog.name}"`);
  }
  const own = groups.find((group) => group.routine === undefined);
  if (own !== undefined) return own;
  if (groups.length === 1) return groups[0]!;
  if (groups.length === 0) {
    throw new V2Error('no-restore-point', `There is no backup in storage "${view.catalog.name}"`);
  }
  const names = groups.map((group) => group.routine!).join(', ');
  throw new V2Error('invalid-request', `routine is missing: the storage has backups of ${names}`);
}

/**
 * Throws V2Error no-restore-point if a namespace that is selected has backups by then, but not of that moment: before
 * the first one, or where a chain is broken. The facts have the nearest moments that can be restored.
 */
export function explainMoment(
  entries: readonly CatalogEntry[],
  atMs: number,
  { include, exclude }: RestoreSelection,
  view: CatalogView,
): void {
  const isSelected = (name: string): boolean =>
    (include.length === 0 || include.some(({ namespace }) => namespace === name)) &&
    !exclude.some(({ namespace, set }) => namespace === name && set === undefined);
  const selected = findRanges(entries).filter(({ namespace }) => isSelected(namespace));
  const isCovered = ({ ranges, gaps }: NamespaceRanges): boolean =>
    ranges.some(({ fromMs }) => fromMs <= atMs) &&
    !gaps.some(({ fromMs, toMs = Infinity }) => fromMs <= atMs && atMs < toMs);
  const isLater = ({ ranges, gaps }: NamespaceRanges): boolean =>
    [...ranges, ...gaps].every(({ fromMs }) => fromMs > atMs);
  const uncovered = selected.filter((each) => !isCovered(each));
  // A namespace that came later is left out, if there is another one.
  const missing = selected.some(isCovered) ? uncovered.filter((each) => !isLater(each)) : uncovered;
  if (selected.length > 0 && missing.length === 0) return;
  const namespaces = missing.map((each) => describeNearest(each, atMs, view));
  const names = namespaces.map(({ namespace }) => namespace).join(', ');
  const text = `No unbroken chain of backups reaches ${new Date(atMs).toISOString()} for namespace ${names || 'any'}`;
  throw new V2Error('no-restore-point', text, { facts: { time: new Date(atMs).toISOString(), namespaces } });
}

interface Moment {
  id: string;
  time: string;
}

function describeNearest(
  { namespace, ranges }: NamespaceRanges,
  atMs: number,
  { context }: CatalogView,
): { namespace: string; before?: Moment; after?: Moment } {
  const links = ranges.flatMap((range) => range.links).sort((a, b) => a.startMs - b.startMs);
  const toMoment = (link: (typeof links)[number]): Moment => ({
    id: context.toId(link.entry.id),
    time: new Date(link.startMs).toISOString(),
  });
  const before = links.filter(({ startMs }) => startMs <= atMs).at(-1);
  const after = links.find(({ startMs }) => startMs > atMs);
  return {
    namespace,
    ...(before === undefined ? {} : { before: toMoment(before) }),
    ...(after === undefined ? {} : { after: toMoment(after) }),
  };
}
