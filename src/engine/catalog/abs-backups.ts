/**
 * Backups of the Aerospike Backup Service: runs of a routine, `ROUTINE/backup/TIME/data/NAMESPACE` for full ones and
 * `ROUTINE/incremental/…` for increments. A namespace is complete when it has `metadata.yaml`, which tells its bounds
 * and counts, and no checksums. Those that this program has written have a manifest with checksums as well.
 */
import { basename, dirname } from 'node:path';
import { errorMessage } from '../../core/errors.js';
import { joinPath } from '../../storage/paths.js';
import { isBackupFileName, type Storage } from '../../storage/storage.js';
import { isLockHeld, LOCK_NAME } from '../backup/checkpoint/lock.js';
import { ABS_METADATA_NAME, readAbsMetadata } from './abs-metadata.js';
import type { CatalogEntry, NamespacePart } from './find-backups.js';
import { HOLD_NAME } from './hold.js';

const DATA_DIRECTORY = 'data';
/** The start in milliseconds since 1970, and perhaps the same in a form for people. */
const RUN = /^\d{13}(?:_.*)?$/;
/** Directories of a routine, by the type of what they hold. */
const TYPES = { backup: 'full', incremental: 'incremental' } as const;
/** Of a namespace that was begun again: `NAMESPACE.2`. */
const ATTEMPT = /\.\d+$/;

/** Runs by their paths, without parents. */
export interface AbsRunCache {
  get(path: string): CatalogEntry | undefined;
  set(path: string, run: CatalogEntry): void;
}

/**
 * The backups of the service at or below `path`, which may be a routine, its `backup` or `incremental`, or a run. Their
 * ids are their paths below `root`. Throws StorageError.
 */
export async function findAbsBackups(
  root: string,
  path: string,
  storage: Storage,
  cache?: AbsRunCache,
): Promise<CatalogEntry[]> {
  const name = basename(path);
  if (RUN.test(name)) {
    const run = cache?.get(path) ?? (await readAbsRun(root, path, storage));
    if (run !== undefined) cache?.set(path, run);
    return run === undefined ? [] : [run];
  }
  const names = await storage.listDirectories(path);
  const below = Object.hasOwn(TYPES, name)
    ? names.filter((each) => RUN.test(each))
    : names.filter((each) => Object.hasOwn(TYPES, each));
  const found: CatalogEntry[] = [];
  for (const each of below) found.push(...(await findAbsBackups(root, joinPath(path, each), storage, cache)));
  if (Object.hasOwn(TYPES, name)) return found;
  const starts = groupByStart(found);
  return found.map((run) => linkParents(run, starts));
}

type RunsByStart = ReadonlyMap<string, readonly CatalogEntry[]>;

function groupByStart(runs: readonly CatalogEntry[]): RunsByStart {
  const starts = new Map<string, CatalogEntry[]>();
  for (const run of runs) {
    if (run.started === undefined) continue;
    const same = starts.get(run.started);
    if (same === undefined) starts.set(run.started, [run]);
    else same.push(run);
  }
  return starts;
}

/** With their parents, by runs without them: a run that a cache keeps is the same object in each list. */
const linkedRuns = new WeakMap<CatalogEntry, CatalogEntry>();

/**
 * An increment names the start of the run that it builds on, which is one of the same routine. Namespaces of one run
 * may build on different runs: each on the last one in which it came to its end.
 */
function linkParents(run: CatalogEntry, starts: RunsByStart): CatalogEntry {
  if (run.type !== 'incremental') return run;
  const parents = run.parts.map((part) => findParent(run, part, starts)?.id);
  const known = linkedRuns.get(run);
  if (known?.parts.every((part, i) => part.parent === parents[i]) === true) return known;
  const parts = run.parts.map((part, i): NamespacePart => {
    return parents[i] === undefined ? part : { ...part, parent: parents[i] };
  });
  const parent = parents.find((id) => id !== undefined);
  const linked = { ...run, ...(parent === undefined ? {} : { parent }), parts };
  linkedRuns.set(run, linked);
  return linked;
}

/** Of a full and an incremental run that were begun at the same moment, the one that has the namespace. */
function findParent(
  run: CatalogEntry,
  { namespace, stored }: NamespacePart,
  starts: RunsByStart,
): CatalogEntry | undefined {
  const from = stored?.from;
  if (from === undefined) return undefined;
  const named = (starts.get(from) ?? []).filter(({ path }) => path !== run.path);
  return named.find(({ parts }) => parts.some((part) => part.namespace === namespace)) ?? named[0];
}

/** Undefined = there is no run at `path`. Throws StorageError. */
export async function readAbsRun(root: string, path: string, storage: Storage): Promise<CatalogEntry | undefined> {
  if (!RUN.test(basename(path))) return undefined;
  const directories = await storage.listDirectories(path);
  // Versions before 3 had no directory for the data.
  const data = directories.includes(DATA_DIRECTORY) ? joinPath(path, DATA_DIRECTORY) : path;
  const names =
    data === path ? directories.filter((name) => name !== 'configuration') : await storage.listDirectories(data);
  const parts: NamespacePart[] = [];
  for (const name of names) {
    const part = await readPart(joinPath(data, name), storage);
    if (part !== undefined) parts.push(part);
  }
  const isComplete = (name: string): boolean =>
    parts.some((part) => part.state === 'COMPLETED' && part.path !== joinPath(data, name) && part.namespace === name);
  // What an attempt that failed has left is no part of the backup if a later one came to its end.
  const kept = parts.filter((part) => {
    return part.state !== 'INCOMPLETE' || !isComplete(basename(part.path).replace(ATTEMPT, ''));
  });
  if (kept.length === 0) return undefined;
  const worst = ['DAMAGED', 'INCOMPLETE', 'IN_PROGRESS'] as const;
  const state = worst.find((each) => kept.some((part) => part.state === each)) ?? 'COMPLETED';
  const reason = kept.find((part) => part.state === state)?.reason;
  const started = kept.find((part) => part.started !== undefined)?.started;
  const finished = kept.map((part) => part.finished ?? '').sort();
  const kind = basename(dirname(path));
  return {
    id: nameRun(root, path),
    path,
    kind: 'abs',
    state,
    ...(reason === undefined ? {} : { reason }),
    ...(Object.hasOwn(TYPES, kind) ? { type: TYPES[kind as keyof typeof TYPES] } : {}),
    started: started ?? new Date(Number(basename(path).slice(0, 13))).toISOString(),
    ...(finished[0] === '' ? {} : { finished: finished.at(-1)! }),
    parts: kept,
    held: await storage.exists('file', joinPath(path, HOLD_NAME)),
  };
}

/** Unique below `root`, and what has to be added to it. */
function nameRun(root: string, path: string): string {
  const start = joinPath(root, '.').replace(/\/+$/, '');
  return path.startsWith(`${start}/`) ? path.slice(start.length + 1) : basename(path);
}

/** Undefined = the directory is none of a namespace. Throws StorageError. */
async function readPart(path: string, storage: Storage): Promise<NamespacePart | undefined> {
  const files = await storage.list(path);
  const own = files.filter(({ name }) => isBackupFileName(name));
  const empty = { namespace: basename(path).replace(ATTEMPT, ''), path, bytes: 0, files: own.length };
  if (!files.some(({ name }) => name === ABS_METADATA_NAME)) {
    if (files.some(({ name }) => name === LOCK_NAME) && (await isLockHeld(storage, joinPath(path, LOCK_NAME)))) {
      return { ...empty, state: 'IN_PROGRESS' };
    }
    if (own.length === 0) return undefined;
    return {
      ...empty,
      state: 'INCOMPLETE',
      reason: `${path} has no ${ABS_METADATA_NAME}, which the service writes last`,
    };
  }
  const file = joinPath(path, ABS_METADATA_NAME);
  try {
    const metadata = await readAbsMetadata(file, storage);
    const { namespace, created, finished, records, bytes, files: stored, compressed, encryption, from } = metadata;
    return {
      namespace,
      records,
      bytes,
      files: stored,
      path,
      state: 'COMPLETED',
      started: created,
      ...(finished === undefined ? {} : { finished }),
      stored: {
        compressed,
        ...(encryption === undefined ? {} : { encryption }),
        ...(from === undefined ? {} : { from }),
      },
    };
  } catch (error) {
    return { ...empty, state: 'DAMAGED', reason: errorMessage(error) };
  }
}
