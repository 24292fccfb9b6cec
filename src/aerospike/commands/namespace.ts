/** What nodes say of a namespace and its sets (wire.md 9.3). */
import type { Cluster } from '../cluster/cluster.js';
import { VOID_TIME_EPOCH_S } from '../../core/void-time.js';
import { ClusterError } from '../errors.js';
import { checkInfoValue, parsePairs } from '../protocol/info.js';
import type { ClusterNode } from '../cluster/node.js';

export interface NodeObjects {
  node: ClusterNode;
  /** Objects of the namespace, or of the given sets, with all replicas on this node. */
  objects: number;
  replicationFactor: number;
}

/** Asks the given nodes. Throws ClusterError CLUSTER_NAMESPACE if one does not know the namespace, or has LDTs. */
export async function countObjects(
  cluster: Cluster,
  namespace: string,
  sets: readonly string[],
  nodes = cluster.nodes,
): Promise<NodeObjects[]> {
  const command = `namespace/${namespace}`;
  const result: NodeObjects[] = [];
  for (const { node, value } of await cluster.infoAll(command, nodes)) {
    const pairs = parsePairs(value, ';');
    const all = pairs.get('objects');
    if (all === undefined) {
      const known = (await node.info('namespaces')).split(';').filter((name) => name !== '');
      const text = `The cluster has no namespace "${namespace}". It has: ${known.join(', ')}.`;
      throw new ClusterError('CLUSTER_NAMESPACE', text);
    }
    if (pairs.get('ldt-enabled') === 'true') {
      const text = `Namespace "${namespace}" holds large data types, which a scan does not return; it cannot be backed up.`;
      throw new ClusterError('CLUSTER_NAMESPACE', text);
    }
    const factor =
      pairs.get('effective_replication_factor') ?? pairs.get('repl-factor') ?? pairs.get('replication-factor') ?? '1';
    let objects = Number(all);
    if (sets.some((set) => set !== '')) {
      const wanted = new Set(sets);
      // Records without a set are counted nowhere: they are what the sets leave of the namespace.
      objects = wanted.delete('') ? Math.max(0, objects - (await countInSets(node, namespace))) : 0;
      for (const set of wanted) objects += await countSetObjects(node, namespace, set);
    }
    result.push({ node, objects, replicationFactor: Number(factor) });
  }
  return result;
}

/**
 * The time of the server's clock, in milliseconds since 1970, as the first node that answers reports it for a
 * namespace;
 * undefined = it does not.
 */
export async function readNamespaceClock(cluster: Cluster, namespace: string): Promise<number | undefined> {
  const seconds = Number(parsePairs(await cluster.info(`namespace/${namespace}`), ';').get('current_time'));
  return Number.isFinite(seconds) && seconds > 0 ? (seconds + VOID_TIME_EPOCH_S) * 1000 : undefined;
}

/** Objects of all sets of a namespace together. */
async function countInSets(node: ClusterNode, namespace: string): Promise<number> {
  const command = `sets/${namespace}`;
  const value = await node.info(command);
  checkInfoValue(command, value);
  // Set names may hold any byte, so the entries are not taken apart.
  let total = 0;
  for (const [, objects] of value.matchAll(/:(?:n_)?objects=(\d+):/g)) total += Number(objects);
  return total;
}

/**
 * From the list of all sets: a name may hold what would end an info command (wire.md 2.1), so it is never part of one.
 */
async function countSetObjects(node: ClusterNode, namespace: string, set: string): Promise<number> {
  const command = `sets/${namespace}`;
  const value = await node.info(command);
  checkInfoValue(command, value);
  const name = set.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const entry = new RegExp(`(?:^|[:;])set(?:_name)?=${name}:(?:[^;]*?:)?(?:n_)?objects=(\\d+)`).exec(value);
  return Number(entry?.[1] ?? 0);
}
