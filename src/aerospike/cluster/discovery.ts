/**
 * Finds the nodes of a cluster: from a few addresses to all peers that the nodes name (wire.md 2.2–2.4). Nodes named by
 * the same nodes are dialed in parallel, so that several silent ones cost one timeout together.
 */
import { isLoopbackHost } from '../../core/loopback.js';
import type { ClusterOptions, Seed, UnreachableNode } from '../config.js';
import type { Connection } from '../connection/connection.js';
import type { Connector } from '../connection/connector.js';
import { SessionEnded, withReauth } from '../connection/reauth.js';
import { formatEndpoint } from '../endpoint.js';
import { ClusterError, ConnectionError, InfoError, LoginError, ProtocolError } from '../errors.js';
import { FEATURES, supportsFeature } from '../features.js';
import { ResultCode } from '../protocol/constants.js';
import { infoCommand, type InfoCommand } from '../protocol/info-command.js';
import { requestInfo, requestInfoBatch } from '../protocol/info.js';
import { ClusterNode } from './node.js';
import { type NamespaceReplicas, parseReplicas, PartitionTable } from './partition-table.js';
import { parseAddresses, parsePeers } from './peers.js';

/** A node to visit. */
export interface Candidate {
  addresses: readonly Seed[];
  /** Undefined = any node that answers. */
  name: string | undefined;
}

/** Rack numbers by namespace. */
export type Racks = ReadonlyMap<string, number>;

/** The cluster as one discovery has found it. */
export interface ClusterView {
  nodes: Map<string, ClusterNode>;
  partitions: PartitionTable<ClusterNode>;
  racks: Map<ClusterNode, Racks>;
  unreachable: UnreachableNode[];
  /** Why the last address that failed did. */
  error: Error | undefined;
}

interface Visit {
  node: ClusterNode;
  replicas: NamespaceReplicas[];
  racks: Racks | undefined;
  peers: Candidate[];
}

/** With a node's own addresses unreachable from here, the seed's address is used; finding out must not take long. */
const DIRECT_ADDRESS_TIMEOUT_MS = 1000;
/** For all peers together, where the options set no limit. */
const DEFAULT_PEER_DEADLINE_MS = 10_000;
/** For a peer that was silent at the last discovery: the scans and writes of other nodes wait meanwhile. */
const SILENT_PEER_LIMIT_MS = 1000;
/** More than any cluster has; an endless chain of invented peers ends here. */
const MAX_NODES = 1024;

export class Discovery {
  private readonly tried = new Set<string>();
  private deadline = Infinity;

  constructor(
    private readonly options: ClusterOptions,
    private readonly connector: Connector,
    private readonly signal: AbortSignal | undefined,
    /** The nodes known so far, by name; they keep their objects and connections. */
    private readonly known: ReadonlyMap<string, ClusterNode>,
    /** Those that the last discovery did not reach. */
    private readonly unreached: readonly UnreachableNode[],
  ) {}

  /**
   * Visits the given nodes and all peers that they name. Throws ClusterError CLUSTER_VERSION, LoginError, and at the
   * first discovery ConnectionError NET_TLS; every other failure is part of the view.
   */
  async run(start: readonly Candidate[]): Promise<ClusterView> {
    const view: ClusterView = {
      nodes: new Map(),
      partitions: new PartitionTable(),
      racks: new Map(),
      unreachable: [],
      error: undefined,
    };
    const named = new Set<string>();
    const failures = new Map<string, UnreachableNode>();
    // Another thread has waited for these.
    if (this.isFirst) for (const node of this.unreached) failures.set(node.name, node);
    const skipped = new Set(failures.keys());
    for (let wave = [...start]; wave.length > 0;) {
      const visits = await Promise.all(wave.map((candidate) => this.visit(candidate)));
      const next: Candidate[] = [];
      let fatal: Error | undefined;
      // In the order of the lists, whatever the order of the answers: it decides between nodes that claim a partition.
      for (const [i, visit] of visits.entries()) {
        const candidate = wave[i]!;
        if (visit instanceof Error) {
          if (this.isFatal(visit, candidate)) fatal ??= visit;
          view.error = visit;
          if (candidate.name !== undefined)
            failures.set(candidate.name, toUnreachable(candidate.name, candidate, visit));
          continue;
        }
        const { node, replicas, racks, peers } = visit;
        if (view.nodes.has(node.name)) continue;
        view.nodes.set(node.name, node);
        view.partitions.add(node, replicas);
        if (racks !== undefined) view.racks.set(node, racks);
        for (const peer of peers) {
          // Every node names the same peers.
          if (peer.name === undefined || named.has(peer.name)) continue;
          named.add(peer.name);
          if (named.size <= MAX_NODES && !skipped.has(peer.name)) next.push(peer);
        }
      }
      this.signal?.throwIfAborted();
      if (fatal !== undefined) {
        for (const node of view.nodes.values()) if (this.known.get(node.name) !== node) node.close();
        throw fatal;
      }
      wave = next.filter(({ name, addresses }) => {
        const found = name !== undefined && view.nodes.has(name);
        return !found && addresses.some((address) => !this.tried.has(addressKey(address)));
      });
      if (this.deadline === Infinity) {
        this.deadline = Date.now() + (this.options.connectTimeoutMs || DEFAULT_PEER_DEADLINE_MS);
      }
    }
    for (const failure of failures.values()) {
      // A node that no other node lists has left the cluster.
      if (named.has(failure.name) && !view.nodes.has(failure.name)) view.unreachable.push(failure);
    }
    return view;
  }

  private get isFirst(): boolean {
    return this.known.size === 0;
  }

  private isFatal(error: Error, { name }: Candidate): boolean {
    if (error instanceof ClusterError || error instanceof LoginError) return true;
    // At the start, a node that fails the check of its certificate must not pass for one that is merely down.
    const first = this.isFirst && name !== undefined;
    return first && error instanceof ConnectionError && error.code === 'NET_TLS';
  }

  /** Never rejects: resolves with the last error if no address leads to the node. */
  private async visit({ addresses, name }: Candidate): Promise<Visit | Error> {
    let last: Error = new ProtocolError(`No address of node ${name ?? ''} is known`);
    const deadline = this.wasSilent(name) ? Math.min(this.deadline, Date.now() + SILENT_PEER_LIMIT_MS) : this.deadline;
    for (const [i, address] of addresses.entries()) {
      // An address that did not answer is not asked again.
      if (this.tried.has(addressKey(address))) continue;
      this.tried.add(addressKey(address));
      try {
        const node = await this.identify(address, name, this.timeLeft(deadline, addresses.length - i));
        return await this.read(node);
      } catch (failure) {
        last = failure instanceof Error ? failure : new Error(String(failure));
        if (this.signal?.aborted === true || last instanceof ClusterError || last instanceof LoginError) return last;
        if (last instanceof InfoError && last.resultCode === ResultCode.NOT_AUTHENTICATED) {
          // The node answers nothing without a login.
          const text = `The cluster at ${formatEndpoint(address.host, address.port)} requires authentication`;
          return new LoginError('LOGIN_REQUIRED', text, { resultCode: last.resultCode, hint: 'set-credentials' });
        }
      }
    }
    return last;
  }

  private wasSilent(name: string | undefined): boolean {
    return this.unreached.some((node) => node.name === name && node.silent);
  }

  /** The time for one of `addressesLeft` addresses; 0 = no limit. */
  private timeLeft(deadline: number, addressesLeft: number): number {
    const { connectTimeoutMs } = this.options;
    if (deadline === Infinity) return connectTimeoutMs;
    const share = Math.max(1, Math.floor((deadline - Date.now()) / addressesLeft));
    return connectTimeoutMs === 0 ? share : Math.min(share, connectTimeoutMs);
  }

  /** Connects to an address and asks which node is there. */
  private identify(address: Seed, expectedName: string | undefined, timeoutMs: number): Promise<ClusterNode> {
    return withReauth(() => this.tryIdentify(address, expectedName, timeoutMs));
  }

  private async tryIdentify(address: Seed, expectedName: string | undefined, timeoutMs: number): Promise<ClusterNode> {
    const { infoTimeoutMs } = this.options;
    const startedAt = performance.now();
    let connection = await this.connector.open(address, timeoutMs);
    let reached = address;
    try {
      const leftMs = Math.max(1, Math.ceil(timeoutMs - (performance.now() - startedAt)));
      const commands = [infoCommand('node'), infoCommand('partition-generation'), infoCommand('build')];
      const [name = '', generation, build = ''] = await (timeoutMs === 0
        ? requestInfoBatch(connection, commands, infoTimeoutMs)
        : requestInfoBatch(connection, commands, Math.min(leftMs, infoTimeoutMs || leftMs), leftMs));
      if (expectedName !== undefined && name !== expectedName) {
        throw new ProtocolError(`${connection.where} is node ${name}, not ${expectedName}`);
      }
      if (generation === '-1') throw new ProtocolError(`Node ${name} at ${connection.where} is still starting`);
      if (!supportsFeature(build, 'partitionScan')) {
        const text = `The server at ${connection.where} is version ${build}; ${FEATURES.partitionScan} or newer is required`;
        throw new ClusterError('CLUSTER_VERSION', text);
      }
      const known = this.known.get(name);
      if (known?.host === address.host && known.port === address.port) {
        known.addConnection(connection);
        return known;
      }
      if (expectedName === undefined && !isLoopbackHost(address.host)) {
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
    const text = await requestInfo(connection, addressCommand('service', this.options), this.options.infoTimeoutMs);
    if (isRefusal(text)) return undefined;
    const own = parseAddresses(text, address.port);
    if (own.some(({ host, port }) => host === address.host && port === address.port)) return undefined;
    // A host name may resolve to an address of the list; the nodes behind a name cannot be distinguished from here.
    for (const { host, port } of own) {
      let direct: Connection | undefined;
      try {
        const limitMs = this.options.connectTimeoutMs || DIRECT_ADDRESS_TIMEOUT_MS;
        // Without a TLS name, the certificate must bear the host of the seed.
        const reached = { host, port, ...(this.options.tls && { tlsName: address.tlsName ?? address.host }) };
        direct = await this.connector.open(reached, Math.min(DIRECT_ADDRESS_TIMEOUT_MS, limitMs));
        const [directName] = await requestInfoBatch(direct, [infoCommand('node')], this.options.infoTimeoutMs);
        if (directName === name) return { connection: direct, reached };
        direct.close();
      } catch (error) {
        direct?.close();
        if (!(error instanceof ConnectionError) && !(error instanceof ProtocolError)) throw error;
      }
    }
    return undefined;
  }

  private async read(node: ClusterNode): Promise<Visit> {
    const replicas = parseReplicas(await node.info(infoCommand('replicas')));
    const { peers } = parsePeers(await node.info(addressCommand('peers', this.options)));
    const racks = this.options.preferRacks === undefined ? undefined : await readRacks(node);
    if (this.options.tls === undefined) return { node, replicas, racks, peers };
    // A certificate is always checked for a name; nodes of one cluster often share it.
    const shared = node.address.tlsName ?? node.host;
    const withTlsName = peers.map(({ name, tlsName, addresses }) => ({
      name,
      addresses: addresses.map((address) => ({ ...address, tlsName: tlsName || shared })),
    }));
    return { node, replicas, racks, peers: withTlsName };
  }
}

/** `peers-clear-std` and its relatives (wire.md 2.2). */
export function addressCommand(kind: 'peers' | 'service', { tls, servicesAlternate }: ClusterOptions): InfoCommand {
  return infoCommand(`${kind}-${tls === undefined ? 'clear' : 'tls'}-${servicesAlternate ? 'alt' : 'std'}`);
}

/** `<ns>:<rack>;<ns>:<rack>`; empty for a node that does not report its racks. */
async function readRacks(node: ClusterNode): Promise<Racks> {
  const text = await node.info(infoCommand('rack-ids'));
  const racks = new Map<string, number>();
  for (const entry of isRefusal(text) ? [] : text.split(';')) {
    const match = /^([^:]+):(\d+)$/.exec(entry);
    if (match !== null) racks.set(match[1]!, Number(match[2]));
  }
  return racks;
}

function toUnreachable(name: string, { addresses }: Candidate, error: Error): UnreachableNode {
  return {
    name,
    addresses: addresses.map(({ host, port }) => formatEndpoint(host, port)),
    reason: error.message,
    silent: error instanceof ConnectionError && error.code === 'NET_TIMEOUT',
  };
}

function addressKey({ host, port }: Seed): string {
  return `${host}|${port}`;
}

export function isRefusal(text: string): boolean {
  return /^(?:ERROR|FAIL)/i.test(text);
}
