/** From a path to the plan of a restore: of one backup, or of a moment. */
import { Codecs } from '../../codecs/codecs.js';
import { findBackupFiles } from './backup-files.js';
import { findBackups, readBackup } from './find-backups.js';
import { readNamespace } from './read-namespace.js';
import type { RestoreBase } from './restore-backup.js';
import { type MomentPlan, planBackup, planMoment, type RestoreSelection } from './restore-plan.js';

export interface PlanRequest {
  /** Of a backup; with `atMs`, of the directory or prefix that backups are below. */
  path: string;
  /** Milliseconds since 1970; absent = one backup. */
  atMs?: number;
  selection: RestoreSelection;
  base: RestoreBase;
  signal: AbortSignal;
}

/** Throws CatalogError, StorageError, CodecError, InputError. */
export async function planRestore({ path, atMs, selection, base, signal }: PlanRequest): Promise<MomentPlan> {
  const { storages, allowIncomplete = false } = base;
  if (atMs !== undefined) return planMoment(await findBackups(path, storages), atMs, selection, storages);
  const plans = await planBackup(await readBackup(path, storages), selection, {
    storages,
    allowIncomplete,
    readNamespace: async (part) => {
      const codecs = await Codecs.open(base);
      return readNamespace(await findBackupFiles(part.path, { codecs, storages }), signal);
    },
  });
  return { plans, later: [] };
}
