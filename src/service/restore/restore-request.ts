/** What a restore was asked for, checked as far as that is possible without the storage and the cluster. */
import { isAbsolute } from 'node:path';
import { checkDestination } from '../access/destinations.js';
import type { AerospikeCluster } from '../document/schema/aerospike-cluster.js';
import { RestoreRequest, RestoreTimestampRequest, type RestorePolicy } from '../document/schema/restore-request.js';
import type { SecretAgent } from '../document/schema/secret-agent.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import type { Storage } from '../document/schema/storage.js';
import { readValue, refuse } from '../document/read-value.js';
import { checkInlineCluster, checkInlineStorage, nameSeed } from './inline-entities.js';

interface RestoreTask {
  cluster: AerospikeCluster;
  /** Of the document; absent = the cluster is none of its clusters. */
  clusterName?: string;
  storage: Storage;
  agent: { 'secret-agent'?: SecretAgent; 'secret-agent-name'?: string };
  policy: RestorePolicy;
}

export interface PathTask extends RestoreTask {
  kind: 'path';
  /** Relative to the root of the storage, without a slash at either end. */
  path: string;
}

export interface TimeTask extends RestoreTask {
  kind: 'time';
  routine: string;
  /** Milliseconds since 1970. */
  atMs: number;
  disableReordering: boolean;
}

/** Throws ServiceError SERVICE_INVALID with all problems. */
export async function readPathTask(value: unknown, document: ServiceDocument): Promise<PathTask> {
  const request = readValue(RestoreRequest, value, '');
  const problems: string[] = [];
  const path = request['backup-data-path'];
  const pathProblem = checkDataPath(path);
  if (pathProblem !== undefined) problems.push(`backup-data-path: ${pathProblem}`);
  const cluster = pick(request, 'destination', document['aerospike-clusters'], 'cluster', problems);
  const storage = pick(request, 'source', document.storage, 'storage', problems);
  const agent = pickAgent(request, document, problems);
  for (const name of ['destination', 'source'] as const) {
    if (request[name] === undefined && request[`${name}-name`] === undefined) {
      problems.push(`${name}: required, or ${name}-name`);
    }
  }
  const policy = request.policy ?? {};
  checkPolicy(policy, problems);
  if (request.destination !== undefined)
    problems.push(...checkDestination(request.destination, document, 'destination'));
  problems.push(...(await checkInline(request, document)));
  refuse(problems);
  return {
    kind: 'path',
    path: path
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .join('/'),
    cluster: cluster!.entity,
    ...nameCluster(cluster!, document),
    storage: storage!.entity,
    agent,
    policy,
  };
}

/** Throws ServiceError SERVICE_INVALID with all problems. */
export async function readTimeTask(value: unknown, document: ServiceDocument): Promise<TimeTask> {
  const request = readValue(RestoreTimestampRequest, value, '');
  const problems: string[] = [];
  const { routine: name } = request;
  const nameProblem = checkSegment(name);
  if (nameProblem !== undefined) problems.push(`routine: ${nameProblem}`);
  const routine = find(document['backup-routines'], name);
  let cluster = pick(request, 'destination', document['aerospike-clusters'], 'cluster', problems);
  let storage = pick(request, 'source', document.storage, 'storage', problems);
  let agent = pickAgent(request, document, problems);
  const hasBoth = (['destination', 'source'] as const).every((place) => {
    return request[place] !== undefined || request[`${place}-name`] !== undefined;
  });
  if (routine === undefined && !hasBoth) {
    const text = `routine ${JSON.stringify(name)} not found: it needs no entry if destination and source are given`;
    problems.push(`routine: ${text}`);
  }
  if (routine !== undefined) {
    const own = { cluster: routine['source-cluster'], storage: routine.storage };
    const sourceCluster = find(document['aerospike-clusters'], own.cluster);
    const sourceStorage = find(document.storage, own.storage);
    if (request.destination === undefined && request['destination-name'] === undefined && sourceCluster !== undefined) {
      cluster = { entity: sourceCluster, name: own.cluster };
    }
    if (request.source === undefined && request['source-name'] === undefined && sourceStorage !== undefined) {
      storage = { entity: sourceStorage, name: own.storage };
    }
    if (Object.keys(agent).length === 0 && routine['secret-agent'] !== undefined && routine['secret-agent'] !== '') {
      agent = { 'secret-agent-name': routine['secret-agent'] };
    }
  }
  const policy: RestorePolicy = request.policy ?? {};
  checkPolicy(policy, problems);
  if (request.destination !== undefined)
    problems.push(...checkDestination(request.destination, document, 'destination'));
  problems.push(...(await checkInline(request, document)));
  refuse(problems);
  return {
    kind: 'time',
    routine: name,
    atMs: request.time,
    disableReordering: request['disable-reordering'] ?? false,
    cluster: cluster!.entity,
    ...nameCluster(cluster!, document),
    storage: storage!.entity,
    agent,
    policy,
  };
}

/** Why the path of a backup cannot be used, for a message; undefined = it can. */
export function checkDataPath(path: string): string | undefined {
  if (path.trim() === '') return 'must not be blank';
  if (isAbsolute(path) || /^[\\/]|^[A-Za-z]:|^\w+:\/\//.test(path))
    return 'must be relative to the root of the storage';
  if (path.split(/[\\/]/).includes('..')) return 'must not contain ".."';
  return path.includes('\0') ? 'must not contain a zero byte' : undefined;
}

/** Why a name cannot be that of a folder. */
function checkSegment(name: string): string | undefined {
  if (name.trim() === '') return 'must not be blank';
  return /[\\/\0]/.test(name) || name === '.' || name === '..' ? 'must be a single path segment' : undefined;
}

interface Picked<Entity> {
  entity: Entity;
  name?: string;
}

function pick<Entity>(
  request: Partial<Record<string, unknown>>,
  place: 'destination' | 'source',
  entities: Readonly<Record<string, Entity>> | undefined,
  what: string,
  problems: string[],
): Picked<Entity> | undefined {
  const inline = request[place] as Entity | undefined;
  const name = request[`${place}-name`] as string | undefined;
  if (inline !== undefined && name !== undefined) problems.push(`${place}: excludes ${place}-name`);
  if (inline !== undefined) return { entity: inline };
  if (name === undefined) return undefined;
  const entity = find(entities, name);
  if (entity !== undefined) return { entity, name };
  problems.push(`${place}-name: ${what} ${JSON.stringify(name)} not found`);
  return undefined;
}

function pickAgent(request: RestoreTask['agent'], document: ServiceDocument, problems: string[]): RestoreTask['agent'] {
  const { 'secret-agent': inline, 'secret-agent-name': name } = request;
  if (inline !== undefined && name !== undefined) problems.push('secret-agent: excludes secret-agent-name');
  if (name !== undefined && find(document['secret-agents'], name) === undefined) {
    problems.push(`secret-agent-name: secret agent ${JSON.stringify(name)} not found`);
  }
  return {
    ...(inline === undefined ? {} : { 'secret-agent': inline }),
    ...(name === undefined ? {} : { 'secret-agent-name': name }),
  };
}

function find<Entity>(entities: Readonly<Record<string, Entity>> | undefined, name: string): Entity | undefined {
  return entities !== undefined && Object.hasOwn(entities, name) ? entities[name] : undefined;
}

function checkPolicy({ replace, unique, encryption }: RestorePolicy, problems: string[]): void {
  if (replace === true && unique === true) problems.push('policy.replace: excludes unique');
  if (encryption === undefined) return;
  const sources = (['key-file', 'key-env', 'key-secret'] as const).filter((key) => {
    return encryption[key] !== undefined && encryption[key] !== '';
  });
  if (encryption.mode === 'NONE' && sources.length > 0) {
    problems.push(`policy.encryption.${sources[0]!}: requires a mode other than NONE`);
  } else if (encryption.mode !== 'NONE' && sources.length !== 1) {
    problems.push('policy.encryption: expected exactly one of key-file, key-env, key-secret');
  }
}

/** The name of the cluster, also where the request describes one that the document has. */
function nameCluster(
  { entity, name }: Picked<AerospikeCluster>,
  document: ServiceDocument,
): Pick<RestoreTask, 'clusterName'> {
  if (name !== undefined) return { clusterName: name };
  const seeds = new Set(entity['seed-nodes'].map(nameSeed));
  const same = Object.entries(document['aerospike-clusters'] ?? {}).find(([, cluster]) => {
    return cluster['seed-nodes'].some((seed) => seeds.has(nameSeed(seed)));
  });
  return same === undefined ? {} : { clusterName: same[0] };
}

/** Problems of what the request describes itself. */
async function checkInline(
  { source, destination }: Pick<RestoreRequest, 'source' | 'destination'>,
  document: ServiceDocument,
): Promise<string[]> {
  return [
    ...(destination === undefined ? [] : await checkInlineCluster(destination, document, 'destination')),
    ...(source === undefined ? [] : await checkInlineStorage(source, document, 'source')),
  ];
}
