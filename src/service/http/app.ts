import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { RequestListener, Server } from 'node:http';
import { errorMessage } from '../../core/errors.js';
import { logEvent, type Log } from '../../core/log.js';
import { addConsole } from '../console/add-console.js';
import { AccessControl } from '../access/access-control.js';
import { guardRequests } from '../access/request-guard.js';
import { V2Error } from '../v2/errors.js';
import { explainV2Error } from '../v2/http/error-answer.js';
import { addV2Routes, answerUnknownInV2, sendV2Error } from '../v2/http/routes.js';
import { addApiDocs } from './api-docs.js';
import { MAX_BODY_BYTES } from './body.js';
import type { HttpDependencies } from './dependencies.js';
import { ENDPOINTS, routePattern, type Endpoint } from './endpoints.js';
import { explainError, isUnexpected, type Answer } from './errors.js';
import { CHANGE_CONTEXT, createHandlers, TEXT, type ApiAnswer, type Handler } from './handlers.js';
import { answerClientError } from './listener.js';
import type { Query } from './parameters.js';
import { isInV2, stripContext } from './paths.js';
import type { Readiness } from './readiness.js';

export interface AppOptions {
  readonly services: HttpDependencies;
  readonly readiness: Readiness;
  /** `/` or `/abs`. */
  readonly contextPath?: string | undefined;
  /** Absent = the app is asked by `inject` only. */
  readonly createServer?: (handler: RequestListener) => Server;
}

const REFUSAL_STATUS = { unauthorized: 401, forbidden: 403, 'too-many-requests': 429 } as const;

/** No header of a request is longer. */
const MAX_PARAMETER_LENGTH = 16_384;

/** Routes have no schemas: the service checks bodies. Without this, Fastify would load its compilers of schemas. */
const NO_SCHEMAS = { compilersFactory: { buildValidator: refuseSchemas, buildSerializer: refuseSchemas } };

function refuseSchemas(): never {
  throw new Error('A route has a schema');
}

/** For so long, the rest of a body that is too large is read and thrown away. */
const DISCARD_MS = 2000;

/**
 * Without this the connection would be closed at once, with bytes that nobody has read: the client would see a reset
 * and lose the answer.
 */
function discardBody({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.removeHeader('connection');
  reply.raw.once('finish', () => {
    setTimeout(() => {
      if (!raw.complete) raw.destroy();
    }, DISCARD_MS).unref();
  });
}

/** The routes of the service, with their errors as texts. */
export function createApp({ services, readiness, contextPath = '/', createServer }: AppOptions): FastifyInstance {
  const { log } = services;
  const prefix = contextPath.replace(/\/+$/, '');
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    return503OnClosing: false,
    schemaController: NO_SCHEMAS,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => {
      if (isInV2(request.url, contextPath)) sendV2Error(reply, explainV2Error(error));
      else sendError(reply, explainError(error));
    },
    ...(createServer === undefined ? {} : { serverFactory: createServer }),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  // Bodies are JSON, whatever the client calls them.
  app.addHook('onRequest', (request, _reply, done) => {
    const { headers } = request.raw;
    if (headers['content-type'] !== undefined) delete headers['content-type'];
    done();
  });
  const access = services.access ?? new AccessControl({ config: services.config });
  guardRequests(app, {
    access,
    log,
    contextPath,
    sendRefusal: (request, reply, { refusal, message }) =>
      isInV2(request.url, contextPath)
        ? sendV2Error(reply, explainV2Error(new V2Error(refusal, message)))
        : sendError(reply, { status: REFUSAL_STATUS[refusal], text: `${refusal}: ${message}` }),
  });
  app.setErrorHandler((error, request, reply) => {
    if (isUnexpected(error)) reportError(log, request, error);
    const { endpoint } = request.routeOptions.config as { endpoint?: Endpoint };
    const isChange = endpoint?.tag === 'Configuration' && endpoint.method !== 'GET';
    const answer = explainError(error, isChange ? CHANGE_CONTEXT : '');
    if (answer.status === 413) discardBody(request, reply);
    return sendError(reply, answer);
  });
  app.setNotFoundHandler((request, reply) =>
    services.v2 !== undefined && isInV2(request.url, contextPath)
      ? answerUnknownInV2(stripContext(request.url, contextPath) ?? '', reply)
      : answerUnknown(request, reply, prefix),
  );

  const handlers = createHandlers(services, readiness);
  for (const endpoint of ENDPOINTS) {
    const handler = handlers[endpoint.id];
    if (handler === undefined) continue;
    app.route({
      method: endpoint.method,
      url: prefix + routePattern(endpoint.path),
      config: { endpoint },
      handler: (request, reply) => answer(endpoint, handler, request, reply),
    });
  }
  addConsole(app, { prefix });
  if (services.v2 !== undefined) addV2Routes(app, { services: services.v2, access, prefix, discardBody });
  addApiDocs(app, { prefix, version: services.version.version });
  if (prefix !== '') {
    app.get(prefix, { config: { endpoint: ENDPOINTS[0] } }, (_request, reply) => reply.send());
  }
  return app;
}

async function answer(
  { success }: Endpoint,
  handler: Handler,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { params, query, body } = request as {
    params: Readonly<Record<string, string>>;
    query: Query;
    body: Buffer | undefined;
  };
  const result: ApiAnswer | undefined = await handler({ params, query, body });
  reply.code(result?.status ?? success.status).header('x-content-type-options', 'nosniff');
  if (result === undefined) return reply.send();
  return reply
    .headers(result.headers ?? {})
    .type(result.type)
    .send(result.body);
}

function sendError(reply: FastifyReply, { status, text }: Answer): FastifyReply {
  return reply.code(status).type(TEXT).header('x-content-type-options', 'nosniff').send(`${text}\n`);
}

/** A path that no endpoint has, or a method that the endpoints of the path do not have. */
function answerUnknown(request: FastifyRequest, reply: FastifyReply, prefix: string): FastifyReply {
  const allowed = allowedMethods(request.url, prefix);
  if (allowed.length === 0) return sendError(reply, { status: 404, text: '404 page not found' });
  return sendError(reply.header('allow', allowed.join(', ')), { status: 405, text: 'Method Not Allowed' });
}

const PATH_PATTERNS = ENDPOINTS.map(({ method, path }) => {
  const subtree = path === '/api-docs/' ? '.*' : '';
  return { method, pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}${subtree}$`) };
});

function allowedMethods(url: string, prefix: string): string[] {
  const [path = ''] = url.split('?');
  if (!path.startsWith(prefix)) return [];
  const below = path.slice(prefix.length);
  const methods = PATH_PATTERNS.flatMap(({ method, pattern }) =>
    pattern.test(below === '' ? '/' : below) ? (method === 'GET' ? ['GET', 'HEAD'] : [method]) : [],
  );
  return [...new Set(methods)].sort();
}

function reportError(log: Log, { method, routeOptions }: FastifyRequest, error: unknown): void {
  const fields = { method, path: routeOptions.url ?? '' };
  log.error(logEvent('http.failed', `${method} ${fields.path} failed: ${errorMessage(error)}`, fields));
  const stack = error instanceof Error ? error.stack : undefined;
  if (stack !== undefined) log.verbose(logEvent('error.stack', stack));
}
