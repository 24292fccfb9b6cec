import { describe, expect, it } from 'vitest';
import { AccessControl, type AccessRequest, type Requirement } from '../../../src/service/access/access-control.js';
import { LoginLimiter } from '../../../src/service/access/login-limiter.js';
import type { Scope } from '../../../src/service/access/scope.js';
import { createToken } from '../../../src/service/access/token.js';
import type { AccessSettings } from '../../../src/service/document/schema/access-settings.js';

const DEPLOY = createToken();
const OLD = createToken();
const FINGERPRINT = 'AB:'.repeat(31) + 'AB';
const ACCESS: AccessSettings = {
  tokens: {
    deploy: { hash: DEPLOY.hash, scope: 'backup' },
    old: { hash: OLD.hash, scope: 'admin', expires: '2026-05-02T09:00:00Z' },
  },
  certificates: {
    ci: { subject: 'O=Example, CN=ci', scope: 'restore' },
    pinned: { fingerprint: 'ab'.repeat(32), scope: 'admin' },
  },
  proxy: { addresses: ['10.0.0.5', '10.1.0.0/16'], header: 'X-Forwarded-User', users: { alice: 'admin' } },
};

let nowMs = Date.parse('2026-05-02T08:00:00Z');

function decide(
  access: AccessSettings | undefined,
  request: Partial<AccessRequest>,
  requirement: Partial<Requirement> = {},
  control = new AccessControl({
    config: { document: access === undefined ? {} : { access } },
    nowMs: () => nowMs,
  }),
): string {
  const decision = control.decide(
    {
      method: 'GET',
      headers: { host: 'backup.example.net' },
      address: '192.0.2.7',
      certificate: undefined,
      ...request,
    },
    { scope: 'read', unrestricted: 'this machine', ...requirement },
  );
  if (!('identity' in decision)) return decision.refusal;
  const { name, kind, scope } = decision.identity;
  return `${kind} ${name} ${scope}`;
}

function bearer(token: string): Partial<AccessRequest> {
  return { headers: { authorization: `Bearer ${token}` } };
}

describe('without a section access', () => {
  it('everyone uses what is open', () => {
    expect(decide(undefined, {}, { scope: 'admin', unrestricted: 'open' })).toBe('anonymous anonymous admin');
  });

  for (const [address, host] of [
    ['127.0.0.1', 'localhost:8080'],
    ['127.8.8.8', '127.0.0.1'],
    ['::1', '[::1]:8080'],
    ['::ffff:127.0.0.1', 'LOCALHOST'],
    ['127.0.0.1', 'asb.localhost:1'],
  ] as const) {
    it(`${address} that asks for ${host} is this machine`, () => {
      expect(decide(undefined, { address, headers: { host } })).toBe('anonymous anonymous admin');
    });
  }

  for (const [why, request] of [
    ['another machine', { address: '192.0.2.7', headers: { host: 'localhost' } }],
    ['another machine in IPv6', { address: '2001:db8::1', headers: { host: '[::1]' } }],
    ['a name that somebody else gives out', { address: '127.0.0.1', headers: { host: 'evil.example:8080' } }],
    ['a name that looks like this machine', { address: '127.0.0.1', headers: { host: 'localhost.evil.example' } }],
    ['an address that looks like this machine', { address: '127.0.0.1', headers: { host: '127.0.0.1.evil.example' } }],
    ['no name', { address: '127.0.0.1', headers: {} }],
    [
      'a proxy of this machine',
      { address: '127.0.0.1', headers: { host: 'localhost', 'x-forwarded-for': '192.0.2.7' } },
    ],
    ['a proxy that names itself', { address: '::1', headers: { host: 'localhost', via: '1.1 proxy' } }],
    ['no address', { address: '', headers: { host: 'localhost' } }],
  ] as const) {
    it(`${why} is refused`, () => {
      expect(decide(undefined, request)).toBe('forbidden');
    });
  }
});

describe('tokens', () => {
  it('give their scope and those before it', () => {
    const scopes: Scope[] = ['read', 'backup', 'restore', 'admin'];
    expect(scopes.map((scope) => decide(ACCESS, bearer(DEPLOY.token), { scope }))).toEqual([
      'token deploy backup',
      'token deploy backup',
      'forbidden',
      'forbidden',
    ]);
  });

  it('that are unknown, malformed, empty or missing give nothing', () => {
    for (const authorization of [
      'Bearer',
      'Bearer ',
      `Basic ${DEPLOY.token}`,
      'Bearer a b',
      `Bearer ${DEPLOY.token}x`,
      '',
    ]) {
      expect([authorization, decide(ACCESS, { headers: { authorization } })]).toEqual([authorization, 'unauthorized']);
    }
    expect(decide(ACCESS, bearer(DEPLOY.hash))).toBe('unauthorized');
    expect(decide(ACCESS, bearer('x'.repeat(10_000)))).toBe('unauthorized');
    expect(decide(ACCESS, {})).toBe('unauthorized');
  });

  it('give nothing from the end of their time on', () => {
    expect(decide(ACCESS, bearer(OLD.token))).toBe('token old admin');
    nowMs += 3_600_000;
    expect(decide(ACCESS, bearer(OLD.token))).toBe('unauthorized');
  });

  it('have 256 random bits, and no hash of them is another', () => {
    const tokens = Array.from({ length: 100 }, createToken);
    expect(new Set(tokens.map(({ hash }) => hash)).size).toBe(100);
    for (const { token, hash } of tokens) {
      expect(token).toMatch(/^asb_[\w-]{43}$/);
      expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    }
  });

  it('that fail often block their address for a while, and not tokens that were used from there', () => {
    let now = 0;
    const limiter = new LoginLimiter(() => now, 3, 60_000);
    const control = new AccessControl({ config: { document: { access: ACCESS } }, nowMs: () => 0, limiter });
    const ask = (token: string, address = '192.0.2.7') => decide(ACCESS, { ...bearer(token), address }, {}, control);
    expect(ask(DEPLOY.token)).toBe('token deploy backup');
    expect([1, 2, 3, 4].map(() => ask('wrong'))).toEqual([
      'unauthorized',
      'unauthorized',
      'unauthorized',
      'too-many-requests',
    ]);
    expect(ask(OLD.token)).toBe('too-many-requests');
    expect(ask(DEPLOY.token)).toBe('token deploy backup');
    expect(ask(OLD.token, '192.0.2.8')).toBe('token old admin');
    now = 60_001;
    expect(ask(OLD.token)).toBe('token old admin');
  });
});

describe('client certificates', () => {
  const certificate = (subject: Record<string, string>, fingerprint = '00'.repeat(32)) => ({
    certificate: { subject, fingerprint },
  });

  it('are known by all parts of their subject, in any order', () => {
    expect(decide(ACCESS, certificate({ CN: 'ci', O: 'Example' }))).toBe('certificate ci restore');
    expect(decide(ACCESS, certificate({ CN: 'ci' }))).toBe('unauthorized');
    expect(decide(ACCESS, certificate({ CN: 'ci', O: 'Example', OU: 'x' }))).toBe('unauthorized');
    expect(decide(ACCESS, certificate({ CN: 'ci,O=Example' }))).toBe('unauthorized');
  });

  it('are known by their fingerprint', () => {
    expect(decide(ACCESS, certificate({ CN: 'any' }, FINGERPRINT))).toBe('certificate pinned admin');
  });

  it('do not stand in for a token that is wrong', () => {
    const request = { ...certificate({ CN: 'ci', O: 'Example' }), ...bearer('wrong') };
    expect(decide(ACCESS, request)).toBe('unauthorized');
  });
});

describe('the header of a proxy', () => {
  const user = (name: string, address: string): Partial<AccessRequest> => ({
    address,
    headers: { 'x-forwarded-user': name },
  });

  it('counts from the addresses of the proxy only', () => {
    expect(decide(ACCESS, user('alice', '10.0.0.5'))).toBe('proxy alice admin');
    expect(decide(ACCESS, user('alice', '::ffff:10.1.2.3'))).toBe('proxy alice admin');
    expect(decide(ACCESS, user('alice', '10.0.0.6'))).toBe('unauthorized');
    expect(decide(ACCESS, user('alice', '127.0.0.1'))).toBe('unauthorized');
  });

  it('of an unknown user gives the default scope, if there is one', () => {
    expect(decide(ACCESS, user('bob', '10.0.0.5'))).toBe('unauthorized');
    expect(decide(ACCESS, user('constructor', '10.0.0.5'))).toBe('unauthorized');
    const access = { ...ACCESS, proxy: { ...ACCESS.proxy!, 'default-scope': 'read' as const } };
    expect(decide(access, user('bob', '10.0.0.5'))).toBe('proxy bob read');
    expect(decide(access, user('', '10.0.0.5'))).toBe('unauthorized');
  });
});

describe('requests that a page of another origin sends', () => {
  const host = 'localhost:8080';
  const local = (headers: Record<string, string>, method = 'POST'): Partial<AccessRequest> => ({
    method,
    address: '127.0.0.1',
    headers: { host, ...headers },
  });
  const CROSS: readonly Record<string, string>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:8081' },
    { origin: 'http://localhost:8080.evil.example' },
    { origin: 'http://localhost:8080@evil.example' },
  ];

  for (const headers of CROSS) {
    it(`with ${JSON.stringify(headers)} change nothing without a token`, () => {
      expect(decide(undefined, local(headers))).toBe('forbidden');
      expect(decide(undefined, local(headers), { unrestricted: 'open' })).toBe('forbidden');
      expect(
        decide(ACCESS, { ...local(headers), certificate: { subject: { CN: 'ci', O: 'Example' }, fingerprint: '' } }),
      ).toBe('forbidden');
      expect(decide(undefined, local(headers, 'GET'))).toBe('anonymous anonymous admin');
    });
  }

  it('are let through with a token, which no browser adds by itself', () => {
    const headers = { origin: 'https://tools.example', authorization: `Bearer ${DEPLOY.token}` };
    expect(decide(ACCESS, { method: 'POST', headers }, { scope: 'backup' })).toBe('token deploy backup');
  });

  it('are told from those of the own page and of other programs', () => {
    const own: readonly Record<string, string>[] = [
      {},
      { origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
    ];
    for (const headers of own) {
      expect(decide(undefined, local(headers))).toBe('anonymous anonymous admin');
    }
  });
});

describe('endpoints that are open', () => {
  it('are all of them, or those that are listed', () => {
    const ready = { openAs: 'ready', unrestricted: 'open' } as const;
    expect(decide(ACCESS, {}, ready)).toBe('anonymous anonymous admin');
    expect(decide({ ...ACCESS, open: ['ready'] }, {}, ready)).toBe('anonymous anonymous admin');
    expect(decide({ ...ACCESS, open: ['health'] }, {}, ready)).toBe('unauthorized');
    expect(decide({ ...ACCESS, open: [] }, {}, { openAs: 'console' })).toBe('anonymous anonymous admin');
  });
});
