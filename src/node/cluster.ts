/** An Aerospike cluster in memory, for tests, benchmarks and the demo: one or several nodes on loopback sockets. */
import { Build } from './build.js';
import { JobTable } from './jobs.js';
import { EmbeddedNode } from './node.js';
import { PartitionMap } from './partition-map.js';
import { NoSecurity, type SecurityGate } from './security.js';
import type { EmbeddedTls } from './tls.js';
import { SindexTable } from './sindex.js';
import { ClusterState } from './state.js';
import { Clock, NamespaceStore, type StoreOptions } from './store.js';
import { UdfTable } from './udf.js';

export interface EmbeddedOptions {
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
  /** Default `embedded`. */
  clusterName?: string;
  /** Who may log in; default: security is not enabled. */
  security?: SecurityGate;
  /** TLS in place of plain TCP: one for all nodes, or one for each. */
  tls?: EmbeddedTls | EmbeddedTls[];
  /** Hosts that nodes name in place of the one they listen on, by standard and by alternate access. */
  advertised?: { std?: string; alt?: string };
}

const DEFAULT_BUILD = '8.1.0.3';
const DEFAULT_NSUP_PERIOD_S = 120;
const DEFAULT_MAX_RECORD_BYTES = 1024 * 1024;
/** Node names are the hex of this and the node's number. */
const FIRST_NODE_ID = 0xbb9f1;
/** Tidying up: how often, after how long a silence, for how long at a time. */
const TIDY_PERIOD_MS = 20;
const TIDY_SILENCE_MS = 100;
const TIDY_SLICE_MS = 10;

export class EmbeddedCluster {
  private readonly timers: NodeJS.Timeout[] = [];

  private constructor(
    readonly nodes: readonly EmbeddedNode[],
    private readonly state: ClusterState,
  ) {}

  static async start(options: EmbeddedOptions = {}): Promise<EmbeddedCluster> {
    const { nodes = 1, replicationFactor = 1, namespaces = ['test', 'restored'], host = '127.0.0.1' } = options;
    const storeOptions: StoreOptions = {
      defaultTtlS: options.defaultTtlS ?? 0,
      nsupPeriodS: options.nsupPeriodS ?? DEFAULT_NSUP_PERIOD_S,
      maxRecordSizeBytes: options.maxRecordSizeBytes ?? DEFAULT_MAX_RECORD_BYTES,
    };
    const clock = new Clock();
    const state = new ClusterState(
      new Build(options.build ?? DEFAULT_BUILD),
      options.clusterName ?? 'embedded',
      namespaces.map((name) => new NamespaceStore(name, storeOptions, clock)),
      new PartitionMap(replicationFactor),
      new SindexTable(),
      new UdfTable(),
      new JobTable(),
      clock,
    );
    const gate = options.security ?? new NoSecurity();
    const list: EmbeddedNode[] = [];
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
      list.push(new EmbeddedNode(i, address, state, gate, tls));
    }
    const cluster = new EmbeddedCluster(list, state);
    try {
      for (const node of list) await node.listen();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    cluster.deal();
    state.map.generation = 0;
    cluster.startTidying();
    if (storeOptions.nsupPeriodS > 0) cluster.startNsup(storeOptions.nsupPeriodS);
    return cluster;
  }

  private startNsup(periodS: number): void {
    const timer = setInterval(() => {
      for (const store of this.state.stores) store.expire();
    }, periodS * 1000);
    this.timers.push(timer.unref());
  }

  /** After a load the partitions are out of order; sorting them in quiet moments spares the first scan from doing it. */
  private startTidying(): void {
    const timer = setInterval(() => {
      const nowMs = Date.now();
      if (nowMs - this.state.lastRequestMs < TIDY_SILENCE_MS) return;
      for (const store of this.state.stores) store.tidy(nowMs + TIDY_SLICE_MS);
    }, TIDY_PERIOD_MS);
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

  private deal(): void {
    const alive = this.nodes.filter((_, i) => this.state.peers[i]!.alive).map((node) => node.index);
    this.state.map.deal(alive);
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
    if (rebalance) this.deal();
  }

  /** Brings a node back on the port it had; the partitions are dealt out anew unless `rebalance` is false. */
  async restartNode(index: number, rebalance = true): Promise<void> {
    await this.nodes[index]!.listen();
    this.state.peers[index]!.alive = true;
    this.state.peersGeneration++;
    if (rebalance) this.deal();
  }
}
