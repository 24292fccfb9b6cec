import { Cluster } from '../../aerospike/cluster/cluster.js';
import { toComparedCluster } from '../../config/catalog/cluster-config.js';
import type { HostList } from '../../config/values/hosts.js';
import type { Hooks } from '../hooks.js';
import { readSecurity } from '../security.js';

export interface ClusterPlace {
  hosts: HostList;
  port: number;
  tlsName: string | undefined;
  servicesAlternate: boolean;
}

/** Connects to a cluster, with login and TLS of `values`, and closes the connections when `work` has settled. */
export async function withCluster<T>(
  values: Parameters<typeof readSecurity>[0],
  { hosts, ...place }: ClusterPlace,
  hooks: Hooks,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const options = toComparedCluster(hosts, place, await readSecurity(values, hooks.log));
  const cluster = await Cluster.connect(options, hooks.signal, () => undefined);
  try {
    return await work(cluster);
  } finally {
    cluster.close();
  }
}
