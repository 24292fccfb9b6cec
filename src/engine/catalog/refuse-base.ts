/** The base of increments must not be replaced or removed by a run that knows nothing of them. */
import { joinPath, parentPath } from '../../storage/paths.js';
import type { StorageAccess } from '../../storage/registry.js';
import { BACKUP_DOCUMENT_NAME } from './backup-document.js';
import { CatalogError } from './errors.js';
import { manifestPath, type BackupPlace } from './manifest.js';

/**
 * For a run that removes or replaces the backup at `place`, which exists or not. Throws CatalogError CATALOG_BASE if an
 * increment beside it builds on it; StorageError.
 */
export async function refuseBase({ kind, path }: BackupPlace, storages: StorageAccess): Promise<void> {
  const beside = parentPath(path);
  if (beside === undefined || kind === 'file') return;
  const storage = await storages.forPath(path);
  // Without a manifest, a backup has no id that another one could name.
  if (!(await storage.exists('file', manifestPath({ kind, path })))) return;
  // Of a namespace of a backup, the increments lie beside the backup.
  const isPart = await storage.exists('file', joinPath(beside, BACKUP_DOCUMENT_NAME));
  const whole = isPart ? beside : path;
  const root = isPart ? parentPath(beside) : beside;
  if (root === undefined) return;
  // Most runs never come here: what reads a catalog is loaded for those that do.
  const [{ findBackups, readBackup }, { findChildren }] = await Promise.all([
    import('./find-backups.js'),
    import('./chains.js'),
  ]);
  const { id } = await readBackup(whole, storages);
  const children = findChildren(await findBackups(root, storages), id).map((child) => child.id);
  if (children.length === 0) return;
  throw new CatalogError('CATALOG_BASE', `The backup at ${path} is the base of ${children.join(', ')}: it stays`, {
    details: { path, children },
    hint: 'keep-base',
  });
}
