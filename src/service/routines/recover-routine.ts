/** At the start of the service: what became of the runs of a routine when it ended, and while it was down. */
import { errorMessage } from '../../core/errors.js';
import { logEvent, warningEvent } from '../../core/log.js';
import type { BackupType } from '../metrics/metrics.js';
import { deleteFolder } from './delete-folder.js';
import { findLeftovers, isAbandoned, type LeftoverRun } from './leftovers.js';
import { findMissed, type MissedRun } from './missed-firings.js';
import { limitPreparation, retryAttempts, toAttemptLimits } from './retry-policy.js';
import { parseCrons } from './routine-schedule.js';
import { RoutineStore, type RunCache } from './routine-store.js';
import type { RunEnvironment } from './run-environment.js';
import type { RunPlan } from './run-plan.js';

const TYPES: readonly BackupType[] = ['full', 'incremental'];

export interface Recovery {
  plan: RunPlan;
  environment: RunEnvironment;
  cache: RunCache;
  isActive: (path: string) => boolean;
  /** When the service started: later runs are its own. */
  startedMs: number;
  signal: AbortSignal;
  /** No other replica of the service uses the storage: what is not complete was left behind. */
  isAlone: boolean;
}

export interface Recovered {
  /** To be finished. */
  runs: LeftoverRun[];
  /** Was due while the service was down, and is to be made. */
  missed: MissedRun | undefined;
}

/** Deletes what cannot be finished. Never rejects: what could not be read now is found at the next start. */
export async function recoverRoutine(recovery: Recovery): Promise<Recovered> {
  const { plan, environment, signal } = recovery;
  const { name } = plan;
  const { clock, log } = environment;
  const warn = (text: string): void => log.info(warningEvent('routine.leftover', text, { routine: name }));
  const onRetry = (error: unknown, waitMs: number): void =>
    warn(`The backups of the routine ${name} are looked at again in ${waitMs} ms: ${errorMessage(error)}`);
  try {
    const limits = toAttemptLimits(plan.policy);
    return await retryAttempts({ clock, limits, signal, onRetry }, () =>
      limitPreparation({ clock, signal }, recover(recovery)),
    );
  } catch (error) {
    if (!signal.aborted) warn(`Runs of the routine ${name} may have been left unfinished: ${errorMessage(error)}`);
    return { runs: [], missed: undefined };
  }
}

async function recover({
  plan,
  environment,
  cache,
  isActive,
  startedMs,
  signal,
  isAlone,
}: Recovery): Promise<Recovered> {
  const { name, routine, document } = plan;
  const { log } = environment;
  const opened = await environment.openStorage(routine.storage, document);
  try {
    const { root, storage: storages } = opened;
    const storage = await storages.forPath(root);
    const report = (text: string): void => log.info(warningEvent('routine.damaged', text, { routine: name }));
    const store = new RoutineStore({ storage, root, routine: name, cache, isActive, report });
    const runs: LeftoverRun[] = [];
    for (const type of isAlone ? TYPES : []) {
      const { resumable, dead } = await findLeftovers(store, type, startedMs);
      if (resumable !== undefined && (await isAbandoned(resumable, storages, signal))) runs.push(resumable);
      for (const run of dead) {
        if (!(await isAbandoned(run, storages, signal))) continue;
        await deleteFolder(run.path, storage);
        log.info(logEvent('routine.leftover', `${run.path} is deleted: it was never complete`, { routine: name }));
      }
    }
    return { runs, missed: await findMissedRun(plan, store, runs, startedMs) };
  } finally {
    await opened.close().catch(() => undefined);
  }
}

async function findMissedRun(
  { routine, document }: RunPlan,
  store: RoutineStore,
  left: readonly LeftoverRun[],
  startedMs: number,
): Promise<MissedRun | undefined> {
  if (routine['catch-up'] !== true) return undefined;
  const findLast = async (type: BackupType): Promise<number | undefined> =>
    left.find((run) => run.type === type)?.timestampMs ?? (await store.findLast(type));
  const last = { full: await findLast('full'), incremental: await findLast('incremental') };
  return findMissed(parseCrons(routine, document), last, startedMs);
}
