/** Removes what no rule keeps, and finishes deletions that were interrupted. */
import { basename } from 'node:path';
import type { RunContext } from '../../core/run-context.js';
import type { StorageAccess } from '../../storage/registry.js';
import { listParents } from './chains.js';
import { findBackups, type CatalogEntry, type CatalogState } from './find-backups.js';
import { describeSelection } from './part-selection.js';
import { BackupRemover, refuseUnreadable, type RemovedBackup, type SparedBackup } from './remove-backups.js';
import { applyRetention, type RetainableBackup, type RetentionRules } from './retention.js';

export interface PruneConfig {
  root: string;
  rules: RetentionRules;
  /** Remove nothing. */
  dryRun: boolean;
  storages: StorageAccess;
}

export interface PrunedBackup {
  id: string;
  path: string;
  state: CatalogState;
  started?: string;
  /** The namespaces, and what of them: backups of one group are counted together. */
  group: string;
  action: 'keep' | 'remove';
  /** Why, in words. */
  reasons: string[];
}

export interface PruneResult {
  /** In the order of the groups, the newest of each first. */
  backups: PrunedBackup[];
  removed: RemovedBackup[];
  /** To be removed, and left for the reason given: a run works on them, or they are held or needed since. */
  spared: SparedBackup[];
}

/** States in which nobody works on a backup that cannot be restored. */
const ENDED: readonly CatalogState[] = ['FAILED', 'CANCELED', 'INCOMPLETE'];

/** Throws CatalogError CATALOG_UNREADABLE, LockError, StorageError: what was removed by then is removed. */
export async function pruneBackups(config: PruneConfig, context: RunContext): Promise<PruneResult> {
  const { root, rules, dryRun, storages } = config;
  if (dryRun) {
    const entries = await findBackups(root, storages);
    const { backups, targets } = decide(entries, root, rules);
    if (targets.length > 0) refuseUnreadable(entries);
    return { backups, removed: [], spared: [] };
  }
  const remover = await BackupRemover.open({ root }, storages, context);
  try {
    const { backups, targets } = decide(remover.entries, root, rules);
    const { removed, spared } =
      targets.length === 0 ? { removed: [], spared: [] } : await remover.remove(targets, 'prune');
    for (const { path, error } of spared) {
      const backup = backups.find((each) => each.path === path);
      if (backup === undefined) continue;
      backup.action = 'keep';
      backup.reasons = [error.message];
    }
    return { backups, removed, spared };
  } finally {
    await remover.close();
  }
}

/** The decision on each backup below `root`, and what is to be removed. */
function decide(
  all: readonly CatalogEntry[],
  root: string,
  rules: RetentionRules,
): { backups: PrunedBackup[]; targets: CatalogEntry[] } {
  // Files at the root itself are no backup of the catalog, the service has a retention of its own, and what is deleted
  // completely is no backup any more.
  const entries = all.filter(({ path, kind, state, reason }) => {
    return path !== root && kind !== 'abs' && (state !== 'DELETED' || reason !== undefined);
  });
  const living = entries.filter(({ state }) => state !== 'DELETED');
  const decisions = applyRetention(toRetainable(living), rules, Date.now());
  const unfinished = { keep: false, reasons: ['its deletion was interrupted'] };
  const newestFirst = [...entries].sort((a, b) => ((a.started ?? '') < (b.started ?? '') ? 1 : -1));
  const backups = newestFirst.map((entry): PrunedBackup => {
    const { id, path, state, started } = entry;
    const { keep, reasons } = decisions.get(nameKey(entry)) ?? unfinished;
    const group = nameGroup(entry);
    const action = keep ? 'keep' : 'remove';
    return { id, path, state, ...(started === undefined ? {} : { started }), group, action, reasons };
  });
  backups.sort((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : 0));
  return { backups, targets: newestFirst.filter((entry) => decisions.get(nameKey(entry))?.keep !== true) };
}

/** Unique below the root, as ids of copies are not. */
function nameKey({ path }: CatalogEntry): string {
  return basename(path);
}

/** Bases are all that have the id: of several copies, each may be the one that is needed. */
function toRetainable(entries: readonly CatalogEntry[]): RetainableBackup[] {
  const byId = new Map<string, CatalogEntry[]>();
  for (const entry of entries) byId.set(entry.id, [...(byId.get(entry.id) ?? []), entry]);
  return entries.map((entry) => {
    const { started } = entry;
    return {
      key: nameKey(entry),
      group: nameGroup(entry),
      startMs: started === undefined ? undefined : Date.parse(started),
      bases: [...new Set(listParents(entry))].flatMap((id) => (byId.get(id) ?? []).map(nameKey)),
      kind: classify(entry, byId),
    };
  });
}

function classify(entry: CatalogEntry, byId: ReadonlyMap<string, readonly CatalogEntry[]>): RetainableBackup['kind'] {
  const { state, held } = entry;
  if (held) return { kept: 'held' };
  if (state === 'IN_PROGRESS') return { kept: 'a run works on it' };
  if (ENDED.includes(state)) return 'unusable';
  if (state !== 'COMPLETED') return { kept: `${state}: no rule counts it` };
  return isChainThere(entry, byId) ? 'usable' : 'unusable';
}

/** Whether all that an increment is restored with is there. */
function isChainThere(entry: CatalogEntry, byId: ReadonlyMap<string, readonly CatalogEntry[]>): boolean {
  const seen = new Set<string>();
  const queue = listParents(entry);
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const base = byId.get(id)?.find(({ state }) => state === 'COMPLETED');
    if (base === undefined) return false;
    queue.push(...listParents(base));
  }
  return true;
}

/** Backups of the same namespaces, and of the same of them. */
function nameGroup({ parts }: CatalogEntry): string {
  return parts
    .map((part) => {
      const selection = describeSelection(part);
      return part.namespace + (selection === '' ? '' : ` (${selection})`);
    })
    .sort()
    .join(', ');
}
