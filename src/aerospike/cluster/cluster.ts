/**
 * The cluster as a tool sees it: its nodes, and which node holds which partition. There is no background tending: a run
 * calls `refresh` when a node or a partition is not where it was.
 */
import { setMaxListeners } from 'node:events';
import type { ClusterEventListener } from '../../core/cluster-events.js';
import { errorMessage, ToolError } from '../../core/errors.js';
import { PARTITIONS } from '../../core/partition.js';
import type { HintId } from '../../core/hint.js';
import type { ClusterOptions, Seed, UnreachableNode } from '../config.js';
import { Connector } from '../connection/connector.js';
import { formatEndpoint } from '../endpoint.js';
import { ClusterError, ConnectionError } from '../errors.js';
import { type Feature, supportsFeature } from '../features.js';
import type { InfoCommand } from '../protocol/info-command.js';
import { addressCommand, type ClusterView, Discovery, isRefusal, type Racks } from './discovery.js';
import type { ClusterNode } from './node.js';
import { PartitionTable } from './partition-table.js';
import { parseAddresses } from './peers.js';
import { lowestVersion } from './server-version.js';

export class Cluster {
  private readonly nodeByName = new Map<string, ClusterNode>();
  private partitions = new PartitionTable<ClusterNode>();
  private racks: ReadonlyMap<ClusterNode, Racks> = new Map();
  private unreachable: readonly UnreachableNode[];

  private constructor(
    private readonly options: ClusterOptions,
    private readonly connector: Connector,
    private readonly signal: AbortSignal | undefined,
    private readonly emit: ClusterEventListener | undefined,
  ) {
    this.unreachable = options.unreachable ?? [];
  }

  /**
   * Finds all nodes from the seeds. Throws ClusterError: CLUSTER_UNREACHABLE when no seed answers, CLUSTER_VERSION for
   * servers without `partitionScan`. LoginError when the cluster refuses the login. Aborting `signal` breaks every
   * connection of this object, with the signal's reason.
   */
  static async connect(options: ClusterOptions, signal?: AbortSignal, emit?: ClusterEventListener): Promise<Cluster> {
    // Every connection listens to the signal.
    if (signal !== undefined) setMaxListeners(0, signal);
    const cluster = new Cluster(options, await Connector.create(options, signal, emit), signal, emit);
    try {
      await cluster.refresh();
    } catch (error) {
      cluster.close();
      throw error;
    }
    return cluster;
  }

  get nodes(): ClusterNode[] {
    return [...this.nodeByName.values()];
  }

  /** The lowest server version in the cluster. */
  get serverVersion(): string {
    return lowestVersion(this.nodes.map(({ build }) => build));
  }

  /** Whether every node of the cluster can do it. */
  supports(feature: Feature): boolean {
    return supportsFeature(this.serverVersion, feature);
  }

  /** Nodes that other nodes list, but that could not be reached at the last `refresh`. */
  get unreachableNodes(): readonly UnreachableNode[] {
    return this.unreachable;
  }

  /**
   * Throws ClusterError CLUSTER_UNREACHABLE, with the name, addresses and reason of each node that cannot be reached,
   * if some partitions of the namespace have no other node. To be called before anything is written: half of the
   * records would be missing, or written, when that turns out later.
   */
  checkReachable(namespace: string): void {
    if (this.unreachable.length === 0 || !this.hasNamespace(namespace)) return;
    const orphans: number[] = [];
    for (let partition = 0; partition < PARTITIONS; partition++) {
      if (this.partitions.owners(namespace, partition).length === 0) orphans.push(partition);
    }
    if (orphans.length === 0) return;
    const nodes = this.unreachable.map(({ name, addresses, reason }) => {
      return `${name} at ${addresses.join(', ')} (${reason})`;
    });
    const text =
      `${this.unreachable.length} of ${this.unreachable.length + this.nodeByName.size} nodes cannot be reached, and no ` +
      `other holds ${orphans.length} partition(s) of namespace ${namespace}: ${nodes.join('; ')}`;
    throw new ClusterError('CLUSTER_UNREACHABLE', text, {
      hint: this.options.servicesAlternate ? undefined : 'use-services-alternate',
    });
  }

  /** Whether any node has the namespace. */
  hasNamespace(namespace: string): boolean {
    return this.partitions.hasNamespace(namespace);
  }

  /** The nodes that have the namespace. */
  nodesWithNamespace(namespace: string): ClusterNode[] {
    return this.partitions.nodesWith(namespace);
  }

  /** The node that holds replica `replica` (0 = master) of a partition, if the map knows one. */
  nodeFor(namespace: string, partition: number, replica: number): ClusterNode | undefined {
    return this.partitions.holders(namespace, replica)[partition];
  }

  /**
   * Which node to ask for which of the partitions, those left out of which no node is known. `failures` says for each
   * partition how many nodes were asked in vain: every replica has its turn, the master before the others, but those of
   * a preferred rack before them all.
   */
  assignPartitions(namespace: string, partitions: readonly number[], failures: Uint8Array): Map<ClusterNode, number[]> {
    const { preferRacks } = this.options;
    const masters = this.partitions.holders(namespace, 0);
    const assigned = new Map<ClusterNode, number[]>();
    let node: ClusterNode | undefined;
    let list: number[] = [];
    for (const partition of partitions) {
      const isSimple = preferRacks === undefined && failures[partition] === 0;
      const next =
        (isSimple ? masters[partition] : undefined) ?? this.findOwner(namespace, partition, failures[partition]!);
      if (next === undefined) continue;
      if (next !== node) {
        node = next;
        list = assigned.get(node) ?? [];
        assigned.set(node, list);
      }
      list.push(partition);
    }
    return assigned;
  }

  private findOwner(namespace: string, partition: number, attempt: number): ClusterNode | undefined {
    const { preferRacks } = this.options;
    const owners = this.partitions.owners(namespace, partition);
    if (preferRacks !== undefined) {
      const rank = (node: ClusterNode): number => {
        const rack = this.racks.get(node)?.get(namespace);
        const index = rack === undefined ? -1 : preferRacks.indexOf(rack);
        return index < 0 ? preferRacks.length : index;
      };
      owners.sort((a, b) => rank(a) - rank(b));
    }
    return owners[attempt % owners.length];
  }

  /** Nodes that do not report the rack of a namespace, which only the Enterprise edition does. */
  nodesWithoutRack(namespace: string): ClusterNode[] {
    return this.nodes.filter((node) => this.racks.get(node)?.get(namespace) === undefined);
  }

  /** Every address a node is known under: its own list, and the one it was reached at. Names are not resolved. */
  async listAddresses(node: ClusterNode): Promise<Seed[]> {
    const text = await node.info(addressCommand('service', this.options));
    return [{ host: node.host, port: node.port }, ...(isRefusal(text) ? [] : parseAddresses(text, node.port))];
  }

  /** How a cluster object in another thread finds the same nodes, and does not wait again for those out of reach. */
  get optionsForWorker(): ClusterOptions {
    // Every address that is known to work, so that a worker finds the cluster even if the seed has gone.
    const seeds = [...this.nodes.map(({ address }) => address), ...this.options.seeds];
    return { ...this.options, seeds, unreachable: this.unreachable };
  }

  /**
   * One info command on the first node that answers; with `namespace`, on one that has the namespace if there is any.
   * Throws ClusterError CLUSTER_UNREACHABLE, ProtocolError.
   */
  async info(command: InfoCommand, namespace?: string): Promise<string> {
    const suitable = namespace === undefined ? [] : this.nodesWithNamespace(namespace);
    let last: unknown;
    for (const node of suitable.length > 0 ? suitable : this.nodes) {
      try {
        return await node.info(command);
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
        last = error;
      }
    }
    throw new ClusterError('CLUSTER_UNREACHABLE', `No node answered "${command}": ${errorMessage(last)}`, {
      cause: last,
    });
  }

  /** The same info command on every node, or on the given ones. */
  infoAll(command: InfoCommand, nodes = this.nodes): Promise<{ node: ClusterNode; value: string }[]> {
    return Promise.all(nodes.map(async (node) => ({ node, value: await node.info(command) })));
  }

  /** Reads nodes and partition maps again: from the known nodes, or from the seeds when none of those answers. */
  async refresh(): Promise<void> {
    const known = this.nodes.map(({ address, name }) => ({ addresses: [address], name }));
    let view = await this.discovery().run(known);
    let error = view.error;
    for (const seed of this.options.seeds) {
      if (view.nodes.size > 0) break;
      view = await this.discovery().run([{ addresses: [seed], name: undefined }]);
      error = view.error ?? error;
    }
    if (view.nodes.size === 0) throw this.unreachableError(error);
    this.adopt(view);
  }

  close(): void {
    for (const node of this.nodeByName.values()) node.close();
    this.nodeByName.clear();
  }

  private discovery(): Discovery {
    return new Discovery(this.options, this.connector, this.signal, this.nodeByName, this.unreachable);
  }

  private adopt({ nodes, partitions, racks, unreachable }: ClusterView): void {
    for (const [name, node] of this.nodeByName) {
      if (nodes.get(name) !== node) node.close();
    }
    this.nodeByName.clear();
    for (const [name, node] of nodes) this.nodeByName.set(name, node);
    this.partitions = partitions;
    this.racks = racks;
    const before = new Set(this.unreachable.map(({ name }) => name));
    this.unreachable = unreachable;
    for (const { name, addresses, reason } of unreachable) {
      if (before.has(name)) continue;
      this.emit?.({ type: 'cluster.node-unreachable', node: name, addresses, reason });
    }
  }

  private unreachableError(cause: Error | undefined): ClusterError {
    const seeds = [...new Set(this.options.seeds.map(({ host, port }) => formatEndpoint(host, port)))].join(', ');
    return new ClusterError('CLUSTER_UNREACHABLE', `Cannot reach the cluster at ${seeds}: ${errorMessage(cause)}`, {
      cause,
      hint: connectHint(cause, this.options),
    });
  }
}

/** What to check, for errors that have no hint of their own. */
function connectHint(error: Error | undefined, { tls }: ClusterOptions): HintId | undefined {
  if (error instanceof ToolError && error.hint !== undefined) return error.hint;
  if (!(error instanceof ConnectionError)) return 'check-seeds';
  if (error.code === 'NET_TLS') return undefined;
  // Many TLS servers close the connection of a client that does not speak TLS.
  const mayBeTls = error.code === 'NET_CLOSED' && tls === undefined;
  return mayBeTls ? 'check-seeds-and-tls' : 'check-seeds';
}
