/** Which backups a restore reads for each namespace, and where their records go. Nothing here connects to a cluster. */
import { basename } from 'node:path';
import type { StorageAccess } from '../../storage/registry.js';
import { isBackupFileName } from '../../storage/storage.js';
import type { InputSource } from '../input/source.js';
import type { RenamedSet } from '../restore/set-renamer.js';
import { findChain, findSelections, type ChainLink } from './chains.js';
import { CatalogError } from './errors.js';
import type { CatalogEntry, NamespacePart } from './find-backups.js';
import { READABLE } from './open-backup.js';
import { selectSets, toBackupSelection, type SetReference } from './set-selection.js';

/** Names are those of the backup. */
export interface RestoreSelection {
  /** Empty = all. */
  namespaces: readonly string[];
  /** Empty = all. */
  include: readonly SetReference[];
  exclude: readonly SetReference[];
  renamedNamespaces: readonly { from: string; to: string }[];
  renamedSets: readonly (RenamedSet & { namespace: string })[];
}

/** One backup of one namespace. */
export interface PlannedBackup {
  id: string;
  part: NamespacePart;
  source: InputSource;
  /** Absent = not known. */
  type?: 'full' | 'incremental';
  /** ISO 8601. */
  started?: string;
}

export interface NamespacePlan {
  namespace: string;
  /** The namespace of the cluster. */
  target: string;
  /** Empty = all. */
  sets: readonly string[];
  excludedSets: readonly string[];
  renamedSets: readonly RenamedSet[];
  /** The newest first; of each record the first version counts. */
  backups: readonly PlannedBackup[];
  /** What the backups hold of the namespace, in words; empty = everything. */
  selection: string;
}

export interface MomentPlan {
  plans: NamespacePlan[];
  /** Namespaces whose first backup was begun later. */
  later: string[];
}

/**
 * One backup, in the namespaces that are selected. `readNamespace` tells the namespace of files without
 * a manifest. Throws CatalogError CATALOG_SELECTION, CATALOG_STATE.
 */
export async function planBackup(
  entry: CatalogEntry,
  selection: RestoreSelection,
  options: {
    storages: StorageAccess;
    allowIncomplete: boolean;
    readNamespace: (part: NamespacePart) => Promise<string>;
  },
): Promise<NamespacePlan[]> {
  const { storages, allowIncomplete, readNamespace } = options;
  const parts: NamespacePart[] = [];
  for (const part of entry.parts) {
    // Without a manifest, no more than the first file was asked for its namespace.
    const namespace = entry.kind === 'files' ? await readNamespace(part) : part.namespace;
    parts.push({ ...part, namespace });
  }
  const names = parts.map(({ namespace }) => namespace);
  checkNames(names, selection, `The backup ${entry.path}`);
  const plans: NamespacePlan[] = [];
  for (const part of parts) {
    const target = selectTarget(part.namespace, selection);
    if (target === undefined) continue;
    if (entry.kind === 'manifest' && part.manifest === undefined && allowIncomplete) continue;
    if (!READABLE.includes(part.state) && !allowIncomplete) {
      const why = part.reason === undefined ? '' : `: ${part.reason}`;
      const text = `Namespace ${part.namespace} of the backup ${entry.path} is ${part.state}${why}`;
      throw new CatalogError('CATALOG_STATE', text, { hint: 'allow-incomplete' });
    }
    const backup = await toPlannedBackup(entry, part, storages);
    plans.push({ ...target, backups: [backup], selection: '' });
  }
  refuseEmptyPlan(plans, `The backup ${entry.path}`);
  refuseSameTarget(plans);
  return plans;
}

/**
 * The state of each namespace at `atMs` (milliseconds since 1970): the newest backup that had begun by then, with
 * everything it builds on. Throws CatalogError CATALOG_SELECTION, CATALOG_CHAIN.
 */
export async function planMoment(
  entries: readonly CatalogEntry[],
  atMs: number,
  selection: RestoreSelection,
  storages: StorageAccess,
): Promise<MomentPlan> {
  const names = [...new Set(entries.flatMap(({ parts }) => parts.map(({ namespace }) => namespace)))]
    .filter((name) => name !== '')
    .sort();
  checkNames(names, selection, 'The catalog');
  const plans: NamespacePlan[] = [];
  const later: string[] = [];
  for (const namespace of names) {
    const target = selectTarget(namespace, selection);
    if (target === undefined) continue;
    const found = findMomentChain(entries, namespace, atMs);
    if (found !== undefined) {
      const backups: PlannedBackup[] = [];
      for (const { entry, part } of found.chain) backups.unshift(await toPlannedBackup(entry, part, storages));
      plans.push({ ...target, backups, selection: found.selection });
    } else if (findFirst(entries, namespace) > atMs && !selection.namespaces.includes(namespace)) {
      later.push(namespace);
    } else {
      const text = `Namespace ${namespace} cannot be restored at ${new Date(atMs).toISOString()}: no backup of it was`;
      throw new CatalogError('CATALOG_CHAIN', `${text} begun by then that is complete with all that it builds on`);
    }
  }
  refuseEmptyPlan(plans, 'The catalog');
  refuseSameTarget(plans);
  return { plans, later };
}

/** Backups of whole namespaces; where there are none, those of the one part of it that was ever backed up. */
function findMomentChain(
  entries: readonly CatalogEntry[],
  namespace: string,
  atMs: number,
): { chain: ChainLink[]; selection: string } | undefined {
  const whole = findChain(entries, namespace, atMs);
  if (whole !== undefined) return { chain: whole, selection: '' };
  const found = findSelections(entries, namespace).flatMap((selection) => {
    const chain = findChain(entries, namespace, atMs, selection);
    return chain === undefined ? [] : [{ chain, selection }];
  });
  if (found.length <= 1) return found[0];
  const parts = found.map(({ selection }) => `"${selection}"`).join(', ');
  const text = `The backups of namespace ${namespace} hold different parts of it (${parts}): restore them one by one`;
  throw new CatalogError('CATALOG_CHAIN', text);
}

function findFirst(entries: readonly CatalogEntry[], namespace: string): number {
  const starts = entries.flatMap(({ parts, started }) =>
    parts.filter((part) => part.namespace === namespace).map((part) => Date.parse(started ?? part.started ?? '')),
  );
  return Math.min(...starts.filter((start) => !Number.isNaN(start)));
}

async function toPlannedBackup(
  { id, type, started }: CatalogEntry,
  part: NamespacePart,
  storages: StorageAccess,
): Promise<PlannedBackup> {
  const { path } = part;
  const isFile = isBackupFileName(basename(path)) && !(await (await storages.forPath(path)).isDirectory(path));
  const partType = part.manifest?.manifest?.type ?? type;
  const begun = started ?? part.started;
  return {
    id,
    part,
    source: { kind: isFile ? 'file' : 'directory', path },
    ...(partType === undefined ? {} : { type: partType }),
    ...(begun === undefined ? {} : { started: begun }),
  };
}

/** Undefined = nothing of the namespace is selected. */
function selectTarget(
  namespace: string,
  { namespaces, include, exclude, renamedNamespaces, renamedSets }: RestoreSelection,
): Omit<NamespacePlan, 'backups' | 'selection'> | undefined {
  if (namespaces.length > 0 && !namespaces.includes(namespace)) return undefined;
  const selected = selectSets(namespace, toBackupSelection(include, exclude));
  if (selected === undefined) return undefined;
  return {
    namespace,
    target: renamedNamespaces.find(({ from }) => from === namespace)?.to ?? namespace,
    ...selected,
    renamedSets: renamedSets.filter((rename) => rename.namespace === namespace),
  };
}

/** A name that is misspelt would leave something out, or overwrite it. */
function checkNames(known: readonly string[], selection: RestoreSelection, what: string): void {
  const { namespaces, include, exclude, renamedNamespaces, renamedSets } = selection;
  const named = [
    ...namespaces,
    ...[...include, ...exclude, ...renamedSets].map(({ namespace }) => namespace),
    ...renamedNamespaces.map(({ from }) => from),
  ];
  const unknown = named.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const text = `${what} has no namespace ${unknown}; it has ${known.length === 0 ? 'none' : known.join(', ')}`;
  throw new CatalogError('CATALOG_SELECTION', text);
}

function refuseEmptyPlan(plans: readonly NamespacePlan[], what: string): void {
  if (plans.length > 0) return;
  throw new CatalogError('CATALOG_SELECTION', `${what} has nothing of what was selected`);
}

function refuseSameTarget(plans: readonly NamespacePlan[]): void {
  const targets = plans.map(({ target }) => target);
  const repeated = targets.find((target, i) => targets.indexOf(target) !== i);
  if (repeated === undefined) return;
  throw new CatalogError('CATALOG_SELECTION', `Two namespaces would be restored into ${repeated}`);
}
