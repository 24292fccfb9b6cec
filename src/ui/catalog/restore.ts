/** What `asb restore` prints. */
import type { RestoredNamespace } from '../../engine/catalog/restore-backup.js';
import type { NamespacePlan } from '../../engine/catalog/restore-plan.js';
import { errorMessage, ToolError } from '../../core/errors.js';
import { formatTime } from './list.js';
import { formatTable } from './table.js';

/** Where each namespace comes from and goes to, and the backups it is made of, in the order in which they are read. */
export function formatPlans(plans: readonly NamespacePlan[]): string {
  return plans.map((plan) => formatPlan(plan)).join('\n');
}

function formatPlan({ namespace, target, sets, excludedSets, renamedSets, backups, selection }: NamespacePlan): string {
  const started = backups[0]?.started;
  const time = started === undefined ? '' : `, as of ${formatTime(started)}`;
  const lines = [`Namespace ${namespace}${namespace === target ? '' : ` into ${target}`}${time}`];
  if (selection !== '') lines.push(`  The backups hold only: ${selection}`);
  if (sets.length > 0) lines.push(`  Sets: ${sets.map(formatSet).join(', ')}`);
  if (excludedSets.length > 0) lines.push(`  Without the sets: ${excludedSets.map(formatSet).join(', ')}`);
  for (const { from, to } of renamedSets) lines.push(`  Set ${formatSet(from)} becomes ${formatSet(to)}`);
  const rows = backups.map(({ id, type = '', started: begun, part }) => [
    `  ${id}`,
    type,
    formatTime(begun),
    part.records === undefined ? '?' : String(part.records),
  ]);
  return `${lines.join('\n')}\n${formatTable(['  BACKUP', 'TYPE', 'STARTED', 'RECORDS'], rows, { rightAligned: [3] })}`;
}

function formatSet(set: string): string {
  return set === '' ? '(none)' : set;
}

export interface RestoreReport {
  /** Namespaces whose first backup was begun after the moment asked for. */
  later: readonly string[];
  dryRun: boolean;
}

/** `restored`: the same plans with what came of them; absent = nothing was done. */
export function formatRestoreJson(
  plans: readonly NamespacePlan[],
  restored: readonly RestoredNamespace[] | undefined,
  { later, dryRun }: RestoreReport,
): string {
  const namespaces = plans.map((plan) => {
    const done = restored?.find((one) => one.plan === plan);
    const { backups, selection, ...rest } = plan;
    const [newest] = backups;
    return {
      ...rest,
      ...(newest?.started === undefined ? {} : { asOf: newest.started }),
      ...(selection === '' ? {} : { selection }),
      backups: backups.map((backup) => {
        const { id, type, started, part } = backup;
        const result = done?.backups.find((one) => one.backup === backup)?.result;
        return { id, path: part.path, type, started, ...(result === undefined ? {} : { result }) };
      }),
      ...(restored === undefined ? {} : { complete: done !== undefined && done.error === undefined }),
      ...(done?.error === undefined ? {} : { error: toErrorJson(done.error) }),
    };
  });
  return `${JSON.stringify({ dryRun, namespaces, ...(later.length === 0 ? {} : { later }) }, undefined, 1)}\n`;
}

function toErrorJson(error: unknown): object {
  return { code: error instanceof ToolError ? error.code : 'INTERNAL', message: errorMessage(error) };
}
