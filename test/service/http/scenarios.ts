/** A request for each endpoint and each status that the table of endpoints promises. */
import type { InjectOptions } from 'fastify';
import { ServiceError } from '../../../src/service/errors.js';
import { MAX_BODY_BYTES } from '../../../src/service/http/body.js';
import { COLLECTIONS, ENDPOINTS, type Endpoint, type FailureStatus } from '../../../src/service/http/endpoints.js';
import { CREATED_MS, DOCUMENTS, JOB_ID, type FakeServices } from './fakes.js';

export interface Scenario {
  readonly endpoint: Endpoint;
  readonly status: number;
  /** Prepares the services and says what to ask. */
  request(services: FakeServices): InjectOptions;
}

const EXISTING: Readonly<Record<string, string>> = {
  clusters: 'c1',
  storage: 's1',
  policies: 'weekly',
  routines: 'nightly',
};
const RESTORE_BY_PATH = {
  'source-name': 's1',
  'destination-name': 'c1',
  'backup-data-path': `nightly/backup/${CREATED_MS}/data/orders`,
};
const RESTORE_BY_TIME = { routine: 'nightly', time: CREATED_MS + 1_000_000 };

/** Every pair of endpoint and status, 429 aside: that depends on the requests before. */
export const SCENARIOS: readonly Scenario[] = ENDPOINTS.filter(({ id }) => id !== 'apiDocs').flatMap((endpoint) => {
  const statuses = [endpoint.success.status, ...Object.keys(endpoint.failures).map(Number)];
  return statuses
    .filter((status) => status !== 429)
    .map((status) => ({ endpoint, status, request: createRequest(endpoint, status) }));
});

function createRequest(endpoint: Endpoint, status: number): Scenario['request'] {
  if (status === endpoint.success.status) return (services) => succeed(endpoint, services);
  return (services) => fail(endpoint, status as FailureStatus, services);
}

function succeed(endpoint: Endpoint, { config }: FakeServices): InjectOptions {
  // What a routine uses cannot be deleted.
  if (endpoint.id.startsWith('delete') && endpoint.id !== 'deleteRoutine') {
    Reflect.deleteProperty(config.document['backup-routines']!, 'nightly');
  }
  return request(endpoint, { name: isAddition(endpoint) ? 'another' : undefined });
}

function fail(endpoint: Endpoint, status: FailureStatus, services: FakeServices): InjectOptions {
  switch (status) {
    case 400:
      if (endpoint.body !== undefined) return request(endpoint, { payload: '{"bad":1}' });
      if (endpoint.id === 'applyConfig') {
        services.failure = new ServiceError('SERVICE_INVALID', 'service: must stay as it is');
        return request(endpoint);
      }
      if (endpoint.path.includes('{name}')) return request(endpoint, { name: '%20' });
      if (endpoint.path.includes('{jobId}')) return request(endpoint, { jobId: 'seventeen' });
      return request(endpoint, { query: `${endpoint.query![0]!}=x` });
    case 404:
      if (endpoint.body !== undefined && endpoint.tag === 'Restore') {
        return request(endpoint, { payload: '{"source-name":"none","routine":"none"}' });
      }
      return request(endpoint, { name: 'none', jobId: '17' });
    case 409:
      return request(endpoint);
    case 413:
      return request(endpoint, { payload: `"${'x'.repeat(MAX_BODY_BYTES)}"` });
    case 503:
      services.failure =
        endpoint.id === 'ready'
          ? new ServiceError('SERVICE_FAILED', 'connection refused')
          : new ServiceError('SERVICE_NOT_WRITABLE', 'the file system is read-only (EROFS)');
      return request(endpoint, { query: endpoint.id === 'ready' ? 'deep=true' : '' });
    case 500:
      services.failure = new ServiceError('SERVICE_FAILED', 'the storage does not answer');
      if (endpoint.id === 'metrics') services.metrics.text = () => Promise.reject(services.failure!);
      return request(endpoint);
    case 429:
      throw new Error('depends on the requests before');
  }
}

interface Parts {
  name?: string | undefined;
  jobId?: string;
  payload?: string;
  query?: string;
}

/** A request that succeeds, but for the parts that are given. */
export function request(
  endpoint: Endpoint,
  { name, jobId = String(JOB_ID), payload, query = '' }: Parts = {},
): InjectOptions {
  const segment = COLLECTIONS.find(({ segment }) => endpoint.path.startsWith(`/v1/config/${segment}`))?.segment;
  const path = endpoint.path
    .replace('{name}', name ?? EXISTING[segment ?? 'routines']!)
    .replace('{jobId}', jobId)
    .replace('{timestamp}', String(CREATED_MS));
  return {
    method: endpoint.method,
    url: query === '' ? path : `${path}?${query}`,
    ...(endpoint.body === undefined ? {} : { payload: payload ?? JSON.stringify(sampleBody(endpoint, segment)) }),
  };
}

function sampleBody({ body }: Endpoint, segment: string | undefined): unknown {
  if (body === 'RestoreRequest') return RESTORE_BY_PATH;
  if (body === 'RestoreTimestampRequest') return RESTORE_BY_TIME;
  return segment === undefined ? {} : DOCUMENTS[segment as keyof typeof DOCUMENTS];
}

function isAddition({ id }: Endpoint): boolean {
  return id.startsWith('add');
}
