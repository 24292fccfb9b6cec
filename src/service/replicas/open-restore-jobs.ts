import { RestoreJobs, type RestoreJobsOptions } from '../restore/restore-jobs.js';
import { findOwn } from '../routines/run-plan.js';
import { openStorage } from '../settings/open-storage.js';
import { createHolder } from './replica-identity.js';
import { DEFAULT_LEASE_SECONDS } from './replica-coordinator.js';
import { SharedJobStore } from './shared-job-store.js';
import { SharedRestoreJobs } from './shared-restore-jobs.js';

export interface OpenedRestoreJobs {
  /** What requests are answered with. */
  jobs: RestoreJobs | SharedRestoreJobs;
  stop(): Promise<void>;
}

/** The jobs of this process, or of all replicas, if the configuration names a storage for them. Throws StorageError. */
export async function openRestoreJobs(options: RestoreJobsOptions): Promise<OpenedRestoreJobs> {
  const { config, log } = options;
  const { replicas } = config.document.service ?? {};
  const storage = findOwn(config.document.storage, replicas?.storage ?? '');
  if (replicas === undefined || storage === undefined) {
    const jobs = await RestoreJobs.open(options);
    return { jobs, stop: () => jobs.stop() };
  }
  const store = new SharedJobStore(() => openStorage(storage, config.document, log), createHolder(replicas.id));
  const own = await RestoreJobs.open({ ...options, store });
  const leaseMs = (replicas['lease-seconds'] ?? DEFAULT_LEASE_SECONDS) * 1000;
  const jobs = new SharedRestoreJobs({ jobs: own, store, leaseMs, log });
  jobs.start();
  return {
    jobs,
    stop: async () => {
      await jobs.stop();
      await own.stop();
    },
  };
}
