/** The manifest of a backup that was made of others. */
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import type { EncryptionKey } from '../../codecs/key.js';
import { PARTITIONS } from '../../core/partition.js';
import { createRunId } from '../../core/run.js';
import { readProgramVersion } from '../../core/version.js';
import { canonicalPath, joinPath } from '../../storage/paths.js';
import type { StorageAccess } from '../../storage/registry.js';
import { PartitionProgress } from '../backup/checkpoint/partition-progress.js';
import { saveState, type StateFileEntry } from '../backup/checkpoint/state-file.js';
import { createBackupId, isBackupId, MANIFEST_NAME } from './manifest.js';

const SUFFIX_BYTES = 3;

export interface MergedBackup {
  directory: string;
  storages: StorageAccess;
  namespace: string;
  key?: EncryptionKey | undefined;
  /** ISO 8601. */
  started: string;
  files: StateFileEntry[];
  sindexes: number;
  udfs: number;
}

/** Writes the manifest of a complete backup and resolves with its id: the name of the directory if that can be one. */
export async function writeMergedManifest(backup: MergedBackup): Promise<string> {
  const { directory, storages, namespace, key, started, files, sindexes, udfs } = backup;
  const name = basename(directory);
  const id = isBackupId(name) ? name : createBackupId(new Date(), randomBytes(SUFFIX_BYTES).toString('hex'));
  const state = {
    runId: createRunId(),
    target: canonicalPath(directory),
    identity: { namespace, target: 'directory' },
    cluster: { name: '', nodes: [] },
    filters: [{ kind: 'range', begin: 0, count: PARTITIONS } as const],
    cursors: PartitionProgress.fromJSON({ done: `0-${PARTITIONS - 1}`, after: {} }),
    files,
    counters: {
      records: files.reduce((sum, { records }) => sum + records, 0),
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      sindexes,
      udfs,
    },
    manifest: {
      id,
      type: 'full',
      state: 'COMPLETED',
      version: readProgramVersion(),
      // The inputs may be of several.
      serverVersion: '',
      started,
      finished: new Date().toISOString(),
    } as const,
  };
  await saveState(joinPath(directory, MANIFEST_NAME), state, storages, key);
  return id;
}
