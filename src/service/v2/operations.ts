/** What /v2 can do: HTTP is built against it. Every method rejects with V2Error, or with a fault of the program. */
import type { Backup, BackupPage } from './schema/backup.js';
import type { CreateBackup } from './schema/create-backup.js';
import type { Job, JobKind, JobPage, JobStateName } from './schema/job.js';
import type { CloneRequest, CopyBackup, VerifyBackup } from './schema/requests.js';
import type { RestoreAtTime, RestoreBackup, RestorePlan } from './schema/restore-backup.js';
import type { RoutineSummary } from './schema/routine-summary.js';
import type { RuntimeState, StorageRanges, StorageSummary } from './schema/runtime-state.js';
import type { BackupStateName, V2BackupType } from './schema/values.js';

/** Chooses between runs of two routines that have the same name. */
export interface BackupChoice {
  routine?: string;
}

export interface BackupFilter {
  /** Ids that begin with it. */
  prefix?: string;
  /** Absent = all but DELETED. */
  states?: readonly BackupStateName[];
  types?: readonly V2BackupType[];
  /** Created at or after this time, milliseconds since 1970. */
  fromMs?: number;
  /** Created before this time. */
  toMs?: number;
  routine?: string;
  /** Most backups of the page, 1 to 1000. */
  limit: number;
  /** `next` of the page before. */
  after?: string;
}

export interface JobListFilter {
  kinds?: readonly JobKind[];
  states?: readonly JobStateName[];
  storage?: string;
  backup?: string;
  /** Created at or after this time, milliseconds since 1970. */
  fromMs?: number;
  /** Created before this time. */
  toMs?: number;
  limit: number;
  after?: string;
}

export interface WaitOptions {
  timeoutMs: number;
  /** Ends the wait: the client has gone. */
  signal: AbortSignal;
}

export interface V2Operations {
  /**
   * Resolves once STARTED is stored. invalid-id, include-exclude, id-not-allowed, id-required, id-taken,
   * id-not-monotonic, busy (facts: id), no-storage, unknown-selection.
   */
  createBackup(storage: string, request: CreateBackup): Promise<Backup>;
  /** With details. DELETED while the tombstone is young; not-found, ambiguous-id. */
  readBackup(storage: string, id: string, choice: BackupChoice): Promise<Backup>;
  /** The newest first. */
  listBackups(storage: string, filter: BackupFilter): Promise<BackupPage>;
  /** Resolves for one that is deleted already. busy, has-dependents (facts: dependents), held, not-found. */
  deleteBackup(storage: string, id: string, options: BackupChoice & { cascade: boolean }): Promise<void>;
  /** Resolves once nothing of the run is under way. A backup that has ended stays as it is. */
  cancelBackup(storage: string, id: string, choice: BackupChoice): Promise<Backup>;
  hold(storage: string, id: string, options: BackupChoice & { reason?: string }): Promise<Backup>;
  release(storage: string, id: string, choice: BackupChoice): Promise<Backup>;

  /**
   * Resolves with a job that has begun. not-restorable, deleted, not-in-backup, target-not-empty (facts: targets with
   * counts), target-busy, include-exclude.
   */
  restoreBackup(storage: string, id: string, request: RestoreBackup, choice: BackupChoice): Promise<Job>;
  /** The same, and no-restore-point (facts: before, after). */
  restoreAtTime(storage: string, request: RestoreAtTime): Promise<Job>;
  /** What the two would do; what they would refuse is in the plan, unless there is no plan because of it. */
  planRestore(storage: string, id: string, request: RestoreBackup, choice: BackupChoice): Promise<RestorePlan>;
  planRestoreAtTime(storage: string, request: RestoreAtTime): Promise<RestorePlan>;
  /** The last job that has restored the backup. not-found. */
  latestRestore(storage: string, id: string, choice: BackupChoice): Promise<Job>;

  copyBackup(storage: string, id: string, request: CopyBackup, choice: BackupChoice): Promise<Job>;
  verifyBackup(storage: string, id: string, request: VerifyBackup, choice: BackupChoice): Promise<Job>;
  clone(request: CloneRequest): Promise<Job>;

  readJob(id: string): Promise<Job>;
  /** The newest first. */
  listJobs(filter: JobListFilter): Promise<JobPage>;
  /** A job that has ended stays as it is. */
  cancelJob(id: string): Promise<Job>;

  state(): Promise<RuntimeState>;
  ranges(storage: string): Promise<StorageRanges>;
  /** How the backups of the routine are verified, and where they are copied to. */
  describeUpkeep(routine: string): Promise<Pick<RoutineSummary, 'verify' | 'copies'>>;
  /** Of the configuration and of the environment. */
  storages(): Promise<StorageSummary[]>;

  /** Resolves when the backup has ended, or with how it is when the time is up. */
  waitForBackup(storage: string, id: string, choice: BackupChoice, wait: WaitOptions): Promise<Backup>;
  waitForJob(id: string, wait: WaitOptions): Promise<Job>;
}
