/** Whether clusters and storages of the configuration answer, for a readiness that asks them. */
import type { Log } from '../core/log.js';
import type { ConfigStore } from './config-source/config-store.js';
import { findEntity } from './document/find-entity.js';
import { ServiceError } from './errors.js';
import type { DependencyProbes } from './http/dependencies.js';
import { withCluster } from './routines/cluster-facts.js';
import { openStorage } from './settings/open-storage.js';
import { toClusterSettings } from './settings/settings.js';

/** `signal` ends what they wait for. */
export function createProbes(
  config: Pick<ConfigStore, 'document'>,
  { log, signal }: { log: Log; signal: AbortSignal },
): DependencyProbes {
  return {
    async cluster(name) {
      const { document } = config;
      const cluster = findEntity(document['aerospike-clusters'], name);
      if (cluster === undefined) throw new ServiceError('SERVICE_NOT_FOUND', `cluster "${name}" not found`);
      await withCluster(await toClusterSettings(cluster, document), log, signal, () => Promise.resolve());
    },
    async storage(name) {
      const { document } = config;
      const entity = findEntity(document.storage, name);
      if (entity === undefined) throw new ServiceError('SERVICE_NOT_FOUND', `storage "${name}" not found`);
      const opened = await openStorage(entity, document, log);
      const { root } = opened;
      try {
        const storage = await opened.storage.forPath(root);
        // A directory that was not made yet will be made by the first run.
        if (await storage.exists('directory', root)) await storage.list(root);
      } finally {
        await opened.close();
      }
    },
  };
}
