/** Clusters and storages that a request describes itself: who sends it may not be who configures the service. */
import { realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { checkCluster } from '../document/rules/cluster-rules.js';
import { checkStorage } from '../document/rules/storage-rules.js';
import type { AerospikeCluster } from '../document/schema/aerospike-cluster.js';
import type { SecretAgent } from '../document/schema/secret-agent.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import type { Storage } from '../document/schema/storage.js';
import type { AgentChoice } from '../settings/secret-resolver.js';

/**
 * Problems of a storage: those that a configured one would have, and directories and secret agents that the document
 * does not have.
 */
export async function checkInlineStorage(
  storage: Storage,
  document: ServiceDocument,
  where: string,
): Promise<string[]> {
  const { 'local-storage': local, 's3-storage': s3, 'gcp-storage': gcp, 'azure-storage': azure } = storage;
  const problems = [
    ...checkStorage(storage, document, where),
    ...Object.entries({ 's3-storage': s3, 'gcp-storage': gcp, 'azure-storage': azure }).flatMap(([kind, settings]) =>
      checkInlineAgent(settings?.['secret-agent'], document, `${where}.${kind}`),
    ),
  ];
  if (local === undefined) return problems;
  const path = await followLinks(local.path);
  for (const { 'local-storage': configured } of Object.values(document.storage ?? {})) {
    if (configured !== undefined && isBelow(path, await followLinks(configured.path))) return problems;
  }
  return [...problems, `${where}.local-storage.path: must be that of a configured local storage, or below it`];
}

/**
 * Problems of a cluster: those that one of the document would have, a file with a password that is not for it, and a
 * secret agent that the document does not have. Else whoever reaches the service could have any file of this host sent
 * to a machine of theirs.
 */
export async function checkInlineCluster(
  cluster: AerospikeCluster,
  document: ServiceDocument,
  where: string,
): Promise<string[]> {
  const problems = [
    ...checkCluster(cluster, document, where),
    ...checkInlineAgent(cluster.credentials?.['secret-agent'], document, `${where}.credentials`),
  ];
  const file = cluster.credentials?.['password-path'] ?? '';
  if (file === '') return problems;
  const path = await followLinks(file);
  for (const configured of Object.values(document['aerospike-clusters'] ?? {})) {
    const own = configured.credentials?.['password-path'] ?? '';
    if (own !== '' && path === (await followLinks(own)) && sharesSeeds(cluster, configured)) return problems;
  }
  const text = 'must be that of a configured cluster which has the same seed nodes';
  return [...problems, `${where}.credentials.password-path: ${text}`];
}

/** The service shows its certificates to agents, and believes what they say: a request cannot bring one of its own. */
function checkInlineAgent(agent: SecretAgent | undefined, document: ServiceDocument, where: string): string[] {
  if (agent === undefined || listAgents(document).some((known) => isDeepStrictEqual(known, agent))) return [];
  return [`${where}.secret-agent: must be one of the configuration`];
}

function listAgents(document: ServiceDocument): SecretAgent[] {
  const { 'aerospike-clusters': clusters = {}, storage = {}, 'secret-agents': agents = {} } = document;
  const choices: (AgentChoice | undefined)[] = [
    ...Object.values(clusters).map(({ credentials }) => credentials),
    ...Object.values(storage).flatMap((each) => [each['s3-storage'], each['gcp-storage'], each['azure-storage']]),
  ];
  const inline = choices.flatMap((choice) => choice?.['secret-agent'] ?? []);
  return [...Object.values(agents), ...inline];
}

/** Whether every seed node is one of the other cluster. */
function sharesSeeds(cluster: AerospikeCluster, other: AerospikeCluster): boolean {
  const seeds = new Set(other['seed-nodes'].map(nameSeed));
  return cluster['seed-nodes'].every((seed) => seeds.has(nameSeed(seed)));
}

export function nameSeed({ 'host-name': host, port }: { 'host-name': string; port: number }): string {
  return `${host.toLowerCase()}:${port}`;
}

/** `path` may be `root` itself. */
function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** The path without symbolic links; the path itself where it does not exist. */
async function followLinks(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}
