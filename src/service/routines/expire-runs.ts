/** Deletes the runs of a routine that its policy does not keep. */
import { errorMessage } from '../../core/errors.js';
import { logEvent, warningEvent } from '../../core/log.js';
import { HOLD_NAME } from '../../engine/catalog/hold.js';
import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import { deleteFolder } from './delete-folder.js';
import { selectExpired, type CompletedRun, type Retention } from './retention.js';
import { RoutineStore, type RunCache, type RunFolder } from './routine-store.js';
import type { RunEnvironment } from './run-environment.js';
import type { RunPlan } from './run-plan.js';

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
      await deleteExpired(retention, await opened.storage.forPath(opened.root), opened.root, expiry);
    } finally {
      await opened.close().catch(() => undefined);
    }
  } catch (error) {
    const text = `Old backups of the routine ${name} could not be deleted: ${errorMessage(error)}`;
    log.info(warningEvent('routine.retention', text, { routine: name }));
  }
}

async function deleteExpired(
  retention: Retention,
  storage: Storage,
  root: string,
  { plan, environment, cache, isActive, mayDelete }: Expiry,
): Promise<void> {
  const { name } = plan;
  const { log, events } = environment;
  const report = (text: string): void => log.info(warningEvent('routine.damaged', text, { routine: name }));
  const store = new RoutineStore({ storage, root, routine: name, cache, isActive, report });
  const fulls = await readCompleted(await store.listRuns('full'), store);
  const newest = fulls.at(-1)?.timestampMs ?? 0;
  // Later ones stay in any case, and need not be read.
  const candidates = (await store.listRuns('incremental')).filter(({ timestampMs }) => timestampMs < newest);
  const incrementals = await readCompleted(candidates, store);
  for (const { path, timestampMs } of selectExpired(fulls, incrementals, retention)) {
    const fields = { routine: name, path };
    if (await isHeld(path, storage)) {
      log.info(logEvent('routine.retention', `${path} is held and stays`, fields));
      continue;
    }
    if (!mayDelete()) return;
    await deleteFolder(path, storage);
    const text = `${path} is deleted: the policy keeps it no longer`;
    log.info(logEvent('routine.retention', text, fields));
    const backup = String(timestampMs);
    events.publish({ type: 'backup.deleted', storage: plan.routine.storage, backup, routine: name, message: text });
  }
}

/** Of those of which all or a part is complete: what is damaged or unfinished is not touched. */
async function readCompleted(runs: readonly RunFolder[], store: RoutineStore): Promise<CompletedRun[]> {
  const completed: CompletedRun[] = [];
  for (const run of runs) {
    const { complete } = await store.readRun(run);
    if (complete.length === 0) continue;
    completed.push({ ...run, finishedMs: Math.max(...complete.map(({ finishedMs }) => finishedMs)) });
  }
  return completed;
}

async function isHeld(path: string, storage: Storage): Promise<boolean> {
  const data = joinPath(path, 'data');
  const folders = (await storage.listDirectories(data)).map((name) => joinPath(data, name));
  for (const folder of [path, ...folders]) {
    if (await storage.exists('file', joinPath(folder, HOLD_NAME))) return true;
  }
  return false;
}
