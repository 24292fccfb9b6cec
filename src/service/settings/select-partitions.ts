/** Lists of nodes and racks of a routine: the partitions whose master they are when the run starts. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import { isRefusal } from '../../aerospike/cluster/discovery.js';
import type { ClusterNode } from '../../aerospike/cluster/node.js';
import { infoCommand } from '../../aerospike/protocol/info-command.js';
import type { PartitionFilter } from '../../core/partition.js';
import { partitionsOwnedBy } from '../../engine/backup/node-selection.js';
import type { BackupRoutine } from '../document/schema/backup-routine.js';
import { ServiceError } from '../errors.js';
import { withCluster } from '../routines/cluster-facts.js';
import type { ClusterSettings } from './cluster-settings.js';
import { SILENT } from './silent-log.js';

/** For finding the nodes. */
const TIMEOUT_MS = 60_000;

/**
 * The partitions as a setting of the library; undefined = the routine has no such list. Throws ServiceError for a node
 * or rack that the cluster does not have, and what connecting throws.
 */
export async function selectPartitions(
  routine: BackupRoutine,
  namespace: string,
  settings: ClusterSettings,
): Promise<string | undefined> {
  const { 'node-list': nodeList = [], 'rack-list': rackList = [] } = routine;
  if (nodeList.length === 0 && rackList.length === 0) return undefined;
  return withCluster(settings, SILENT, AbortSignal.timeout(TIMEOUT_MS), async (cluster) => {
    const nodes =
      nodeList.length > 0 ? await findNodes(cluster, nodeList) : await findRacks(cluster, rackList, namespace);
    return partitionsOwnedBy(cluster, namespace, nodes).map(formatRange).join(',');
  });
}

function formatRange(filter: PartitionFilter): string {
  return filter.kind === 'range' ? `${filter.begin}-${filter.count}` : '';
}

async function findNodes(cluster: Cluster, list: readonly string[]): Promise<ClusterNode[]> {
  const byText = new Map<string, ClusterNode>();
  for (const node of cluster.nodes) {
    byText.set(node.name.toLowerCase(), node);
    for (const { host, port } of await cluster.listAddresses(node)) {
      for (const address of await resolveHost(host)) byText.set(`${address}|${port}`, node);
    }
  }
  const found = new Set<ClusterNode>();
  for (const entry of list) {
    const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(entry) ?? [];
    const texts =
      host === undefined || port === undefined
        ? [entry.toLowerCase()]
        : (await resolveHost(host)).map((address) => `${address}|${Number(port)}`);
    const node = texts.map((text) => byText.get(text)).find((known) => known !== undefined);
    if (node === undefined) {
      const known = cluster.nodes.map(({ name, endpoint }) => `${name} at ${endpoint}`).join(', ');
      throw new ServiceError('SERVICE_INVALID', `node-list: ${entry} is no node of the cluster, which has: ${known}`);
    }
    found.add(node);
  }
  return [...found];
}

/** Numeric addresses; those of a name that is not known are none. */
async function resolveHost(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

async function findRacks(cluster: Cluster, racks: readonly number[], namespace: string): Promise<ClusterNode[]> {
  const answers = await cluster.infoAll(infoCommand('rack-ids'));
  const rackByNode = new Map(answers.map(({ node, value }) => [node, parseRack(value, namespace)]));
  const missing = racks.filter((rack) => ![...rackByNode.values()].includes(rack));
  if (missing.length > 0) {
    const known = [...new Set(rackByNode.values())].filter((rack) => rack !== undefined).join(', ');
    const text = `rack-list: no node has rack ${missing.join(', ')} for namespace ${namespace}; racks: ${known || 'none'}`;
    throw new ServiceError('SERVICE_INVALID', text);
  }
  return cluster.nodes.filter((node) => racks.includes(rackByNode.get(node) ?? -1));
}

/** Of `<namespace>:<rack>;…`; undefined for a node that does not tell. */
function parseRack(text: string, namespace: string): number | undefined {
  const entries = isRefusal(text) ? [] : text.split(';').map((entry) => entry.split(':'));
  const rack = entries.find(([name]) => name === namespace)?.[1];
  return rack === undefined || !/^\d+$/.test(rack) ? undefined : Number(rack);
}
