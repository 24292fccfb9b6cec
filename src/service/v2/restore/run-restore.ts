/** Restores what was prepared, and describes what would be. */
import { Codecs } from '../../../codecs/codecs.js';
import { errorMessage } from '../../../core/errors.js';
import {
  readTargets,
  restorePlans,
  toCatalogFailure,
  type RestoredNamespace,
} from '../../../engine/catalog/restore-backup.js';
import type { NamespacePlan } from '../../../engine/catalog/restore-plan.js';
import { CountedRuns } from '../../restore/counted-runs.js';
import type { JobCounters } from '../../restore/restore-counters.js';
import type { CatalogView, V2Context } from '../context.js';
import { toV2Error, V2Error } from '../errors.js';
import type { JobHandle } from '../jobs/jobs.js';
import type { Job, RestoreJobResult } from '../schema/job.js';
import type { RestorePlan } from '../schema/restore-backup.js';
import { refuseBusyTarget, refuseTarget, type PreparedRestore } from './prepare-restore.js';

const REPORT_MS = 500;

/** Closes the storages. Rejects with the error of the namespace that is not complete, or one that names several. */
export async function runRestore(
  context: V2Context,
  view: CatalogView,
  prepared: PreparedRestore,
  handle: JobHandle,
): Promise<Partial<Job>> {
  const { plans, base, onExisting, routine } = prepared;
  const { runner } = context.options;
  const { signal } = handle;
  const isRoutine = routine !== undefined && Object.hasOwn(context.document['backup-routines'] ?? {}, routine);
  const unlock = isRoutine ? runner.lockForRestore(routine) : undefined;
  const progress = new RestoreProgress(countRecords(plans), handle);
  let hasTurn = false;
  try {
    await context.turns.acquire(signal);
    hasTurn = true;
    if (isRoutine) await runner.settleRetention(routine);
    refuseBusyTarget(context, prepared);
    const restored = await restorePlans({
      plans,
      base,
      onExisting,
      codecs: await Codecs.open(base),
      signal,
      emit: () => undefined,
      run: (config) => progress.runs.follow(config, { hosts: base.hostText, log: context.options.log, signal }),
      onFailure: () => undefined,
    });
    progress.report();
    handle.update({ restore: toResult(progress.runs.counters, restored, view) });
    signal.throwIfAborted();
    const failure = toCatalogFailure(restored);
    if (failure !== undefined) throw failure;
    return {};
  } finally {
    progress.stop();
    unlock?.();
    if (hasTurn) context.turns.release();
    await base.storages.close();
  }
}

function toResult(
  counters: JobCounters,
  restored: readonly RestoredNamespace[],
  { context }: CatalogView,
): RestoreJobResult {
  return {
    ...counters,
    namespaces: restored.map(({ plan, backups, error }) => {
      const asOf = backups[0]?.backup.started;
      return {
        namespace: plan.namespace,
        target: plan.target,
        ...(asOf === undefined ? {} : { 'as-of': asOf }),
        backups: backups.map(({ backup }) => context.toId(backup.id)),
        ...(error === undefined ? {} : { error: errorMessage(error) }),
      };
    }),
  };
}

/** Reports the counters of all runs, again and again. */
class RestoreProgress {
  readonly runs = new CountedRuns();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly totalRecords: number | undefined,
    private readonly handle: JobHandle,
  ) {
    this.timer = setInterval(() => this.report(), REPORT_MS).unref();
  }

  report(): void {
    const { 'read-records': records, 'total-bytes': bytes } = this.runs.counters;
    const { totalRecords: total } = this;
    const percent = total === undefined || total === 0 ? undefined : Math.min(99, (records / total) * 100);
    this.handle.report({
      ...(percent === undefined ? {} : { percent }),
      ...(total === undefined ? {} : { totalRecords: total }),
      records,
      bytes,
    });
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

/** Undefined = not known of one of the backups. */
function countRecords(plans: readonly NamespacePlan[]): number | undefined {
  let sum = 0;
  for (const { part } of plans.flatMap(({ backups }) => backups)) {
    if (part.records === undefined) return undefined;
    sum += part.records;
  }
  return sum;
}

/** What would be restored, and what would refuse it. Closes the storages. Throws V2Error. */
export async function describePlan(
  context: V2Context,
  view: CatalogView,
  prepared: PreparedRestore,
  time: string | undefined,
): Promise<RestorePlan> {
  const { plans, later, base, onExisting, cluster, item } = prepared;
  try {
    const refusals: RestorePlan['refusals'] = [];
    await refuseTarget(context, prepared).catch((error: unknown) => {
      if (!(error instanceof V2Error)) throw error;
      const { machineCode: code, message, facts } = error;
      refusals.push({ code, message, ...(facts === undefined ? {} : { details: facts }) });
    });
    const existing = await readTargets(plans, base, {
      signal: AbortSignal.timeout(60_000),
      emit: () => undefined,
      counts: !base.noRecords,
    }).catch(() => []);
    const records = countRecords(plans);
    return {
      storage: view.catalog.name,
      ...(item === undefined ? {} : { backup: item.id }),
      ...(time === undefined ? {} : { time }),
      ...(cluster === undefined ? {} : { cluster }),
      'on-existing': onExisting,
      namespaces: plans.map((plan) => {
        const own = existing.filter(({ namespace }) => namespace === plan.target);
        return describeNamespace(plan, own.length === 0 ? undefined : sum(own.map((each) => each.records)), view);
      }),
      later,
      ...(records === undefined ? {} : { records }),
      bytes: sum(plans.flatMap(({ backups }) => backups.map(({ part }) => part.bytes))),
      refusals,
      'captures-deletes': false,
    };
  } catch (error) {
    throw toV2Error(error);
  } finally {
    await base.storages.close();
  }
}

function describeNamespace(
  plan: NamespacePlan,
  existing: number | undefined,
  { context }: CatalogView,
): RestorePlan['namespaces'][number] {
  const { namespace, target, sets, excludedSets, renamedSets, backups } = plan;
  const asOf = backups[0]?.started;
  const records = countRecords([plan]);
  return {
    namespace,
    target,
    ...(asOf === undefined ? {} : { 'as-of': asOf }),
    ...(sets.length === 0 ? {} : { sets: [...sets] }),
    ...(excludedSets.length === 0 ? {} : { 'excluded-sets': [...excludedSets] }),
    ...(renamedSets.length === 0
      ? {}
      : { 'renamed-sets': Object.fromEntries(renamedSets.map(({ from, to }) => [from, to])) }),
    backups: backups.map(({ id, part, type, started }) => ({
      id: context.toId(id),
      ...(type === undefined ? {} : { type }),
      ...(started === undefined ? {} : { created: started }),
      ...(part.records === undefined ? {} : { records: part.records }),
      bytes: part.bytes,
    })),
    ...(records === undefined ? {} : { records }),
    bytes: sum(backups.map(({ part }) => part.bytes)),
    ...(existing === undefined ? {} : { 'existing-records': existing }),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
