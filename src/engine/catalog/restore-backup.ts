/** Restores backups of a catalog, namespace by namespace: into what is empty, or with a word about what exists. */
import { Cluster } from '../../aerospike/cluster/cluster.js';
import { countObjects } from '../../aerospike/commands/namespace.js';
import type { Codecs } from '../../codecs/codecs.js';
import { COMPRESSION_IDS } from '../../codecs/ids.js';
import { ToolError } from '../../core/errors.js';
import type { EmitEvent } from '../../core/events.js';
import type { RestoreConfig, RestoreResult } from '../restore/config.js';
import { VersionHistory } from '../restore/version-history.js';
import { findBackupFiles } from './backup-files.js';
import { CatalogError } from './errors.js';
import { refuseOtherFiles } from './open-backup.js';
import { withReaderMarks } from './reader-mark.js';
import type { NamespacePlan, PlannedBackup } from './restore-plan.js';

/**
 * What becomes of records that exist. `refuse`: there must be none. `merge`: bins of the backup are added to them or
 * replace theirs. `replace`: they become what the backup has. Both only where the generation of the backup is higher.
 * `create-only`: they are left alone. `overwrite`: they become what the backup has, whatever their generation.
 */
export const ON_EXISTING = ['refuse', 'merge', 'replace', 'create-only', 'overwrite'] as const;
export type OnExisting = (typeof ON_EXISTING)[number];

/** What a plan decides on is not part of it. */
export type RestoreBase = Omit<
  RestoreConfig,
  'source' | 'namespace' | 'sets' | 'excludedSets' | 'renamedSets' | 'history' | 'unique' | 'replace' | 'noGeneration'
>;

export interface CatalogRestoreOptions {
  plans: readonly NamespacePlan[];
  base: RestoreBase;
  onExisting: OnExisting;
  codecs: Codecs;
  signal: AbortSignal;
  emit: EmitEvent;
  /** Starts one restore and settles as it does. */
  run: (config: RestoreConfig) => Promise<RestoreResult>;
  /** A namespace could not be restored; the others still are. */
  onFailure: (plan: NamespacePlan, error: unknown) => void;
}

export interface RestoredBackup {
  backup: PlannedBackup;
  result: RestoreResult;
}

export interface RestoredNamespace {
  plan: NamespacePlan;
  /** In the order in which they were restored: from the newest. */
  backups: RestoredBackup[];
  /** Absent = everything is there. */
  error?: unknown;
}

/**
 * Restores all plans, one after another. What can be known to be wrong is found before anything is written: files that
 * are missing, and records that exist. A namespace that fails does not keep the others from being restored; an abort
 * does. None of the backups is deleted meanwhile. Throws CatalogError CATALOG_NOT_EMPTY, CATALOG_DELETED, ToolError
 * CATALOG_INCOMPLETE, ClusterError, StorageError.
 */
export async function restorePlans(options: CatalogRestoreOptions): Promise<RestoredNamespace[]> {
  const { plans, base, signal } = options;
  const paths = plans.flatMap(({ backups }) => backups.map(({ part }) => part.path));
  return withReaderMarks(paths, { storages: base.storages, signal }, () => restoreMarked(options));
}

async function restoreMarked(options: CatalogRestoreOptions): Promise<RestoredNamespace[]> {
  const { plans, base, onExisting, codecs, signal, emit, onFailure } = options;
  for (const backup of plans.flatMap(({ backups }) => backups)) {
    checkKey(backup, base);
    if (base.allowIncomplete === true) continue;
    const { part } = backup;
    refuseOtherFiles(part, await findBackupFiles(part.path, { codecs, storages: base.storages }));
  }
  await checkTargets(plans, base, onExisting === 'refuse' && !base.noRecords, signal, emit);
  const restored: RestoredNamespace[] = [];
  for (const plan of plans) {
    const done: RestoredNamespace = { plan, backups: [] };
    restored.push(done);
    try {
      signal.throwIfAborted();
      await restorePlan(plan, options, done.backups);
    } catch (error) {
      done.error = error;
      onFailure(plan, error);
      if (signal.aborted) break;
    }
  }
  return restored;
}

/**
 * From the newest backup to the oldest. Older versions of a record are left out, so that every way to treat records
 * that exist means the same as with one backup. Stops at the first failure: what the newer backup should have written
 * must not be taken from an older one.
 */
async function restorePlan(
  { namespace, target, sets, excludedSets, renamedSets, backups }: NamespacePlan,
  { base, onExisting, run }: CatalogRestoreOptions,
  done: RestoredBackup[],
): Promise<void> {
  const isChain = backups.length > 1;
  const policy = toPolicy(onExisting, isChain);
  // With records that the server refuses, "left alone" is not the only reason for not being written.
  const remembered = policy.unique && !base.ignoreRecordError ? 'unwritten' : 'all';
  const history = isChain ? { history: new VersionHistory(remembered) } : {};
  // Indexes that wait for the records must wait for those of all backups.
  const isMetadataLast = isChain && (base.indexesLast || base.wait);
  const withIndexes = backups.find((backup) => hasMetadata(backup, 'no-indexes'));
  const withModules = backups.find((backup) => hasMetadata(backup, 'no-udfs'));
  const toConfig = (backup: PlannedBackup): RestoreConfig => ({
    ...withCodecs(base, backup),
    ...policy,
    source: backup.source,
    namespace: { from: namespace, to: target },
    sets: [...sets],
    excludedSets,
    renamedSets,
    noIndexes: base.noIndexes || backup !== withIndexes || (isMetadataLast && base.indexesLast),
    noUdfs: base.noUdfs || backup !== withModules,
    indexesLast: base.indexesLast && !isMetadataLast,
    wait: base.wait && !isMetadataLast,
  });
  for (const backup of backups) done.push({ backup, result: await run({ ...toConfig(backup), ...history }) });
  if (!isMetadataLast) return;
  for (const backup of new Set([withIndexes, withModules])) {
    if (backup === undefined || (base.noIndexes && base.noUdfs)) continue;
    const { wait, indexesLast, noIndexes } = base;
    const isIndexed = backup === withIndexes && !noIndexes;
    const { sindexes } = await run({
      ...toConfig(backup),
      noRecords: true,
      noIndexes: !isIndexed,
      indexesLast,
      wait,
    });
    const own = done.find((restored) => restored.backup === backup)!;
    own.result.sindexes = Math.max(own.result.sindexes, sindexes);
  }
}

/** Increments of the Aerospike Backup Service have neither indexes nor modules. */
function hasMetadata({ part, type }: PlannedBackup, option: 'no-indexes' | 'no-udfs'): boolean {
  if (part.stored !== undefined && type === 'incremental') return false;
  return part.manifest?.identity[option] !== true;
}

/**
 * Stored as the manifest says, or the metadata of the Aerospike Backup Service, which need not be the same for all
 * backups of a chain. The key is the user's.
 */
function withCodecs(base: RestoreBase, { part }: PlannedBackup): RestoreBase {
  const stored = { ...base };
  if (part.manifest === undefined) {
    if (part.stored === undefined) return base;
    delete stored.compression;
    if (part.stored.compressed) stored.compression = { codec: 'zstd', level: 0 };
    if (part.stored.encryption === undefined) delete stored.encryption;
    return stored;
  }
  const { compress, encrypt } = part.manifest.identity;
  delete stored.compression;
  const codec = COMPRESSION_IDS.find((id) => id === compress);
  if (codec !== undefined) stored.compression = { codec, level: 0 };
  if (encrypt === '') delete stored.encryption;
  return stored;
}

/** Throws CatalogError CATALOG_KEY. */
function checkKey({ id, part }: PlannedBackup, { encryption }: RestoreBase): void {
  const mode = part.manifest?.identity.encrypt ?? part.stored?.encryption ?? '';
  if (mode === '' || mode === encryption?.mode) return;
  const text = `The backup ${id} is encrypted with ${String(mode)}, for which there is no key`;
  throw new CatalogError('CATALOG_KEY', text);
}

function toPolicy(
  onExisting: OnExisting,
  isChain: boolean,
): Pick<RestoreConfig, 'unique' | 'replace' | 'noGeneration'> {
  switch (onExisting) {
    case 'refuse':
      // Of one backup, the later of two versions of a record counts, which a scan can meet while partitions move.
      return { unique: isChain, replace: !isChain, noGeneration: false };
    case 'merge':
      return { unique: false, replace: false, noGeneration: false };
    case 'replace':
      return { unique: false, replace: true, noGeneration: false };
    case 'create-only':
      return { unique: true, replace: false, noGeneration: false };
    case 'overwrite':
      return { unique: false, replace: true, noGeneration: true };
  }
}

async function checkTargets(
  plans: readonly NamespacePlan[],
  base: RestoreBase,
  refuseRecords: boolean,
  signal: AbortSignal,
  emit: EmitEvent,
): Promise<void> {
  const found = (await readTargets(plans, base, { signal, emit, counts: refuseRecords })).filter(
    ({ records }) => records > 0,
  );
  if (found.length === 0) return;
  const texts = plans.flatMap((plan) => describeRecords(plan, found) ?? []);
  const text = `What is to be restored into is not empty: ${texts.join('; ')}`;
  throw new CatalogError('CATALOG_NOT_EMPTY', text, { hint: 'on-existing' });
}

/** Records where a plan writes. */
export interface TargetRecords {
  /** Of the cluster. */
  namespace: string;
  /** Absent = the whole namespace, but for sets that are left out. */
  set?: string;
  records: number;
}

/**
 * The records where the plans write, those of each set that is chosen by itself. Throws ClusterError if a namespace is
 * not there. `counts`: false = that is all that is looked at, and there is no result.
 */
export async function readTargets(
  plans: readonly NamespacePlan[],
  base: Pick<RestoreBase, 'cluster'>,
  { signal, emit, counts }: { signal: AbortSignal; emit: EmitEvent; counts: boolean },
): Promise<TargetRecords[]> {
  const cluster = await Cluster.connect(base.cluster, signal, emit);
  try {
    const found: TargetRecords[] = [];
    for (const plan of plans) {
      cluster.checkReachable(plan.target);
      if (counts) found.push(...(await countTargets(cluster, plan)));
    }
    return found;
  } finally {
    cluster.close();
  }
}

async function countTargets(cluster: Cluster, plan: NamespacePlan): Promise<TargetRecords[]> {
  const { target, sets, renamedSets } = plan;
  const toTarget = (set: string): string => renamedSets.find(({ from }) => from === set)?.to ?? set;
  if (sets.length > 0) {
    const counted: TargetRecords[] = [];
    for (const set of new Set(sets.map(toTarget))) {
      counted.push({ namespace: target, set, records: await countRecords(cluster, target, [set]) });
    }
    return counted;
  }
  const left = findUntouchedSets(plan);
  const all = await countRecords(cluster, target, []);
  const others = all === 0 || left.length === 0 ? 0 : await countRecords(cluster, target, left);
  return [{ namespace: target, records: Math.max(0, all - others) }];
}

/** Nothing is written to a set that is left out, unless another one gets its name. */
function findUntouchedSets({ excludedSets, renamedSets }: NamespacePlan): string[] {
  return excludedSets.filter((set) => !renamedSets.some(({ to }) => to === set));
}

/** In words; undefined = there are none. */
function describeRecords(plan: NamespacePlan, found: readonly TargetRecords[]): string | undefined {
  const own = found.filter(({ namespace }) => namespace === plan.target);
  const [first] = own;
  if (first === undefined) return undefined;
  if (first.set === undefined) {
    const where = findUntouchedSets(plan).length === 0 ? '' : ' outside of the excluded sets';
    return `namespace ${plan.target} has ${first.records} record(s)${where}`;
  }
  const counts = own.map(({ set, records }) => {
    return `${records} record(s) ${set === '' ? 'without a set' : `of set ${set!}`}`;
  });
  return `namespace ${plan.target} has ${counts.join(', ')}`;
}

/** `sets`: empty = all. Replicas are not counted. */
export async function countRecords(cluster: Cluster, namespace: string, sets: readonly string[]): Promise<number> {
  let objects = 0;
  for (const node of await countObjects(cluster, namespace, sets)) {
    objects += node.objects / Math.max(1, node.replicationFactor ?? 1);
  }
  return Math.ceil(objects);
}

/** The error of a restore of which a part failed: that of the only failure, or one that names all. */
export function toCatalogFailure(restored: readonly RestoredNamespace[]): Error | undefined {
  const failed = restored.filter(({ error }) => error !== undefined);
  const [first] = failed;
  if (first === undefined) return undefined;
  if (failed.length === 1 && first.error instanceof Error) return first.error;
  const names = failed.map(({ plan }) => plan.namespace).join(', ');
  const cause = first.error;
  const code = cause instanceof ToolError ? cause.code : 'INTERNAL';
  return new ToolError(code, `${failed.length} namespaces were not restored completely: ${names}`, { cause });
}
