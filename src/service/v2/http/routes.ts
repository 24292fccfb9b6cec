/** The routes below /v2. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ServerResponse } from 'node:http';
import { errorMessage } from '../../../core/errors.js';
import { logEvent, type Log } from '../../../core/log.js';
import type { AccessControl } from '../../access/access-control.js';
import { readIdentity } from '../../access/request-guard.js';
import { checkValue } from '../../document/check-value.js';
import { toJsonSchema } from '../../document/json-schema.js';
import { dropNulls } from '../../document/read-value.js';
import { parseBody } from '../../http/body.js';
import { routePattern } from '../../http/endpoints.js';
import { extendAnswerTime } from '../../http/listener.js';
import { V2Error } from '../errors.js';
import type { BackupPage } from '../schema/backup.js';
import { backupHandlers } from './backup-handlers.js';
import type { V2Services } from './dependencies.js';
import type { V2BodyName, V2Endpoint } from './endpoint.js';
import { V2_ENDPOINTS } from './endpoints.js';
import { explainV2Error, isUnexpectedInV2, makeError, type V2ErrorAnswer } from './error-answer.js';
import { EventStreams, readStreamChoice } from './event-stream.js';
import { MAX_WAIT_SECONDS, QueryReader, type RawQuery } from './query.js';
import { readQueryNames } from './query-names.js';
import type { V2Answer } from './request.js';
import { CHECKED_BY_CONFIGURATION, V2_SCHEMAS } from './schemas.js';
import { AnswerSerializer } from './serialize-answer.js';
import { serviceHandlers } from './service-handlers.js';

const JSON_TYPE = 'application/json; charset=utf-8';
export interface V2RouteOptions {
  readonly services: V2Services;
  readonly access: Pick<AccessControl, 'isRestricted' | 'onChange'>;
  /** Of all paths: empty, or `/abs`. */
  readonly prefix: string;
  /** Reads and throws away the rest of a body that is too large. */
  readonly discardBody: (request: FastifyRequest, reply: FastifyReply) => void;
}

export function addV2Routes(app: FastifyInstance, options: V2RouteOptions): void {
  const { services, access, prefix, discardBody } = options;
  const serializer = new AnswerSerializer(prefix);
  const streams = new EventStreams({ events: services.events });
  const stopping = new AbortController();
  // Whoever may no longer read must not go on reading.
  const unsubscribe = access.onChange(() => streams.closeAll());
  app.addHook('preClose', (done) => {
    unsubscribe();
    stopping.abort(new V2Error('stopping', 'the service is stopping'));
    streams.closeAll();
    done();
  });
  const handlers = { ...backupHandlers(services.operations), ...serviceHandlers(services) };
  app.register((v2, _options, done) => {
    v2.addHook('onRequest', (request, reply, next) => {
      void reply.headers(ANSWER_HEADERS);
      if ((request.query as RawQuery).wait !== undefined) {
        const { endpoint } = request.routeOptions.config as { endpoint?: V2Endpoint };
        const isWaiting = endpoint?.query?.includes('wait') === true;
        if (isWaiting) extendAnswerTime(reply.raw, MAX_WAIT_SECONDS * 1000);
      }
      next();
    });
    v2.setErrorHandler((error, request, reply) => {
      if (isUnexpectedInV2(error)) reportError(services.log, request, error);
      const answer = explainV2Error(error);
      if (answer.status === 413) discardBody(request, reply);
      return sendV2Error(reply, answer);
    });
    for (const endpoint of V2_ENDPOINTS) {
      const handler = handlers[endpoint.id];
      const config = { endpoint };
      const url = prefix + routePattern(endpoint.path);
      const queryNames = readQueryNames(endpoint);
      if (endpoint.id === 'streamEvents') {
        v2.get(url, { config, exposeHeadRoute: false }, (request, reply) => {
          const query = new QueryReader(request.query as RawQuery, queryNames);
          const choice = readStreamChoice(query, request.headers['last-event-id']);
          streams.admit();
          extendAnswerTime(reply.raw, undefined);
          reply.hijack();
          streams.open(reply.raw, choice);
        });
      } else if (handler !== undefined) {
        v2.route({
          method: endpoint.method,
          url,
          config,
          handler: async (request, reply) => {
            let signal: AbortSignal | undefined;
            const query = new QueryReader(request.query as RawQuery, queryNames);
            const answer = await handler({
              params: request.params as Readonly<Record<string, string>>,
              query,
              document: readDocument(endpoint, request.body as Buffer | undefined),
              headers: request.headers,
              identity: readIdentity(request),
              isRestricted: access.isRestricted,
              // Only few answers wait for something.
              get signal() {
                return (signal ??= AbortSignal.any([watchClient(reply.raw), stopping.signal]));
              },
            });
            return send(reply, endpoint, answer, serializer);
          },
        });
      }
    }
    done();
  });
}

/** Of every answer below /v2: neither kept by caches nor shown within other pages. */
const ANSWER_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** Aborts when the client has gone. */
function watchClient(response: ServerResponse): AbortSignal {
  const left = new AbortController();
  if (response.closed) left.abort();
  else response.once('close', () => left.abort());
  return left.signal;
}

function send(
  reply: FastifyReply,
  { success }: V2Endpoint,
  answer: V2Answer,
  serializer: AnswerSerializer,
): FastifyReply | string | Buffer {
  void reply.code(answer.status ?? success[0].status);
  if (answer.location !== undefined) void reply.header('location', serializer.prefix + answer.location);
  if (answer.tag !== undefined) void reply.header('etag', answer.tag);
  if (answer.document === undefined) return reply.send();
  void reply.header('content-type', JSON_TYPE);
  if (answer.kept === 'document') return serializer.encodeOnce(answer.document as object);
  if (answer.kept === 'backups') return serializer.serializePage(answer.document as BackupPage);
  return serializer.serialize(answer.document);
}

/** An error below /v2, also of what no route answers. */
export function sendV2Error(reply: FastifyReply, { status, body }: V2ErrorAnswer): FastifyReply {
  return reply.headers(ANSWER_HEADERS).code(status).type(JSON_TYPE).send(JSON.stringify(body));
}

function readDocument({ body }: V2Endpoint, bytes: Buffer | undefined): unknown {
  if (body === undefined) return undefined;
  const isEmpty = bytes === undefined || bytes.toString('utf8').trim() === '';
  const value = isEmpty && body.isOptional === true ? {} : parseBody(bytes);
  return CHECKED_BY_CONFIGURATION.has(body.schema) ? value : checkBody(body.schema, value);
}

function checkBody(name: V2BodyName, value: unknown): unknown {
  const schema = V2_SCHEMAS[name];
  const given = dropNulls(toJsonSchema(schema), value);
  const problems = checkValue(schema, given, '');
  if (problems.length === 0) return given;
  throw new V2Error('invalid-request', problems.join('; '), { facts: { problems } });
}

const PATTERNS = V2_ENDPOINTS.map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
}));

/** The answer for a path that no endpoint has, or a method that the endpoints of the path do not have. */
export function answerUnknownInV2(below: string, reply: FastifyReply): FastifyReply {
  const methods = PATTERNS.flatMap(({ method, pattern }) => {
    if (!pattern.test(below)) return [];
    return method === 'GET' && below !== '/v2/events' ? ['GET', 'HEAD'] : [method];
  });
  if (methods.length === 0) return sendV2Error(reply, makeError(404, 'not-found', 'there is no such path'));
  const allowed = [...new Set(methods)].sort().join(', ');
  const answer = makeError(405, 'method-not-allowed', `the path has other methods: ${allowed}`);
  return sendV2Error(reply.header('allow', allowed), answer);
}

function reportError(log: Log, { method, routeOptions }: FastifyRequest, error: unknown): void {
  const path = routeOptions.url ?? '';
  log.error(logEvent('http.failed', `${method} ${path} failed: ${errorMessage(error)}`, { method, path }));
  const stack = error instanceof Error ? error.stack : undefined;
  if (stack !== undefined) log.verbose(logEvent('error.stack', stack));
}
