/** Deletes what a run has written. */
import { MANIFEST_NAME } from '../../engine/catalog/manifest.js';
import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import { METADATA_NAME } from '../backups/metadata-file.js';

/**
 * What says that a backup is complete, and what a run goes on from: without them, nothing lists the backup or takes it
 * for one that was interrupted.
 */
const MARKERS = [METADATA_NAME, MANIFEST_NAME];

/** In the folder of a run while it is deleted. */
const DELETION_NAME = 'deletion.json';

/** What is complete or was begun in the folder is so no more when this has resolved. Throws StorageError. */
async function unlistFolder(path: string, storage: Storage): Promise<void> {
  if (!(await storage.exists('directory', path))) return;
  const files = await listFiles(path, storage);
  for (const marker of MARKERS) if (files.includes(marker)) await storage.deleteFile(joinPath(path, marker), 'ignore');
  for (const name of await storage.listDirectories(path)) await unlistFolder(joinPath(path, name), storage);
}

/**
 * Deletes a folder with all that is in it. The markers of complete backups go first, so that nothing lists a backup of
 * which a part is gone. Resolves if there is no such folder. Throws StorageError.
 */
export async function deleteFolder(path: string, storage: Storage): Promise<void> {
  await unlistFolder(path, storage);
  await deleteContents(path, storage);
}

/**
 * Deletes a run. A deletion that is killed in the middle is found (`isDeletionBegun`), and the same call finishes it.
 * Resolves if there is no such run. Throws StorageError.
 */
export async function deleteRun(path: string, storage: Storage): Promise<void> {
  if (!(await storage.exists('directory', path))) return;
  // Folders go before the files beside them: this one goes last.
  await storage.createExclusive(joinPath(path, DELETION_NAME), '{}\n');
  await deleteFolder(path, storage);
}

/** Whether a deletion of the run was begun and not finished. Throws StorageError. */
export function isDeletionBegun(path: string, storage: Storage): Promise<boolean> {
  return storage.exists('file', joinPath(path, DELETION_NAME));
}

async function deleteContents(path: string, storage: Storage): Promise<void> {
  if (!(await storage.exists('directory', path))) return;
  for (const name of await storage.listDirectories(path)) await deleteContents(joinPath(path, name), storage);
  const unfinished = await storage.listUnfinished(path);
  const names = new Set([...(await listFiles(path, storage)), ...unfinished]);
  if (names.size > 0) await storage.deleteFiles(path, [...names]);
  await storage.removeDirectory(path);
}

async function listFiles(path: string, storage: Storage): Promise<string[]> {
  const directories = new Set(await storage.listDirectories(path));
  return (await storage.list(path)).map(({ name }) => name).filter((name) => !directories.has(name));
}
