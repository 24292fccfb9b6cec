/** Rules that several kinds of entities have. Each gives what is wrong as `where: what`. */
import { isReference, parseReference } from '../../../config/secrets/secret-uri.js';
import { errorMessage } from '../../../core/errors.js';
import { toAgent, type AgentChoice } from '../../settings/secret-resolver.js';
import { findEntity } from '../find-entity.js';
import { joinPath } from '../json-schema.js';
import type { SecretAgent } from '../schema/secret-agent.js';
import type { ServiceDocument } from '../schema/service-document.js';

const MAX_NAME_BYTES = 255;

/** What names of entities may be, as they become parts of paths and URLs; undefined = nothing is wrong. */
export function checkName(name: string): string | undefined {
  if (name.trim() === '') return 'must not be blank';
  if (name === '.' || name === '..' || /[/\\\p{Cc}]/u.test(name)) {
    return 'must be a single part of a path: without slashes and control characters, and neither . nor ..';
  }
  return Buffer.byteLength(name) > MAX_NAME_BYTES ? `must have at most ${MAX_NAME_BYTES} bytes` : undefined;
}

/** A path that means what it says. */
export function checkCleanPath(path: string | undefined, where: string): string[] {
  if (path === undefined || path === '') return [];
  if (path.includes('\0')) return [`${where}: must not contain a NUL character`];
  return path.split('/').includes('..') ? [`${where}: must not contain ".."`] : [];
}

/** More than one of properties that exclude each other. Empty texts count as absent. */
export function checkExclusive(entity: object, keys: readonly string[], where: string): string[] {
  const given = keys.filter((key) => isGiven(entity, key));
  return given.length < 2 ? [] : [`${where}: ${joinWords(given)} exclude each other`];
}

/** Some of properties that go together, but not all. */
export function checkTogether(entity: object, keys: readonly string[], where: string): string[] {
  const missing = keys.filter((key) => !isGiven(entity, key));
  if (missing.length === 0 || missing.length === keys.length) return [];
  const given = keys.filter((key) => isGiven(entity, key));
  return missing.map((key) => `${joinPath(where, key)}: is required with ${joinWords(given)}`);
}

export function isGiven(entity: object, key: string): boolean {
  const value = (entity as Readonly<Record<string, unknown>>)[key];
  return value !== undefined && value !== '';
}

export function joinWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

/** A name that has to be a key of a map of the document. */
export function checkEntityName(
  name: string | undefined,
  kind: 'aerospike-clusters' | 'storage' | 'backup-policies' | 'secret-agents',
  document: ServiceDocument,
  where: string,
): string[] {
  if (name === undefined || name === '') return [];
  const map: Readonly<Record<string, unknown>> | undefined = document[kind];
  if (findEntity(map, name) !== undefined) return [];
  return [`${where}: ${JSON.stringify(name)} is not in ${kind}`];
}

/** An entity with an agent, inline or by name, and its secrets by their places. */
export function checkSecrets(
  choice: AgentChoice,
  secrets: Readonly<Record<string, string | undefined>>,
  document: ServiceDocument,
  where: string,
): string[] {
  const { 'secret-agent': agent, 'secret-agent-name': name } = choice;
  const hasAgent = agent !== undefined || (name ?? '') !== '';
  return [
    ...checkExclusive(choice, ['secret-agent', 'secret-agent-name'], where),
    ...checkEntityName(name, 'secret-agents', document, joinPath(where, 'secret-agent-name')),
    ...(agent === undefined ? [] : checkAgent(agent, joinPath(where, 'secret-agent'))),
    ...Object.entries(secrets).flatMap(([place, text]) => checkReference(text, hasAgent, place)),
  ];
}

/** A reference to a secret needs an agent; what is none needs nothing. */
function checkReference(text: string | undefined, hasAgent: boolean, where: string): string[] {
  if (text === undefined || !isReference(text)) return [];
  try {
    parseReference(text);
  } catch (error) {
    return [`${where}: ${errorMessage(error)}`];
  }
  return hasAgent ? [] : [`${where}: a reference needs secret-agent or secret-agent-name`];
}

export function checkAgent(agent: SecretAgent, where: string): string[] {
  const problems = [
    ...checkTogether(agent, ['cert-file', 'key-file'], where),
    ...['ca-file', 'tls-ca-file', 'cert-file', 'key-file'].flatMap((key) =>
      checkCleanPath((agent as Readonly<Record<string, unknown>>)[key] as string | undefined, joinPath(where, key)),
    ),
  ];
  const place = joinPath(where, 'address');
  if (agent['connection-type'] === 'unix') {
    return agent.address.startsWith('/') ? problems : [...problems, `${place}: expected the path of a socket`];
  }
  try {
    const { address } = toAgent(agent);
    return address.kind === 'tcp' ? problems : [...problems, `${place}: a path needs connection-type unix`];
  } catch {
    return [...problems, `${place}: expected a host, without a port or with one`];
  }
}
