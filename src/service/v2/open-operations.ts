/** The operations of /v2 as the service has them. */
import { readClusterFacts } from '../routines/cluster-facts.js';
import { toAccessSettings, toBackupSettings, toClusterSettings, toRestoreSettings } from '../settings/settings.js';
import { findEntity } from '../document/find-entity.js';
import { DEFAULT_LEASE_SECONDS } from '../replicas/replica-coordinator.js';
import { createHolder } from '../replicas/replica-identity.js';
import { openStorage } from '../settings/open-storage.js';
import type { V2Options } from './context.js';
import { SharedJobs } from './jobs/shared-jobs.js';
import { readEnvironmentStorages } from './storages/environment-storages.js';
import { ServiceOperations } from './v2-operations.js';

export type OperationParts = Pick<V2Options, 'config' | 'runner' | 'metrics' | 'events' | 'log' | 'turns'> & {
  /** Where jobs are kept over restarts; undefined = they are not. */
  dataDirectory: string | undefined;
  /** Variables that define storages. */
  environment: Readonly<Record<string, string | undefined>> | undefined;
};

/** If the configuration names a storage for the jobs of all replicas. */
function openSharedJobs({ config, log }: Pick<OperationParts, 'config' | 'log'>): { sharedJobs?: SharedJobs } {
  const { replicas } = config.document.service ?? {};
  const storage = findEntity(config.document.storage, replicas?.storage ?? '');
  if (replicas === undefined || storage === undefined) return {};
  const open = (): ReturnType<typeof openStorage> => openStorage(storage, config.document, log);
  const leaseMs = (replicas['lease-seconds'] ?? DEFAULT_LEASE_SECONDS) * 1000;
  return { sharedJobs: new SharedJobs({ open, holder: createHolder(replicas.id), leaseMs, log }) };
}

/** Throws ServiceError SERVICE_INVALID for a variable that is wrong, StorageError for jobs that cannot be read. */
export function openOperations({
  dataDirectory,
  environment = {},
  ...parts
}: OperationParts): Promise<ServiceOperations> {
  return ServiceOperations.open({
    ...parts,
    environment: { toBackupSettings, toClusterSettings, toRestoreSettings, toAccessSettings, readClusterFacts },
    storages: readEnvironmentStorages(environment),
    ...openSharedJobs(parts),
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
  });
}
