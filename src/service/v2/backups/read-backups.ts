/** Looks backups up: one with its details, and lists. */
import { findChildren } from '../../../engine/catalog/chains.js';
import { readBackup as readEntry, type CatalogEntry } from '../../../engine/catalog/find-backups.js';
import { HOLD_NAME } from '../../../engine/catalog/hold.js';
import { joinPath } from '../../../storage/paths.js';
import type { CatalogView, V2Context } from '../context.js';
import { V2Error } from '../errors.js';
import type { BackupFilter } from '../operations.js';
import type { Backup, BackupPage } from '../schema/backup.js';
import { DEFAULT_RANGE_SIZE, toDetails, withManifests } from './backup-details.js';
import { findCreatedMs, findDeletedMs, findItem, findState, type BackupItem } from './backup-item.js';
import { toListedBackup } from './listed-backups.js';
import { findType, toBackup } from './to-backup.js';

/** With details. One that was deleted long ago is as one that never was. Throws V2Error not-found, ambiguous-id. */
export async function describeBackup(
  context: V2Context,
  view: CatalogView,
  id: string,
  routine: string | undefined,
): Promise<Backup> {
  const item = findKnown(context, view, id, routine);
  const { catalog, index } = view;
  const entry = item.entry === undefined ? undefined : await readFresh(item.entry, view);
  const backup = toBackup({ ...item, ...(entry === undefined ? {} : { entry }) }, view.context);
  if (entry === undefined || backup.state === 'DELETED') return backup;
  const size = context.document.service?.backup?.['partition-range-size'] ?? DEFAULT_RANGE_SIZE;
  const reason = entry.held ? await readHoldReason(entry.path, view) : undefined;
  const dependents = findChildren(index.entries, entry.id).map((child) => view.context.toId(child.id));
  return {
    ...backup,
    ...(reason === undefined ? {} : { 'hold-reason': reason }),
    ...(dependents.length === 0 ? {} : { dependents }),
    details: toDetails(await withManifests(entry, catalog.backend), size),
  };
}

/** The item, unless it was deleted too long ago to be shown. */
export function findKnown(
  context: V2Context,
  { items, catalog }: CatalogView,
  id: string,
  routine: string | undefined,
): BackupItem {
  const item = findItem(items, id, routine, catalog.name);
  if (isShown(item, context)) return item;
  throw new V2Error('not-found', `There is no backup "${id}" in storage "${catalog.name}"`, {
    facts: { id, storage: catalog.name },
  });
}

function isShown(item: BackupItem, { deletedMs, now }: V2Context): boolean {
  if (item.deleted === undefined && item.entry !== undefined && item.entry.state !== 'DELETED') return true;
  const isDeleted = item.deleted !== undefined || item.entry?.state === 'DELETED';
  const { record } = item;
  const isMarker = record?.type === 'MARKER';
  const isExpired =
    item.entry === undefined && !isMarker && record?.state === 'COMPLETED' && record.routine !== undefined;
  if (!isDeleted && !isExpired) return true;
  const time = findDeletedMs(item);
  return time === undefined || now() - time < deletedMs;
}

/** What is being written changes all the time. */
async function readFresh(entry: CatalogEntry, { catalog }: CatalogView): Promise<CatalogEntry> {
  if (entry.kind === 'abs' || entry.state === 'COMPLETED' || entry.state === 'DELETED') return entry;
  return readEntry(entry.path, catalog.storages).catch(() => entry);
}

async function readHoldReason(path: string, { catalog }: CatalogView): Promise<string | undefined> {
  const found = await catalog.backend.readVersion(joinPath(path, HOLD_NAME));
  try {
    const { reason } = JSON.parse(found?.text ?? '{}') as { reason?: unknown };
    return typeof reason === 'string' && reason !== '' ? reason : undefined;
  } catch {
    return undefined;
  }
}

/** The newest first. Throws V2Error invalid-request for a cursor that is none. */
export function listItems(context: V2Context, view: CatalogView, filter: BackupFilter): BackupPage {
  const { prefix = '', states, types, fromMs = -Infinity, toMs = Infinity, routine, limit, after } = filter;
  const cursor = after === undefined ? undefined : parseCursor(after);
  const found: { item: BackupItem; createdMs: number }[] = [];
  for (const item of view.items) {
    if (!item.id.startsWith(prefix) && item.run?.startsWith(prefix) !== true) continue;
    if (routine !== undefined && item.routine !== routine) continue;
    const createdMs = findCreatedMs(item);
    if (createdMs < fromMs || createdMs >= toMs) continue;
    const { state } = findState(item, view.context);
    if (states === undefined ? state === 'DELETED' : !states.includes(state)) continue;
    if (state === 'DELETED' && !isShown(item, context)) continue;
    const type = findType(item);
    if (types !== undefined && (type === undefined || !types.includes(type))) continue;
    found.push({ item, createdMs });
  }
  found.sort((a, b) => b.createdMs - a.createdMs || compare(toKey(a), toKey(b)));
  const rest = cursor === undefined ? found : found.filter((each) => compare(toKey(each), cursor) > 0);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return {
    backups: page.map(({ item }) => toListedBackup(item, view.context)),
    ...(last === undefined || rest.length <= limit ? {} : { next: formatCursor(toKey(last)) }),
    total: found.length,
  };
}

type CursorKey = readonly [createdMs: number, id: string, routine: string];

function toKey({ item, createdMs }: { item: BackupItem; createdMs: number }): CursorKey {
  return [createdMs, item.id, item.routine ?? ''];
}

/** The newest first. */
function compare(a: CursorKey, b: CursorKey): number {
  if (a[0] !== b[0]) return b[0] - a[0];
  if (a[1] !== b[1]) return a[1] > b[1] ? -1 : 1;
  return a[2] === b[2] ? 0 : a[2] > b[2] ? -1 : 1;
}

function formatCursor(key: CursorKey): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

function parseCursor(text: string): CursorKey {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (Array.isArray(value) && value.length === 3 && Number.isFinite(value[0])) {
      const [createdMs, id, routine] = value as unknown[];
      if (typeof id === 'string' && typeof routine === 'string') return [createdMs as number, id, routine];
    }
  } catch {
    // It is none.
  }
  throw new V2Error('invalid-request', 'after is not what a page had as next');
}
