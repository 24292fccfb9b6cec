/** How a restore reaches its storage and its cluster. */
import type { RestoreSettings } from '../../api/settings.js';
import { readRestoreSettings } from '../../api/restore.js';
import { readSecurity } from '../../api/security.js';
import { toRestoreConfig, type RestoreCommand } from '../../config/restore-config.js';
import type { Log } from '../../core/log.js';
import type { AerospikeCluster } from '../document/schema/aerospike-cluster.js';
import type { RestorePolicy } from '../document/schema/restore-request.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import type { Storage } from '../document/schema/storage.js';
import type { PathTask, TimeTask } from './restore-request.js';

/** Everything but what is restored. */
type TargetSettings = Omit<RestoreSettings, 'directory' | 'directories'>;

/** From the document to the settings of the library. */
export interface RestoreEnvironment {
  toRestoreSettings(
    policy: RestorePolicy | undefined,
    cluster: AerospikeCluster,
    agent: PathTask['agent'],
    document: ServiceDocument,
  ): Promise<TargetSettings>;
  /** `root` is the path of the storage. */
  toAccessSettings(
    storage: Storage,
    document: ServiceDocument,
  ): Promise<Pick<RestoreSettings, 's3' | 'gcs' | 'azure'> & { root: string }>;
}

export interface OpenedRestore {
  /** The path of the storage. */
  root: string;
  /** Of any backup: its source, namespace and codecs are set for each one. */
  base: RestoreCommand;
}

/**
 * The caller closes `base.storages`. Throws ServiceError, SecretError, OptionError, CodecError for what cannot be
 * followed.
 */
export async function openRestore(
  { policy, cluster, agent, storage }: PathTask | TimeTask,
  document: ServiceDocument,
  environment: RestoreEnvironment,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<OpenedRestore> {
  const { root, ...access } = await environment.toAccessSettings(storage, document);
  const settings = await environment.toRestoreSettings(policy, cluster, agent, document);
  // The plan has the namespaces.
  delete settings.namespace;
  const { values } = await readRestoreSettings({ ...settings, ...access, directory: root });
  const security = await readSecurity(values, log);
  const base = toRestoreConfig(values, { log, signal, security });
  if (policy['allow-incomplete'] === true) base.allowIncomplete = true;
  return { root, base };
}
