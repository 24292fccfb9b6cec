/** One shard of a backup of several namespaces: whichever shard comes first writes the document for all. */
import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import type { Shard } from '../../core/shard.js';
import { stateFilePath } from '../backup/checkpoint/resume.js';
import { parseState } from '../backup/checkpoint/state-file.js';
import type { BackupConfig } from '../backup/config.js';
import { createBackupDocument, readBackupDocument, readIfExists, type BackupDocument } from './backup-document.js';
import { readClusterNamespaces, type ClusterNamespaces } from './cluster-namespaces.js';
import {
  chooseNamespaces,
  createRun,
  refuseUsed,
  runAll,
  setLowerBound,
  withLock,
  type CreateBackupConfig,
} from './create-backup.js';
import { CatalogError } from './errors.js';
import type { CatalogEntry } from './find-backups.js';
import { isBackupId } from './manifest.js';
import { hasOnlyTemporaries } from './own-files.js';
import { readParent } from './parent-backup.js';
import { refuseDeleted } from './tombstone.js';

/**
 * Makes one shard of the backup, or finishes it: what is complete of it is left alone. Resolves with the backup as it
 * is then, which is complete only if all shards are. Throws what createBackup throws, and CatalogError CATALOG_STATE if
 * the backup of the id was begun with other namespaces, sets, parent or number of shards.
 */
export async function createShard(config: CreateBackupConfig, shard: Shard): Promise<CatalogEntry> {
  const { root, id, parent: parentId, run, signal } = config;
  const { storages } = run;
  if (!isBackupId(id)) throw new CatalogError('CATALOG_EXISTS', `"${id}" cannot be the id of a backup`);
  const path = joinPath(root, id);
  const storage = await storages.forPath(root);
  const cluster = await readClusterNamespaces(run.cluster, signal);
  const parent = parentId === undefined ? undefined : await readParent(root, parentId, storages);
  const document = await joinBackup(path, storage, cluster, config, shard);
  return withLock(path, config, signal, async (stop) => {
    // Whoever deletes the backup has its lock, or is done.
    await refuseDeleted({ kind: 'directory', path }, storage);
    const runs = document.namespaces.map((namespace) => createRun(path, namespace, document, run));
    for (const each of runs) {
      if (!(await repeatLowerBound(each))) setLowerBound(each, parent, cluster);
    }
    await runAll(runs, config, stop);
  });
}

/** The document that the first shard has written, or that of this one. */
async function joinBackup(
  path: string,
  storage: Storage,
  cluster: ClusterNamespaces,
  config: CreateBackupConfig,
  { count }: Shard,
): Promise<BackupDocument> {
  const { root, id, parent, selection, run } = config;
  const { storages } = run;
  const key = run.encryption?.key;
  let found = await readBackupDocument(path, storage, key);
  if (found === undefined) {
    // Another shard may write it between the two questions.
    await refuseUsed(path, id, storage).catch(async (error: unknown) => {
      found = await readBackupDocument(path, storage, key);
      // It may be about to appear: then one of the shards creates it, and the others read it.
      if (found === undefined && !(await hasOnlyTemporaries(storage, path))) throw error;
    });
  }
  const namespaces = chooseNamespaces(config, cluster);
  const own: BackupDocument = {
    id,
    type: parent === undefined ? 'full' : 'incremental',
    ...(parent === undefined ? {} : { parent }),
    started: new Date().toISOString(),
    namespaces,
    selection,
    shards: count,
  };
  if (found === undefined) {
    await storage.ensureDirectory(root);
    if (await createBackupDocument(path, own, storages, key)) return own;
    found = await readBackupDocument(path, storage, key);
  }
  if (found === undefined) throw new CatalogError('CATALOG_STATE', `The document of the backup ${id} was deleted`);
  const difference = findDifference(found, own);
  if (difference === undefined) return found;
  throw new CatalogError('CATALOG_STATE', `The backup ${id} was begun with ${difference}`, { hint: 'other-backup-id' });
}

function findDifference(found: BackupDocument, own: BackupDocument): string | undefined {
  if (found.shards !== own.shards) {
    return found.shards === undefined ? 'no shards' : `${found.shards} shards, not ${own.shards!}`;
  }
  if (found.parent !== own.parent) return `the parent ${found.parent ?? 'none'}, not ${own.parent ?? 'none'}`;
  const texts = [found, own].map(({ namespaces, selection }) => JSON.stringify([namespaces, selection]));
  return texts[0] === texts[1] ? undefined : 'other namespaces or sets';
}

/** A shard that was begun goes on with the lower bound in time that it was begun with. */
async function repeatLowerBound(run: BackupConfig): Promise<boolean> {
  const path = await stateFilePath(run);
  const bytes = await readIfExists(await run.storages.forPath(path), path, 'the manifest');
  if (bytes === undefined) return false;
  const after = parseState(bytes, path).identity['modified-after'];
  if (typeof after === 'string' && after !== '') run.modifiedAfterNs = BigInt(after);
  return true;
}
