/** Restores the backups of one namespace. */
import type { RestoreConfig, RestoreResult } from '../../engine/restore/config.js';
import { VersionHistory } from '../../engine/restore/version-history.js';
import type { FoundBackup } from '../backups/find-backups.js';

export interface NamespaceTask {
  /** Of the backups; absent = their files tell it. */
  namespace?: string;
  /** The namespace of the cluster; absent = that of the files. */
  target?: string;
  /** The oldest first. */
  backups: readonly Pick<FoundBackup, 'path' | 'metadata'>[];
  /** Files without metadata. */
  unmarked?: readonly string[];
  /**
   * `oldest-first`: each version of a record is written over the one before. `newest-first`: older versions of a record
   * are left out, so that each is written once.
   */
  order: 'newest-first' | 'oldest-first';
  /** There are no records where the restore writes. */
  isTargetEmpty: boolean;
}

type Run = (config: RestoreConfig) => Promise<RestoreResult>;

/**
 * Stops at the first failure: what a newer backup should have written must not be taken from an older one. `base` has
 * the policy.
 */
export async function restoreNamespace(task: NamespaceTask, base: RestoreConfig, run: Run): Promise<void> {
  const { namespace, target, backups, unmarked = [], order, isTargetEmpty } = task;
  const isChain = backups.length > 1;
  const isNewestFirst = order === 'newest-first' && isChain;
  // Where nothing exists, what exists is what the restore has written: the newest version.
  const unique = base.unique || (isNewestFirst && isTargetEmpty);
  const policy = { unique, replace: base.replace && !unique };
  // A record that is not written, as it has expired or was refused, must not come back in an older version. With
  // records that the cluster refuses, "it exists" is not the only reason for not being written.
  const remembered = unique && !base.ignoreRecordError ? 'unwritten' : 'all';
  const history = isNewestFirst ? { history: new VersionHistory(remembered) } : {};
  const names = namespace === undefined ? {} : { namespace: { from: namespace, to: target ?? namespace } };
  const newestFirst = [...backups].reverse();
  // Incremental backups have neither indexes nor modules, and those of a newer one would win.
  const withIndexes = newestFirst.find(({ metadata }) => metadata.from === undefined || metadata.sindexes > 0);
  const withModules = newestFirst.find(({ metadata }) => metadata.from === undefined || metadata.udfs > 0);
  for (const backup of order === 'newest-first' ? newestFirst : backups) {
    await run({
      ...withCodecs(base, backup),
      ...policy,
      ...history,
      ...names,
      source: { kind: 'directory', path: backup.path },
      noIndexes: base.noIndexes || backup !== withIndexes,
      noUdfs: base.noUdfs || backup !== withModules,
    });
  }
  for (const path of unmarked) await run({ ...base, ...policy, ...names, source: { kind: 'directory', path } });
}

/** Stored as the metadata says; the key is the user's. */
function withCodecs(base: RestoreConfig, { metadata }: Pick<FoundBackup, 'metadata'>): RestoreConfig {
  const stored = { ...base };
  if (metadata.compressed) stored.compression = { codec: 'zstd', level: 0 };
  else delete stored.compression;
  if (metadata.encryption === undefined) delete stored.encryption;
  return stored;
}
