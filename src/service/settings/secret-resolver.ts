/** Secrets of the document: literals, or fetched from the agent of their entity when they are needed. */
import { ToolError } from '../../core/errors.js';
import { agentAddress } from '../../config/secrets/agent-endpoint.js';
import { type Agent, fetchSecrets } from '../../config/secrets/agent.js';
import { isReference } from '../../config/secrets/secret-uri.js';
import { findEntity } from '../document/find-entity.js';
import type { SecretAgent } from '../document/schema/secret-agent.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import { ServiceError } from '../errors.js';

const DEFAULT_PORT = 3005;
const DEFAULT_TIMEOUT_MS = 1000;

/** The agent of an entity: inline or by name. */
export interface AgentChoice {
  readonly 'secret-agent'?: SecretAgent;
  readonly 'secret-agent-name'?: string;
}

/** Called with each secret that an agent has told, so that no log shows it. */
export type SecretListener = (reference: string, secret: string) => void;

const listeners = new Set<SecretListener>();

/** The function that is returned ends it. */
export function onSecretFetched(listener: SecretListener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export class SecretResolver {
  private readonly fetched = new Map<string, Promise<string>>();

  constructor(private readonly document: ServiceDocument) {}

  /**
   * The secret: the value itself, or what the agent has for the reference; an empty text is none. Each reference is
   * asked for once. Throws ServiceError: SERVICE_INVALID without an agent, SERVICE_FAILED where it does not answer.
   */
  async resolve(value: string | undefined, choice: AgentChoice): Promise<string | undefined> {
    if (value === undefined || value === '') return undefined;
    if (!isReference(value)) return value;
    const agent = findAgent(choice, this.document);
    if (agent === undefined) throw new ServiceError('SERVICE_INVALID', `there is no secret agent for ${value}`);
    const key = `${JSON.stringify(agent)} ${value}`;
    const secret = this.fetched.get(key) ?? fetchSecret(agent, value);
    this.fetched.set(key, secret);
    return secret;
  }
}

/** The agent that an entity names or holds. */
export function findAgent(choice: AgentChoice, document: ServiceDocument): SecretAgent | undefined {
  const name = choice['secret-agent-name'];
  if (name === undefined) return choice['secret-agent'];
  return findEntity(document['secret-agents'], name);
}

async function fetchSecret(agent: SecretAgent, reference: string): Promise<string> {
  try {
    const secrets = await fetchSecrets(toAgent(agent), [reference]);
    const text = secrets.get(reference) ?? '';
    const secret = agent['is-base64'] === true ? Buffer.from(text, 'base64').toString('utf8') : text;
    for (const listener of listeners) listener(reference, secret);
    return secret;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    throw new ServiceError('SERVICE_FAILED', error.messageFor('rest'), { cause: error });
  }
}

/** Throws SecretError for an address that cannot be one. */
export function toAgent(agent: SecretAgent): Agent {
  const { address, 'connection-type': type, port = DEFAULT_PORT, timeout = DEFAULT_TIMEOUT_MS, name } = agent;
  const caFile = agent['ca-file'] ?? agent['tls-ca-file'] ?? '';
  const [certFile = '', keyFile = ''] = [agent['cert-file'], agent['key-file']];
  return {
    address:
      type === 'unix'
        ? { kind: 'unix', path: address }
        : agentAddress(address, { text: String(port), wins: agent.port !== undefined }),
    // A timeout of 0 leaves no time for an answer.
    timeoutMs: timeout === 0 ? DEFAULT_TIMEOUT_MS : timeout,
    ...(caFile === '' ? {} : { caFile }),
    ...(name === undefined || name === '' ? {} : { tlsName: name }),
    ...(certFile === '' || keyFile === '' ? {} : { client: { certFile, keyFile } }),
  };
}
