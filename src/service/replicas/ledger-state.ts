/**
 * What all replicas of the service agree on about one routine: which firings are taken, which runs are under way and
 * who works on them, and what became of the last ones. It is kept in the storage of the routine (journal.ts).
 */
import type { LockHolder } from '../../engine/backup/checkpoint/lock.js';
import type { BackupMetadata } from '../backups/metadata-file.js';
import type { BackupType } from '../metrics/metrics.js';

/** A process of the service. `runId` is new for each process. */
export interface Holder extends LockHolder {
  /** The id of the replica: that of an earlier process on the same place, too. */
  replica: string;
}

/** A namespace that is complete: the name of its folder below `data`, and what its metadata say. */
export interface CompletedPart {
  folder: string;
  metadata: BackupMetadata;
}

export type RunOutcome = 'success' | 'unchanged' | 'failure' | 'canceled' | 'skip';

/** What was decided about a run. It is never changed: whoever works on the run carries it out. */
export interface Decision {
  outcome: RunOutcome;
  reason?: string;
  /** Of a success. */
  parts?: readonly CompletedPart[];
  /** By how much the time of the run is ahead of the slowest clock of the cluster. */
  leadMs?: number;
}

export interface RunTask {
  type: BackupType;
  /** Names the folder of the run. */
  timestampMs: number;
  /** The time in the schedule; absent = somebody has asked for the run. */
  dueMs?: number;
  /** Absent = the run goes on. */
  decision?: Decision;
  holder: Holder;
  /** Grows with each replica that takes the run over: an older one has nothing to say any more. */
  token: number;
  /** Names the claim or takeover that the holder has the run by. */
  claim: string;
  /** The holder has given the run up in good order: nobody writes to its folder. */
  isReleased?: boolean;
  isCanceled?: boolean;
}

/** A run that has ended, or a firing that was not made. */
export interface EndedRun {
  type: BackupType;
  timestampMs?: number;
  dueMs?: number;
  outcome: RunOutcome;
  reason?: string;
  replica: string;
  token: number;
  leadMs?: number;
  /** Names of the folders that belong to the backup. */
  folders?: readonly string[];
}

/** What only one replica does at a time (`retention`), or what holds that off (`restore`). */
export interface Guard {
  kind: 'retention' | 'restore';
  holder: Holder;
  claim: string;
}

export interface FiredTimes {
  /** Times up to this one are not made any more. */
  floorMs: number;
  /** Later times that are taken. */
  dues: readonly number[];
}

export interface LedgerState {
  /** The largest time that was given to a run. */
  lastTimestampMs: number;
  fired: Readonly<Record<BackupType, FiredTimes>>;
  /** The schedule that the last firing is of. */
  scheduleKey?: string;
  runs: readonly RunTask[];
  guards: readonly Guard[];
  /** The newest last. */
  recent: readonly EndedRun[];
}

const NONE: FiredTimes = { floorMs: 0, dues: [] };
export const EMPTY_LEDGER: LedgerState = {
  lastTimestampMs: 0,
  fired: { full: NONE, incremental: NONE },
  runs: [],
  guards: [],
  recent: [],
};

/** Names a run within its routine, and who works on it. */
export function taskKey({ type, timestampMs, token }: RunTask): string {
  return `${type}/${timestampMs}/${token}`;
}
