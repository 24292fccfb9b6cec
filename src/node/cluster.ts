/** An Aerospike cluster in memory, for tests, benchmarks and the demo: one or several nodes on loopback sockets. */
import type { RecordSource } from '../core/record-source.js';
import { ServerBuild } from './server-build.js';
import { QueryJobTable } from './commands/job-table.js';
import { InMemoryNode } from './node.js';
import { PartitionMap } from './partition-map.js';
import { NoSecurity, type SecurityGate } from './security.js';
import type { NodeTlsConfig } from './transport/tls.js';
import { SindexTable } from './data/sindex-table.js';
import { ClusterState } from './cluster-state.js';
import { Clock, NamespaceStore, type StoreOptions } from './data/namespace-store.js';
import { UdfTable } from './data/udf-table.js';

export interface InMemoryClusterOptions {
  /** How many nodes; default 1. */
  nodes?: number;
  /** Copies of each partition; default 1. */
  replicationFactor?: number;
  /** Default `test` and `restored`. */
  namespaces?: string[];
  /** Version to pretend, four numbers; default 8.1.0.3. */
  build?: string;
  /** Address to listen on; default 127.0.0.1. */
  host?: string;
  /** One port per node; 0 or absent = any free one. */
  ports?: number[];
  /** Seconds; default 0 = never expire. */
  defaultTtlS?: number;
  /** Seconds between expiry rounds; default 120. 0 = none, and writes with a TTL are refused. */
  nsupPeriodS?: number;
  /** Default 1 MiB. */
  maxRecordSizeBytes?: number;
  /** Default `in-memory`. */
  clusterName?: string;
  /** Who may log in; default: security is not enabled. */
  security?: SecurityGate;
  /** TLS in place of plain TCP: one for all nodes, or one for each. */
  tls?: NodeTlsConfig | NodeTlsConfig[];
  /** By namespace: records that are elsewhere than in memory, and can only be read. */
  sources?: ReadonlyMap<string, RecordSource>;
  /** Hosts that nodes name in place of the one they listen on, by standard and by alternate access. */
  advertised?: { std?: string; alt?: string };
}

const DEFAULT_BUILD = '8.1.0.3';
const DEFAULT_NSUP_PERIOD_S = 120;
const DEFAULT_MAX_RECORD_BYTES = 1024 * 1024;
/** Node names are the hex of this and the node's number. */
const FIRST_NODE_ID = 0xbb9f1;
/** Tidying up: how often, after how long a silence, for how long at a time. */
const SORT_PERIOD_MS = 20;
const SORT_AFTER_IDLE_MS = 100;
const SORT_SLICE_MS = 10;

export class InMemoryCluster {
  private readonly timers: NodeJS.Timeout[] = [];

  private constructor(
    readonly nodes: readonly InMemoryNode[],
    private readonly state: ClusterState,
  ) {}

  static async start(options: InMemoryClusterOptions = {}): Promise<InMemoryCluster> {
    const { nodes = 1, replicationFactor = 1, namespaces = ['test', 'restored'], host = '127.0.0.1' } = options;
    const storeOptions: StoreOptions = {
      defaultTtlS: options.defaultTtlS ?? 0,
      nsupPeriodS: options.nsupPeriodS ?? DEFAULT_NSUP_PERIOD_S,
      maxRecordSizeBytes: options.maxRecordSizeBytes ?? DEFAULT_MAX_RECORD_BYTES,
    };
    const clock = new Clock();
    const state = new ClusterState(
      new ServerBuild(options.build ?? DEFAULT_BUILD),
      options.clusterName ?? 'in-memory',
      namespaces.map((name) => new NamespaceStore(name, storeOptions, clock, options.sources?.get(name))),
      new PartitionMap(replicationFactor),
      new SindexTable(),
      new UdfTable(),
      new QueryJobTable(),
      clock,
    );
    const gate = options.security ?? new NoSecurity();
    const list: InMemoryNode[] = [];
    for (let i = 0; i < nodes; i++) {
      const name = (FIRST_NODE_ID + i).toString(16).toUpperCase();
      const tls = Array.isArray(options.tls) ? options.tls[i] : options.tls;
      const address = {
        name,
        host,
        port: options.ports?.[i] ?? 0,
        alive: true,
        ...(options.advertised && { advertised: options.advertised }),
        ...(tls && { tlsName: tls.name }),
      };
      state.peers.push(address);
      list.push(new InMemoryNode(i, address, state, gate, tls));
    }
    const cluster = new InMemoryCluster(list, state);
    try {
      for (const node of list) await node.listen();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    cluster.distributePartitions();
    state.map.generation = 0;
    cluster.startSortingPartitions();
    if (storeOptions.nsupPeriodS > 0) cluster.startNsup(storeOptions.nsupPeriodS);
    return cluster;
  }

  private startNsup(periodS: number): void {
    const timer = setInterval(() => {
      for (const store of this.state.stores) store.expire();
    }, periodS * 1000);
    this.timers.push(timer.unref());
  }

  /**
   * After a load the partitions are out of order; sorting them in quiet moments spares the first scan from doing it.
   */
  private startSortingPartitions(): void {
    const timer = setInterval(() => {
      const nowMs = Date.now();
      if (nowMs - this.state.lastRequestMs < SORT_AFTER_IDLE_MS) return;
      for (const store of this.state.stores) store.sortPartitions(nowMs + SORT_SLICE_MS);
    }, SORT_PERIOD_MS);
    this.timers.push(timer.unref());
  }

  /** Stops all nodes; the data is gone with the object. */
  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await Promise.all(this.nodes.map((node) => node.close()));
  }

  /** `host:port` of the first node that is up, for clients to start from. */
  get seed(): { host: string; port: number } {
    const alive = this.nodes.find((_, i) => this.state.peers[i]!.alive) ?? this.nodes[0]!;
    return { host: alive.host, port: alive.port };
  }

  /** Direct access to a namespace's records. Throws if there is no such namespace. */
  store(namespace: string): NamespaceStore {
    const store = this.state.store(namespace);
    if (store === undefined) throw new Error(`No namespace ${namespace}`);
    return store;
  }

  /** The server's clock, which tests may move. */
  get clock(): Clock {
    return this.state.clock;
  }

  get sindexes(): SindexTable {
    return this.state.sindexes;
  }

  get udfs(): UdfTable {
    return this.state.udfs;
  }

  get partitionMap(): PartitionMap {
    return this.state.map;
  }

  private distributePartitions(): void {
    const alive = this.nodes.filter((_, i) => this.state.peers[i]!.alive).map((node) => node.index);
    this.state.map.distribute(alive);
  }

  /** Makes node `to` the master of these partitions. Clients learn it from `partition-generation`. */
  movePartitions(partitions: Iterable<number>, to: number): void {
    this.state.map.move(partitions, to);
  }

  /** Kills a node. The others take over its partitions unless `rebalance` is false. */
  async stopNode(index: number, rebalance = true): Promise<void> {
    this.state.peers[index]!.alive = false;
    await this.nodes[index]!.close();
    this.state.peersGeneration++;
    if (rebalance) this.distributePartitions();
  }

  /** Brings a node back on the port it had; the partitions are dealt out anew unless `rebalance` is false. */
  async restartNode(index: number, rebalance = true): Promise<void> {
    await this.nodes[index]!.listen();
    this.state.peers[index]!.alive = true;
    this.state.peersGeneration++;
    if (rebalance) this.distributePartitions();
  }
}
