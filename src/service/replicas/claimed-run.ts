/** What is made of a run that another replica has begun. */
import type { Storage } from '../../storage/storage.js';
import { runPath } from '../backups/layout.js';
import { deleteFolder } from '../routines/delete-folder.js';
import type { LeftoverRun } from '../routines/leftovers.js';
import { RoutineStore, RunCache } from '../routines/routine-store.js';
import { listParts } from '../routines/run-completion.js';
import type { RunEnvironment } from '../routines/run-environment.js';
import type { RunPlan } from '../routines/run-plan.js';
import { removeFencedFiles } from './claimed-files.js';
import type { RunTask } from './ledger-state.js';
import type { RunClaim } from './run-claim.js';

/** What the run has written so far; undefined = nothing. Throws StorageError. */
export function findLeftover(
  plan: RunPlan,
  task: RunTask,
  environment: RunEnvironment,
): Promise<LeftoverRun | undefined> {
  return withRun(plan, task, environment, (path, _storage, folders) =>
    Promise.resolve(
      folders === undefined ? undefined : { path, timestampMs: task.timestampMs, type: task.type, folders },
    ),
  );
}

/** Makes what was decided about the run. Throws StorageError, and FencedError if another replica has the run by now. */
export async function carryOut(plan: RunPlan, claim: RunClaim, environment: RunEnvironment): Promise<void> {
  const { task, decided } = claim;
  const { type, timestampMs } = task;
  const { name } = plan;
  await withRun(plan, task, environment, async (path, storage) => {
    if (decided?.outcome !== 'success') {
      await deleteFolder(path, storage);
      return;
    }
    const { signal } = new AbortController();
    const completion = { plan: { ...plan, type }, timestampMs, environment, storage, path, signal, claim };
    await listParts(decided.parts ?? [], completion);
    environment.metrics.setLastSuccess(name, type, timestampMs / 1000);
  });
  await claim.end(decided!);
  const outcome = decided!.outcome === 'unchanged' ? 'success' : decided!.outcome;
  environment.metrics.countEvent(name, type, outcome);
}

/** What this process has written of a run that another replica has ended meanwhile. Throws StorageError. */
export async function removeFenced(
  plan: RunPlan,
  { task, ledger }: Pick<RunClaim, 'task' | 'ledger'>,
  environment: RunEnvironment,
): Promise<void> {
  const { recent } = await ledger.read();
  await withRun(plan, task, environment, (path, storage) => removeFencedFiles(task, recent, path, storage));
}

/** `folders`: undefined = there is no folder of the run yet. */
async function withRun<Result>(
  { name, routine, document }: RunPlan,
  { type, timestampMs }: RunTask,
  environment: RunEnvironment,
  work: (path: string, storage: Storage, folders: LeftoverRun['folders'] | undefined) => Promise<Result>,
): Promise<Result> {
  const opened = await environment.openStorage(routine.storage, document);
  try {
    const { root } = opened;
    const storage = await opened.storage.forPath(root);
    const store = new RoutineStore({
      ...{ storage, root, routine: name, cache: new RunCache() },
      isActive: () => false,
      report: () => undefined,
    });
    const found = (await store.listRuns(type)).find((run) => run.timestampMs === timestampMs);
    if (found !== undefined) return await work(found.path, storage, (await store.readRun(found)).folders);
    const format = document.service?.backup?.['timestamp-format'];
    return await work(runPath(root, name, type, timestampMs, format), storage, undefined);
  } finally {
    await opened.close().catch(() => undefined);
  }
}
