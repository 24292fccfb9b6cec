/** A backup as /v2 knows it: what the storage has of it, together with its record. */
import { basename } from 'node:path';
import type { CatalogEntry } from '../../../engine/catalog/find-backups.js';
import { V2Error } from '../errors.js';
import type { BackupStateName } from '../schema/values.js';
import type { BackupRecord } from './backup-record.js';
import type { IndexContents } from './backup-index.js';

export interface BackupItem {
  id: string;
  /** Of a routine: the start of its run, the name of the folder. */
  run?: string;
  routine?: string;
  /** Absent = the storage has nothing of it. */
  entry?: CatalogEntry;
  /** Absent = it was not asked for through /v2. */
  record?: BackupRecord;
  /** When it was deleted, if the record says so. */
  deleted?: string;
}

export interface StateContext {
  /** Of this process. */
  owner: string;
  nowMs: number;
  /** Whether this process works on it. */
  isRunning: (item: BackupItem) => boolean;
}

/** So long a backup that was asked for by another process may have left nothing in the storage. */
const START_MS = 60_000;
const RUN_DIGITS = 13;

/** All that is or was in a storage. */
export function joinItems({ entries, records }: IndexContents): BackupItem[] {
  const byRun = new Map<string, BackupRecord>();
  for (const { record } of records.values()) {
    if (record.routine !== undefined && record.run !== undefined) byRun.set(`${record.routine}/${record.run}`, record);
  }
  const items: BackupItem[] = [];
  const used = new Set<string>();
  for (const entry of entries) {
    const place = findRun(entry);
    const record = place === undefined ? records.get(entry.id)?.record : byRun.get(`${place.routine}/${place.run}`);
    const own = record !== undefined && (place === undefined) === (record.routine === undefined) ? record : undefined;
    if (own !== undefined) used.add(own.id);
    const deleted = own === undefined ? undefined : records.get(own.id)?.deleted;
    items.push({
      id: own?.id ?? place?.run ?? entry.id,
      ...place,
      entry,
      ...(own === undefined ? {} : { record: own }),
      ...(deleted === undefined ? {} : { deleted }),
    });
  }
  for (const { record, deleted } of records.values()) {
    if (used.has(record.id)) continue;
    const { id, run, routine } = record;
    items.push({
      id,
      ...(run === undefined ? {} : { run }),
      ...(routine === undefined ? {} : { routine }),
      record,
      ...(deleted === undefined ? {} : { deleted }),
    });
  }
  return items;
}

/** The routine and the start of a run in the layout of ABS. */
export function findRun({ kind, id, path }: CatalogEntry): { routine: string; run: string } | undefined {
  if (kind !== 'abs') return undefined;
  return { routine: id.split('/', 1)[0]!, run: basename(path).slice(0, RUN_DIGITS) };
}

/** The item of an id, or of the name of a run. Throws V2Error not-found, ambiguous-id. */
export function findItem(
  items: readonly BackupItem[],
  id: string,
  routine: string | undefined,
  where: string,
): BackupItem {
  const found = items.filter((item) => item.id === id && (routine === undefined || item.routine === routine));
  const named = items.filter((item) => item.run === id && (routine === undefined || item.routine === routine));
  const matches = found.length > 0 ? found : named;
  if (matches.length === 0) {
    throw new V2Error('not-found', `There is no backup "${id}" in storage "${where}"`, {
      facts: { id, storage: where },
    });
  }
  const routines = [...new Set(matches.map((item) => item.routine ?? ''))];
  if (routines.length > 1) {
    const names = routines.map((name) => (name === '' ? 'none' : name)).sort();
    const text = `There are several backups "${id}" in storage "${where}": choose one by its routine (${names.join(', ')})`;
    throw new V2Error('ambiguous-id', text, { facts: { id, routines: routines.filter((name) => name !== '') } });
  }
  return matches.find(({ entry }) => entry !== undefined && entry.state !== 'DELETED') ?? matches[0]!;
}

/** The state with its reason. Of several that apply, the first of FAILED, DELETED, INCOMPLETE, IN_PROGRESS counts. */
export function findState(item: BackupItem, context: StateContext): { state: BackupStateName; reason?: string } {
  const { entry, record, deleted } = item;
  if (deleted !== undefined || entry?.state === 'DELETED') {
    return { state: 'DELETED', ...(entry?.reason === undefined ? {} : { reason: entry.reason }) };
  }
  const isRunning = context.isRunning(item);
  if (entry === undefined) return findRecordState(record!, isRunning, context);
  const because = entry.reason === undefined ? {} : { reason: entry.reason };
  switch (entry.state) {
    case 'COMPLETED':
      return { state: isRunning ? 'IN_PROGRESS' : 'COMPLETED' };
    case 'IN_PROGRESS':
      return { state: 'IN_PROGRESS' };
    case 'FAILED':
    case 'DAMAGED':
      return isRunning ? { state: 'IN_PROGRESS' } : { state: 'FAILED', ...because };
    case 'CANCELED':
      if (isRunning) return { state: 'IN_PROGRESS' };
      return record?.state === 'INCOMPLETE' ? explain(record) : { state: 'CANCELED', ...because };
    case 'UNKNOWN':
      return { state: 'INCOMPLETE', reason: 'It has no manifest: nothing tells whether all of its files are there' };
    default:
      if (isRunning) return { state: 'IN_PROGRESS' };
      // A run of a routine that has ended: its record knows why, its files do not.
      return record?.state === 'FAILED' || record?.state === 'CANCELED'
        ? explain(record)
        : { state: 'INCOMPLETE', ...because };
  }
}

function findRecordState(
  record: BackupRecord,
  isRunning: boolean,
  { owner, nowMs }: StateContext,
): { state: BackupStateName; reason?: string } {
  if (record.type === 'MARKER') return explain(record);
  if (record.state === 'STARTED' || record.state === 'IN_PROGRESS') {
    const isYoung = record.owner !== owner && nowMs - Date.parse(record.updated) < START_MS;
    if (isRunning || isYoung) return { state: record.state };
    return { state: 'INCOMPLETE', reason: 'The process that made it has ended' };
  }
  if (record.state !== 'COMPLETED') return isRunning ? { state: 'IN_PROGRESS' } : explain(record);
  // Runs of routines are deleted by the policy of their retention.
  if (record.routine !== undefined) return { state: 'DELETED', reason: 'The retention of the routine did not keep it' };
  return { state: 'INCOMPLETE', reason: 'Its files are gone' };
}

function explain({ state, reason }: BackupRecord): { state: BackupStateName; reason?: string } {
  return { state, ...(reason === undefined ? {} : { reason }) };
}

/** When it was deleted, milliseconds since 1970; undefined = it is not, or that is not known. */
export function findDeletedMs({ entry, record, deleted }: BackupItem): number | undefined {
  const time = deleted ?? entry?.deleted ?? (entry === undefined ? record?.updated : undefined);
  return time === undefined ? undefined : Date.parse(time);
}

/** When it was begun or asked for, milliseconds since 1970. */
export function findCreatedMs({ entry, record, run }: BackupItem): number {
  const time = record?.created ?? entry?.started ?? entry?.parts.find(({ started }) => started !== undefined)?.started;
  const known = time === undefined ? NaN : Date.parse(time);
  return Number.isNaN(known) ? (run === undefined ? 0 : Number(run)) : known;
}
