/** Clusters that a restore request describes itself: only where the configuration lets records go. */
import type { AerospikeCluster } from '../document/schema/aerospike-cluster.js';
import type { ServiceDocument } from '../document/schema/service-document.js';

/** What is wrong with the destination, one line for each host; none without a list. */
export function checkDestination(
  { 'seed-nodes': seeds }: AerospikeCluster,
  { access }: ServiceDocument,
  where: string,
): string[] {
  const allowed = access?.destinations;
  if (allowed === undefined) return [];
  return seeds.flatMap(({ 'host-name': host }, i) => {
    if (allowed.some((pattern) => matchesHost(host, pattern))) return [];
    const known = allowed.length === 0 ? 'none is' : `allowed: ${allowed.join(', ')}`;
    return [`${where}.seed-nodes[${i}].host-name: ${JSON.stringify(host)} is not in access.destinations; ${known}`];
  });
}

/** `*.example.net` is every name below it. */
function matchesHost(host: string, pattern: string): boolean {
  const [name, expected] = [host, pattern].map((text) => text.toLowerCase().replace(/\.$/, '')) as [string, string];
  return expected.startsWith('*.')
    ? name.endsWith(expected.slice(1)) && name.length > expected.length - 1
    : name === expected;
}
