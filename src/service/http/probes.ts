import type { Log } from '../../core/log.js';
import { findEntity } from '../document/find-entity.js';
import { withCluster } from '../routines/cluster-facts.js';
import { toClusterSettings } from '../settings/cluster-settings.js';
import { openStorage } from '../settings/open-storage.js';
import type { ConfigAccess, DependencyProbes } from './dependencies.js';

/** Connecting to a cluster takes no longer. */
const CLUSTER_TIMEOUT_MS = 5000;

/**
 * Asks as runs do: a cluster is connected to with its credentials, a storage is asked for its root. A root that does
 * not exist is no fault, as the first run creates it.
 */
export function createProbes(config: Pick<ConfigAccess, 'document'>, log: Log): DependencyProbes {
  return {
    cluster: async (name) => {
      const { document } = config;
      const cluster = findEntity(document['aerospike-clusters'], name);
      if (cluster === undefined) return;
      const settings = await toClusterSettings(cluster, document);
      await withCluster(settings, log, AbortSignal.timeout(CLUSTER_TIMEOUT_MS), () => Promise.resolve());
    },
    storage: async (name) => {
      const { document } = config;
      const entity = findEntity(document.storage, name);
      if (entity === undefined) return;
      const opened = await openStorage(entity, document, log);
      try {
        const storage = await opened.storage.forPath(opened.root);
        await storage.exists('directory', opened.root);
      } finally {
        await opened.close();
      }
    },
  };
}
