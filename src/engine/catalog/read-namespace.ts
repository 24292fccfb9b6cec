/** The namespace of backup files that no document tells. */
import { scanHeaders } from '../input/header-scan.js';
import { readBackupFiles, type BackupFiles } from './backup-files.js';
import { CatalogError } from './errors.js';

/**
 * Reads the headers, and of files of version 3.0, which do not name their namespace, the first record. Throws
 * CatalogError CATALOG_NAMESPACE if the files are of none or of several, and what reading throws.
 */
export async function readNamespace(files: BackupFiles, signal: AbortSignal): Promise<string> {
  const { codecs, storages, name } = files;
  const headers = await scanHeaders(files.files, { codecs, storages, signal });
  signal.throwIfAborted();
  const names = [...new Set(headers.flatMap(({ namespace }) => (namespace === undefined ? [] : [namespace])))];
  if (names.length > 1) {
    const text = `${name} has files of several namespaces (${names.join(', ')}), which only asrestore restores together`;
    throw new CatalogError('CATALOG_NAMESPACE', text);
  }
  const [namespace = await readFirstNamespace(files, signal)] = names;
  if (namespace === undefined) {
    throw new CatalogError('CATALOG_NAMESPACE', `${name} holds neither a record nor the name of a namespace`);
  }
  return namespace;
}

async function readFirstNamespace(files: BackupFiles, signal: AbortSignal): Promise<string | undefined> {
  const found = new AbortController();
  let namespace: string | undefined;
  try {
    await readBackupFiles(
      files,
      {
        visitRecord: ({ record }) => {
          namespace ??= record.namespace;
          found.abort();
        },
      },
      AbortSignal.any([signal, found.signal]),
    );
  } catch (error) {
    if (namespace === undefined) throw error;
  }
  return namespace;
}
