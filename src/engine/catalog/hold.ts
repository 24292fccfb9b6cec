/** A hold keeps a backup from being deleted: a small file beside its documents, with the reason. */
import type { StorageAccess } from '../../storage/registry.js';
import type { Storage } from '../../storage/storage.js';
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

/** Throws CatalogError CATALOG_HELD if the backup is held: nothing of it may be deleted or replaced. */
export async function refuseHeld(place: BackupPlace, storage: Storage): Promise<void> {
  if (!(await storage.exists('file', documentPath(place, HOLD_NAME)))) return;
  throw new CatalogError('CATALOG_HELD', `The backup at ${place.path} is held; nothing was changed`, {
    hint: 'release-hold',
  });
}

function holdPath(path: string): string {
  return documentPath(toBackupPlace(path), HOLD_NAME);
}
