/**
 * What is known of the verifications and copies of a routine: a small document in its storage, which all replicas
 * change in turn. It also says who works on what, so that each firing is made once.
 */
import type { VerificationCheck, VerifyMode } from '../schema/verification.js';

/** Work that one process at a time has. */
export interface Claim {
  /** Of the process. */
  owner: string;
}

/** A firing of a schedule. Times are ISO 8601 in UTC. */
export interface CheckState {
  /** The time in the schedule. */
  due: string;
  /** Absent = it has ended. */
  claim?: Claim;
  finished?: string;
  sound?: boolean;
  problem?: string;
  lastSound?: string;
}

export interface CopyState {
  /** Absent = nobody works on it. */
  claim?: Claim;
  /** Ids in the catalog of what was copied, with the time: it is not copied again if it is deleted there. */
  done: Record<string, string>;
  pending?: number;
  last?: string;
  problem?: string;
  failures: number;
  /** Not before, after a failure. */
  nextAttempt?: string;
}

/** The last verification of each kind. */
export type BackupChecks = Partial<Record<VerifyMode, Omit<VerificationCheck, 'mode'>>>;

export interface UpkeepDocument {
  /** Of the routine. */
  checks: Partial<Record<VerifyMode, CheckState>>;
  /** By ids in the catalog. */
  backups: Record<string, BackupChecks>;
  /** By names of storages. */
  copies: Record<string, CopyState>;
  /** Start of the last backup of which it was told that it is too old; `none` = there was none. */
  missed?: string;
}

export const EMPTY_UPKEEP: UpkeepDocument = { checks: {}, backups: {}, copies: {} };
