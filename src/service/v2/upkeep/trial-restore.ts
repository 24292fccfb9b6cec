/** Restores the newest state into a cluster in memory, to see whether it can be restored. */
import { findBackupChain } from '../../../engine/catalog/chains.js';
import type { CatalogEntry } from '../../../engine/catalog/find-backups.js';
import { NO_COUNTERS } from '../../restore/restore-counters.js';
import { optional } from '../../settings/optional.js';
import type { CatalogView, V2Context } from '../context.js';
import type { JobHandle } from '../jobs/jobs.js';
import { prepareMoment } from '../restore/prepare-restore.js';
import { runRestore } from '../restore/run-restore.js';
import type { Job, VerifyJobResult } from '../schema/job.js';
import { findRoutineName, findSettings, type CheckSubject } from './check-subject.js';

const MIB = 1024 * 1024;
const DEFAULT_LIMIT_MIB = 1024;

type Problem = VerifyJobResult['problems'][number];

export interface TrialResult {
  problems: Problem[];
  files: number;
  bytes: number;
  records: number;
  /** The backups that were restored. */
  entries: CatalogEntry[];
}

/** Throws what a restore throws; what is wrong with the chains is in the result. */
export async function tryRestore(
  context: V2Context,
  view: CatalogView,
  subject: CheckSubject,
  handle: JobHandle,
): Promise<TrialResult> {
  const routine = findRoutineName(subject);
  const own = view.items.filter((item) => item.routine === routine && item.deleted === undefined);
  const entries = own.flatMap(({ entry }) => (entry === undefined || entry.state === 'DELETED' ? [] : [entry]));
  const result: TrialResult = { problems: [], files: 0, bytes: 0, records: 0, entries: [] };
  const namespaces = [...new Set(entries.flatMap(({ parts }) => parts.map(({ namespace }) => namespace)))];
  for (const namespace of namespaces) readChain(entries, namespace, result);
  if (result.problems.length > 0 || result.entries.length === 0) return result;
  const settings = findSettings(context.document, subject);
  const limitMiB = settings?.verify?.['trial-limit'] ?? DEFAULT_LIMIT_MIB;
  if (result.bytes > limitMiB * MIB) {
    const text = `The backups of the newest state have ${result.bytes} bytes, more than trial-limit (${limitMiB} MiB)`;
    result.problems.push({ path: view.catalog.root, text });
    return result;
  }
  // Loaded when it is used: it is a whole node.
  const { startTrialCluster } = await import('../../../api/trial-cluster.js');
  const cluster = await startTrialCluster(namespaces);
  try {
    const destination = { 'seed-nodes': [{ 'host-name': cluster.host, port: cluster.port }] };
    const agent = optional('secret-agent', settings?.secretAgent);
    const request = {
      time: new Date(context.now()).toISOString(),
      ...optional('routine', routine),
      destination,
      ...agent,
    };
    const prepared = await prepareMoment(context, view, request, { isOwn: true });
    const planned = prepared.plans.flatMap(({ backups }) => backups);
    const expected = planned.reduce((sum, { part }) => sum + (part.records ?? 0), 0);
    let counters = NO_COUNTERS;
    const update = (facts: Partial<Job>): void => {
      counters = facts.restore ?? counters;
      handle.update(facts);
    };
    await runRestore(context, view, prepared, { ...handle, update });
    result.records = counters['read-records'];
    const report = (text: string): void => void result.problems.push({ path: planned[0]!.part.path, text });
    if (result.records !== expected) report(`${expected} record(s) were written, but ${result.records} were read`);
    const refused = counters['ignored-records'] + counters['errors-in-doubt'];
    if (refused > 0) report(`${refused} record(s) could not be restored`);
    const found = namespaces.reduce((sum, namespace) => sum + cluster.countRecords(namespace), 0);
    const inserted = counters['inserted-records'];
    if (found !== inserted) report(`${inserted} record(s) were restored, but ${found} are there`);
    return result;
  } finally {
    await cluster.stop();
  }
}

/** The newest backup of the namespace has to be one that can be restored: an older state would hide what is missing. */
function readChain(entries: readonly CatalogEntry[], namespace: string, result: TrialResult): void {
  const newest = entries
    .filter(({ state, parts }) => state === 'COMPLETED' && parts.some((part) => part.namespace === namespace))
    .reduce<CatalogEntry | undefined>((a, b) => (a === undefined || readStart(a) < readStart(b) ? b : a), undefined);
  if (newest === undefined) return;
  const chain = findBackupChain(entries, namespace, newest.id);
  if (Array.isArray(chain)) {
    for (const { entry, part } of chain) {
      if (!result.entries.includes(entry)) result.entries.push(entry);
      result.bytes += part.bytes;
      result.files += part.files;
    }
    return;
  }
  const { reason, at } = chain ?? { reason: 'NOT_COMPLETED', at: newest.id };
  const text = `The namespace ${namespace} cannot be restored to the state of its newest backup: ${EXPLAINED[reason]} (${at})`;
  result.problems.push({ path: newest.path, text });
}

const EXPLAINED = {
  NOT_COMPLETED: 'a backup that it builds on is not complete',
  PARENT_UNNAMED: 'an increment builds on a backup that is not there',
  PARENT_MISSING: 'an increment builds on a backup that is not there',
  PARENT_DELETED: 'an increment builds on a backup that was deleted',
  PARENT_NOT_COMPLETED: 'an increment builds on a backup that is not complete',
  PARENT_WITHOUT_NAMESPACE: 'an increment builds on a backup without the namespace',
  PARENT_OTHER_SELECTION: 'an increment builds on a backup of other sets, bins or partitions',
  PARENT_NEWER: 'an increment builds on a newer backup',
  CYCLE: 'an increment builds on itself',
} as const;

function readStart({ started = '' }: CatalogEntry): string {
  return started;
}
