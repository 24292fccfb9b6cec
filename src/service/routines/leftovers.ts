/** What runs have left that ended with their process: the newest of each type is finished, the others are deleted. */
import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import type { StorageAccess } from '../../storage/registry.js';
import { createRunId } from '../../core/run.js';
import { MANIFEST_NAME, type BackupType } from '../../engine/catalog/manifest.js';
import { LOCK_NAME, LockError, RunLock } from '../../engine/backup/checkpoint/lock.js';
import { parseState, StateError, type BackupState } from '../../engine/backup/checkpoint/state-file.js';
import type { NamespaceJob, NamespaceResult } from './namespace-run.js';
import type { NamespaceFolder, RoutineStore, RunFolder } from './routine-store.js';

/** So many complete runs in a row: what is older was looked at when the service started before. */
const COMPLETE_RUNS_SEEN = 20;
const NS_PER_MS = 1_000_000n;

interface LeftoverPart {
  path: string;
  attempt: number;
  state: BackupState;
}

export interface LeftoverRun extends RunFolder {
  type: BackupType;
  folders: readonly NamespaceFolder[];
}

export interface Leftovers {
  /** The newest run, if nothing newer is complete and it has left a checkpoint of each namespace that it had begun. */
  resumable: LeftoverRun | undefined;
  /** Nothing of them is complete. */
  dead: LeftoverRun[];
}

/** Runs that began before `beforeMs`, when this process started. Throws StorageError. */
export async function findLeftovers(store: RoutineStore, type: BackupType, beforeMs: number): Promise<Leftovers> {
  const found: Leftovers = { resumable: undefined, dead: [] };
  const runs = (await store.listRuns(type)).filter(({ timestampMs }) => timestampMs < beforeMs).reverse();
  let complete = 0;
  for (const run of runs) {
    const { folders } = await store.readRun(run);
    const isListed = folders.some(({ hasMetadata }) => hasMetadata);
    const left = { ...run, type, folders };
    if (complete === 0 && found.resumable === undefined && canResume(folders)) found.resumable = left;
    else if (!isListed) found.dead.push(left);
    if (isListed && ++complete === COMPLETE_RUNS_SEEN) break;
  }
  return found;
}

function canResume(folders: readonly NamespaceFolder[]): boolean {
  const open = folders.filter(({ hasMetadata }) => !hasMetadata);
  return open.length > 0 && open.every(({ hasManifest }) => hasManifest);
}

/** Whether no living process works on the run. May wait as long as a lock lasts that nobody renews. */
export async function isAbandoned(
  { folders }: LeftoverRun,
  storages: StorageAccess,
  signal: AbortSignal,
): Promise<boolean> {
  const paths = folders.map(({ path }) => joinPath(path, LOCK_NAME));
  try {
    const lock = await RunLock.acquire({ paths, runId: createRunId(), storages, signal, onLost: () => undefined });
    await lock.release();
    return true;
  } catch (error) {
    if (error instanceof LockError) return false;
    throw error;
  }
}

/** What is done of the jobs, and what is left. Throws StateError if a manifest is damaged; StorageError. */
export async function resumeJobs(
  jobs: readonly NamespaceJob[],
  { folders }: LeftoverRun,
  storage: Storage,
): Promise<{ done: NamespaceResult[]; left: NamespaceJob[] }> {
  const done: NamespaceResult[] = [];
  const left: NamespaceJob[] = [];
  for (const job of jobs) {
    const part = await readPart(job.namespace, folders, storage);
    if (part === undefined) left.push(job);
    else if (part.state.manifest?.state === 'COMPLETED') done.push(toResult(job, part));
    else left.push(continueJob(job, part));
  }
  return { done, left };
}

/** The last attempt of the namespace; undefined = it was not begun. */
async function readPart(
  namespace: string,
  folders: readonly NamespaceFolder[],
  storage: Storage,
): Promise<LeftoverPart | undefined> {
  let part: { path: string; attempt: number } | undefined;
  for (const { name, path } of folders) {
    const attempt = parseAttempt(name, namespace);
    if (attempt !== undefined && attempt > (part?.attempt ?? 0)) part = { path, attempt };
  }
  if (part === undefined) return undefined;
  const manifest = joinPath(part.path, MANIFEST_NAME);
  const state = parseState(await storage.readSmall(manifest, 'the manifest'), manifest);
  if (state.identity.namespace !== namespace) {
    throw new StateError('STATE_MISMATCH', `${manifest} is not of the namespace ${namespace}`);
  }
  return { ...part, state };
}

function parseAttempt(name: string, namespace: string): number | undefined {
  if (name === namespace) return 1;
  if (!name.startsWith(`${namespace}.`)) return undefined;
  const number = name.slice(namespace.length + 1);
  return /^[1-9]\d*$/.test(number) ? Number(number) : undefined;
}

/** The bounds of the interrupted attempt stay: what it has read would not fit others. */
function continueJob({ bounds, ...job }: NamespaceJob, { path, attempt, state }: LeftoverPart): NamespaceJob {
  const after = parseTime(state.identity['modified-after']);
  const before = parseTime(state.identity['modified-before']);
  return {
    ...job,
    bounds: {
      ...(bounds.fromMs === undefined ? {} : { fromMs: bounds.fromMs }),
      ...(after === undefined ? {} : { modifiedAfterMs: after }),
      ...(before === undefined ? {} : { modifiedBeforeMs: before }),
    },
    continued: { path, attempt },
  };
}

function parseTime(nanoseconds: unknown): number | undefined {
  return typeof nanoseconds === 'string' && nanoseconds !== '' ? Number(BigInt(nanoseconds) / NS_PER_MS) : undefined;
}

function toResult({ namespace, bounds }: NamespaceJob, { path, state }: LeftoverPart): NamespaceResult {
  const { counters, files, identity, manifest } = state;
  const { compress, encrypt } = identity;
  return {
    namespace,
    path,
    bounds,
    finishedMs: Date.parse(manifest?.finished ?? ''),
    records: counters.records,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    files: files.length,
    sindexes: counters.sindexes,
    udfs: counters.udfs,
    compressed: compress === 'zstd',
    ...(encrypt === 'aes128' || encrypt === 'aes256' ? { encryption: encrypt } : {}),
  };
}
