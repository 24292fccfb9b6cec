/** Deletes the runs of a routine that its policy does not keep. */
import { errorMessage } from '../../core/errors.js';
import { logEvent, warningEvent } from '../../core/log.js';
import { HOLD_NAME } from '../../engine/catalog/hold.js';
import { isRead } from '../../engine/catalog/reader-mark.js';
import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import { parseRunName, runDirectory } from '../backups/layout.js';
import type { RetentionPolicy } from '../document/schema/backup-policy.js';
import { parseDuration } from '../schedule/duration.js';
import { deleteRun, isDeletionBegun } from './delete-folder.js';
import { selectExpired, withoutHeld, type CompletedRun, type Retention } from './retention.js';
import { RoutineStore, type RunCache, type RunFolder } from './routine-store.js';
import type { RunEnvironment } from './run-environment.js';
import type { RunPlan } from './run-plan.js';

const MIB = 1024 * 1024;
/** An increment that was begun earlier is not made by anybody any more. */
const LONGEST_RUN_MS = 2 * 86_400_000;

export interface Expiry {
  plan: RunPlan;
  environment: RunEnvironment;
  cache: RunCache;
  isActive: (path: string) => boolean;
  /** Asked before each deletion: a restore may have begun, or the service may end. */
  mayDelete: () => boolean;
}

/** Never rejects: the next full backup tries again. */
export async function expireRuns(expiry: Expiry): Promise<void> {
  const { plan, environment } = expiry;
  const { retention } = plan.policy;
  if (retention === undefined) return;
  const { name, routine, document } = plan;
  const { log } = environment;
  try {
    const opened = await environment.openStorage(routine.storage, document);
    try {
      await deleteExpired(toRetention(retention), await opened.storage.forPath(opened.root), opened.root, expiry);
    } finally {
      await opened.close().catch(() => undefined);
    }
  } catch (error) {
    const text = `Old backups of the routine ${name} could not be deleted: ${errorMessage(error)}`;
    log.info(warningEvent('routine.retention', text, { routine: name }));
  }
}

function toRetention(policy: RetentionPolicy): Retention {
  const { full, incremental, 'max-age': maxAge, 'max-size': maxSize } = policy;
  return {
    full,
    incremental,
    maxAgeMs: maxAge === undefined ? undefined : parseDuration(maxAge),
    maxBytes: maxSize === undefined ? undefined : maxSize * MIB,
  };
}

async function deleteExpired(
  retention: Retention,
  storage: Storage,
  root: string,
  { plan, environment, cache, isActive, mayDelete }: Expiry,
): Promise<void> {
  const { name } = plan;
  const { log, events, clock } = environment;
  const nowMs = clock.nowMs();
  const report = (text: string): void => log.info(warningEvent('routine.damaged', text, { routine: name }));
  const store = new RoutineStore({ storage, root, routine: name, cache, isActive, report });
  const { completed: fulls, unfinished: unfinishedFulls } = await readCompleted(await store.listRuns('full'), store);
  const newest = fulls.at(-1)?.timestampMs ?? 0;
  const found = await store.listRuns('incremental');
  // Later ones stay in any case: only their sizes count.
  const isRead = ({ timestampMs }: RunFolder): boolean => timestampMs < newest || retention.maxBytes !== undefined;
  const { completed: incrementals, unfinished } = await readCompleted(found.filter(isRead), store);
  const runningMs = [
    // Another replica may be making them.
    ...unfinished.map(({ timestampMs }) => timestampMs).filter((timestampMs) => timestampMs > nowMs - LONGEST_RUN_MS),
    ...(await listActive(storage, root, name, isActive)),
  ];
  for (const { path } of [...unfinishedFulls, ...unfinished]) {
    if (!(await isDeletionBegun(path, storage))) continue;
    if (!mayDelete()) return;
    await deleteRun(path, storage);
    const text = `${path} is deleted: its deletion had been interrupted`;
    log.info(logEvent('routine.retention', text, { routine: name, path }));
  }
  const expired = selectExpired(fulls, incrementals, retention, nowMs, runningMs);
  const held: CompletedRun[] = [];
  for (const run of expired) {
    if (!(await isHeldOrRead(run.path, storage))) continue;
    held.push(run);
    const text = `${run.path} is held or being read and stays, with what it builds on`;
    log.info(logEvent('routine.retention', text, { routine: name, path: run.path }));
  }
  for (const { path, timestampMs } of withoutHeld(expired, held, { fulls, incrementals })) {
    if (!mayDelete() || (await isHeldOrRead(path, storage))) return;
    await deleteRun(path, storage);
    const text = `${path} is deleted: the policy keeps it no longer`;
    log.info(logEvent('routine.retention', text, { routine: name, path }));
    const backup = String(timestampMs);
    events.publish({ type: 'backup.deleted', storage: plan.routine.storage, backup, routine: name, message: text });
  }
}

/** Of those of which all or a part is complete: what is damaged or unfinished is not touched. */
async function readCompleted(
  runs: readonly RunFolder[],
  store: RoutineStore,
): Promise<{ completed: CompletedRun[]; unfinished: RunFolder[] }> {
  const completed: CompletedRun[] = [];
  const unfinished: RunFolder[] = [];
  for (const run of runs) {
    const { complete } = await store.readRun(run);
    if (complete.length === 0) {
      unfinished.push(run);
      continue;
    }
    const bytes = complete.reduce((sum, part) => sum + part.bytes, 0);
    completed.push({ ...run, finishedMs: Math.max(...complete.map(({ finishedMs }) => finishedMs)), bytes });
  }
  return { completed, unfinished };
}

/** Starts of increments that this process makes. */
async function listActive(
  storage: Storage,
  root: string,
  routine: string,
  isActive: (path: string) => boolean,
): Promise<number[]> {
  const directory = runDirectory(root, routine, 'incremental');
  const names = await storage.listDirectories(directory);
  return names.filter((name) => isActive(joinPath(directory, name))).flatMap((name) => parseRunName(name) ?? []);
}

async function isHeldOrRead(path: string, storage: Storage): Promise<boolean> {
  const data = joinPath(path, 'data');
  const folders = (await storage.listDirectories(data)).map((name) => joinPath(data, name));
  for (const folder of [path, ...folders]) {
    if (await storage.exists('file', joinPath(folder, HOLD_NAME))) return true;
    if (await isRead({ kind: 'directory', path: folder }, storage)) return true;
  }
  return false;
}
