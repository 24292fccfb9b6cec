/** The manifest of a backup that was made of others. */
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import type { CodecConfig } from '../../codecs/codecs.js';
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
  /** Where the files are until the directory gets its name; else the same. */
  place: string;
  codecConfig?: CodecConfig | undefined;
  incompleteReason?: string | undefined;
  storages: StorageAccess;
  namespace: string;
  /** ISO 8601. */
  started: string;
  files: StateFileEntry[];
  sindexes: number;
  udfs: number;
}

/** Writes the manifest and resolves with its id: the name of the directory if that can be one. */
export async function writeMergedManifest(backup: MergedBackup): Promise<string> {
  const { directory, place, storages, namespace, started, files, sindexes, udfs, incompleteReason } = backup;
  const { compression, encryption } = backup.codecConfig ?? {};
  const name = basename(directory);
  const id = isBackupId(name) ? name : createBackupId(new Date(), randomBytes(SUFFIX_BYTES).toString('hex'));
  const state = {
    runId: createRunId(),
    target: canonicalPath(directory),
    identity: {
      namespace,
      'output-file-prefix': namespace,
      compress: compression?.codec ?? '',
      encrypt: encryption?.mode ?? '',
      target: 'directory',
    },
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
      ...(incompleteReason === undefined
        ? { state: 'COMPLETED' as const, finished: new Date().toISOString() }
        : { state: 'FAILED' as const, reason: incompleteReason }),
      version: readProgramVersion(),
      // The inputs may be of several.
      serverVersion: '',
      started,
    } as const,
  };
  await saveState(joinPath(place, MANIFEST_NAME), state, storages, encryption?.key);
  return id;
}
