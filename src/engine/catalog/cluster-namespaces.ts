/** What a backup has to know of the cluster before it reserves an id. */
import { Cluster } from '../../aerospike/cluster/cluster.js';
import { listNamespaces, readClockLead } from '../../aerospike/commands/namespace.js';
import type { ClusterOptions } from '../../aerospike/config.js';

export interface ClusterNamespaces {
  /** All that the cluster has, sorted. */
  namespaces: string[];
  /** By how much the clock of this machine is ahead of that of the slowest node; at least 0. */
  clockLeadMs: number;
}

/** Connects and closes the connections again. Throws ClusterError, and what connecting throws. */
export async function readClusterNamespaces(options: ClusterOptions, signal: AbortSignal): Promise<ClusterNamespaces> {
  const cluster = await Cluster.connect(options, signal, () => undefined);
  try {
    const namespaces = (await listNamespaces(cluster.nodes)).sort();
    const leads = await Promise.all(namespaces.map((namespace) => readClockLead(cluster, namespace)));
    return { namespaces, clockLeadMs: Math.max(0, ...leads) };
  } finally {
    cluster.close();
  }
}
