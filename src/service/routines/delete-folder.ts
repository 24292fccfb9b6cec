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
