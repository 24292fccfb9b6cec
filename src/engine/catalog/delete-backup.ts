/** Deletes one backup, or one with everything that is based on it. */
import { basename } from 'node:path';
import type { RunContext } from '../../core/run-context.js';
import { canonicalPath, joinPath, parentPath } from '../../storage/paths.js';
import type { StorageAccess } from '../../storage/registry.js';
import { findChildren, findDescendants, listParents } from './chains.js';
import { CatalogError } from './errors.js';
import { readBackup, type CatalogEntry } from './find-backups.js';
import { baseError, BackupRemover, heldError, type Removal } from './remove-backups.js';

export interface DeleteConfig {
  path: string;
  /** Delete the backups that are based on it, too. */
  cascade: boolean;
  storages: StorageAccess;
}

/**
 * Deletes the backup at `path`: its files, then its manifests; a tombstone stays. A deletion that was interrupted is
 * finished. Throws CatalogError CATALOG_BASE, CATALOG_HELD, CATALOG_STATE, CATALOG_CHANGED, CATALOG_NOT_FOUND,
 * CATALOG_UNREADABLE, LockError LOCK_HELD: nothing was deleted then; or StorageError, LockError LOCK_LOST: the next
 * deletion of the same backup goes on.
 */
export async function deleteBackup(
  { path: given, cascade, storages }: DeleteConfig,
  context: RunContext,
): Promise<Removal> {
  const root = parentPath(given);
  const own = canonicalPath(given);
  const path = root === undefined ? own : joinPath(root, basename(own));
  // Before anything is locked: a lock would be left in a directory that has nothing to do with backups.
  const { kind } = await readBackup(path, storages);
  if (kind === 'abs') {
    throw new CatalogError(
      'CATALOG_STATE',
      `The backup at ${path} is one of the Aerospike Backup Service, which deletes it`,
    );
  }
  const remover = await BackupRemover.open({ path }, storages, context);
  try {
    const entry = await readBackup(path, storages);
    const children = findChildren(remover.entries, entry.id);
    if (children.length > 0 && !cascade) throw baseError(path, children);
    const targets = [...findDescendants(remover.entries, entry.id).reverse(), entry];
    for (const target of targets) refuseUsed(target);
    targets.unshift(...findUnfinished(remover.entries, entry));
    const removal = await remover.remove(targets, 'delete');
    const [spared] = removal.spared;
    if (spared !== undefined && removal.removed.length === 0) throw spared.error;
    return removal;
  } finally {
    await remover.close();
  }
}

/** Backups that were based on `entry`, and whose deletion was interrupted. */
function findUnfinished(entries: readonly CatalogEntry[], { id: first, path }: CatalogEntry): CatalogEntry[] {
  const ids = new Set([first]);
  // A set that grows while it is walked through: those that are found are bases of others.
  for (const id of ids) {
    for (const entry of entries) if (entry.state === 'DELETED' && listParents(entry).includes(id)) ids.add(entry.id);
  }
  return entries.filter((entry) => {
    return entry.state === 'DELETED' && entry.reason !== undefined && ids.has(entry.id) && entry.path !== path;
  });
}

/** Before the first of several is deleted. Throws CatalogError. */
function refuseUsed({ path, state, held }: CatalogEntry): void {
  if (held) throw heldError(path);
  if (state !== 'IN_PROGRESS') return;
  throw new CatalogError('CATALOG_STATE', `A run works on the backup at ${path}; nothing was deleted`);
}
