/** Lets requests through, or not, and keeps a record of what was changed by whom. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TLSSocket } from 'node:tls';
import { logEvent, warningEvent, type Log } from '../../core/log.js';
import type { Endpoint } from '../http/endpoints.js';
import { isInConsole } from '../http/paths.js';
import type { V2Endpoint } from '../v2/http/endpoint.js';
import type { AccessControl, AccessRequest, Decision, Requirement } from './access-control.js';
import type { ClientCertificate } from './client-certificate.js';
import type { Identity } from './identity.js';
import type { Scope } from './scope.js';

const UNKNOWN: Identity = { name: 'anonymous', kind: 'anonymous', scope: 'read' };
const IDENTITY = Symbol('identity');

interface IdentifiedRequest extends FastifyRequest {
  [IDENTITY]?: Identity | undefined;
}

/** Who sends the request; known once it was let through. */
export function readIdentity(request: FastifyRequest): Identity {
  return (request as IdentifiedRequest)[IDENTITY] ?? UNKNOWN;
}

type Refusal = Extract<Decision, { refusal: unknown }>;

export interface GuardOptions {
  access: AccessControl;
  log: Log;
  contextPath: string;
  sendRefusal: (request: FastifyRequest, reply: FastifyReply, refusal: Refusal) => FastifyReply;
}

/** Must be added before the routes. */
export function guardRequests(app: FastifyInstance, { access, log, contextPath, sendRefusal }: GuardOptions): void {
  app.decorateRequest(IDENTITY, undefined);
  /** By the object that each route has as its configuration. */
  const requirements = new WeakMap<object, { readonly found: Requirement | undefined }>();
  app.addHook('onRequest', (request, reply, done) => {
    const route = request.routeOptions;
    let known = requirements.get(route.config);
    if (known === undefined) {
      known = { found: findRequirement(route, contextPath) };
      requirements.set(route.config, known);
    }
    const requirement = known.found;
    if (requirement === undefined) {
      done();
      return;
    }
    const decision = access.decide(describeRequest(request), requirement);
    if ('identity' in decision) {
      (request as IdentifiedRequest)[IDENTITY] = decision.identity;
      done();
      return;
    }
    reportRefusal(log, request, decision);
    if (decision.retryAfterSeconds !== undefined) reply.header('retry-after', String(decision.retryAfterSeconds));
    if (decision.refusal === 'unauthorized') reply.header('www-authenticate', 'Bearer');
    void sendRefusal(request, reply, decision);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const identity = (request as IdentifiedRequest)[IDENTITY];
    if (identity !== undefined && isChange(request)) report(log, request, reply, identity);
    done();
  });
}

/** undefined = no route answers the request. */
function findRequirement(
  { url = '', config }: FastifyRequest['routeOptions'],
  contextPath: string,
): Requirement | undefined {
  const { endpoint } = config as { endpoint?: Endpoint | V2Endpoint };
  if (isInConsole(url, contextPath)) {
    // The pages hold nothing that is to be protected; whoever reads them logs in to /v2.
    return { scope: 'read', unrestricted: 'this machine', openAs: 'console' };
  }
  if (endpoint === undefined) {
    return url.startsWith(`${contextPath.replace(/\/+$/, '')}/api-docs`) ? SYSTEM_REQUIREMENTS.apiDocs : undefined;
  }
  if ('scope' in endpoint) return { scope: endpoint.scope, unrestricted: 'this machine' };
  return SYSTEM_REQUIREMENTS[endpoint.id] ?? { scope: findScope(endpoint), unrestricted: 'open' };
}

const SYSTEM_REQUIREMENTS: Readonly<Record<string, Requirement>> = {
  root: { scope: 'read', unrestricted: 'open', openAs: 'health' },
  health: { scope: 'read', unrestricted: 'open', openAs: 'health' },
  ready: { scope: 'read', unrestricted: 'open', openAs: 'ready' },
  version: { scope: 'read', unrestricted: 'open', openAs: 'version' },
  metrics: { scope: 'read', unrestricted: 'open', openAs: 'metrics' },
  apiDocs: { scope: 'read', unrestricted: 'open', openAs: 'api-docs' },
};

/** What an endpoint of /v1 needs. */
export function findScope({ id, tag, method }: Endpoint): Scope {
  // The configuration of the nodes may hold passwords.
  if (id === 'retrieveConfiguration') return 'restore';
  if (method === 'GET') return 'read';
  if (tag === 'Backup') return 'backup';
  return tag === 'Restore' ? 'restore' : 'admin';
}

function isChange({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS';
}

function report(log: Log, request: FastifyRequest, reply: FastifyReply, { name, kind }: Identity): void {
  const path = readPath(request);
  const { statusCode: status } = reply;
  const text = `${name} (${kind}, ${request.ip}): ${request.method} ${path} → ${status}`;
  const fields = { who: name, kind, address: request.ip, method: request.method, path, status };
  log.info(logEvent('access.change', text, fields));
}

function reportRefusal(log: Log, request: FastifyRequest, { refusal, message, name = '' }: Refusal): void {
  // The limit is there to stop floods, which must not fill the log either; without credentials, nobody has tried.
  const isLogin = refusal === 'unauthorized' && request.headers.authorization === undefined;
  if (refusal === 'too-many-requests' || (isLogin && !isChange(request))) return;
  const path = readPath(request);
  const text = `${request.method} ${path} of ${request.ip} is refused: ${message}`;
  const fields = { who: name, address: request.ip, method: request.method, path, code: refusal };
  log.info(warningEvent('access.refused', text, fields));
}

/** Without the query, and without what would break the line. */
function readPath({ url }: FastifyRequest): string {
  const [path = ''] = url.split('?');
  return path.slice(0, 500).replace(/[^\x21-\x7e]/g, '?');
}

function describeRequest(request: FastifyRequest): AccessRequest {
  const { method, raw } = request;
  return {
    method,
    headers: raw.headers,
    address: raw.socket.remoteAddress ?? '',
    certificate: readCertificate(raw.socket as Pick<Partial<TLSSocket>, 'authorized' | 'getPeerCertificate'>),
  };
}

/** What the listener has verified; undefined = there is none, or plain HTTP. */
function readCertificate(
  socket: Pick<Partial<TLSSocket>, 'authorized' | 'getPeerCertificate'>,
): ClientCertificate | undefined {
  if (socket.authorized !== true || socket.getPeerCertificate === undefined) return undefined;
  const { subject, fingerprint256 } = socket.getPeerCertificate() as {
    subject?: ClientCertificate['subject'];
    fingerprint256?: string;
  };
  if (subject === undefined || fingerprint256 === undefined) return undefined;
  return { subject: { ...subject }, fingerprint: fingerprint256 };
}

/** What to know when the service starts; undefined = nothing. */
export function warnOfOpenAccess(access: AccessControl, log: Log): void {
  if (access.isRestricted) return;
  const text =
    'The configuration has no section access: everyone who reaches the service may use /v1; /v2 and /ui answer this ' +
    'machine only';
  log.info(warningEvent('access.open', text));
}
