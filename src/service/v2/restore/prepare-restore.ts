/** From a request to a restore that can begin: which backups are read, where they go, and what is in the way. */
import { Codecs } from '../../../codecs/codecs.js';
import type { SetReference } from '../../../engine/catalog/set-selection.js';
import { findBackupFiles } from '../../../engine/catalog/backup-files.js';
import type { CatalogEntry } from '../../../engine/catalog/find-backups.js';
import { readNamespace } from '../../../engine/catalog/read-namespace.js';
import { readTargets, type OnExisting } from '../../../engine/catalog/restore-backup.js';
import {
  planBackup,
  planMoment,
  type NamespacePlan,
  type RestoreSelection,
} from '../../../engine/catalog/restore-plan.js';
import { checkDestination } from '../../access/destinations.js';
import { findEntity } from '../../document/find-entity.js';
import type { AerospikeCluster } from '../../document/schema/aerospike-cluster.js';
import { checkInlineCluster } from '../../restore/inline-entities.js';
import { openRestore } from '../../restore/restore-environment.js';
import { findCreatedMs, findState, type BackupItem } from '../backups/backup-item.js';
import { chooseCluster } from '../backups/create-backups.js';
import { findKnown } from '../backups/read-backups.js';
import type { CatalogView, V2Context } from '../context.js';
import { toV2Error, V2Error } from '../errors.js';
import { refuseBoth } from '../read-request.js';
import type { RestoreAtTime, RestoreBackup } from '../schema/restore-backup.js';
import { explainMoment, selectGroup, type BackupGroup } from './moments.js';

export interface PreparedRestore {
  plans: NamespacePlan[];
  /** Namespaces whose first backup was begun later. */
  later: string[];
  base: Awaited<ReturnType<typeof openRestore>>['base'];
  onExisting: OnExisting;
  /** Of the configuration; absent = it was described in the request. */
  cluster?: string;
  /** Whose backups must stay while they are read. */
  routine?: string;
  /** Absent = a restore at a time. */
  item?: BackupItem;
}

type Request = RestoreBackup | RestoreAtTime;

/** Of one backup. The caller closes `base.storages`. Throws V2Error. */
export async function prepareBackup(
  context: V2Context,
  view: CatalogView,
  request: RestoreBackup,
  { id, routine }: { id: string; routine: string | undefined },
): Promise<PreparedRestore> {
  refuseBoth(request.include, request.exclude);
  const item = findKnown(context, view, id, routine);
  const entry = findRestorable(item, view, request['allow-incomplete'] === true);
  const selection = toSelection(request);
  refuseOthers(
    selection,
    entry.parts.map(({ namespace }) => namespace),
    `The backup "${item.id}"`,
  );
  const owner = item.routine ?? undefined;
  const target = await chooseTarget(context, request, item.record?.cluster ?? findRoutineCluster(context, owner));
  const base = await openBase(context, view, request, target, findPolicy(context, item));
  try {
    const { catalog } = view;
    const plans = await planBackup(entry, selection, {
      storages: catalog.storages,
      allowIncomplete: request['allow-incomplete'] === true,
      readNamespace: async (part) => {
        const codecs = await Codecs.open(base);
        const files = await findBackupFiles(part.path, { codecs, storages: catalog.storages });
        return readNamespace(files, AbortSignal.timeout(60_000));
      },
    });
    const onExisting = request['on-existing'] ?? 'refuse';
    return {
      plans,
      later: [],
      base,
      onExisting,
      item,
      ...nameTarget(target),
      ...(owner === undefined ? {} : { routine: owner }),
    };
  } catch (error) {
    await base.storages.close();
    throw explainPlan(error);
  }
}

/**
 * The state at a time. `isOwn`: the service has chosen the destination itself. The caller closes `base.storages`.
 * Throws V2Error.
 */
export async function prepareMoment(
  context: V2Context,
  view: CatalogView,
  request: RestoreAtTime,
  { isOwn = false }: { isOwn?: boolean } = {},
): Promise<PreparedRestore> {
  refuseBoth(request.include, request.exclude);
  const atMs = Date.parse(request.time);
  if (Number.isNaN(atMs)) throw new V2Error('invalid-request', 'time is no time');
  const group = selectGroup(view, request.routine);
  const selection = toSelection(request);
  const names = group.entries.flatMap(({ parts }) => parts.map(({ namespace }) => namespace));
  refuseOthers(selection, names, 'The storage');
  explainMoment(group.entries, atMs, selection, view);
  const target = await chooseTarget(context, request, findRoutineCluster(context, group.routine), isOwn);
  const policy = findGroupPolicy(context, view, group, atMs);
  const base = await openBase(context, view, request, target, policy);
  try {
    const { plans, later } = await planMoment(group.entries, atMs, selection, view.catalog.storages);
    const onExisting = request['on-existing'] ?? 'refuse';
    const { routine } = group;
    return { plans, later, base, onExisting, ...nameTarget(target), ...(routine === undefined ? {} : { routine }) };
  } catch (error) {
    await base.storages.close();
    throw explainPlan(error);
  }
}

/** Throws V2Error target-busy, target-not-empty, upstream. */
export async function refuseTarget(context: V2Context, prepared: PreparedRestore): Promise<void> {
  refuseBusyTarget(context, prepared);
  const found = await countExisting(prepared);
  if (found.length === 0) return;
  const texts = found.map(({ namespace, set, records }) => {
    return `${records} record(s) in ${set === undefined ? namespace : `${namespace}.${set}`}`;
  });
  const text = `What is to be restored into is not empty: ${texts.join(', ')}`;
  throw new V2Error('target-not-empty', text, { facts: { targets: found } });
}

/** A backup would have records from before and after the restore. Throws V2Error target-busy. */
export function refuseBusyTarget({ options, backups }: V2Context, { plans, cluster }: PreparedRestore): void {
  if (cluster === undefined) return;
  const targets = plans.map(({ target }) => target);
  if (!options.runner.isBackingUp(cluster, targets) && !backups.isBackingUp(cluster, targets)) return;
  const text = `A backup of a namespace of ${targets.join(', ')} of cluster "${cluster}" is running`;
  throw new V2Error('target-busy', text, { facts: { cluster, namespaces: targets } });
}

/** Where records are in the way; empty = nowhere. */
async function countExisting({
  plans,
  base,
  onExisting,
}: PreparedRestore): Promise<{ namespace: string; set?: string; records: number }[]> {
  const counts = onExisting === 'refuse' && !base.noRecords;
  const signal = AbortSignal.timeout(60_000);
  try {
    const found = await readTargets(plans, base, { signal, emit: () => undefined, counts });
    return found.filter(({ records }) => records > 0);
  } catch (error) {
    if (signal.aborted) throw new V2Error('timeout', 'The cluster does not answer', { cause: error });
    throw toV2Error(error);
  }
}

function findRestorable(item: BackupItem, view: CatalogView, allowsIncomplete: boolean): CatalogEntry {
  const { state, reason } = findState(item, view.context);
  const facts = { id: item.id, state, ...(reason === undefined ? {} : { reason }) };
  if (state === 'DELETED') throw new V2Error('deleted', `The backup "${item.id}" is deleted`, { facts });
  const isRunning = state === 'STARTED' || state === 'IN_PROGRESS';
  if (item.entry !== undefined && (state === 'COMPLETED' || (allowsIncomplete && !isRunning))) return item.entry;
  const why = reason === undefined ? '' : `: ${reason}`;
  const text =
    item.record?.type === 'MARKER' ? `The mark "${item.id}" has no data` : `The backup "${item.id}" is ${state}${why}`;
  throw new V2Error('not-restorable', text, { facts });
}

/** Throws V2Error not-in-backup. */
function refuseOthers(selection: RestoreSelection, known: readonly string[], what: string): void {
  const { include, exclude, renamedNamespaces, renamedSets } = selection;
  const named = [
    ...[...include, ...exclude, ...renamedSets].map(({ namespace }) => namespace),
    ...renamedNamespaces.map(({ from }) => from),
  ];
  // Of files without a manifest, it is not known yet.
  const missing = known.includes('') ? [] : [...new Set(named.filter((name) => !known.includes(name)))];
  if (missing.length === 0) return;
  const namespaces = [...new Set(known)].sort();
  const text = `${what} has no namespace ${missing.join(', ')}; it has ${namespaces.join(', ') || 'none'}`;
  throw new V2Error('not-in-backup', text, { facts: { missing, namespaces } });
}

function explainPlan(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  const message = error instanceof Error ? error.message : '';
  if (code === 'CATALOG_STATE') return new V2Error('not-restorable', message, { cause: error });
  if (code === 'CATALOG_SELECTION') {
    const isDouble = message.startsWith('Two namespaces');
    return new V2Error(isDouble ? 'invalid-request' : 'not-in-backup', message, { cause: error });
  }
  return toV2Error(error);
}

/** Names are those of the backup. Throws V2Error invalid-request. */
export function toSelection({ include = [], exclude = [], rename = {} }: Request): RestoreSelection {
  const renamedNamespaces: { from: string; to: string }[] = [];
  const renamedSets: { namespace: string; from: string; to: string }[] = [];
  for (const [from, to] of Object.entries(rename)) {
    const { namespace, set } = parseReference(from);
    if (set === undefined) {
      renamedNamespaces.push({ from: namespace, to });
      continue;
    }
    // A set may be named with the namespace that it has before or after the restore.
    const prefixes = [namespace, rename[namespace]].filter((name) => name !== undefined).map((name) => `${name}.`);
    const prefix = prefixes.find((each) => to.startsWith(each));
    renamedSets.push({ namespace, from: set, to: prefix === undefined ? to : to.slice(prefix.length) });
  }
  const longest = renamedSets.find(({ to }) => to === '' || Buffer.byteLength(to) > MAX_SET_BYTES);
  if (longest !== undefined) throw new V2Error('invalid-request', `"${longest.to}" cannot be the name of a set`);
  const wrong = renamedNamespaces.find(({ to }) => Buffer.byteLength(to) > MAX_NAMESPACE_BYTES || to.includes('.'));
  if (wrong !== undefined) throw new V2Error('invalid-request', `"${wrong.to}" cannot be the name of a namespace`);
  return {
    namespaces: [],
    include: include.map(parseReference),
    exclude: exclude.map(parseReference),
    renamedNamespaces,
    renamedSets,
  };
}

const MAX_SET_BYTES = 63;
const MAX_NAMESPACE_BYTES = 31;

/** The first point ends the namespace: names of sets may hold points. */
function parseReference(text: string): SetReference {
  const point = text.indexOf('.');
  return point < 0 ? { namespace: text } : { namespace: text.slice(0, point), set: text.slice(point + 1) };
}

interface Target {
  cluster: AerospikeCluster;
  name?: string;
}

/** `isOwn`: the service itself has chosen the destination. Throws V2Error invalid-request, forbidden. */
async function chooseTarget(
  context: V2Context,
  { cluster, destination }: Request,
  usual: string | undefined,
  isOwn = false,
): Promise<Target> {
  if (destination !== undefined) {
    if (cluster !== undefined) throw new V2Error('invalid-request', 'cluster and destination cannot be given together');
    const refused = isOwn ? [] : checkDestination(destination, context.document, 'destination');
    if (refused.length > 0) throw new V2Error('forbidden', refused.join('; '));
    const problems = isOwn ? [] : await checkInlineCluster(destination, context.document, 'destination');
    if (problems.length > 0) throw new V2Error('invalid-request', problems.join('; '));
    return { cluster: destination };
  }
  const clusters = context.document['aerospike-clusters'];
  const known = usual !== undefined && findEntity(clusters, usual) !== undefined ? usual : undefined;
  const name = cluster === undefined && known !== undefined ? known : chooseCluster(context, cluster);
  return { cluster: findEntity(clusters, name)!, name };
}

function nameTarget({ name }: Target): { cluster?: string } {
  return name === undefined ? {} : { cluster: name };
}

function findRoutineCluster({ document }: V2Context, routine: string | undefined): string | undefined {
  return findEntity(document['backup-routines'], routine ?? '')?.['source-cluster'];
}

/** The name of the policy that it was made with, which has the key of its files. */
export function findPolicy({ document }: V2Context, { record, routine }: BackupItem): string | undefined {
  return record?.policy ?? findEntity(document['backup-routines'], routine ?? '')?.['backup-policy'];
}

/** Of backups that no routine has made, that of the newest: its keys open the others, too. */
function findGroupPolicy(
  context: V2Context,
  view: CatalogView,
  { routine, entries }: BackupGroup,
  atMs: number,
): string | undefined {
  if (routine !== undefined) return findEntity(context.document['backup-routines'], routine)?.['backup-policy'];
  const own = new Set(entries);
  let newest: BackupItem | undefined;
  for (const item of view.items) {
    if (item.entry === undefined || !own.has(item.entry) || item.record?.policy === undefined) continue;
    const createdMs = findCreatedMs(item);
    if (createdMs <= atMs && !(newest !== undefined && findCreatedMs(newest) > createdMs)) newest = item;
  }
  return newest?.record?.policy;
}

async function openBase(
  context: V2Context,
  { catalog }: CatalogView,
  request: Request,
  { cluster }: Target,
  policyName: string | undefined,
): Promise<PreparedRestore['base']> {
  const { document, options } = context;
  const made = findEntity(document['backup-policies'], policyName ?? '')?.encryption;
  const policy = {
    ...(made === undefined || made.mode === 'NONE' ? {} : { encryption: made }),
    ...request.policy,
    ...('allow-incomplete' in request && request['allow-incomplete'] === true ? { 'allow-incomplete': true } : {}),
  };
  const agentName = request['secret-agent'];
  const agent = agentName === undefined ? {} : { 'secret-agent-name': agentName };
  const task = { kind: 'path', path: '', policy, cluster, agent, storage: catalog.definition } as const;
  try {
    const opened = await openRestore(task, document, options.environment, {
      log: options.log,
      signal: new AbortController().signal,
    });
    return opened.base;
  } catch (error) {
    throw toV2Error(error);
  }
}
