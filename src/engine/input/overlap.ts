/** Whether several directories hold backups of the same namespace, so that a record may be in more than one of them. */
import { dirname } from 'node:path';
import type { FileHeader } from './header-scan.js';

/**
 * Directories whose backups are of one namespace: each has a file with the mark of a first file. One backup that was
 * spread over several directories has one such file. Files of version 3.0 have no marks. Empty = no overlap is known.
 */
export function findOverlap(headers: readonly FileHeader[]): string[] {
  const byNamespace = new Map<string, Set<string>>();
  for (const { path, firstFile, namespace = '' } of headers) {
    if (!firstFile) continue;
    const directories = byNamespace.get(namespace) ?? new Set<string>();
    byNamespace.set(namespace, directories.add(dirname(path)));
  }
  const overlapping = new Set<string>();
  for (const directories of byNamespace.values()) {
    if (directories.size > 1) for (const directory of directories) overlapping.add(directory);
  }
  return [...overlapping];
}
