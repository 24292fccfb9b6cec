import { RoutineStore, type RunCache } from './routine-store.js';
import type { LastRuns } from './missed-firings.js';
import type { RunEnvironment } from './run-environment.js';
import type { RunPlan } from './run-plan.js';

/** Starts of the last complete runs, as the storage has them. Throws StorageError. */
export async function readLastRuns(
  { name, routine, document }: RunPlan,
  environment: RunEnvironment,
  cache: RunCache,
  isActive: (path: string) => boolean,
): Promise<LastRuns> {
  const opened = await environment.openStorage(routine.storage, document);
  try {
    const storage = await opened.storage.forPath(opened.root);
    const report = (): void => undefined;
    const store = new RoutineStore({ storage, root: opened.root, routine: name, cache, isActive, report });
    return { full: await store.findLast('full'), incremental: await store.findLast('incremental') };
  } finally {
    await opened.close().catch(() => undefined);
  }
}
