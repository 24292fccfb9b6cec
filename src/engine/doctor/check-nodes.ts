/** The nodes of a cluster: their versions, whether all of them can be reached, and their clocks. */
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import { addressCommand } from '../../aerospike/cluster/discovery.js';
import type { ClusterNode } from '../../aerospike/cluster/node.js';
import { parsePeers } from '../../aerospike/cluster/peers.js';
import { type ClockDifference, measureClock } from '../../aerospike/commands/clock.js';
import { listNamespaces } from '../../aerospike/commands/namespace.js';
import type { ClusterOptions, UnreachableNode } from '../../aerospike/config.js';
import { Connection } from '../../aerospike/connection/connection.js';
import { formatEndpoint } from '../../aerospike/endpoint.js';
import { FEATURES } from '../../aerospike/features.js';
import { infoCommand } from '../../aerospike/protocol/info-command.js';
import { parsePairs } from '../../aerospike/protocol/info.js';
import type { FindingListener } from './finding.js';

const ALTERNATE_TIMEOUT_MS = 2000;

/** What a server lacks, by the feature. */
const MISSING = [
  ['filterExpression', 'a backup by dates, of several sets or by an expression is refused'],
  ['batchWrite', 'a restore writes each record by itself and is slower'],
] as const;

/** Version and edition of each node. */
export async function checkVersions(cluster: Cluster, report: FindingListener): Promise<void> {
  const answers = await cluster.infoAll(infoCommand('edition'));
  for (const { node, value } of answers) {
    const edition = /^(?:ERROR|FAIL)/i.test(value) ? 'of an unknown edition' : value;
    const text = `Node ${node.name} at ${node.endpoint} is server ${node.build}, ${edition}`;
    const details = { node: node.name, build: node.build, edition };
    report({ check: 'version', subject: node.endpoint, status: 'ok', text, details });
  }
  const builds = [...new Set(answers.map(({ node }) => node.build))];
  if (builds.length > 1) {
    const text = `The nodes have different versions: ${builds.join(', ')}; the lowest decides what a run can do`;
    report({ check: 'version', subject: 'cluster', status: 'warning', text, hint: 'finish-upgrade' });
  }
  for (const [feature, consequence] of MISSING) {
    if (cluster.supports(feature)) continue;
    const text = `Version ${cluster.serverVersion} is older than ${FEATURES[feature]}: ${consequence}`;
    report({ check: 'version', subject: 'cluster', status: 'warning', text, hint: 'upgrade-server' });
  }
}

/** Whether every node that the cluster has can be reached from here. */
export async function checkAddresses(
  cluster: Cluster,
  options: ClusterOptions,
  signal: AbortSignal,
  report: FindingListener,
): Promise<void> {
  const { nodes, unreachableNodes } = cluster;
  for (const unreachable of unreachableNodes) await reportUnreachable(cluster, unreachable, options, signal, report);
  const known = nodes.length + unreachableNodes.length;
  const size = Number(parsePairs(await cluster.info(infoCommand('statistics')), ';').get('cluster_size') ?? known);
  if (size > known) {
    const kind = options.servicesAlternate ? 'alternate ' : '';
    const text = `The cluster has ${size} nodes, and those that answer name ${kind}addresses of ${known} only`;
    const hint = options.servicesAlternate ? 'omit-services-alternate' : 'check-node-addresses';
    report({ check: 'address', subject: 'cluster', status: 'failed', text, hint, details: { size, known } });
  } else if (unreachableNodes.length === 0) {
    const text = `All ${nodes.length} node(s) can be reached at the addresses that they name`;
    report({ check: 'address', subject: 'cluster', status: 'ok', text, details: { nodes: nodes.length } });
  }
}

async function reportUnreachable(
  cluster: Cluster,
  { name, addresses, reason }: UnreachableNode,
  options: ClusterOptions,
  signal: AbortSignal,
  report: FindingListener,
): Promise<void> {
  const text = `Node ${name} cannot be reached at ${addresses.join(', ') || 'any address'}: ${reason}`;
  const finding = { check: 'address', subject: name, status: 'failed' } as const;
  if (options.servicesAlternate) {
    report({ ...finding, text, hint: 'check-node-addresses' });
    return;
  }
  const alternate = await findAlternate(cluster, name, options, signal);
  if (alternate === undefined) {
    report({ ...finding, text: `${text}; it has no alternate address`, hint: 'check-node-addresses' });
  } else if (alternate.answers) {
    const more = `its alternate address ${alternate.address} can be reached`;
    report({ ...finding, text: `${text}; ${more}`, hint: 'use-services-alternate' });
  } else {
    const more = `nor can its alternate address ${alternate.address}`;
    report({ ...finding, text: `${text}; ${more}`, hint: 'check-node-addresses' });
  }
}

/** The first alternate address of a node that accepts connections, or else its first one; undefined = it has none. */
async function findAlternate(
  cluster: Cluster,
  name: string,
  options: ClusterOptions,
  signal: AbortSignal,
): Promise<{ address: string; answers: boolean } | undefined> {
  const command = addressCommand('peers', { ...options, servicesAlternate: true });
  const answer = await cluster.info(command);
  const addresses = /^(?:ERROR|FAIL)/i.test(answer)
    ? []
    : (parsePeers(answer).peers.find((peer) => peer.name === name)?.addresses ?? []);
  for (const { host, port } of addresses) {
    try {
      (await Connection.open(host, port, ALTERNATE_TIMEOUT_MS, signal)).close();
      return { address: formatEndpoint(host, port), answers: true };
    } catch {
      signal.throwIfAborted();
    }
  }
  const [first] = addresses;
  return first === undefined ? undefined : { address: formatEndpoint(first.host, first.port), answers: false };
}

/** The clocks of the nodes against that of this machine, and against each other. */
export async function checkClocks(
  cluster: Cluster,
  maxSkewMs: number,
  signal: AbortSignal,
  report: FindingListener,
): Promise<void> {
  const measured: { node: ClusterNode; difference: ClockDifference }[] = [];
  for (const result of await Promise.all(cluster.nodes.map((node) => measureNode(node, maxSkewMs, signal)))) {
    const { node, difference } = result;
    const subject = node.endpoint;
    if (difference === undefined) {
      report({ check: 'clock', subject, status: 'skipped', text: `Node ${node.name} does not tell its time` });
      continue;
    }
    measured.push({ node, difference });
    const certainMs = Math.max(difference.minMs, -difference.maxMs, 0);
    const text = `The clock of node ${node.name} differs from that of this machine by ${formatRange(difference)}`;
    const details = { node: node.name, ...difference };
    if (certainMs > maxSkewMs) {
      report({ check: 'clock', subject, status: 'failed', text, hint: 'set-clocks', details });
    } else report({ check: 'clock', subject, status: 'ok', text, details });
  }
  if (measured.length > 1) reportSpread(measured, maxSkewMs, report);
}

async function measureNode(
  node: ClusterNode,
  limitMs: number,
  signal: AbortSignal,
): Promise<{ node: ClusterNode; difference: ClockDifference | undefined }> {
  const [namespace] = await listNamespaces([node]);
  return {
    node,
    difference: namespace === undefined ? undefined : await measureClock(node, namespace, limitMs, signal),
  };
}

function reportSpread(
  measured: readonly { node: ClusterNode; difference: ClockDifference }[],
  maxSkewMs: number,
  report: FindingListener,
): void {
  const latest = measured.reduce((a, b) => (b.difference.minMs > a.difference.minMs ? b : a));
  const earliest = measured.reduce((a, b) => (b.difference.maxMs < a.difference.maxMs ? b : a));
  const certainMs = Math.max(0, latest.difference.minMs - earliest.difference.maxMs);
  const details = { certainMs };
  if (certainMs > maxSkewMs) {
    const pair = `${latest.node.name} is ahead of ${earliest.node.name}`;
    const text = `The clocks of the nodes differ: ${pair} by at least ${formatSeconds(certainMs)} s`;
    report({ check: 'clock', subject: 'cluster', status: 'failed', text, hint: 'set-clocks', details });
    return;
  }
  const text = `No clocks of two nodes are known to differ by more than ${formatSeconds(maxSkewMs)} s`;
  report({ check: 'clock', subject: 'cluster', status: 'ok', text, details });
}

function formatRange({ minMs, maxMs }: ClockDifference): string {
  return `${formatSeconds(minMs)} to ${formatSeconds(maxMs)} s`;
}

function formatSeconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
