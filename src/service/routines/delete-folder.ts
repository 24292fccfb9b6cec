/** Deletes what a run has written. */
import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';

/** What says that a backup is complete: without it, nothing lists the backup. */
const MARKER = 'metadata.yaml';

/** What is complete in the folder is so no more when this has resolved. Throws StorageError. */
export async function unlistFolder(path: string, storage: Storage): Promise<void> {
  if (!(await storage.exists('directory', path))) return;
  if ((await listFiles(path, storage)).includes(MARKER)) await storage.deleteFile(joinPath(path, MARKER), 'ignore');
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
