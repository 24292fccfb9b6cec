/** What a backup and an estimate share: reaching the cluster, what it holds, and the events around the run. */
import { Cluster } from '../../aerospike/cluster/cluster.js';
import { countObjects, type NodeObjects } from '../../aerospike/commands/namespace.js';
import type { PartitionFilter } from '../../aerospike/config.js';
import { ClusterError } from '../../aerospike/errors.js';
import { infoCommand } from '../../aerospike/protocol/info-command.js';
import { FEATURES } from '../../aerospike/features.js';
import type { EmitEvent } from '../../core/events.js';
import type { BackupTotals } from '../../core/events/backup.js';
import type { RunContext } from '../../core/run-context.js';
import type { ClusterIdentity } from './checkpoint/state-file.js';
import type { BackupConfig } from './config.js';
import { countPartitions, takeShard } from '../shard/partitions.js';
import { partitionsOwnedBy, selectNodes } from './node-selection.js';

export interface Session {
  readonly cluster: Cluster;
  readonly clusterIdentity: ClusterIdentity;
  /** What is to be scanned. */
  readonly partitions: PartitionFilter[];
  /** Of all shards together. */
  readonly selected: readonly PartitionFilter[];
  /** How many records there are likely to be, before any filter. */
  readonly expectedRecords: number;
}

/**
 * Connects, checks that the cluster can do what is asked (asbackup.md 2.1 rows 20 to 23), and reports what it holds.
 * Once this is done, the run ends with its summary, however it ends (asbackup.md 8.3): scripts read it.
 *
 * @param totals what was done so far
 */
export async function withConnection<T>(
  config: BackupConfig,
  context: RunContext,
  totals: () => BackupTotals,
  run: (session: Session) => Promise<T>,
): Promise<T> {
  const { namespace } = config;
  const { emit, signal } = context;
  reportStart(config, emit);
  const startedAt = performance.now();
  const cluster = await Cluster.connect(config.cluster, signal, emit);
  const nodeNames = cluster.nodes.map(({ name }) => name);
  const durationMs = performance.now() - startedAt;
  emit({ type: 'cluster.connected', build: cluster.serverVersion, nodes: nodeNames, durationMs });
  try {
    if (config.nodeList === undefined) cluster.checkReachable(namespace);
    const nodes = await selectNodes(cluster, config.nodeList);
    const counts = await countObjects(cluster, namespace, config.sets, nodes);
    const expectedRecords = reportNodes(counts, config, emit);
    checkVersion(cluster, config);
    reportRacks(cluster, config, emit);
    const selected = config.nodeList === undefined ? config.partitions : partitionsOwnedBy(cluster, namespace, nodes);
    const partitions = config.shard === undefined ? selected : takeShard(selected, config.shard);
    const share = config.shard === undefined ? 1 : countPartitions(partitions) / countPartitions(selected);
    await context.connected?.();
    try {
      const clusterIdentity = { name: await readClusterName(cluster), nodes: nodeNames };
      return await run({
        cluster,
        clusterIdentity,
        partitions,
        selected,
        expectedRecords: Math.ceil(expectedRecords * share),
      });
    } finally {
      const { records, sindexes, udfs, bytes } = totals();
      emit({ type: 'backup.summary', records, sindexes, udfs, bytes });
    }
  } finally {
    cluster.close();
  }
}

/** Empty = the cluster has no name; servers write `null` for that. */
async function readClusterName(cluster: Cluster): Promise<string> {
  const name = await cluster.info(infoCommand('cluster-name')).catch(() => '');
  return name === 'null' || /^(?:ERROR|FAIL)\b/i.test(name) ? '' : name;
}

function reportStart(config: BackupConfig, emit: EmitEvent): void {
  const { namespace, sets, bins, modifiedAfterNs, modifiedBeforeNs, noTtlOnly = false, maxRecords = 0 } = config;
  const { kind } = config.target;
  emit({
    type: 'backup.start',
    namespace,
    sets,
    bins,
    ...(modifiedAfterNs === undefined ? {} : { modifiedAfter: Number(modifiedAfterNs / 1_000_000n) }),
    ...(modifiedBeforeNs === undefined ? {} : { modifiedBefore: Number(modifiedBeforeNs / 1_000_000n) }),
    noTtlOnly,
    maxRecords,
    target: kind === 'directory' || kind === 'file' ? { kind, path: config.target.path } : { kind },
  });
}

/** Refuses what the server cannot filter (asbackup.md 2.1 row 23). */
export function checkVersion(
  cluster: Pick<Cluster, 'serverVersion' | 'supports'>,
  config: Pick<BackupConfig, 'sets' | 'excludedSets' | 'modifiedAfterNs' | 'modifiedBeforeNs' | 'noTtlOnly'>,
): void {
  if (cluster.supports('filterExpression')) return;
  const needs = [
    ...(config.sets.length > 1 ? ['several sets at once'] : []),
    ...(config.sets.length === 1 && config.sets[0] === '' ? ['a choice of records without a set'] : []),
    ...((config.excludedSets?.length ?? 0) > 0 ? ['leaving out sets'] : []),
    ...(config.modifiedAfterNs === undefined ? [] : ['a first date of modification']),
    ...(config.modifiedBeforeNs === undefined ? [] : ['a last date of modification']),
    ...(config.noTtlOnly === true ? ['a choice of records without a TTL'] : []),
  ];
  if (needs.length === 0) return;
  const text =
    `A server before ${FEATURES.filterExpression} does not support ${needs.join(', ')}; ` +
    `this cluster runs ${cluster.serverVersion}`;
  throw new ClusterError('CLUSTER_VERSION', text);
}

/** Reports the node table. Returns how many records there are, each counted once. */
function reportNodes(nodes: readonly NodeObjects[], { namespace, sets }: BackupConfig, emit: EmitEvent): number {
  emit({ type: 'cluster.nodes', nodes: nodes.length });
  const rows = nodes.map(({ node, objects, replicationFactor }) => ({
    id: node.name,
    objects,
    replication: replicationFactor ?? 0,
  }));
  emit({ type: 'cluster.table', nodes: rows });
  // A node that does not have the namespace yet has no factor.
  const factors = new Set(nodes.flatMap(({ replicationFactor }) => replicationFactor ?? []));
  if (factors.size > 1) emit({ type: 'cluster.replication', problem: 'differs' });
  if (factors.has(0)) emit({ type: 'cluster.replication', problem: 'zero' });
  // A node's own factor says how often its objects are counted (asbackup.md 12, fault 25).
  const copies = nodes.map(({ objects, replicationFactor }) => objects / Math.max(1, replicationFactor ?? 1));
  const records = Math.floor(copies.reduce((total, objects) => total + objects, 0));
  emit({ type: 'cluster.records', namespace, sets, records });
  return records;
}

function reportRacks(cluster: Cluster, { cluster: { preferRacks }, namespace }: BackupConfig, emit: EmitEvent): void {
  if (preferRacks === undefined) return;
  const nodes = cluster.nodesWithoutRack(namespace).map(({ name }) => name);
  if (nodes.length > 0) emit({ type: 'cluster.racks', nodes });
}
