/**
 * Wrong requests against the real configuration. SERVICE_FUZZ_REQUESTS=… sends more, SERVICE_FUZZ_SEED=… others
 * (scripts/fuzz-service).
 */
import { expect, it } from 'vitest';
import { ConfigStore } from '../../../src/service/config-source/config-store.js';
import { checkValue } from '../../../src/service/document/check-value.js';
import { refuse } from '../../../src/service/document/read-value.js';
import { RestoreRequest, RestoreTimestampRequest } from '../../../src/service/document/schema/restore-request.js';
import { createApp } from '../../../src/service/http/app.js';
import { ENDPOINTS } from '../../../src/service/http/endpoints.js';
import { Readiness } from '../../../src/service/http/readiness.js';
import { EventBus } from '../../../src/service/events/event-bus.js';
import { V2_ENDPOINTS } from '../../../src/service/v2/http/endpoints.js';
import { V2ErrorBody } from '../../../src/service/v2/schema/error-body.js';
import { MemorySource, SILENT } from '../config-source/memory-source.js';
import { createServices, JOB_ID } from './fakes.js';
import { RequestFuzzer } from './fuzz.js';
import { createOperations } from '../v2/http/fakes.js';

const REQUESTS = Number(process.env.SERVICE_FUZZ_REQUESTS ?? 3000);
const SEED = Number(process.env.SERVICE_FUZZ_SEED ?? 20_260_502);
const SECRET = 'planted-secret';

const CONFIG = `
aerospike-clusters:
  c1:
    seed-nodes: [{ host-name: node, port: 3000 }]
    credentials: { user: admin, password: ${SECRET} }
storage:
  s1: { local-storage: { path: /backups } }
  s3: { s3-storage: { bucket: b, s3-region: r, access-key-id: ${SECRET}, secret-access-key: ${SECRET} } }
backup-policies:
  weekly: { parallel: 4, retention: { full: 3 } }
backup-routines:
  nightly:
    source-cluster: c1
    storage: s1
    backup-policy: weekly
    interval-cron: 0 0 1 * * *
    namespaces: [test]
`;

async function createTarget() {
  const services = createServices();
  const { jobs } = services;
  const config = await ConfigStore.open({ source: new MemorySource(CONFIG), log: SILENT });
  return {
    lines: services.lines,
    app: createApp({
      services: {
        ...services,
        config,
        v2: {
          operations: createOperations([], { error: undefined }),
          config,
          runner: { cancel: () => undefined, state: () => Promise.resolve({}) },
          events: new EventBus(),
          isObjectiveMissed: () => undefined,
          deadLetters: { list: () => ({ 'dead-letters': [], dropped: 0 }), retry: () => false, remove: () => false },
          log: services.log,
          version: '5.0.0',
        },
        jobs: {
          ...jobs,
          startByPath: (value) => {
            refuse(checkValue(RestoreRequest, value, ''));
            return JOB_ID;
          },
          startByTime: (value) => {
            refuse(checkValue(RestoreTimestampRequest, value, ''));
            return JOB_ID;
          },
        },
      },
      readiness: new Readiness(config, services.probes),
    }),
  };
}

const KNOWN = new Map([
  ...ENDPOINTS.map(
    ({ id, success, failures }) => [id, new Set([success.status, ...Object.keys(failures).map(Number)])] as const,
  ),
  ...V2_ENDPOINTS.map(({ id, success, failures }) => {
    const statuses: number[] = success.map(({ status }) => status);
    return [id, new Set([...statuses, ...Object.keys(failures).map(Number)])] as const;
  }),
]);

/** A text of one line, or below /v2 a document with a code. */
function isError(url: string, headers: Readonly<Record<string, unknown>>, body: string): boolean {
  // As a client sends it: without the parts that lead upwards.
  const path = URL.canParse(url, 'http://host') ? new URL(url, 'http://host').pathname : url;
  if (!/^\/v2(?:[/?]|$)/.test(path)) {
    return headers['content-type'] === 'text/plain; charset=utf-8' && /^[^\n]+\n$/.test(body);
  }
  if (headers['content-type'] !== 'application/json; charset=utf-8') return false;
  const { details, ...error } = JSON.parse(body) as { details?: unknown };
  const isObject = details === undefined || (typeof details === 'object' && details !== null);
  return isObject && checkValue(V2ErrorBody, error, '').length === 0;
}

it(`${REQUESTS} wrong requests are answered as the table of endpoints says, never with 500, and no secret is told`, async () => {
  const { app, lines } = await createTarget();
  /** Ids of the endpoints that answered the request. */
  const answeredBy: string[] = [];
  app.addHook('onResponse', (request, _reply, done) => {
    const { endpoint } = request.routeOptions.config as { endpoint?: { id: string } };
    if (endpoint !== undefined) answeredBy.push(endpoint.id);
    done();
  });
  const fuzzer = new RequestFuzzer(SEED);
  const statuses = new Map<number, number>();
  for (let i = 0; i < REQUESTS; i++) {
    const request = fuzzer.next();
    answeredBy.length = 0;
    const answer = await app.inject(request);
    const { statusCode, body, headers } = answer;
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
    const shown = (): string =>
      `request ${i}: ${JSON.stringify(request).slice(0, 2000)} → ${statusCode} ${body.slice(0, 500)}`;
    if (statusCode >= 500) expect.fail(`${shown()} ${lines.slice(-2).join(' ')}`);
    const [by] = answeredBy;
    if (by !== undefined && !KNOWN.get(by)!.has(statusCode)) expect.fail(shown());
    if (by === undefined && ![200, 301, 400, 404, 405].includes(statusCode)) expect.fail(shown());
    if (body.includes(SECRET)) expect.fail(shown());
    if (statusCode >= 400 && request.method !== 'HEAD' && !isError(request.url as string, headers, body)) {
      expect.fail(shown());
    }
  }
  // The requests reach what they are to try. How many are accepted changes with every key of a schema.
  expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 202, 400, 404, 405]));
});
