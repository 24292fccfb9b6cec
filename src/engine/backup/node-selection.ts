/** Which nodes a backup is about, and which partitions are theirs (asbackup.md 5.7). */
import { lookup } from 'node:dns/promises';
import { isIP, SocketAddress } from 'node:net';
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import { ClusterError } from '../../aerospike/errors.js';
import type { ClusterNode } from '../../aerospike/cluster/node.js';
import type { PartitionFilter, Seed } from '../../aerospike/config.js';
import { ToolError } from '../../core/errors.js';
import { PARTITIONS } from '../../core/partition.js';

/** An entry of the node list is not a node of the cluster, or is one twice. */
export class NodeListError extends ToolError {
  constructor(message: string) {
    super('NODE_LIST', message);
  }
}

/**
 * The nodes of `list`, each of which must name another node: by an address of the node's own list, or by the one it was
 * reached at. All nodes if there is no list.
 */
export async function selectNodes(cluster: Cluster, list: readonly Seed[] | undefined): Promise<ClusterNode[]> {
  if (list === undefined) return cluster.nodes;
  const nodeAt = new Map<string, ClusterNode>();
  for (const node of cluster.nodes) {
    for (const { host, port } of await cluster.listAddresses(node)) {
      for (const address of await numeric(host)) nodeAt.set(key(address, port), node);
    }
  }
  const selected = new Map<ClusterNode, string>();
  for (const { host, port } of list) {
    const entry = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    const node = nodeAt.get(key(host, port));
    if (node === undefined) {
      const known = cluster.nodes.map(({ name, endpoint: where }) => `${name} at ${where}`).join(', ');
      throw new NodeListError(`${entry} is not a node of this cluster, which has: ${known}`);
    }
    const before = selected.get(node);
    if (before !== undefined) {
      throw new NodeListError(`${before} and ${entry} are the same node, ${node.name}`);
    }
    selected.set(node, entry);
  }
  return [...selected.keys()];
}

/** The partitions whose master is one of the nodes, as contiguous ranges. Throws ClusterError if there are none. */
export function partitionsOwnedBy(
  cluster: Cluster,
  namespace: string,
  nodes: readonly ClusterNode[],
): PartitionFilter[] {
  const ranges: Extract<PartitionFilter, { kind: 'range' }>[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const master = cluster.nodeFor(namespace, partition, 0);
    if (master === undefined || !nodes.includes(master)) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last.begin + last.count === partition) last.count++;
    else ranges.push({ kind: 'range', begin: partition, count: 1 });
  }
  if (ranges.length === 0) {
    const text = `The given nodes are master of no partition of ${namespace}; there is nothing to back up`;
    throw new ClusterError('CLUSTER_PARTITIONS', text);
  }
  return ranges;
}

/** A node may tell host names; the list holds numeric addresses only. */
async function numeric(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    // A name that means nothing here cannot have been meant.
    return [];
  }
}

/** IPv6 addresses have many spellings. */
function key(address: string, port: number): string {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  return `${new SocketAddress({ address, family }).address}|${port}`;
}
