/** What can be restored of each namespace: ranges, gaps, and what is not complete. */
import { findRanges, type ChainLink, type NamespaceRanges } from '../../../engine/catalog/chains.js';
import { findCreatedMs, findState, type BackupItem } from '../backups/backup-item.js';
import { findLowerBound, findType, toHref } from '../backups/to-backup.js';
import type { CatalogView, V2Context } from '../context.js';
import { groupBackups, type BackupGroup } from '../restore/moments.js';
import type {
  NamespaceState,
  NamespaceTimeline,
  RuntimeState,
  StatePoint,
  StorageRanges,
  TimelinePoint,
} from '../schema/runtime-state.js';

export function describeRanges(view: CatalogView): StorageRanges {
  const byEntry = new Map(view.items.map((item) => [item.entry, item]));
  const namespaces = groupBackups(view).flatMap((group) =>
    findRanges(group.entries).map((ranges) => toTimeline(ranges, group, view, byEntry)),
  );
  return { storage: view.catalog.name, namespaces, 'captures-deletes': false };
}

type ByEntry = ReadonlyMap<BackupItem['entry'], BackupItem>;

function toTimeline(
  { namespace, ranges, gaps }: NamespaceRanges,
  { routine }: BackupGroup,
  view: CatalogView,
  byEntry: ByEntry,
): NamespaceTimeline {
  const own = view.items.filter((item) => item.routine === routine && item.deleted === undefined);
  const markers = own.filter(({ record }) => record?.type === 'MARKER');
  const failed = own.filter((item) => {
    const { state } = findState(item, view.context);
    if (state !== 'FAILED' && state !== 'CANCELED' && state !== 'INCOMPLETE') return false;
    const parts = item.entry?.parts;
    return parts === undefined || parts.length === 0 || parts.some((part) => part.namespace === namespace);
  });
  const toIso = (ms: number): string => new Date(ms).toISOString();
  const points = (items: readonly BackupItem[]): TimelinePoint[] =>
    [...items].sort((a, b) => findCreatedMs(a) - findCreatedMs(b)).map((item) => toTimelinePoint(item, view));
  return {
    namespace,
    ...(routine === undefined ? {} : { routine }),
    ranges: ranges.map(({ base, links, fromMs, toMs }) => ({
      from: toIso(fromMs),
      to: toIso(toMs),
      base: view.context.toId(base.entry.id),
      points: links.flatMap(({ entry }) => {
        const item = byEntry.get(entry);
        return item === undefined ? [] : [toTimelinePoint(item, view)];
      }),
    })),
    gaps: gaps.map(({ fromMs, toMs, broken }) => ({
      from: toIso(fromMs),
      ...(toMs === undefined ? {} : { to: toIso(toMs) }),
      broken: broken.map(({ reason, at, link }) => ({
        id: view.context.toId(link.entry.id),
        reason,
        at: view.context.toId(at),
      })),
    })),
    failures: points(failed),
    markers: points(markers),
  };
}

function toTimelinePoint(item: BackupItem, { catalog, context }: CatalogView): TimelinePoint {
  const { state, reason } = findState(item, context);
  const type = findType(item);
  const finished = item.entry?.finished;
  return {
    id: item.id,
    created: new Date(findCreatedMs(item)).toISOString(),
    ...(finished === undefined ? {} : { finished }),
    ...(type === undefined ? {} : { type }),
    state,
    ...(reason === undefined ? {} : { reason }),
    held: item.entry?.held ?? false,
    href: toHref(catalog.name, item.id),
  };
}

/** Of all storages; those that cannot be read are named. */
export async function describeState(context: V2Context): Promise<RuntimeState> {
  const state: RuntimeState = { namespaces: [], running: [], unreachable: [], 'captures-deletes': false };
  for (const storage of context.directory.names) {
    try {
      await context.view(storage, (view) => {
        addStorage(view, state);
        return Promise.resolve();
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      state.unreachable.push({ storage, message: context.options.log.redact?.(message) ?? message });
    }
  }
  return state;
}

function addStorage(view: CatalogView, state: RuntimeState): void {
  const { catalog, items, context } = view;
  const storage = catalog.name;
  for (const item of items) {
    const now = findState(item, context).state;
    if (now !== 'STARTED' && now !== 'IN_PROGRESS') continue;
    const { id, routine } = item;
    state.running.push({ storage, id, ...(routine === undefined ? {} : { routine }), href: toHref(storage, id) });
  }
  const byEntry = new Map(items.map((item) => [item.entry, item]));
  for (const { routine, entries } of groupBackups(view)) {
    const markers = items.filter(
      ({ record, deleted, routine: own }) => record?.type === 'MARKER' && deleted === undefined && own === routine,
    );
    for (const { namespace, ranges } of findRanges(entries)) {
      state.namespaces.push(toNamespaceState({ namespace, storage, routine, ranges, markers }, view, byEntry));
    }
  }
}

function toNamespaceState(
  {
    namespace,
    storage,
    routine,
    ranges,
    markers,
  }: {
    namespace: string;
    storage: string;
    routine: string | undefined;
    ranges: NamespaceRanges['ranges'];
    markers: readonly BackupItem[];
  },
  view: CatalogView,
  byEntry: ByEntry,
): NamespaceState {
  const toPoint = (link: ChainLink): StatePoint => describeLink(link, byEntry.get(link.entry), view);
  const links = ranges.flatMap((range) => range.links);
  const newest = links.reduce<ChainLink | undefined>(
    (a, b) => (a !== undefined && a.startMs > b.startMs ? a : b),
    undefined,
  );
  const marker = markers.reduce<BackupItem | undefined>(
    (a, b) => (a !== undefined && findCreatedMs(a) > findCreatedMs(b) ? a : b),
    undefined,
  );
  const isMarker = marker !== undefined && findCreatedMs(marker) > (newest?.startMs ?? -Infinity);
  const checkpoint: StatePoint | undefined = isMarker
    ? { id: marker.id, type: 'MARKER', trigger: 'MANUAL', created: new Date(findCreatedMs(marker)).toISOString() }
    : newest && toPoint(newest);
  return {
    namespace,
    storage,
    ...(routine === undefined ? {} : { routine }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(newest === undefined ? {} : { backup: toPoint(newest) }),
    ranges: ranges.map(({ base, links: own }) => ({ start: toPoint(base), end: toPoint(own.at(-1)!) })),
  };
}

function describeLink(
  { entry, part, startMs }: ChainLink,
  item: BackupItem | undefined,
  { context }: CatalogView,
): StatePoint {
  const type = item === undefined ? undefined : findType(item);
  const trigger = item?.record?.trigger ?? (entry.kind === 'abs' ? 'SCHEDULED' : undefined);
  const lower = findLowerBound(part);
  const upper = part.modifiedBefore ?? part.started;
  return {
    id: context.toId(entry.id),
    ...(type === undefined ? {} : { type }),
    ...(trigger === undefined ? {} : { trigger }),
    created: new Date(startMs).toISOString(),
    ...(lower === undefined ? {} : { 'lower-bound': lower }),
    ...(upper === undefined ? {} : { 'upper-bound': upper }),
  };
}
