/**
 * The in-memory server that the commands run against. This is the only file here that imports from src/: when the
 * server moves, nothing else has to change.
 */
import { hashPassword } from '../../src/aerospike/protocol/credential.js';
import { InMemoryCluster, type InMemoryClusterOptions } from '../../src/node/cluster.js';
import type { Faults } from '../../src/node/fault-injection.js';
import { UserDirectory } from '../../src/node/security.js';
import type { Contents } from './data.js';

export type { Faults };

/** What a case wants to run against. */
export interface NodeSetup {
  /** Default: one node. */
  nodes?: number;
  /** What the namespace `test` holds; default: nothing. */
  contents?: Contents;
  /** `NAME:PASSWORD` of the only one who may log in; default: security is not enabled. */
  user?: string;
  /** Partitions that the first node claims not to have. */
  unavailable?: readonly number[];
  faults?: Faults;
  /** Seconds between expiry rounds; 0 refuses writes of records that expire. */
  nsupPeriodS?: number;
  maxRecordSizeBytes?: number;
  build?: string;
}

export interface RunningNode {
  host: string;
  /** One per node. */
  ports: readonly number[];
  /** All partitions are there again, and no fault is left. */
  behave(): void;
  /** What went wrong inside the server; to be called after `stop`. */
  failures(): readonly unknown[];
  stop(): Promise<void>;
}

export async function startNode(setup: NodeSetup): Promise<RunningNode> {
  const options: InMemoryClusterOptions = {};
  if (setup.nodes !== undefined) options.nodes = setup.nodes;
  if (setup.nsupPeriodS !== undefined) options.nsupPeriodS = setup.nsupPeriodS;
  if (setup.maxRecordSizeBytes !== undefined) options.maxRecordSizeBytes = setup.maxRecordSizeBytes;
  if (setup.build !== undefined) options.build = setup.build;
  if (setup.user !== undefined) {
    const [name = '', password = ''] = setup.user.split(':');
    options.security = new UserDirectory({ users: [{ name, credential: await hashPassword(password) }] });
  }
  const cluster = await InMemoryCluster.start(options);
  if (setup.contents !== undefined) load(cluster, setup.contents);
  const first = cluster.nodes[0]!;
  for (const partition of setup.unavailable ?? []) first.unavailable.add(partition);
  if (setup.faults !== undefined) for (const node of cluster.nodes) node.injectFaults(setup.faults);
  return {
    host: first.host,
    ports: cluster.nodes.map(({ port }) => port),
    behave: () => {
      for (const node of cluster.nodes) node.clearFaults();
    },
    failures: () => cluster.nodes.flatMap((node) => node.failures),
    stop: () => cluster.stop(),
  };
}

function load(cluster: InMemoryCluster, { records, indexes, modules }: Contents): void {
  const store = cluster.store('test');
  for (const { set, digest, key, generation, voidTime, bins, updatedMs } of records) {
    store.putRaw(set, digest, key, generation, voidTime, bins, updatedMs);
  }
  for (const { name, set, bin, type, collection, context } of indexes) {
    cluster.sindexes.add({ namespace: 'test', name, set, bin, type, collection, context, expression: undefined });
  }
  for (const { name, text } of modules) cluster.udfs.put(name, Buffer.from(text).toString('base64'));
}
