/** What the console asks of the service, operation by operation. All throw as `request` does. */
import type { Backup, BackupPage } from '../../service/v2/schema/backup.js';
import type { CreateBackup } from '../../service/v2/schema/create-backup.js';
import type { DeadLetter, DeadLetterList } from '../../service/v2/schema/dead-letter.js';
import type { Job, JobPage } from '../../service/v2/schema/job.js';
import type { CopyBackup, VerifyBackup } from '../../service/v2/schema/requests.js';
import type { RestoreAtTime, RestoreBackup, RestorePlan } from '../../service/v2/schema/restore-backup.js';
import type { RoutineList, RoutineSummary } from '../../service/v2/schema/routine-summary.js';
import type { StorageRanges, StorageSummary } from '../../service/v2/schema/runtime-state.js';
import type { Session } from '../../service/v2/schema/session.js';
import { makePath, request } from './client.js';

/** Shown as it is, whatever it has. */
export type ConfigDocument = Readonly<Record<string, unknown>>;

/** A backup of a storage; two routines may have runs of the same id. */
export interface BackupKey {
  readonly storage: string;
  readonly id: string;
  readonly routine?: string | undefined;
}

export interface BackupListFilter {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly states?: readonly string[] | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

const backupPath = ({ storage, id }: BackupKey, ...rest: string[]): string => makePath('backups', storage, id, ...rest);
const choose = ({ routine }: BackupKey): { routine: string | undefined } => ({ routine });

export const readSession = (signal?: AbortSignal): Promise<Session> =>
  request(makePath('session'), signal === undefined ? {} : { signal });

export async function listStorages(signal: AbortSignal): Promise<StorageSummary[]> {
  return (await request<{ storages: StorageSummary[] }>(makePath('storages'), { signal })).storages;
}

export async function listRoutines(signal: AbortSignal): Promise<RoutineSummary[]> {
  return (await request<RoutineList>(makePath('routines'), { signal })).routines;
}

export const runRoutine = (name: string, type: 'FULL' | 'DIFFERENTIAL'): Promise<unknown> =>
  request(makePath('routines', name, 'run'), { method: 'POST', body: { type } });

export const switchRoutine = (name: string, action: 'cancel' | 'enable' | 'disable'): Promise<unknown> =>
  request(makePath('routines', name, action), { method: 'POST' });

export const listBackups = (storage: string, filter: BackupListFilter, signal: AbortSignal): Promise<BackupPage> => {
  const { from, to, states, limit, after } = filter;
  return request(makePath('backups', storage), { query: { from, to, state: states?.join(','), limit, after }, signal });
};

export const readBackup = (key: BackupKey, signal: AbortSignal): Promise<Backup> =>
  request(backupPath(key), { query: choose(key), signal });

export const createBackup = (storage: string, body: CreateBackup): Promise<Backup> =>
  request(makePath('backups', storage), { method: 'POST', body });

export const deleteBackup = (key: BackupKey, cascade: boolean): Promise<unknown> =>
  request(backupPath(key), { method: 'DELETE', query: { ...choose(key), cascade: cascade ? true : undefined } });

export const cancelBackup = (key: BackupKey): Promise<Backup> =>
  request(backupPath(key, 'cancel'), { method: 'POST', query: choose(key) });

export const holdBackup = (key: BackupKey, reason: string): Promise<Backup> =>
  request(backupPath(key, 'hold'), { method: 'POST', query: choose(key), body: reason === '' ? {} : { reason } });

export const releaseBackup = (key: BackupKey): Promise<Backup> =>
  request(backupPath(key, 'release'), { method: 'POST', query: choose(key) });

export const verifyBackup = (key: BackupKey, body: VerifyBackup): Promise<Job> =>
  request(backupPath(key, 'verify'), { method: 'POST', query: choose(key), body });

export const copyBackup = (key: BackupKey, body: CopyBackup): Promise<Job> =>
  request(backupPath(key, 'copy'), { method: 'POST', query: choose(key), body });

export const planRestore = (key: BackupKey, body: RestoreBackup): Promise<RestorePlan> =>
  request(backupPath(key, 'restore'), { method: 'POST', query: { ...choose(key), plan: true }, body });

export const restoreBackup = (key: BackupKey, body: RestoreBackup): Promise<Job> =>
  request(backupPath(key, 'restore'), { method: 'POST', query: choose(key), body });

export const planRestoreAtTime = (storage: string, body: RestoreAtTime): Promise<RestorePlan> =>
  request(makePath('restore', storage), { method: 'POST', query: { plan: true }, body });

export const restoreAtTime = (storage: string, body: RestoreAtTime): Promise<Job> =>
  request(makePath('restore', storage), { method: 'POST', body });

export const readRanges = (storage: string, signal: AbortSignal): Promise<StorageRanges> =>
  request(makePath('ranges', storage), { signal });

export const listJobs = (
  filter: { storage?: string; backup?: string; limit: number },
  signal: AbortSignal,
): Promise<JobPage> => request(makePath('jobs'), { query: filter, signal });

export const readJob = (id: string, signal: AbortSignal): Promise<Job> => request(makePath('jobs', id), { signal });

export const cancelJob = (id: string): Promise<Job> => request(makePath('jobs', id, 'cancel'), { method: 'POST' });

export const readConfig = (signal: AbortSignal): Promise<ConfigDocument> => request(makePath('config'), { signal });

export const retryDeadLetter = (id: string): Promise<unknown> =>
  request(makePath('webhooks', 'dead-letters', id, 'retry'), { method: 'POST' });

export const deleteDeadLetter = (id: string): Promise<unknown> =>
  request(makePath('webhooks', 'dead-letters', id), { method: 'DELETE' });

export async function listDeadLetters(signal: AbortSignal): Promise<DeadLetter[]> {
  return (await request<DeadLetterList>(makePath('webhooks', 'dead-letters'), { signal }))['dead-letters'];
}
