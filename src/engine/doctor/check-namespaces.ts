/** The namespaces: whether a backup can read all of them, whether a restore can write, and what the user may do. */
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import type { ClusterNode } from '../../aerospike/cluster/node.js';
import { listNamespaces } from '../../aerospike/commands/namespace.js';
import { mayAdminister, mayUseRecords } from '../../aerospike/commands/privileges.js';
import { infoPathCommand } from '../../aerospike/protocol/info-command.js';
import { parsePairs } from '../../aerospike/protocol/info.js';
import type { HintId } from '../../core/hint.js';
import type { Finding, FindingListener } from './finding.js';

type Properties = ReadonlyMap<string, string>;

/** What the nodes say of a namespace. */
interface NodeProperties {
  node: ClusterNode;
  properties: Properties;
}

interface Symptom {
  /** `refuses-writes`: a restore fails, a backup does not. */
  status: 'warning' | 'failed' | 'refuses-writes';
  /** The end of a sentence that begins with the namespace. */
  text: string;
  hint: HintId;
  shows: (properties: Properties) => boolean;
}

const isTrue = (name: string) => (properties: Properties) => properties.get(name) === 'true';
const isPositive =
  (...names: readonly string[]) =>
  (properties: Properties) =>
    names.some((name) => Number(properties.get(name) ?? 0) > 0);

const SYMPTOMS: readonly Symptom[] = [
  {
    status: 'refuses-writes',
    text: 'refuses writes (stop-writes)',
    hint: 'end-stop-writes',
    shows: isTrue('stop_writes'),
  },
  {
    status: 'refuses-writes',
    text: 'refuses writes, as the clocks of the nodes differ',
    hint: 'set-clocks',
    shows: isTrue('clock_skew_stop_writes'),
  },
  {
    status: 'failed',
    text: 'has partitions that are not available: a backup cannot read them',
    hint: 'recover-partitions',
    shows: isPositive('unavailable_partitions', 'dead_partitions'),
  },
  {
    status: 'warning',
    text: 'deletes records before they expire, as it is above its high-water mark (eviction)',
    hint: 'end-evictions',
    shows: isTrue('hwm_breached'),
  },
  {
    status: 'warning',
    text: 'has deleted records before they expired since the node was started (eviction)',
    hint: 'end-evictions',
    shows: (properties) => !isTrue('hwm_breached')(properties) && isPositive('evicted_objects')(properties),
  },
  {
    status: 'warning',
    text: 'moves partitions between nodes: a backup takes longer',
    hint: 'wait-for-migrations',
    shows: isPositive('migrate_tx_partitions_remaining', 'migrate_rx_partitions_remaining'),
  },
];

/** Records with an expiry cannot be written without the task that deletes expired ones. */
const NO_EXPIRY: Symptom = {
  status: 'warning',
  text: 'has nsup-period 0 and refuses records that expire',
  hint: 'enable-expiry',
  shows: (properties) => properties.get('nsup-period') === '0' && properties.get('allow-ttl-without-nsup') !== 'true',
};

/** The namespaces to look at: those that were asked for and exist, or all. */
export async function findNamespaces(
  cluster: Cluster,
  wanted: readonly string[],
  report: FindingListener,
): Promise<string[]> {
  const existing = await listNamespaces(cluster.nodes);
  for (const namespace of wanted) {
    if (existing.includes(namespace)) continue;
    const text = `The cluster has no namespace ${namespace}; it has: ${existing.join(', ')}`;
    report({ check: 'namespace', subject: namespace, status: 'failed', text, hint: 'name-namespace' });
  }
  return wanted.length === 0 ? existing : wanted.filter((namespace) => existing.includes(namespace));
}

/**
 * Looks at each namespace on each node that has it. Resolves with the bytes of all their records without replicas;
 * undefined = a node does not tell them.
 */
export async function checkNamespaces(
  cluster: Cluster,
  namespaces: readonly string[],
  forRestore: boolean,
  report: FindingListener,
): Promise<number | undefined> {
  let total: number | undefined = 0;
  for (const namespace of namespaces) {
    const nodes = await readProperties(cluster, namespace);
    const findings = (forRestore ? [...SYMPTOMS, NO_EXPIRY] : SYMPTOMS)
      .map((symptom) => toFinding(namespace, symptom, forRestore, nodes))
      .filter((finding) => finding !== undefined);
    findings.forEach(report);
    const bytes = sumBytes(nodes);
    total = total === undefined || bytes === undefined ? undefined : total + bytes;
    if (findings.length > 0) continue;
    const objects = nodes.reduce((sum, { properties }) => sum + Number(properties.get('master_objects') ?? 0), 0);
    const text = `Namespace ${namespace} is readable and writable on ${nodes.length} node(s): ${objects} record(s)`;
    const details = { objects, ...(bytes === undefined ? {} : { bytes }) };
    report({ check: 'namespace', subject: namespace, status: 'ok', text, details });
  }
  return total;
}

async function readProperties(cluster: Cluster, namespace: string): Promise<NodeProperties[]> {
  const answers = await cluster.infoAll(infoPathCommand('namespace', namespace), cluster.nodesWithNamespace(namespace));
  return answers.map(({ node, value }) => ({ node, properties: parsePairs(value, ';') }));
}

function toFinding(
  namespace: string,
  symptom: Symptom,
  forRestore: boolean,
  nodes: readonly NodeProperties[],
): Finding | undefined {
  const names = nodes.filter(({ properties }) => symptom.shows(properties)).map(({ node }) => node.name);
  if (names.length === 0) return undefined;
  const { text, hint } = symptom;
  const ofWrites = forRestore ? 'failed' : 'warning';
  const status = symptom.status === 'refuses-writes' ? ofWrites : symptom.status;
  const where = `on ${names.join(', ')}`;
  return { check: 'namespace', subject: namespace, status, text: `Namespace ${namespace} ${text}, ${where}`, hint };
}

function sumBytes(nodes: readonly NodeProperties[]): number | undefined {
  let sum = 0;
  for (const { properties } of nodes) {
    const used = ['data_used_bytes', 'device_used_bytes', 'memory_used_data_bytes']
      .map((name) => Number(properties.get(name) ?? NaN))
      .find((bytes) => bytes > 0 || (bytes === 0 && properties.has('data_used_bytes')));
    if (used === undefined) return undefined;
    sum += used / Math.max(1, Number(properties.get('effective_replication_factor') ?? 1));
  }
  return Math.round(sum);
}

/** A backup needs the first of them, a restore all but that. */
export async function checkPrivileges(
  cluster: Cluster,
  namespaces: readonly string[],
  forRestore: boolean,
  timeoutMs: number,
  report: FindingListener,
): Promise<void> {
  for (const namespace of namespaces) {
    const [node] = cluster.nodesWithNamespace(namespace);
    if (node === undefined) continue;
    const mayRead = await mayUseRecords(node, namespace, 'read', timeoutMs);
    report(privilegeFinding(namespace, `read namespace ${namespace}`, mayRead, 'grant-read'));
    if (!forRestore) continue;
    const mayWrite = await mayUseRecords(node, namespace, 'write', timeoutMs);
    report(privilegeFinding(namespace, `write to namespace ${namespace}`, mayWrite, 'grant-write'));
  }
  const [node] = cluster.nodes;
  if (!forRestore || node === undefined) return;
  const mayIndex = await mayAdminister(node, 'sindex-admin');
  report(privilegeFinding('cluster', 'create secondary indexes', mayIndex, 'grant-sindex-admin'));
  const mayStore = await mayAdminister(node, 'udf-admin');
  report(privilegeFinding('cluster', 'store UDF modules', mayStore, 'grant-udf-admin'));
}

function privilegeFinding(subject: string, what: string, may: boolean, hint: HintId): Finding {
  if (may) return { check: 'privilege', subject, status: 'ok', text: `The user may ${what}` };
  return { check: 'privilege', subject, status: 'failed', text: `The user may not ${what}`, hint };
}
