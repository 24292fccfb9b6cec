/** The defaults of the document, where it is used: the document itself stays as it was written. */
import type { BackupPolicy } from './schema/backup-policy.js';
import type { RestorePolicy } from './schema/restore-request.js';

export interface ResolvedRetry {
  'base-timeout': number;
  multiplier: number;
  'max-retries': number;
}

export type ResolvedPolicy = Omit<BackupPolicy, 'incr-mode'> & {
  parallel: number;
  'socket-timeout': number;
  'total-timeout': number;
  'file-limit': number;
  sealed: boolean;
  'concurrent-incremental': boolean;
  'with-cluster-configuration': boolean;
  'incr-mode': 'differential' | 'cumulative';
  'retry-policy': ResolvedRetry;
};

/** Of a routine without a policy: all defaults. */
export function resolvePolicy(policy: BackupPolicy | undefined): ResolvedPolicy {
  const isCumulative = policy?.['incr-mode']?.toLowerCase() === 'cumulative';
  return {
    parallel: 8,
    'socket-timeout': 600_000,
    'total-timeout': 0,
    'file-limit': 250,
    sealed: false,
    'concurrent-incremental': false,
    'with-cluster-configuration': false,
    ...policy,
    'incr-mode': isCumulative ? 'cumulative' : 'differential',
    'retry-policy': { 'base-timeout': 60_000, multiplier: 1.5, 'max-retries': 5, ...policy?.['retry-policy'] },
  };
}

export type ResolvedRestorePolicy = RestorePolicy & {
  parallel: number;
  'socket-timeout': number;
  'total-timeout': number;
  'max-async-batches': number;
  'batch-size': number;
  'retry-policy': ResolvedRetry;
};

export function resolveRestorePolicy(policy: RestorePolicy | undefined): ResolvedRestorePolicy {
  return {
    parallel: 8,
    'socket-timeout': 600_000,
    'total-timeout': 0,
    'max-async-batches': 128,
    'batch-size': 128,
    ...policy,
    'retry-policy': { 'base-timeout': 2000, multiplier: 2, 'max-retries': 5, ...policy?.['retry-policy'] },
  };
}
