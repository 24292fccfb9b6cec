import { describe, expect, it } from 'vitest';
import { findScope } from '../../../src/service/access/request-guard.js';
import { createToken } from '../../../src/service/access/token.js';
import { ENDPOINTS } from '../../../src/service/http/endpoints.js';
import { V2_ENDPOINTS } from '../../../src/service/v2/http/endpoints.js';
import { request as makeV1Request } from '../http/scenarios.js';
import { CONFIG, openV2, type V2Fixture } from '../v2/http/fakes.js';
import { makeRequest } from '../v2/http/scenarios.js';

const SCOPES = ['read', 'backup', 'restore', 'admin'] as const;
const TOKENS = { read: createToken(), backup: createToken(), restore: createToken(), admin: createToken() };
const ACCESS = {
  tokens: Object.fromEntries(SCOPES.map((scope) => [scope, { hash: TOKENS[scope].hash, scope }])),
  open: [],
};

function open(): Promise<V2Fixture> {
  return openV2({ ...CONFIG, access: ACCESS });
}

function bearer(scope: (typeof SCOPES)[number]): { authorization: string } {
  return { authorization: `Bearer ${TOKENS[scope].token}` };
}

describe('every endpoint', () => {
  it('of both interfaces is refused without credentials, and with a scope below its own', async () => {
    const { app, calls } = await open();
    const asked = [
      ...ENDPOINTS.filter(({ id }) => id !== 'apiDocs').map((endpoint) => ({
        scope: findScope(endpoint),
        request: makeV1Request(endpoint),
      })),
      ...V2_ENDPOINTS.map((endpoint) => ({ scope: endpoint.scope, request: makeRequest(endpoint) })),
    ];
    for (const { scope, request } of asked) {
      const where = `${String(request.method)} ${request.url as string}`;
      const without = await app.inject(request);
      expect([where, without.statusCode]).toEqual([where, 401]);
      expect(without.headers['www-authenticate']).toBe('Bearer');
      const below = SCOPES[SCOPES.indexOf(scope) - 1];
      if (below === undefined) continue;
      const weak = await app.inject({ ...request, headers: bearer(below) });
      expect([where, weak.statusCode]).toEqual([where, 403]);
      if (where.includes('/v2/')) expect(weak.json()).toMatchObject({ code: 'forbidden' });
      else expect(weak.body).toMatch(/^forbidden: [^\n]+\n$/);
    }
    expect(calls).toEqual([]);
  });

  it('is answered with its scope', async () => {
    const { app } = await open();
    for (const endpoint of V2_ENDPOINTS.filter(({ id }) => id !== 'streamEvents')) {
      const answer = await app.inject({ ...makeRequest(endpoint), headers: bearer(endpoint.scope) });
      expect([endpoint.id, [401, 403].includes(answer.statusCode)]).toEqual([endpoint.id, false]);
    }
  });

  it('of /v1 is open without a section access, and of /v2 is for this machine', async () => {
    const { app } = await openV2();
    const far = { remoteAddress: '192.0.2.7' };
    expect((await app.inject({ url: '/v1/config', ...far })).statusCode).toBe(200);
    const refused = await app.inject({ url: '/v2/state', ...far });
    expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([403, 'forbidden']);
    expect((await app.inject({ url: '/v2/state' })).statusCode).toBe(200);
    expect((await app.inject({ url: '/v2/state', headers: { host: 'evil.example' } })).statusCode).toBe(403);
  });

  it('answers 401 as a document below /v2', async () => {
    const { app } = await open();
    const answer = await app.inject({ url: '/v2/state' });
    expect(answer.json()).toEqual({ code: 'unauthorized', message: 'credentials are needed' });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('answers 429 and when to come back after many failed logins', async () => {
    const { app } = await open();
    const headers = { authorization: 'Bearer wrong' };
    for (let i = 0; i < 10; i++) expect((await app.inject({ url: '/v2/state', headers })).statusCode).toBe(401);
    const answer = await app.inject({ url: '/v2/state', headers });
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([429, 'too-many-requests']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('/v2/session', () => {
  it('says who asks and what that may do', async () => {
    const { app } = await open();
    expect((await app.inject({ url: '/v2/session', headers: bearer('restore') })).json()).toEqual({
      name: 'restore',
      kind: 'token',
      scopes: ['read', 'backup', 'restore'],
      restricted: true,
      version: '5.0.0',
    });
    const free = await openV2();
    expect((await free.app.inject({ url: '/v2/session' })).json()).toMatchObject({
      name: 'anonymous',
      scopes: SCOPES,
      restricted: false,
    });
  });
});

describe('the record of changes', () => {
  it('has who, what and the result of each change, on both interfaces, and no questions', async () => {
    const { app, services } = await open();
    await app.inject({ method: 'POST', url: '/v2/backups/s1?wait=0', headers: bearer('backup') });
    await app.inject({ method: 'POST', url: '/v1/backups/cancel/none', headers: bearer('admin') });
    await app.inject({ method: 'PUT', url: '/v2/config/policies/weekly', payload: '{', headers: bearer('admin') });
    await app.inject({ url: '/v2/state', headers: bearer('read') });
    expect(services.lines.filter((line) => line.includes(' → '))).toEqual([
      'backup (token, 127.0.0.1): POST /v2/backups/s1 → 202',
      'admin (token, 127.0.0.1): POST /v1/backups/cancel/none → 404',
      'admin (token, 127.0.0.1): PUT /v2/config/policies/weekly → 400',
    ]);
  });

  it('has what was refused, in one line each, and no token', async () => {
    const { app, services } = await open();
    await app.inject({ method: 'DELETE', url: '/v2/backups/s1/a%0ab', headers: bearer('read') });
    await app.inject({ url: '/v2/state', headers: { authorization: 'Bearer planted-token' } });
    await app.inject({ url: '/v2/state' });
    expect(services.lines).toEqual([
      'Warning: DELETE /v2/backups/s1/a%0ab of 127.0.0.1 is refused: read has the scope read, and this needs admin',
      'Warning: GET /v2/state of 127.0.0.1 is refused: the token is not valid',
    ]);
  });
});
