/** Object counts of a namespace and its sets (wire.md 9.3). */
import type { Cluster } from '../cluster/cluster.js';
import { VOID_TIME_EPOCH_S } from '../../core/void-time.js';
import type { ClusterNode } from '../cluster/node.js';
import { ClusterError } from '../errors.js';
import { infoCommand, infoPathCommand } from '../protocol/info-command.js';
import { parsePairs, throwIfRefused } from '../protocol/info.js';

export interface NodeObjects {
  node: ClusterNode;
  /** Objects of the namespace, or of the given sets, with all replicas on this node. */
  objects: number;
  /** Undefined = the node does not have the namespace (yet); its count is 0. */
  replicationFactor: number | undefined;
  /** Partitions move between the nodes: some records are counted on no node yet, or on one too many. */
  isMigrating: boolean;
}

/** Partitions of the namespace that a node has still to send and to receive. */
const MIGRATIONS = ['migrate_tx_partitions_remaining', 'migrate_rx_partitions_remaining'];

/**
 * Counts on the given nodes. Throws ClusterError CLUSTER_NAMESPACE if none of them has the namespace, or if it holds
 * large data types.
 */
export async function countObjects(
  cluster: Cluster,
  namespace: string,
  sets: readonly string[],
  nodes = cluster.nodes,
): Promise<NodeObjects[]> {
  const command = infoPathCommand('namespace', namespace);
  const result: NodeObjects[] = [];
  for (const { node, value } of await cluster.infoAll(command, nodes)) {
    const pairs = parsePairs(value, ';');
    const all = pairs.get('objects');
    if (all === undefined) {
      result.push({ node, objects: 0, replicationFactor: undefined, isMigrating: false });
      continue;
    }
    if (pairs.get('ldt-enabled') === 'true') {
      const text = `Namespace "${namespace}" holds large data types, which a scan does not return; it cannot be backed up`;
      throw new ClusterError('CLUSTER_NAMESPACE', text);
    }
    const factor =
      pairs.get('effective_replication_factor') ?? pairs.get('repl-factor') ?? pairs.get('replication-factor') ?? '1';
    const objects = sets.length > 0 ? await countSets(node, namespace, sets, Number(all)) : Number(all);
    const isMigrating = MIGRATIONS.some((name) => Number(pairs.get(name) ?? 0) > 0);
    result.push({ node, objects, replicationFactor: Number(factor), isMigrating });
  }
  if (result.every(({ replicationFactor }) => replicationFactor === undefined)) {
    const text = `The cluster has no namespace "${namespace}". It has: ${(await listNamespaces(nodes)).join(', ')}`;
    throw new ClusterError('CLUSTER_NAMESPACE', text);
  }
  return result;
}

/**
 * The time of the server's clock, in milliseconds since 1970, as the first node that answers reports it for a
 * namespace; undefined = it does not.
 */
export async function readNamespaceClock(cluster: Cluster, namespace: string): Promise<number | undefined> {
  return parseClock(await cluster.info(infoPathCommand('namespace', namespace), namespace));
}

/**
 * By how many milliseconds the clock of this machine is ahead of that of the slowest node, to a second; negative = it
 * is behind all of them, 0 also where no node tells its time.
 */
export async function readClockLead(cluster: Cluster, namespace: string): Promise<number> {
  const answers = await cluster.infoAll(infoPathCommand('namespace', namespace));
  const clocks = answers.map(({ value }) => parseClock(value)).filter((clock) => clock !== undefined);
  return clocks.length === 0 ? 0 : Date.now() - Math.min(...clocks);
}

/** The time in an answer to `namespace/<ns>`, in milliseconds since 1970; undefined = it has none. */
export function parseClock(answer: string): number | undefined {
  const seconds = Number(parsePairs(answer, ';').get('current_time'));
  return Number.isFinite(seconds) && seconds > 0 ? (seconds + VOID_TIME_EPOCH_S) * 1000 : undefined;
}

/** The namespaces of the nodes, each once. */
export async function listNamespaces(nodes: readonly ClusterNode[]): Promise<string[]> {
  const names = new Set<string>();
  for (const node of nodes) {
    for (const name of (await node.info(infoCommand('namespaces'))).split(';')) if (name !== '') names.add(name);
  }
  return [...names];
}

/**
 * Objects of the sets on one node, which has `all` in the namespace. From the list of all sets: their names may hold
 * what must not be part of an info command.
 */
async function countSets(node: ClusterNode, namespace: string, sets: readonly string[], all: number): Promise<number> {
  const command = infoPathCommand('sets', namespace);
  const value = await node.info(command);
  throwIfRefused(command, value);
  const wanted = new Set(sets);
  let count = 0;
  // Records without a set are counted nowhere: they are what the sets leave of the namespace.
  if (wanted.delete('')) count += Math.max(0, all - sumOfAllSets(value));
  for (const set of wanted) count += findSetObjects(value, set);
  return count;
}

function sumOfAllSets(list: string): number {
  // Set names may hold any byte, so the entries are not taken apart.
  let total = 0;
  for (const [, objects] of list.matchAll(/:(?:n_)?objects=(\d+):/g)) total += Number(objects);
  return total;
}

function findSetObjects(list: string, set: string): number {
  for (const key of ['set=', 'set_name=']) {
    const wanted = `${key}${set}:`;
    for (let at = list.indexOf(wanted); at >= 0; at = list.indexOf(wanted, at + 1)) {
      if (at > 0 && list[at - 1] !== ':' && list[at - 1] !== ';') continue;
      const start = at + wanted.length;
      const end = list.indexOf(';', start);
      const properties = parsePairs(list.slice(start, end < 0 ? undefined : end), ':');
      const objects = properties.get('objects') ?? properties.get('n_objects');
      if (objects !== undefined && /^\d+$/.test(objects)) return Number(objects);
    }
  }
  return 0;
}
