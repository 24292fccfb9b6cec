/** Which nodes a routine is restricted to: their primary partitions alone are read. */
import { lookup } from 'node:dns/promises';
import { isIP, SocketAddress } from 'node:net';
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import { ClusterError } from '../../aerospike/errors.js';
import { infoCommand } from '../../aerospike/protocol/info-command.js';
import { formatEndpoint } from '../../aerospike/endpoint.js';
import type { BackupRoutine } from '../document/schema/backup-routine.js';
import type { ClusterSettings } from '../settings/settings.js';

export interface NodeFacts {
  /** The id of the node, as `asinfo` shows it. */
  name: string;
  /** `ADDRESS:PORT`, all that the node is known under; the first is the one that it was reached at. */
  addresses: string[];
  /** By namespace. Empty for a node that does not tell, which only the Enterprise Edition does. */
  racks: ReadonlyMap<string, number>;
}

/** Throws ConnectionError, InfoError. */
export function readNodeFacts(cluster: Cluster): Promise<NodeFacts[]> {
  return Promise.all(
    cluster.nodes.map(async (node) => {
      const addresses: string[] = [];
      for (const { host, port } of await cluster.listAddresses(node)) addresses.push(...(await resolve(host, port)));
      const racks = new Map<string, number>();
      for (const entry of (await node.info(infoCommand('rack-ids'))).split(';')) {
        const [, namespace, rack] = /^(.+):(\d+)$/.exec(entry) ?? [];
        if (namespace !== undefined) racks.set(namespace, Number(rack));
      }
      return { name: node.name, addresses, racks };
    }),
  );
}

/**
 * Addresses of the nodes that the routine names, or whose rack it names; undefined = it names none: all are read.
 * Throws ClusterError CLUSTER_NAMESPACE if one of them is not of the cluster, or no node has one of the racks.
 */
export async function chooseNodes(
  { 'node-list': list = [], 'rack-list': racks = [] }: Pick<BackupRoutine, 'node-list' | 'rack-list'>,
  namespace: string,
  nodes: readonly NodeFacts[],
): Promise<string[] | undefined> {
  if (list.length > 0) {
    const chosen = await Promise.all(list.map((entry) => findNode(entry, nodes)));
    // Two entries may name the same node.
    return [...new Set(chosen)].map(({ addresses }) => addresses[0]!);
  }
  if (racks.length === 0) return undefined;
  const chosen = nodes.filter((node) => racks.includes(node.racks.get(namespace) ?? -1));
  if (chosen.length > 0) return chosen.map(({ addresses }) => addresses[0]!);
  throw new ClusterError('CLUSTER_NAMESPACE', `No node has the namespace ${namespace} in rack ${racks.join(' or ')}`);
}

/** The address with the name in the certificate of the node, for a cluster whose seeds have one. */
export function addTlsName(address: string, { hosts }: Pick<ClusterSettings, 'hosts'>): string {
  const first = typeof hosts === 'string' ? undefined : hosts?.[0];
  const tlsName = typeof first === 'object' ? first.tlsName : undefined;
  return tlsName === undefined ? address : address.replace(/:(\d+)$/, `:${tlsName}:$1`);
}

async function findNode(entry: string, nodes: readonly NodeFacts[]): Promise<NodeFacts> {
  const byName = nodes.find(({ name }) => name.toUpperCase() === entry.toUpperCase());
  if (byName !== undefined) return byName;
  const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(entry) ?? [];
  const wanted = host === undefined ? [] : await resolve(host, Number(port));
  const found = nodes.find(({ addresses }) => addresses.some((address) => wanted.includes(address)));
  if (found !== undefined) return found;
  const known = nodes.map(({ name, addresses }) => `${name} at ${addresses[0] ?? 'no address'}`).join(', ');
  throw new ClusterError('CLUSTER_NAMESPACE', `${entry} is not a node of the cluster, which has: ${known}`);
}

/** Empty for a name that means nothing here. */
async function resolve(host: string, port: number): Promise<string[]> {
  const found = isIP(host) === 0 ? await lookup(host, { all: true }).catch(() => []) : [{ address: host }];
  return found.map(({ address }) => {
    // IPv6 addresses have many spellings.
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    return formatEndpoint(new SocketAddress({ address, family }).address, port);
  });
}
