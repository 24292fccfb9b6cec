/**
 * The cluster as a tool sees it: its nodes, and which node masters which partition (wire.md 2.2–2.4). There is no
 * background tending: a run asks for `refresh` when a node or a partition is not where it was.
 */
import { isIP } from 'node:net';
import { PARTITIONS } from '../../core/partition.js';
import type { Connection } from '../connection/connection.js';
import { Connector } from '../connection/connector.js';
import { ClusterError, ConnectionError, InfoError, LoginError, ProtocolError } from '../errors.js';
import { infoCommand, infoCommands } from '../protocol/info.js';
import { ClusterNode } from './node.js';
import { ResultCode } from '../protocol/constants.js';
import { buildAtLeast, parsePeers, parseReplicas, splitAddresses } from './peers.js';
import type { ClusterOptions, Seed } from '../config.js';
import { errorMessage } from '../../core/errors.js';
import { withReauth, SessionEnded } from '../connection/reauth.js';

interface NamespaceMap {
  regime: number;
  /** `replicas[k][partition]`: the node that holds replica k. */
  replicas: (ClusterNode | undefined)[][];
}

interface Candidate {
  addresses: Seed[];
  /** Undefined = whoever answers. */
  name: string | undefined;
}

/** Rack numbers by namespace. */
type Racks = ReadonlyMap<string, number>;

interface View {
  found: Map<string, ClusterNode>;
  maps: Map<string, NamespaceMap>;
  racks: Map<ClusterNode, Racks>;
  error: unknown;
}

/** With a node's own addresses unreachable from here, the seed's address is used; do not wait long to find out. */
const ALTERNATIVE_TIMEOUT_MS = 1000;

export class Cluster {
  private readonly nodeByName = new Map<string, ClusterNode>();
  private maps = new Map<string, NamespaceMap>();
  private racks = new Map<ClusterNode, Racks>();

  private constructor(
    private readonly options: ClusterOptions,
    private readonly connector: Connector,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /**
   * Finds all nodes from the seeds. Throws ClusterError: CLUSTER_UNREACHABLE when no seed answers, CLUSTER_VERSION for
   * servers before 4.9, which cannot scan by partition. LoginError when the cluster does not let the user in.
   * Aborting `signal` breaks every connection of this object, with the signal's reason. `notice` takes
   * what `tls.logSessions` has to tell.
   */
  static async connect(
    options: ClusterOptions,
    signal?: AbortSignal,
    notice?: (text: string) => void,
  ): Promise<Cluster> {
    const cluster = new Cluster(options, await Connector.create(options, signal, notice), signal);
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

  /** The lowest server build in the cluster. */
  get build(): string {
    return this.nodes.reduce((lowest, node) => {
      const parts = node.build.split('.').map((part) => Number.parseInt(part, 10) || 0);
      return lowest === '' || !buildAtLeast(node.build, ...lowest.split('.').map(Number)) ? parts.join('.') : lowest;
    }, '');
  }

  /** Whether any node holds partitions of the namespace. */
  hasNamespace(namespace: string): boolean {
    return this.maps.has(namespace);
  }

  /** The node that holds replica `replica` (0 = master) of a partition, if the map knows one. */
  nodeFor(namespace: string, partition: number, replica: number): ClusterNode | undefined {
    return this.maps.get(namespace)?.replicas[replica]?.[partition];
  }

  /**
   * The node to ask for a partition at the given attempt, 0 being the first: every replica in turn, the master before
   * the others, but those of a preferred rack before them all. Undefined if the map knows none.
   */
  nodeForAttempt(namespace: string, partition: number, attempt: number): ClusterNode | undefined {
    const { preferRacks } = this.options;
    const replicas = this.maps.get(namespace)?.replicas ?? [];
    const holders: ClusterNode[] = [];
    for (const replica of replicas) {
      const node = replica[partition];
      if (node !== undefined) holders.push(node);
    }
    if (preferRacks !== undefined) {
      const rank = (node: ClusterNode): number => {
        const rack = this.racks.get(node)?.get(namespace);
        const at = rack === undefined ? -1 : preferRacks.indexOf(rack);
        return at < 0 ? preferRacks.length : at;
      };
      holders.sort((a, b) => rank(a) - rank(b));
    }
    return holders[attempt % holders.length];
  }

  /** Nodes that do not tell the rack of a namespace, which only the Enterprise edition does. */
  nodesWithoutRack(namespace: string): ClusterNode[] {
    return this.nodes.filter((node) => this.racks.get(node)?.get(namespace) === undefined);
  }

  /** Every address a node is known under: its own list, and the one it was reached at. Names stay names. */
  async addressesOf(node: ClusterNode): Promise<Seed[]> {
    const text = await node.info(this.command('service'));
    return [{ host: node.host, port: node.port }, ...(isRefusal(text) ? [] : splitAddresses(text, node.port))];
  }

  /** Addresses under which the nodes were reached; seeds for a cluster object in another thread. */
  get addresses(): Seed[] {
    return this.nodes.map(({ address }) => address);
  }

  /** One info command on the first node that answers. */
  async info(command: string): Promise<string> {
    let last: unknown;
    for (const node of this.nodes) {
      try {
        return await node.info(command);
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
        last = error;
      }
    }
    throw new ClusterError('CLUSTER_UNREACHABLE', `No node answered "${command}": ${errorMessage(last)}`, last);
  }

  /** The same info command on every node, or on the given ones. */
  infoAll(command: string, nodes = this.nodes): Promise<{ node: ClusterNode; value: string }[]> {
    return Promise.all(nodes.map(async (node) => ({ node, value: await node.info(command) })));
  }

  /** Reads nodes and partition maps again: from the known nodes, or from the seeds when none of those answers. */
  async refresh(): Promise<void> {
    const known = this.nodes.map(({ address, name }) => ({ addresses: [address], name }));
    let view = await this.discover(known);
    for (const seed of this.options.seeds) {
      if (view.found.size > 0) break;
      view = await this.discover([{ addresses: [seed], name: undefined }], view.error);
    }
    const { found, maps, racks, error } = view;
    if (found.size === 0) {
      const seeds = [...new Set(this.options.seeds.map(({ host, port }) => `${host}:${port}`))].join(', ');
      const text = `Cannot reach the cluster at ${seeds}: ${errorMessage(error)}${hintOf(error, this.options)}`;
      throw new ClusterError('CLUSTER_UNREACHABLE', text, error);
    }
    for (const [name, node] of this.nodeByName) {
      if (found.get(name) !== node) node.close();
    }
    this.nodeByName.clear();
    for (const [name, node] of found) this.nodeByName.set(name, node);
    this.maps = maps;
    this.racks = racks;
  }

  /** Visits the given nodes and all they know of. `error` is why the last one that failed did. */
  private async discover(start: readonly Candidate[], error?: unknown): Promise<View> {
    const view: View = { found: new Map(), maps: new Map(), racks: new Map(), error };
    const queue = [...start];
    const tried = new Set<string>();
    for (let candidate = queue.shift(); candidate !== undefined; candidate = queue.shift()) {
      for (const address of candidate.addresses) {
        if (candidate.name !== undefined && view.found.has(candidate.name)) break;
        // Every node names the same peers; an address that did not answer is not asked again.
        const key = `${address.host}|${address.port}`;
        if (tried.has(key)) continue;
        tried.add(key);
        try {
          const node = await this.recognise(address, candidate.name);
          const peers = await this.readNode(node, view.maps);
          if (this.options.preferRacks !== undefined) view.racks.set(node, await readRacks(node));
          view.found.set(node.name, node);
          queue.push(...peers.filter(({ name }) => name === undefined || !view.found.has(name)));
          break;
        } catch (failure) {
          this.signal?.throwIfAborted();
          if (failure instanceof ClusterError || failure instanceof LoginError) throw failure;
          if (failure instanceof InfoError) throwIfLoginNeeded(failure, address);
          // At the start, a node that fails the check of its certificate must not look like one that is merely down.
          const firstLook = this.nodeByName.size === 0 && candidate.name !== undefined;
          if (firstLook && failure instanceof ConnectionError && failure.code === 'NET_TLS') throw failure;
          view.error = failure;
        }
      }
    }
    return view;
  }

  close(): void {
    for (const node of this.nodeByName.values()) node.close();
    this.nodeByName.clear();
  }

  /** Connects to an address and learns who is there. An already known node keeps its object and connections. */
  private recognise(address: Seed, expectedName: string | undefined): Promise<ClusterNode> {
    return withReauth(() => this.tryToRecognise(address, expectedName));
  }

  private async tryToRecognise(address: Seed, expectedName: string | undefined): Promise<ClusterNode> {
    const { infoTimeoutMs } = this.options;
    let connection = await this.connector.open(address);
    let reached = address;
    try {
      const [name = '', generation, build = ''] = await infoCommands(
        connection,
        ['node', 'partition-generation', 'build'],
        infoTimeoutMs,
      );
      if (expectedName !== undefined && name !== expectedName) {
        throw new ProtocolError(`${connection.where} is node ${name}, not ${expectedName}.`);
      }
      if (generation === '-1') throw new ProtocolError(`Node ${name} at ${connection.where} is still starting.`);
      if (!buildAtLeast(build, 4, 9)) {
        const text = `The server at ${connection.where} is version ${build}; 4.9 or newer is needed.`;
        throw new ClusterError('CLUSTER_VERSION', text);
      }
      const known = this.nodeByName.get(name);
      if (known?.host === address.host && known.port === address.port) {
        known.addConnection(connection);
        return known;
      }
      if (expectedName === undefined && !isLoopback(address.host)) {
        const direct = await this.bypassLoadBalancer(connection, address, name);
        if (direct !== undefined) {
          connection.close();
          ({ connection, reached } = direct);
        }
      }
      const node = new ClusterNode(name, reached, build, this.connector, infoTimeoutMs);
      node.addConnection(connection);
      return node;
    } catch (error) {
      connection.close();
      if (error instanceof InfoError && this.connector.sessionEnded(connection, error.resultCode)) {
        throw new SessionEnded(connection.where, error.resultCode);
      }
      throw error;
    }
  }

  /**
   * A seed may be a load balancer in front of several nodes. If the node names other addresses as its own, one of them
   * is used, provided the same node answers there.
   */
  private async bypassLoadBalancer(
    connection: Connection,
    address: Seed,
    name: string,
  ): Promise<{ connection: Connection; reached: Seed } | undefined> {
    const text = await infoCommand(connection, this.command('service'), this.options.infoTimeoutMs);
    if (isRefusal(text)) return undefined;
    const own = splitAddresses(text, address.port);
    if (own.some(({ host, port }) => host === address.host && port === address.port)) return undefined;
    // A host name resolves to an address that the list may hold; the peers of a name cannot be told apart from here.
    for (const { host, port } of own) {
      let direct: Connection | undefined;
      try {
        const timeoutMs = Math.min(ALTERNATIVE_TIMEOUT_MS, this.options.connectTimeoutMs || ALTERNATIVE_TIMEOUT_MS);
        // Without a name of its own to go by, it is the host of the seed that the certificate must be for.
        const reached = { host, port, ...(this.options.tls && { tlsName: address.tlsName ?? address.host }) };
        direct = await this.connector.open(reached, timeoutMs);
        const [directName] = await infoCommands(direct, ['node'], this.options.infoTimeoutMs);
        if (directName === name) return { connection: direct, reached };
        direct.close();
      } catch (error) {
        direct?.close();
        if (!(error instanceof ConnectionError) && !(error instanceof ProtocolError)) throw error;
      }
    }
    return undefined;
  }

  /** Reads a node's peers and its part of the partition maps into `maps`. */
  private async readNode(node: ClusterNode, maps: Map<string, NamespaceMap>): Promise<Candidate[]> {
    const replicas = await node.info('replicas');
    for (const { namespace, regime, bitmaps } of parseReplicas(replicas)) {
      let map = maps.get(namespace);
      if (map === undefined) maps.set(namespace, (map = { regime, replicas: [] }));
      // A partition that two nodes claim during a migration: the newer view wins.
      const newer = regime >= map.regime;
      map.regime = Math.max(regime, map.regime);
      bitmaps.forEach((bitmap, k) => {
        const owners = (map.replicas[k] ??= new Array<ClusterNode | undefined>(PARTITIONS).fill(undefined));
        for (let p = 0; p < PARTITIONS; p++) {
          if ((bitmap[p >> 3]! & (0x80 >> (p & 7))) !== 0 && (newer || owners[p] === undefined)) owners[p] = node;
        }
      });
    }
    const { peers } = parsePeers(await node.info(this.command('peers')));
    if (this.options.tls === undefined) return peers;
    // A certificate is always checked for a name; nodes of one cluster often share it.
    const shared = node.address.tlsName ?? node.host;
    return peers.map(({ name, tlsName, addresses }) => ({
      name,
      addresses: addresses.map((address) => ({ ...address, tlsName: tlsName || shared })),
    }));
  }

  /** `peers-clear-std` and its relatives (wire.md 2.2). */
  private command(what: 'peers' | 'service'): string {
    const { tls, servicesAlternate } = this.options;
    return `${what}-${tls === undefined ? 'clear' : 'tls'}-${servicesAlternate ? 'alt' : 'std'}`;
  }
}

/** `<ns>:<rack>;<ns>:<rack>`; empty for a node that refuses to tell. */
async function readRacks(node: ClusterNode): Promise<Racks> {
  const text = await node.info('rack-ids');
  const racks = new Map<string, number>();
  for (const [, namespace, rack] of isRefusal(text) ? [] : text.matchAll(/([^:;]+):(\d+)/g)) {
    racks.set(namespace!, Number(rack));
  }
  return racks;
}

/** What to look at, for errors that do not say it themselves. */
function hintOf(error: unknown, { tls }: ClusterOptions): string {
  if (!(error instanceof ConnectionError)) return ' Check --host and --port.';
  if (error.code === 'NET_TLS') return '';
  // Many TLS servers just hang up on a client that does not speak it.
  const mayBeTls = error.code === 'NET_CLOSED' && tls === undefined;
  return mayBeTls ? ' Check --host and --port; a port for TLS needs --tls-enable.' : ' Check --host and --port.';
}

/** The node answers nothing to whoever has not logged in. */
function throwIfLoginNeeded({ resultCode }: InfoError, { host, port }: Seed): void {
  if (resultCode !== ResultCode.NOT_AUTHENTICATED) return;
  const text = `The cluster at ${host}:${port} wants a login: give --user and --password.`;
  throw new LoginError('LOGIN_REQUIRED', text, resultCode);
}

function isRefusal(text: string): boolean {
  return /^(?:ERROR|FAIL)/i.test(text);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
