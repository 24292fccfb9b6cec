/** A hold keeps a backup from being deleted: a small file beside its documents, with the reason. */
import { joinPath, parentPath } from '../../storage/paths.js';
import type { StorageAccess } from '../../storage/registry.js';
import type { Storage } from '../../storage/storage.js';
import { BACKUP_DOCUMENT_NAME } from './backup-document.js';
import { CatalogError } from './errors.js';
import { type BackupPlace, documentPath, toBackupPlace } from './manifest.js';
import { refuseDeleted } from './tombstone.js';

export const HOLD_NAME = 'hold.json';

/**
 * Throws CatalogError CATALOG_HELD if the backup is held already, CATALOG_DELETED if it is deleted, or its deletion has
 * begun.
 */
export async function holdBackup(path: string, reason: string, storages: StorageAccess): Promise<void> {
  const storage = await storages.forPath(path);
  const text = `${JSON.stringify({ held: new Date().toISOString(), reason }, undefined, 1)}\n`;
  const isNew = await storage.createExclusive(holdPath(path), text);
  if (!isNew) throw new CatalogError('CATALOG_HELD', `The backup at ${path} is held already`);
  try {
    // Whoever deletes writes the tombstone first and looks for the hold then: one of the two sees the other.
    await refuseDeleted(toBackupPlace(path), storage);
  } catch (error) {
    await storage.deleteFile(holdPath(path), 'ignore');
    throw error;
  }
}

/** Throws CatalogError CATALOG_STATE if the backup is not held. */
export async function releaseBackup(path: string, storages: StorageAccess): Promise<void> {
  const storage = await storages.forPath(path);
  const file = holdPath(path);
  const found = await storage.readVersion(file);
  if (found !== undefined && (await storage.deleteIfUnchanged(file, found.version))) return;
  throw new CatalogError('CATALOG_STATE', `The backup at ${path} is not held`);
}

/**
 * Throws CatalogError CATALOG_HELD if the backup is held, or that of several namespaces of which it is one: nothing
 * of it may be deleted or replaced.
 */
export async function refuseHeld(place: BackupPlace, storage: Storage): Promise<void> {
  for (const held of [place, await findWhole(place, storage)]) {
    if (held === undefined || !(await storage.exists('file', documentPath(held, HOLD_NAME)))) continue;
    throw new CatalogError('CATALOG_HELD', `The backup at ${held.path} is held; nothing was changed`, {
      hint: 'release-hold',
    });
  }
}

/** The backup of several namespaces of which the directory is one. */
async function findWhole({ kind, path }: BackupPlace, storage: Storage): Promise<BackupPlace | undefined> {
  const parent = kind === 'directory' ? parentPath(path) : undefined;
  if (parent === undefined || !(await storage.exists('file', joinPath(parent, BACKUP_DOCUMENT_NAME)))) return undefined;
  return { kind, path: parent };
}

function holdPath(path: string): string {
  return documentPath(toBackupPlace(path), HOLD_NAME);
}
