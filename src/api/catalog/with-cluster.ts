import { Cluster } from '../../aerospike/cluster/cluster.js';
import { toComparedCluster } from '../../config/catalog/cluster-config.js';
import type { HostList } from '../../config/values/hosts.js';
import type { Hooks } from '../hooks.js';
import { readSecurity } from '../security.js';

/** Where a cluster is, and how to log in to it, in the values of any command that compares with one. */
type ClusterValues = Parameters<typeof readSecurity>[0] & {
  get(name: 'host' | 'port'): unknown;
  has(name: 'services-alternate'): boolean;
};

/** Connects to a cluster, with login and TLS of `values`, and closes the connections when `work` has settled. */
export async function withCluster<T>(
  values: ClusterValues,
  hooks: Hooks,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  // The rows of these options are the same in all tables; the generic `get` cannot say so.
  const place = {
    port: values.get('port') as number,
    tlsName: values.get('tls-name') as string | undefined,
    servicesAlternate: values.has('services-alternate'),
  };
  const options = toComparedCluster(values.get('host') as HostList, place, await readSecurity(values, hooks.log));
  const cluster = await Cluster.connect(options, hooks.signal, () => undefined);
  try {
    return await work(cluster);
  } finally {
    cluster.close();
  }
}
