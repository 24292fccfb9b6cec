/** Who may do what. */
import type { IncomingHttpHeaders } from 'node:http';
import { AddressList } from '../http/address-list.js';
import type { AccessProxy, AccessSettings, OPEN_ENDPOINTS } from '../document/schema/access-settings.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import { findEntity } from '../document/find-entity.js';
import { matchesCertificate, type ClientCertificate } from './client-certificate.js';
import type { Identity } from './identity.js';
import { LoginLimiter } from './login-limiter.js';
import { isFromSameOrigin, isFromThisMachine } from './same-machine.js';
import { includesScope, type Scope } from './scope.js';
import { findToken } from './token.js';

export interface AccessRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Of the other end of the connection. */
  readonly address: string;
  /** Verified by the listener; undefined = none was. */
  readonly certificate: ClientCertificate | undefined;
}

/** What a request needs. */
export interface Requirement {
  readonly scope: Scope;
  /** Without a section access, everyone reaches `open`, and only this machine reaches the other. */
  readonly unrestricted: 'open' | 'this machine';
  /** Where the section access decides whether credentials are needed at all. */
  readonly openAs?: (typeof OPEN_ENDPOINTS)[number] | 'console';
}

export type Decision =
  | { readonly identity: Identity }
  | {
      readonly refusal: 'unauthorized' | 'forbidden' | 'too-many-requests';
      readonly message: string;
      /** Who was refused, if it is known. */
      readonly name?: string;
      readonly retryAfterSeconds?: number;
    };

export interface AccessControlOptions {
  config: {
    readonly document: ServiceDocument;
    onChange?(listener: (change: { before: ServiceDocument; after: ServiceDocument }) => void): () => void;
  };
  nowMs?: () => number;
  limiter?: LoginLimiter;
}

const ANONYMOUS: Identity = { name: 'anonymous', kind: 'anonymous', scope: 'admin' };
const MAX_USER_LENGTH = 255;
/** Methods that change nothing. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

export class AccessControl {
  private readonly limiter: LoginLimiter;
  private readonly nowMs: () => number;
  private proxyAddresses: { of: AccessProxy; list: AddressList } | undefined;

  constructor(private readonly options: AccessControlOptions) {
    this.limiter = options.limiter ?? new LoginLimiter();
    this.nowMs = options.nowMs ?? Date.now;
  }

  /** Whether the configuration has a section access. */
  get isRestricted(): boolean {
    return this.options.config.document.access !== undefined;
  }

  /** The listener is called when the section access has changed. */
  onChange(listener: () => void): () => void {
    const subscribe = this.options.config.onChange?.bind(this.options.config);
    if (subscribe === undefined) return () => undefined;
    return subscribe(({ before, after }) => {
      if (JSON.stringify(before.access) !== JSON.stringify(after.access)) listener();
    });
  }

  decide(request: AccessRequest, requirement: Requirement): Decision {
    const { access } = this.options.config.document;
    const decision =
      access === undefined ? this.decideOpen(request, requirement) : this.decideBy(access, request, requirement);
    if (!('identity' in decision)) return decision;
    const { identity } = decision;
    if (!includesScope(identity.scope, requirement.scope)) {
      const message = `${identity.name} has the scope ${identity.scope}, and this needs ${requirement.scope}`;
      return { refusal: 'forbidden', message, name: identity.name };
    }
    // A token is sent on purpose. All else a browser adds by itself, whatever page makes it send the request.
    const isByPage = identity.kind !== 'token' && !SAFE_METHODS.includes(request.method);
    if (isByPage && !isFromSameOrigin(request.headers)) {
      return { refusal: 'forbidden', message: 'the request comes from a page of another origin', name: identity.name };
    }
    return decision;
  }

  private decideOpen({ address, headers }: AccessRequest, { unrestricted }: Requirement): Decision {
    if (unrestricted === 'open' || isFromThisMachine(address, headers)) return { identity: ANONYMOUS };
    const message =
      'without a section access in the configuration, this answers programs of its own machine only, ' +
      'asked for as localhost and without a proxy';
    return { refusal: 'forbidden', message };
  }

  private decideBy(access: AccessSettings, request: AccessRequest, { openAs }: Requirement): Decision {
    const { open } = access;
    if (openAs !== undefined && (openAs === 'console' || open === undefined || open.includes(openAs))) {
      return { identity: ANONYMOUS };
    }
    const { authorization } = request.headers;
    if (authorization !== undefined) return this.checkToken(authorization, access, request.address);
    const identity = this.identifyByProxy(access, request) ?? identifyByCertificate(access, request.certificate);
    if (identity !== undefined) return { identity };
    return { refusal: 'unauthorized', message: 'credentials are needed' };
  }

  private checkToken(authorization: string, { tokens = {} }: AccessSettings, address: string): Decision {
    const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
    const name = token === undefined ? undefined : findToken(token, tokens, this.nowMs());
    const retryAfterSeconds = this.limiter.blockedSeconds(address, name);
    if (retryAfterSeconds !== undefined) {
      const message = `too many failed logins; try again in ${retryAfterSeconds} s`;
      return { refusal: 'too-many-requests', message, retryAfterSeconds };
    }
    const entry = name === undefined ? undefined : findEntity(tokens, name);
    if (name !== undefined && entry !== undefined) {
      this.limiter.noteSuccess(address, name);
      return { identity: { name, kind: 'token', scope: entry.scope } };
    }
    this.limiter.countFailure(address);
    return { refusal: 'unauthorized', message: 'the token is not valid' };
  }

  private identifyByProxy({ proxy }: AccessSettings, { address, headers }: AccessRequest): Identity | undefined {
    if (proxy === undefined) return undefined;
    if (this.proxyAddresses?.of !== proxy) {
      this.proxyAddresses = { of: proxy, list: new AddressList(proxy.addresses) };
    }
    const user = headers[proxy.header.toLowerCase()];
    const isUser = typeof user === 'string' && user !== '' && user.length <= MAX_USER_LENGTH;
    if (!isUser || !this.proxyAddresses.list.has(address)) return undefined;
    const scope = findEntity(proxy.users, user) ?? proxy['default-scope'];
    return scope === undefined ? undefined : { name: user, kind: 'proxy', scope };
  }
}

function identifyByCertificate(
  { certificates = {} }: AccessSettings,
  certificate: ClientCertificate | undefined,
): Identity | undefined {
  if (certificate === undefined) return undefined;
  for (const [name, expected] of Object.entries(certificates)) {
    if (matchesCertificate(certificate, expected)) return { name, kind: 'certificate', scope: expected.scope };
  }
  return undefined;
}
