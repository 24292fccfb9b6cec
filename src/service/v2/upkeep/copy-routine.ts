/** Copies the backups of a routine to one of its other storages. */
import { errorMessage } from '../../../core/errors.js';
import { findCreatedMs, findState, type BackupItem } from '../backups/backup-item.js';
import type { CatalogView, V2Context } from '../context.js';
import { V2Error } from '../errors.js';
import { startCopy } from '../jobs/copy-jobs.js';
import type { Jobs } from '../jobs/jobs.js';
import { startWithView } from '../jobs/start-job.js';
import type { CopyState } from './upkeep-document.js';

const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 3_600_000;
const NEVER = new AbortController().signal;

/** Complete backups that were not copied yet, those that others build on first. */
export function listPending({ items, context }: CatalogView, routine: string, done: CopyState['done']): BackupItem[] {
  return items
    .filter(({ routine: own, entry }) => own === routine && entry !== undefined && done[entry.id] === undefined)
    .filter((item) => findState(item, context).state === 'COMPLETED')
    .sort((a, b) => findCreatedMs(a) - findCreatedMs(b));
}

/** How long it is waited after so many failures. */
export function waitAfter(failures: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1));
}

export interface CopyAttempt {
  bytes: number;
  /** Absent = it is there. */
  problem?: string;
  /** The service has ended meanwhile. */
  isInterrupted?: boolean;
}

/** Never rejects. A copy that is there already is right. */
export async function copyItem(
  context: V2Context,
  jobs: Jobs,
  storage: string,
  item: BackupItem,
  to: string,
): Promise<CopyAttempt> {
  try {
    if (await isThere(context, item, to)) return { bytes: 0 };
    const { id } = await startWithView(context, storage, (view) =>
      startCopy(context, jobs, view, item, { to, verify: true, trigger: 'SCHEDULED' }),
    );
    const { state, copy, error } = await jobs.wait(id, { timeoutMs: 0x7fff_ffff, signal: NEVER });
    if (state === 'COMPLETED') return { bytes: copy?.bytes ?? 0 };
    return { bytes: 0, problem: error?.message ?? `The copy is ${state}`, isInterrupted: error?.code === 'stopping' };
  } catch (error) {
    const { events, log } = context.options;
    const problem = log.redact?.(errorMessage(error)) ?? errorMessage(error);
    if (error instanceof V2Error && error.machineCode === 'stopping') return { bytes: 0, problem, isInterrupted: true };
    events.publish({
      type: 'copy.failed',
      storage,
      backup: item.id,
      routine: item.routine!,
      message: `The backup ${item.id} cannot be copied to ${to}: ${problem}`,
    });
    return { bytes: 0, problem };
  }
}

async function isThere(context: V2Context, { run, routine }: BackupItem, to: string): Promise<boolean> {
  context.touch(to);
  return context.view(to, ({ items, context: known }) => {
    const found = items.find((item) => item.run === run && item.routine === routine);
    return Promise.resolve(found?.entry !== undefined && findState(found, known).state === 'COMPLETED');
  });
}
