/** A request for each endpoint of /v2. */
import type { InjectOptions } from 'fastify';
import type { V2Endpoint } from '../../../../src/service/v2/http/endpoint.js';
import { V2_EXAMPLES } from '../../../../src/service/v2/http/openapi-examples.js';
import { CONFIG, ID, JOB, STORAGE } from './fakes.js';

const NAMES: Readonly<Record<string, string>> = { Cluster: 'c1', Storage: 's1', Policy: 'weekly', Routine: 'nightly' };
const DOCUMENTS: Readonly<Record<string, unknown>> = {
  AerospikeCluster: CONFIG['aerospike-clusters'].c1,
  Storage: CONFIG.storage.s1,
  BackupPolicy: CONFIG['backup-policies'].weekly,
  BackupRoutine: CONFIG['backup-routines'].nightly,
  Config: CONFIG,
};

/** A name of the configuration that the endpoint finds. */
export function findName({ id }: V2Endpoint): string {
  const kind = /^(?:read|put|delete)(\w+)Settings$/.exec(id)?.[1] ?? 'Routine';
  return NAMES[kind] ?? 'nightly';
}

export function makeRequest(
  endpoint: V2Endpoint,
  { query = '', payload, ...params }: { query?: string; payload?: string } & Record<string, string | undefined> = {},
): InjectOptions {
  const values: Record<string, string | undefined> = {
    storage: STORAGE,
    id: ID,
    job: JOB,
    letter: 'letter-1',
    name: findName(endpoint),
    ...params,
  };
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
  const { body } = endpoint;
  const text = payload ?? (body === undefined ? undefined : JSON.stringify(makeDocument(body.schema)));
  return {
    method: endpoint.method,
    url: query === '' ? path : `${path}?${query}`,
    ...(text === undefined ? {} : { payload: text }),
  };
}

function makeDocument(schema: keyof typeof V2_EXAMPLES): unknown {
  return DOCUMENTS[schema] ?? V2_EXAMPLES[schema];
}
