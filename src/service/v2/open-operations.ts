/** The operations of /v2 as the service has them. */
import { readClusterFacts } from '../routines/cluster-facts.js';
import { toAccessSettings, toBackupSettings, toClusterSettings, toRestoreSettings } from '../settings/settings.js';
import type { V2Options } from './context.js';
import { readEnvironmentStorages } from './storages/environment-storages.js';
import { ServiceOperations } from './v2-operations.js';

export type OperationParts = Pick<V2Options, 'config' | 'runner' | 'metrics' | 'events' | 'log' | 'turns'> & {
  /** Where jobs are kept over restarts; undefined = they are not. */
  dataDirectory: string | undefined;
  /** Variables that define storages. */
  environment: Readonly<Record<string, string | undefined>> | undefined;
};

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
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
  });
}
