/** What is asked of the cluster before anything is written to it. */
import { Cluster } from '../../aerospike/cluster/cluster.js';
import { listNamespaces } from '../../aerospike/commands/namespace.js';
import { countRecords } from '../../engine/catalog/restore-backup.js';
import type { RestoreConfig } from '../../engine/restore/config.js';
import { ServiceError } from '../errors.js';

/**
 * Those of the namespaces that have no records of the sets that are restored. Throws ServiceError SERVICE_INVALID if
 * the cluster lacks any of them, ClusterError.
 */
export async function findEmptyTargets(
  targets: readonly string[],
  { cluster: options, sets }: Pick<RestoreConfig, 'cluster' | 'sets'>,
  signal: AbortSignal,
): Promise<Set<string>> {
  const cluster = await Cluster.connect(options, signal, () => undefined);
  try {
    const known = await listNamespaces(cluster.nodes);
    const missing = targets.filter((name) => !known.includes(name));
    if (missing.length > 0) {
      const text = `the cluster has no namespace ${missing.join(', ')}; it has ${known.sort().join(', ')}`;
      throw new ServiceError('SERVICE_INVALID', text);
    }
    const empty = new Set<string>();
    for (const name of targets) if ((await countRecords(cluster, name, sets)) === 0) empty.add(name);
    return empty;
  } finally {
    cluster.close();
  }
}
