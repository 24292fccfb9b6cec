/** Deletes, holds and cancels backups. */
import { createProcessLimits } from '../../../core/run-context.js';
import { createRunId } from '../../../core/run.js';
import { findChildren, findDescendants } from '../../../engine/catalog/chains.js';
import { deleteBackup as deleteFromCatalog } from '../../../engine/catalog/delete-backup.js';
import type { CatalogEntry } from '../../../engine/catalog/find-backups.js';
import { HOLD_NAME, holdBackup, releaseBackup } from '../../../engine/catalog/hold.js';
import { refuseRead } from '../../../engine/catalog/reader-mark.js';
import { joinPath } from '../../../storage/paths.js';
import type { Storage } from '../../../storage/storage.js';
import { deleteRun } from '../../routines/delete-folder.js';
import type { CatalogView, V2Context } from '../context.js';
import { toV2Error, V2Error } from '../errors.js';
import type { BackupChoice } from '../operations.js';
import type { Backup } from '../schema/backup.js';
import type { BackupRecord } from './backup-record.js';
import { findCreatedMs, findRun, findState, type BackupItem } from './backup-item.js';
import { busy } from './create-backups.js';
import { describeBackup, findKnown } from './read-backups.js';
import { RecordStore } from './record-store.js';
import { findType } from './to-backup.js';

/** Resolves for a backup that is deleted already. Throws V2Error busy, has-dependents, held, not-found. */
export async function removeBackup(
  context: V2Context,
  storage: string,
  id: string,
  { routine, cascade }: BackupChoice & { cascade: boolean },
): Promise<void> {
  await context.view(storage, async (view) => {
    const item = findKnown(context, view, id, routine);
    const { state } = findState(item, view.context);
    const { entry } = item;
    if (state === 'DELETED' && entry?.reason === undefined) return;
    if (state === 'STARTED' || state === 'IN_PROGRESS') throw busy(item.id, `The backup "${item.id}" is being made`);
    const store = new RecordStore(view.catalog);
    if (entry === undefined) await store.markDeleted(item.id, new Date(context.now()).toISOString());
    else if (entry.kind === 'abs') await removeRuns(context, view, item, cascade);
    else await removeOwn(view, item, entry, cascade);
    for (const each of view.index.entries) if (each === entry || cascade) context.touch(storage, each.path);
    context.touch(storage);
    const names = { storage, backup: item.id, ...(item.routine === undefined ? {} : { routine: item.routine }) };
    context.options.events.publish({ type: 'backup.deleted', ...names, message: `The backup ${item.id} is deleted` });
  });
}

/** Of the catalog's own layout. */
async function removeOwn(
  view: CatalogView,
  item: BackupItem,
  { path, id }: CatalogEntry,
  cascade: boolean,
): Promise<void> {
  const { catalog, index } = view;
  const children = findChildren(index.entries, id);
  if (children.length > 0 && !cascade) throw hasDependents(view, item, children);
  const context = {
    runId: createRunId(),
    signal: new AbortController().signal,
    limits: createProcessLimits(),
    emit: () => undefined,
  };
  try {
    await deleteFromCatalog({ path, cascade, storages: catalog.storages }, context);
  } catch (error) {
    throw explainDeletion(error, view, item);
  }
}

function explainDeletion(error: unknown, view: CatalogView, item: BackupItem): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'CATALOG_BASE') return hasDependents(view, item, findChildren(view.index.entries, item.entry!.id));
  if (code === 'LOCK_HELD') return busy(item.id, `Something works on the backup "${item.id}", or on what builds on it`);
  return toV2Error(error);
}

function hasDependents({ context }: CatalogView, { id }: BackupItem, children: readonly CatalogEntry[]): V2Error {
  const dependents = children.map((child) => context.toId(child.id));
  const text = `The backup "${id}" is the base of ${dependents.join(', ')}: delete them first, or with it (cascade)`;
  return new V2Error('has-dependents', text, { facts: { id, dependents } });
}

/** Runs of a routine: what builds on the run first. The id of each stays used up. */
async function removeRuns(context: V2Context, view: CatalogView, item: BackupItem, cascade: boolean): Promise<void> {
  const { catalog, index, items } = view;
  const entry = item.entry!;
  const descendants = findDescendants(index.entries, entry.id);
  if (descendants.length > 0 && !cascade) throw hasDependents(view, item, descendants);
  const targets = [...[...descendants].reverse(), entry].map((each) => items.find((own) => own.entry === each)!);
  for (const target of targets) {
    const { state } = findState(target, view.context);
    if (state === 'STARTED' || state === 'IN_PROGRESS') throw busy(target.id);
    if (target.entry!.held) throw held(target);
  }
  const store = new RecordStore(catalog);
  for (const target of targets) {
    const time = new Date(context.now()).toISOString();
    const record = target.record ?? toRecord(target, context.owner);
    if (target.record === undefined && !(await store.create(record))) {
      // The number is the id of another backup.
      record.id = `${record.run!}-${record.routine!.toLowerCase().replace(/[^a-z0-9_-]/g, '-')}`.slice(0, 64);
      await store.create(record);
    }
    await store.markDeleted(record.id, time);
    // Whoever holds a backup looks for its deletion then: one of the two sees the other.
    if (await catalog.backend.exists('file', joinPath(target.entry!.path, HOLD_NAME))) {
      await store.withdrawDeletion(record.id);
      throw held(target);
    }
    try {
      await refuseReaders(target.entry!.path, catalog.backend);
    } catch (error) {
      await store.withdrawDeletion(record.id);
      throw toV2Error(error);
    }
    await deleteRun(target.entry!.path, catalog.backend);
  }
}

/** Throws CatalogError CATALOG_IN_USE if somebody reads a run or one of its namespaces. */
async function refuseReaders(path: string, storage: Storage): Promise<void> {
  const data = joinPath(path, 'data');
  for (const folder of [path, ...(await storage.listDirectories(data)).map((name) => joinPath(data, name))]) {
    await refuseRead({ kind: 'directory', path: folder }, storage);
  }
}

function toRecord(item: BackupItem, owner: string): BackupRecord {
  const { routine, run } = findRun(item.entry!)!;
  const created = new Date(findCreatedMs(item)).toISOString();
  const type = findType(item) ?? 'FULL';
  return { id: run, state: 'COMPLETED', type, trigger: 'SCHEDULED', created, updated: created, owner, routine, run };
}

function held({ id }: BackupItem): V2Error {
  return new V2Error('held', `The backup "${id}" is held: release it before it is deleted`, { facts: { id } });
}

/** Throws V2Error held, deleted, not-found, conflict. */
export async function holdOne(
  context: V2Context,
  storage: string,
  id: string,
  { routine, reason = '' }: BackupChoice & { reason?: string },
): Promise<Backup> {
  return context.view(storage, async (view) => {
    const item = findKnown(context, view, id, routine);
    const entry = findLiving(item, view);
    if (entry.held) throw new V2Error('held', `The backup "${item.id}" is held already`, { facts: { id: item.id } });
    await holdBackup(entry.path, reason, view.catalog.storages).catch((error: unknown) => {
      throw toV2Error(error);
    });
    if (item.routine !== undefined && (await new RecordStore(view.catalog).isDeleted(item.id))) {
      await releaseBackup(entry.path, view.catalog.storages).catch(() => undefined);
      throw deleted(item);
    }
    return publishHold(context, view, item, 'backup.held');
  });
}

/** Throws V2Error not-held, deleted, not-found. */
export async function releaseOne(
  context: V2Context,
  storage: string,
  id: string,
  { routine }: BackupChoice,
): Promise<Backup> {
  return context.view(storage, async (view) => {
    const item = findKnown(context, view, id, routine);
    const entry = findLiving(item, view);
    const notHeld = new V2Error('not-held', `The backup "${item.id}" is not held`, { facts: { id: item.id } });
    if (!entry.held) throw notHeld;
    await releaseBackup(entry.path, view.catalog.storages).catch((error: unknown) => {
      throw isState(error) ? notHeld : toV2Error(error);
    });
    return publishHold(context, view, item, 'backup.released');
  });
}

function isState(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'CATALOG_STATE';
}

function findLiving(item: BackupItem, view: CatalogView): CatalogEntry {
  if (findState(item, view.context).state === 'DELETED') throw deleted(item);
  if (item.entry !== undefined) return item.entry;
  throw new V2Error('conflict', `The backup "${item.id}" has no files that could be held`, { facts: { id: item.id } });
}

function deleted({ id }: BackupItem): V2Error {
  return new V2Error('deleted', `The backup "${id}" is deleted`, { facts: { id } });
}

/** The hold of the backup has changed. */
async function publishHold(
  context: V2Context,
  view: CatalogView,
  item: BackupItem,
  type: 'backup.held' | 'backup.released',
): Promise<Backup> {
  const { catalog } = view;
  context.touch(catalog.name, item.entry!.path);
  const names = { backup: item.id, ...(item.routine === undefined ? {} : { routine: item.routine }) };
  context.options.events.publish({ type, storage: catalog.name, ...names });
  return describeBackup(context, await context.readView(catalog), item.id, item.routine);
}

/** Resolves once nothing of the run is under way. One that has ended stays as it is. Throws V2Error busy, not-found. */
export async function cancelOne(
  context: V2Context,
  storage: string,
  id: string,
  { routine }: BackupChoice,
): Promise<Backup> {
  return context.view(storage, async (view) => {
    const item = findKnown(context, view, id, routine);
    const { state } = findState(item, view.context);
    if (state === 'STARTED' || state === 'IN_PROGRESS') {
      if (!view.context.isRunning(item)) throw busy(item.id, `The backup "${item.id}" is made by another process`);
      if (item.routine === undefined) await context.backups.cancel(storage, item.id);
      else await cancelRun(context, item.routine, item.run!);
      context.touch(storage);
    }
    return describeBackup(context, await context.readView(view.catalog), item.id, item.routine);
  });
}

async function cancelRun(context: V2Context, routine: string, run: string): Promise<void> {
  const { runner, events } = context.options;
  await new Promise<void>((resolve) => {
    const isRunning = (): boolean =>
      runner.running.some((each) => each.routine === routine && String(each.timestampMs) === run);
    const timer = setInterval(() => check(), 100);
    const check = (): void => {
      if (isRunning()) return;
      clearInterval(timer);
      unsubscribe();
      resolve();
    };
    const unsubscribe = events.subscribe(() => check());
    runner.cancelRun(routine, Number(run));
    check();
  });
  await context.records.settle();
}
