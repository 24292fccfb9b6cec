import type { BackupType } from '../metrics/metrics.js';

export interface AdmissionQuestion {
  type: BackupType;
  /** What runs or begins of the same routine. */
  running: readonly BackupType[];
  /** `concurrent-incremental` of the policy. */
  isConcurrent: boolean;
  /** A full backup of the routine is due at the very same time. */
  isFullDue: () => boolean;
}

/**
 * Why a run that is due is not made; undefined = it is. That there is no full backup to build on shows later, as the
 * storage has to be read for it.
 */
export function explainRefusal({ type, running, isConcurrent, isFullDue }: AdmissionQuestion): string | undefined {
  if (type === 'full') return running.includes('full') ? 'another full backup of it runs' : undefined;
  if (isConcurrent) return undefined;
  if (running.includes('incremental')) return 'another incremental backup of it runs';
  if (running.includes('full')) return 'a full backup of it runs';
  return isFullDue() ? 'a full backup of it is due at the same time' : undefined;
}
