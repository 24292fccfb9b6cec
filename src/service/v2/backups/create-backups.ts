/** Begins backups: of clusters, by routines, and marks without data. */
import { selectNamespaces } from '../../../engine/catalog/set-selection.js';
import { findEntity } from '../../document/find-entity.js';
import { resolvePolicy } from '../../document/defaults.js';
import { SILENT } from '../../settings/silent-log.js';
import type { CatalogView, V2Context } from '../context.js';
import { toV2Error, V2Error } from '../errors.js';
import { refuseBoth } from '../read-request.js';
import type { Backup } from '../schema/backup.js';
import type { CreateBackup } from '../schema/create-backup.js';
import type { BackupRecord } from './backup-record.js';
import { findItem, findState, type BackupItem } from './backup-item.js';
import { checkId, checkIdPolicy, checkNewId, generateId, idTaken } from './ids.js';
import { describeBackup } from './read-backups.js';
import { RecordStore } from './record-store.js';

/** What a cluster may take to tell its namespaces. */
const CLUSTER_MS = 20_000;
/** Of a routine, what follows from its policy and what it reads. */
const OWN_OF_ROUTINES = [
  'cluster',
  'backup-policy',
  'include',
  'exclude',
  'compression',
  'sealed',
  'parallel',
  'parent',
] as const;

/** Resolves once STARTED is stored. Throws V2Error. */
export async function beginBackup(context: V2Context, storage: string, request: CreateBackup): Promise<Backup> {
  const { id, include, exclude, routine } = request;
  context.directory.get(storage, 'path');
  if (id !== undefined) checkId(id);
  refuseBoth(include, exclude);
  if (context.backups.isStopping) throw new V2Error('stopping', 'The service is being stopped');
  if (routine === undefined) return beginOwn(context, storage, request);
  return beginRun(context, storage, request, routine);
}

async function beginOwn(context: V2Context, storage: string, request: CreateBackup): Promise<Backup> {
  const { type = 'FULL' } = request;
  if (type === 'MARKER') return createMarker(context, storage, request, {});
  const cluster = chooseCluster(context, request.cluster);
  const policyName = request['backup-policy'];
  const policy = findEntity(context.document['backup-policies'], policyName ?? '');
  if (policyName !== undefined && policy === undefined) {
    throw new V2Error('invalid-request', `policy "${policyName}" not found`);
  }
  if (policy?.['no-records'] === true) {
    throw new V2Error('feature-disabled', 'A backup without a routine holds all records: the policy says no-records');
  }
  const resolved = resolvePolicy(policy);
  const namespaces = await chooseNamespaces(context, cluster, request);
  return context.view(storage, async (view) => {
    refuseBusy(context, view, cluster, namespaces);
    const parent = type === 'FULL' ? undefined : chooseParent(view, request, cluster, namespaces);
    const record = await createRecord(context, view, request.id, {
      type,
      trigger: 'MANUAL',
      cluster,
      ...(policyName === undefined ? {} : { policy: policyName }),
      ...(parent === undefined ? {} : { parent }),
      ...(request.include === undefined ? {} : { include: request.include }),
      ...(request.exclude === undefined ? {} : { exclude: request.exclude }),
      ...(request.compression === undefined ? {} : { compression: request.compression }),
      ...(request.parallel === undefined ? {} : { parallel: request.parallel }),
      ...((request.sealed ?? resolved.sealed) ? { sealed: true } : {}),
    });
    const scans = request.parallel ?? resolved.parallel;
    context.backups.start({ storage, record, namespaces, scans, continues: false });
    context.touch(storage);
    const now = await context.readView(view.catalog);
    return describeBackup(context, now, record.id, undefined);
  });
}

/** Throws V2Error invalid-request. */
export function chooseCluster({ document }: V2Context, name: string | undefined): string {
  const names = Object.keys(document['aerospike-clusters'] ?? {});
  if (name !== undefined) {
    if (findEntity(document['aerospike-clusters'], name) !== undefined) return name;
    throw new V2Error('invalid-request', `cluster "${name}" not found`);
  }
  if (names.length === 1) return names[0]!;
  const known = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
  throw new V2Error('invalid-request', `cluster is missing, as ${known}`);
}

/** Throws V2Error unknown-selection, upstream, timeout. */
async function chooseNamespaces(
  context: V2Context,
  cluster: string,
  { include, exclude }: CreateBackup,
): Promise<string[]> {
  const { environment } = context.options;
  const { document } = context;
  const signal = AbortSignal.timeout(CLUSTER_MS);
  let known: string[];
  try {
    const definition = findEntity(document['aerospike-clusters'], cluster)!;
    const settings = await environment.toClusterSettings(definition, document);
    known = (await environment.readClusterFacts(settings, SILENT, signal)).namespaces;
  } catch (error) {
    if (signal.aborted) throw new V2Error('timeout', `Cluster "${cluster}" does not answer`, { cause: error });
    throw toV2Error(error);
  }
  const isUnknown = (text: string): boolean => !known.includes(text.split('.', 1)[0]!);
  const unknown = [...(include ?? []), ...(exclude ?? [])].filter(isUnknown);
  if (unknown.length > 0) {
    const text = `Cluster "${cluster}" has no namespace of ${unknown.join(', ')}; it has ${known.join(', ')}`;
    throw new V2Error('unknown-selection', text, { facts: { unknown, namespaces: known } });
  }
  const lists = {
    ...(include === undefined || include.length === 0 ? {} : { include }),
    ...(exclude === undefined || exclude.length === 0 ? {} : { exclude }),
  };
  const chosen = selectNamespaces(known, lists);
  if (chosen.length > 0) return chosen;
  throw new V2Error('unknown-selection', 'Nothing is left of what was selected', { facts: { namespaces: known } });
}

/** One run at a time reads a namespace into a storage. Throws V2Error busy. */
function refuseBusy(context: V2Context, view: CatalogView, cluster: string, namespaces: readonly string[]): void {
  const isRunning = (item: BackupItem): boolean => {
    const { state } = findState(item, view.context);
    return (state === 'STARTED' || state === 'IN_PROGRESS') && item.routine === undefined;
  };
  const own = context.backups.all.find(
    (each) =>
      each.storage === view.catalog.name &&
      each.record.cluster === cluster &&
      each.namespaces.some((name) => namespaces.includes(name)),
  );
  const other = view.items.find((item) => {
    if (!isRunning(item) || item.record?.cluster !== cluster) return false;
    if (context.backups.find(view.catalog.name, item.id) !== undefined) return false;
    const parts = item.entry?.parts.map(({ namespace }) => namespace);
    return parts === undefined || parts.some((name) => namespaces.includes(name));
  });
  const running = own?.record.id ?? other?.id;
  if (running !== undefined) throw busy(running);
}

export function busy(id: string, why = `The backup "${id}" is running`): V2Error {
  return new V2Error('busy', why, { facts: { id } });
}

/** Throws V2Error conflict, not-found, deleted, not-restorable. */
function chooseParent(
  { items, catalog, context: state }: CatalogView,
  { parent, type, include, exclude }: CreateBackup,
  cluster: string,
  namespaces: readonly string[],
): string {
  if (parent !== undefined) {
    const item = findItem(items, parent, undefined, catalog.name);
    const found = findState(item, state).state;
    if (found === 'DELETED')
      throw new V2Error('deleted', `The backup "${parent}" is deleted`, { facts: { id: parent } });
    if (found !== 'COMPLETED' || item.entry?.kind !== 'manifest') {
      const text = `The backup "${parent}" is ${found}: only on one that is COMPLETED another can build`;
      throw new V2Error('conflict', text, { facts: { id: parent, state: found } });
    }
    return item.entry.id;
  }
  const sorted = (list: readonly string[] | undefined): string => JSON.stringify([...(list ?? [])].sort());
  let newest: BackupItem | undefined;
  for (const item of items) {
    const { entry, record } = item;
    if (entry?.kind !== 'manifest' || entry.state !== 'COMPLETED' || item.deleted !== undefined) continue;
    if (record !== undefined && record.cluster !== cluster) continue;
    if (type === 'CUMULATIVE' && entry.type !== 'full') continue;
    const selection = entry.document?.selection ?? {};
    if (sorted(selection.include) !== sorted(include) || sorted(selection.exclude) !== sorted(exclude)) continue;
    if (!namespaces.every((name) => entry.parts.some(({ namespace }) => namespace === name))) continue;
    if (newest === undefined || (entry.started ?? '') > (newest.entry!.started ?? '')) newest = item;
  }
  if (newest !== undefined) return newest.entry!.id;
  throw new V2Error(
    'conflict',
    `There is no backup of the same namespaces and sets to build on: make one of type FULL`,
  );
}

type RecordFacts = Omit<BackupRecord, 'id' | 'state' | 'created' | 'updated' | 'owner'>;

/** Takes the id: of several processes one gets it. Throws V2Error id-taken, id-not-monotonic. */
async function createRecord(
  context: V2Context,
  view: CatalogView,
  id: string | undefined,
  facts: RecordFacts,
  state: BackupRecord['state'] = 'STARTED',
): Promise<BackupRecord> {
  const store = new RecordStore(view.catalog);
  for (;;) {
    // Whoever took an id in the meantime is seen.
    const { items } = await context.readView(view.catalog);
    if (id !== undefined) checkNewId(id, items, facts.routine);
    const time = new Date(context.now()).toISOString();
    const own = id ?? generateId(items, context.now());
    const record: BackupRecord = { id: own, state, created: time, updated: time, owner: context.owner, ...facts };
    const isNew = await store.create(record);
    context.touch(view.catalog.name);
    if (isNew) return record;
    if (id !== undefined) throw idTaken(id);
  }
}

async function createMarker(
  context: V2Context,
  storage: string,
  { id, cluster }: CreateBackup,
  facts: Partial<RecordFacts>,
): Promise<Backup> {
  return context.view(storage, async (view) => {
    const own = { type: 'MARKER', trigger: 'MANUAL', ...(cluster === undefined ? {} : { cluster }), ...facts } as const;
    const record = await createRecord(context, view, id, own, 'COMPLETED');
    context.options.events.publish({
      type: 'backup.completed',
      storage,
      backup: record.id,
      message: 'A moment is marked',
    });
    return describeBackup(context, await context.readView(view.catalog), record.id, facts.routine);
  });
}

/** A run of a routine, in the layout of ABS. */
async function beginRun(context: V2Context, storage: string, request: CreateBackup, name: string): Promise<Backup> {
  const { type = 'FULL', id } = request;
  const routine = findEntity(context.document['backup-routines'], name);
  if (routine === undefined) throw new V2Error('invalid-request', `routine "${name}" not found`);
  if (routine.storage !== storage) {
    throw new V2Error('invalid-request', `Routine "${name}" stores its backups in storage "${routine.storage}"`);
  }
  const own = OWN_OF_ROUTINES.find((key) => request[key] !== undefined);
  if (own !== undefined) throw new V2Error('invalid-request', `${own} is up to the routine: leave it out`);
  checkIdPolicy(id, routine['id-policy'] ?? 'any', name);
  const policy = resolvePolicy(findEntity(context.document['backup-policies'], routine['backup-policy'] ?? ''));
  const mode = policy['incr-mode'] === 'cumulative' ? 'CUMULATIVE' : 'DIFFERENTIAL';
  if (type !== 'FULL' && type !== 'MARKER' && type !== mode) {
    throw new V2Error('feature-disabled', `The policy of routine "${name}" makes increments of type ${mode}`);
  }
  if (routine.disabled === true) throw new V2Error('feature-disabled', `Routine "${name}" is disabled`);
  if (type === 'MARKER') return createMarker(context, storage, request, { routine: name });
  const { runner } = context.options;
  return context.view(storage, async (view) => {
    const facts = { type, trigger: 'MANUAL', cluster: routine['source-cluster'], routine: name } as const;
    // The id is taken before anything begins; one that is generated is the name of the folder.
    const reserved = id === undefined ? undefined : await createRecord(context, view, id, facts);
    const begun = await runner.begin(name, type === 'FULL' ? 'full' : 'incremental');
    const store = new RecordStore(view.catalog);
    if ('refusal' in begun) {
      if (reserved !== undefined) await store.forget(reserved.id);
      context.touch(storage);
      const { runningMs, refusal } = begun;
      const running = view.items.find((item) => item.routine === name && item.run === String(runningMs))?.id;
      throw busy(running ?? String(runningMs ?? name), `Routine "${name}" is busy: ${refusal}`);
    }
    const run = String(begun.timestampMs);
    const time = new Date(begun.timestampMs).toISOString();
    const record: BackupRecord = {
      ...(reserved ?? { id: run, state: 'STARTED', created: time, updated: time, owner: context.owner, ...facts }),
      run,
    };
    context.records.follow(record);
    if (reserved === undefined) await store.create(record);
    else await store.write(record);
    context.touch(storage);
    return describeBackup(context, await context.readView(view.catalog), record.id, name);
  });
}
