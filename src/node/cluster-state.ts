/** What all nodes of an in-memory cluster share. */
import type { ServerBuild } from './server-build.js';
import type { QueryJobTable } from './commands/job-table.js';
import type { PartitionMap } from './partition-map.js';
import { sameBytes } from './data/set-table.js';
import type { SindexTable } from './data/sindex-table.js';
import type { Clock, NamespaceStore } from './data/namespace-store.js';
import type { UdfTable } from './data/udf-table.js';

export interface PeerAddress {
  name: string;
  host: string;
  port: number;
  alive: boolean;
  /** Where clients are told to go, if that is not where it listens. */
  advertised?: { std?: string; alt?: string };
  /** The node speaks TLS, and this is the name that its certificate is to be checked for. */
  tlsName?: string;
}

export class ClusterState {
  /** Counts joins and departures of nodes. */
  peersGeneration = 0;
  readonly peers: PeerAddress[] = [];
  /** When the last request came, by Date.now: what can wait is done when nobody asks for anything. */
  lastRequestMs = 0;

  constructor(
    readonly build: ServerBuild,
    readonly clusterName: string,
    readonly stores: readonly NamespaceStore[],
    readonly map: PartitionMap,
    readonly sindexes: SindexTable,
    readonly udfs: UdfTable,
    readonly jobs: QueryJobTable,
    readonly clock: Clock,
  ) {}

  /** The records are in no memory, so that nothing can be changed. */
  get isReadOnly(): boolean {
    return this.stores.some((store) => store.isReadOnly);
  }

  store(name: string): NamespaceStore | undefined {
    return this.stores.find((store) => store.name === name);
  }

  /** The namespace whose name is at `buf[start..end)`. */
  storeAt(buf: Buffer, start: number, end: number): NamespaceStore | undefined {
    for (const store of this.stores) if (sameBytes(store.nameBytes, buf, start, end)) return store;
    return undefined;
  }
}
