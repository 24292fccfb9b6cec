/** One verification: of the backups of a routine and of their copies, or of those that no routine has made. */
import { errorMessage } from '../../../core/errors.js';
import { logEvent } from '../../../core/log.js';
import { optional } from '../../settings/optional.js';
import { findCreatedMs, findState, type BackupItem } from '../backups/backup-item.js';
import type { CatalogView, V2Context } from '../context.js';
import { V2Error } from '../errors.js';
import type { JobHandle, Jobs } from '../jobs/jobs.js';
import { startJob, startWithView } from '../jobs/start-job.js';
import { describeProblem, keepChecks, toVerifyResult, verifyEntry, type CheckedEntry } from '../jobs/verify-jobs.js';
import type { Job, VerifyJobResult } from '../schema/job.js';
import type { VerifyMode } from '../schema/verification.js';
import { findRoutineName, findSettings, type CheckSubject } from './check-subject.js';
import { tryRestore } from './trial-restore.js';

export interface CheckOutcome {
  sound: boolean;
  problem?: string;
  bytes: number;
  /** It was ended before it was over: it has to be done again. */
  isInterrupted: boolean;
}

/** Never rejects: what keeps a verification from being made is a problem, too. */
export async function checkBackups(
  context: V2Context,
  jobs: Jobs,
  subject: CheckSubject,
  mode: VerifyMode,
): Promise<CheckOutcome> {
  const settings = findSettings(context.document, subject);
  const storages = settings === undefined ? [] : [settings.storage, ...settings.copies];
  const outcome: CheckOutcome = { sound: true, bytes: 0, isInterrupted: false };
  for (const storage of storages) {
    const found = await checkStorage(context, jobs, subject, mode, storage).catch((error: unknown) =>
      explainFailure(context, subject, storage, error),
    );
    outcome.sound &&= found.sound;
    if (outcome.problem === undefined && found.problem !== undefined) outcome.problem = found.problem;
    outcome.bytes += found.bytes;
    outcome.isInterrupted ||= found.isInterrupted;
    if (outcome.isInterrupted) break;
  }
  return outcome;
}

/** There is no job that tells. */
function explainFailure({ options }: V2Context, subject: CheckSubject, storage: string, error: unknown): CheckOutcome {
  const { events, log } = options;
  const isInterrupted = error instanceof V2Error && error.machineCode === 'stopping';
  const problem = log.redact?.(errorMessage(error)) ?? errorMessage(error);
  if (!isInterrupted) {
    const routine = findRoutineName(subject);
    const whose = routine === undefined ? 'without a routine' : `of the routine ${routine}`;
    const message = `The backups ${whose} in storage ${storage} cannot be verified: ${problem}`;
    log.error(logEvent('message', message));
    events.publish({ type: 'verify.failed', storage, ...optional('routine', routine), message });
  }
  return { sound: false, problem, bytes: 0, isInterrupted };
}

async function checkStorage(
  context: V2Context,
  jobs: Jobs,
  subject: CheckSubject,
  mode: VerifyMode,
  storage: string,
): Promise<CheckOutcome> {
  const routine = findRoutineName(subject);
  const facts = { storage, ...optional('routine', routine), mode, trigger: 'SCHEDULED' } as const;
  let begun: Promise<unknown> = Promise.resolve();
  const { id } = await startWithView(context, storage, async (view) => {
    const started = await startJob(jobs, 'VERIFY', facts, (handle) => checkView(context, view, subject, mode, handle));
    begun = started.ended;
    return started;
  });
  await begun;
  const job = await jobs.wait(id, { timeoutMs: 0x7fff_ffff, signal: NEVER });
  const { state, verify, error } = job;
  return {
    sound: state === 'COMPLETED',
    ...(error === undefined ? {} : { problem: error.message }),
    bytes: verify?.bytes ?? 0,
    isInterrupted: error?.code === 'stopping',
  };
}

const NEVER = new AbortController().signal;

/** Throws V2Error damaged, which names what is wrong. */
async function checkView(
  context: V2Context,
  view: CatalogView,
  subject: CheckSubject,
  mode: VerifyMode,
  handle: JobHandle,
): Promise<Partial<Job>> {
  const { result, checked } =
    mode === 'TRIAL'
      ? await restoreOnTrial(context, view, subject, handle)
      : await checkFiles(context, view, subject, mode, handle);
  const routine = findRoutineName(subject);
  handle.report({ percent: 100, records: result.records ?? 0, bytes: result.bytes });
  handle.update({ verify: result });
  await keepChecks(context, view, routine, mode, checked);
  const [first] = result.problems;
  if (first === undefined) return {};
  const more = result.problems.length - 1;
  const text = `${describeProblem(first)}${more === 0 ? '' : `, and ${more} more`}`;
  throw new V2Error('damaged', text, {
    facts: { ...optional('routine', routine), storage: view.catalog.name },
  });
}

interface Checked {
  result: VerifyJobResult;
  checked: CheckedEntry[];
}

async function restoreOnTrial(
  context: V2Context,
  view: CatalogView,
  subject: CheckSubject,
  handle: JobHandle,
): Promise<Checked> {
  try {
    const { entries, ...result } = await tryRestore(context, view, subject, handle);
    return {
      result: toVerifyResult(result),
      checked: entries.map((entry) => ({ entry, problems: result.problems })),
    };
  } catch (error) {
    handle.signal.throwIfAborted();
    const problems = [{ path: view.catalog.root, text: `The trial restore has failed: ${errorMessage(error)}` }];
    return { result: toVerifyResult({ problems, files: 0, bytes: 0 }), checked: [] };
  }
}

/** The newest first, so that what is restored first is known first. */
async function checkFiles(
  context: V2Context,
  view: CatalogView,
  subject: CheckSubject,
  mode: 'CHECKSUMS' | 'DEEP',
  handle: JobHandle,
): Promise<Checked> {
  const most = findSettings(context.document, subject)?.verify?.last ?? Infinity;
  const routine = findRoutineName(subject);
  const items = view.items
    .filter((item) => item.routine === routine && isComplete(item, view))
    .sort((a, b) => findCreatedMs(b) - findCreatedMs(a))
    .slice(0, most);
  const sum = { problems: [] as VerifyJobResult['problems'], files: 0, bytes: 0, records: 0 };
  const checked: CheckedEntry[] = [];
  for (const [i, item] of items.entries()) {
    const entry = item.entry!;
    const { problems, files, bytes, records = 0 } = await verifyEntry(context, view, item, entry, mode, handle.signal);
    // The retention, or somebody, has deleted it meanwhile.
    if (problems.length > 0 && !(await isThere(entry.parts[0]?.path ?? entry.path, view))) continue;
    checked.push({ entry, problems });
    sum.problems.push(...problems);
    sum.files += files;
    sum.bytes += bytes;
    sum.records += records;
    handle.report({ percent: Math.min(99, ((i + 1) / items.length) * 100), records: sum.records, bytes: sum.bytes });
  }
  const { records, ...rest } = sum;
  return { result: toVerifyResult({ ...rest, ...(mode === 'DEEP' ? { records } : {}) }), checked };
}

/** What is damaged as far as a listing tells is one that was complete. */
function isComplete(item: BackupItem, view: CatalogView): boolean {
  if (item.entry === undefined) return false;
  return item.entry.state === 'DAMAGED' || findState(item, view.context).state === 'COMPLETED';
}

async function isThere(path: string, { catalog }: CatalogView): Promise<boolean> {
  // Where it cannot be known, what was found counts.
  return catalog.backend.list(path).then(
    (files) => files.length > 0,
    () => true,
  );
}
