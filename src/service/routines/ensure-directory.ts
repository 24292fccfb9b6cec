import { canonicalPath, parentPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';

/** Creates `path` and all directories between it and `root`, and `root`, which has to have a parent. */
export async function ensureDirectory(root: string, path: string, storage: Storage): Promise<void> {
  if (!storage.capabilities.hasDirectories) return;
  const top = canonicalPath(root);
  const missing: string[] = [];
  for (let each: string | undefined = canonicalPath(path); each !== undefined; each = parentPath(each)) {
    missing.push(each);
    if (each === top) break;
  }
  for (const each of missing.reverse()) await storage.ensureDirectory(each);
}
