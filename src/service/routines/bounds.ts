/** From when to when the changes of a namespace are read. */
import { SAFETY_OVERLAP_MS } from '../../engine/catalog/parent-backup.js';
import type { BackupType } from '../../engine/catalog/manifest.js';

/** What there is of one namespace: starts of its last complete backups, in milliseconds since 1970. */
export interface NamespaceHistory {
  lastFullMs?: number;
  lastIncrementalMs?: number;
}

export interface RunTimes {
  type: BackupType;
  /** The start of the run: it stays, however often a namespace is tried. */
  timestampMs: number;
  /** Incremental runs build on the last full one. */
  cumulative: boolean;
  /** Later changes are left out. */
  sealed: boolean;
  /** By how much the clock of this machine is ahead of those of the nodes. */
  clockLeadMs: number;
}

export interface Bounds {
  /** The start of the backup that this one builds on; absent = it is a full one. */
  fromMs?: number;
  /** Earlier than `fromMs`, as nodes write the time of a change by clocks of their own. */
  modifiedAfterMs?: number;
  modifiedBeforeMs?: number;
}

/**
 * Undefined = the namespace has no full backup that an incremental one could build on. Each namespace builds on its own
 * last backup: one whose last backup failed begins where its last good one did.
 */
export function computeBounds(
  { type, timestampMs, cumulative, sealed, clockLeadMs }: RunTimes,
  { lastFullMs, lastIncrementalMs = 0 }: NamespaceHistory,
): Bounds | undefined {
  const upper = sealed ? { modifiedBeforeMs: timestampMs } : {};
  if (type === 'full') return upper;
  if (lastFullMs === undefined) return undefined;
  const fromMs = cumulative ? lastFullMs : Math.max(lastFullMs, lastIncrementalMs);
  return { fromMs, modifiedAfterMs: Math.max(0, fromMs - SAFETY_OVERLAP_MS - clockLeadMs), ...upper };
}
