/** What a backup and an estimate share: reaching the cluster, what it holds, and the lines around the run. */
import { Cluster } from '../../aerospike/cluster/cluster.js';
import { ClusterError } from '../../aerospike/errors.js';
import { countObjects, type NodeObjects } from '../../aerospike/commands/namespace.js';
import { buildAtLeast } from '../../aerospike/cluster/peers.js';
import type { PartitionFilter } from '../../aerospike/config.js';
import { errorMessage, ToolError } from '../../core/errors.js';
import {
  backupStartLine,
  connectedLine,
  backupSummaryLine,
  nodeCountLine,
  nodeTableLines,
  objectCountLine,
  type BackupTotals,
} from '../../ui/messages/backup.js';
import { errorEvent, logEvent, type LogEvent, warningEvent } from '../../core/log.js';
import { MachineFile } from '../../ui/machine-file.js';
import { machineBackupSummaryText } from '../../ui/machine-format.js';
import { partitionsOwnedBy, selectNodes } from './node-selection.js';
import type { BackupOptions } from './config.js';

export interface Session {
  readonly cluster: Cluster;
  /** What is to be scanned. */
  readonly partitions: PartitionFilter[];
  /** How many records there are likely to be, before any filter. */
  readonly expectedRecords: number;
  /** Takes a line of the `--machine` file, if there is one. */
  readonly machine: (line: string) => void;
  /** What was done so far. To be set by the run; the summary asks it, after a failure too. */
  totals: () => BackupTotals;
}

/**
 * Connects, checks that the cluster can do what is asked (asbackup.md 2.1 rows 20 to 23), and tells what it holds. Once
 * this is done, `run` ends with the summary line, however it ends (asbackup.md 8.3): scripts read it.
 */
export async function withConnection<T>(options: BackupOptions, run: (session: Session) => Promise<T>): Promise<T> {
  const { log, namespace } = options;
  log.info(startLine(options));
  const startedAt = performance.now();
  const cluster = await Cluster.connect(options.cluster, options.signal, (text) =>
    log.info(logEvent('cluster.tls', text)),
  );
  log.verbose(
    connectedLine(
      cluster.build,
      cluster.nodes.map(({ name }) => name),
      performance.now() - startedAt,
    ),
  );
  try {
    const nodes = await selectNodes(cluster, options.nodeList);
    const counts = await countObjects(cluster, namespace, options.sets, nodes);
    const expectedRecords = reportNodes(counts, options);
    checkVersion(cluster, options);
    reportRacks(cluster, options);
    const partitions =
      options.nodeList === undefined ? options.partitions : partitionsOwnedBy(cluster, namespace, nodes);
    const { machinePath } = options;
    const machine = machinePath === undefined ? undefined : await MachineFile.open(machinePath, options.signal);
    const session: Session = {
      cluster,
      partitions,
      expectedRecords,
      machine: (line) => machine?.line(line),
      totals: () => ({ records: 0, sindexes: 0, udfs: 0, bytes: 0 }),
    };
    const summarise = (): void => {
      const totals = session.totals();
      log.info(backupSummaryLine(totals));
      session.machine(machineBackupSummaryText(totals));
    };
    let result: T;
    try {
      result = await run(session);
    } catch (error) {
      summarise();
      await machine?.close().catch((failure: unknown) => log.error(errorEvent(failure)));
      throw error;
    }
    summarise();
    await machine?.close().catch((failure: unknown) => {
      const text = `${errorMessage(failure)} Nothing else went wrong: the ${whatOf(options)} is complete.`;
      throw new ToolError('MACHINE_FILE', text, { cause: failure });
    });
    return result;
  } finally {
    cluster.close();
  }
}

function whatOf({ target }: BackupOptions): string {
  return target.kind === 'none' ? 'estimate' : 'backup';
}

function startLine(options: BackupOptions): LogEvent {
  const { modifiedAfterNs, modifiedBeforeNs } = options;
  return backupStartLine({
    ...options,
    ...(modifiedAfterNs === undefined ? {} : { modifiedAfter: Number(modifiedAfterNs / 1_000_000n) }),
    ...(modifiedBeforeNs === undefined ? {} : { modifiedBefore: Number(modifiedBeforeNs / 1_000_000n) }),
  });
}

/** asbackup.md 2.1 row 23. Servers before 4.9 are refused when connecting. */
export function checkVersion(cluster: { build: string }, options: BackupOptions): void {
  if (buildAtLeast(cluster.build, 5, 2)) return;
  const needs = [
    ...(options.sets.length > 1 ? ['several sets at once'] : []),
    ...(options.modifiedAfterNs === undefined ? [] : ['--modified-after']),
    ...(options.modifiedBeforeNs === undefined ? [] : ['--modified-before']),
    ...(options.noTtlOnly === true ? ['--no-ttl-only'] : []),
  ];
  if (needs.length === 0) return;
  const text = `A server before 5.2 does not know ${needs.join(', ')}; this cluster runs ${cluster.build}.`;
  throw new ClusterError('CLUSTER_VERSION', text);
}

/** Logs the node table. Returns how many records there are, each counted once. */
function reportNodes(nodes: readonly NodeObjects[], { log, namespace, sets }: BackupOptions): number {
  log.info(nodeCountLine(nodes.length));
  const rows = nodes.map(({ node, objects, replicationFactor }) => ({
    id: node.name,
    objects,
    replication: replicationFactor,
  }));
  for (const line of nodeTableLines(rows)) log.info(line);
  const factors = new Set(nodes.map(({ replicationFactor }) => replicationFactor));
  if (factors.size > 1) {
    const text = 'the nodes differ in their replication factor; the number of records may be inaccurate.';
    log.info(warningEvent('cluster.replication', text));
  }
  if (factors.has(0)) log.info(warningEvent('cluster.replication', 'a node has replication factor 0, taken as 1.'));
  // A node's own factor says how often its objects are counted (asbackup.md 12, fault 25).
  const copies = nodes.map(({ objects, replicationFactor }) => objects / Math.max(1, replicationFactor));
  const expected = Math.floor(copies.reduce((total, objects) => total + objects, 0));
  log.info(objectCountLine(namespace, sets, expected));
  return expected;
}

function reportRacks(cluster: Cluster, { cluster: { preferRacks }, namespace, log }: BackupOptions): void {
  if (preferRacks === undefined) return;
  const silent = cluster.nodesWithoutRack(namespace);
  if (silent.length === 0) return;
  const names = silent.map(({ name }) => name).join(', ');
  const text = `--prefer-racks cannot choose node(s) ${names}, which do not tell their rack.`;
  log.info(warningEvent('cluster.racks', text, { nodes: silent.map(({ name }) => name) }));
}
