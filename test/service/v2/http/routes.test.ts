import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { toJsonSchema } from '../../../../src/service/document/json-schema.js';
import { MAX_BODY_BYTES } from '../../../../src/service/http/body.js';
import { V2Error } from '../../../../src/service/v2/errors.js';
import { V2_ENDPOINTS } from '../../../../src/service/v2/http/endpoints.js';
import { V2_SCHEMAS } from '../../../../src/service/v2/http/schemas.js';
import { CONFIG, ID, JOB, openV2 } from './fakes.js';
import { makeRequest } from './scenarios.js';

const ajv = new Ajv({ strict: false, allErrors: true });
// The package is CommonJS.
(formats as unknown as (ajv: Ajv) => void)(ajv);
ajv.addFormat('int64', true);

const ASKED = V2_ENDPOINTS.filter(({ id }) => id !== 'streamEvents');

describe('endpoints of /v2', () => {
  it('have ids of their own, and statuses that they declare', () => {
    expect(new Set(V2_ENDPOINTS.map(({ id }) => id)).size).toBe(V2_ENDPOINTS.length);
    for (const { id, failures } of V2_ENDPOINTS) {
      for (const status of [400, 401, 403, 429, 500]) expect(failures[status], id).toBeDefined();
    }
  });

  for (const endpoint of ASKED) {
    const { id, method, path, success } = endpoint;
    it(`${method} ${path}, well formed, is answered with a document of its schema`, async () => {
      const { app, config } = await openV2();
      // What a routine uses cannot be deleted.
      if (id.startsWith('delete')) await config.remove('backup-routines', 'nightly').catch(() => undefined);
      if (id === 'deleteRoutineSettings')
        await config.put('backup-routines', 'nightly', CONFIG['backup-routines'].nightly);
      const answer = await app.inject(makeRequest(endpoint, id === 'applySettings' ? { payload: '' } : {}));
      expect(answer.statusCode, answer.body).toBe(success[0].status);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
      for (const name of success[0].headers ?? []) expect(answer.headers[name.toLowerCase()], name).toBeDefined();
      const { content } = success[0];
      if (content === undefined || !('json' in content)) {
        expect(answer.body).toBe('');
        return;
      }
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      const schema = toJsonSchema(V2_SCHEMAS[content.json]);
      const check = ajv.compile(content.shape === 'map' ? { type: 'object', additionalProperties: schema } : schema);
      expect(check(answer.json()), ajv.errorsText(check.errors)).toBe(true);
    });
  }

  for (const endpoint of ASKED.filter(({ body }) => body !== undefined)) {
    it(`${endpoint.method} ${endpoint.path} refuses bodies that are no document of it`, async () => {
      const { app, calls } = await openV2();
      for (const payload of ['{', '[]', '7', '{"bad":1}', '{"__proto__":{}}', `${'['.repeat(200)}${']'.repeat(200)}`]) {
        const answer = await app.inject(makeRequest(endpoint, { payload }));
        expect([payload.slice(0, 20), answer.statusCode]).toEqual([payload.slice(0, 20), 400]);
        expect(answer.json()).toMatchObject({ code: 'invalid-request', message: expect.any(String) as string });
      }
      expect(calls).toEqual([]);
      const large = await app.inject(makeRequest(endpoint, { payload: ' '.repeat(MAX_BODY_BYTES + 1) }));
      expect([large.statusCode, large.json<{ code: string }>().code]).toEqual([413, 'too-large']);
    });
  }

  for (const endpoint of ASKED) {
    it(`${endpoint.method} ${endpoint.path} refuses parameters that it does not have`, async () => {
      const { app } = await openV2();
      const answer = await app.inject(makeRequest(endpoint, { query: 'limitt=3' }));
      expect(answer.statusCode, answer.body).toBe(400);
      expect(answer.json()).toMatchObject({ code: 'invalid-request' });
    });
  }
});

describe('errors of /v2', () => {
  it('of a path that nobody knows are a document with 404', async () => {
    const { app } = await openV2(CONFIG, { contextPath: '/abs' });
    for (const url of ['/abs/v2', '/abs/v2/', '/abs/v2/none', '/abs/v2/backups', '/abs/v2/backups/s1/a/b']) {
      const answer = await app.inject({ url });
      expect([url, answer.statusCode, answer.json()]).toEqual([
        url,
        404,
        { code: 'not-found', message: 'there is no such path' },
      ]);
    }
    expect((await app.inject({ url: '/abs/v22' })).body).toBe('404 page not found\n');
  });

  it('of a method that a path does not have are a document with 405 and what is allowed', async () => {
    const { app } = await openV2();
    for (const [method, url, allow] of [
      ['PUT', '/v2/backups/s1', 'GET, HEAD, POST'],
      ['POST', '/v2/state', 'GET, HEAD'],
      ['POST', '/v2/events', 'GET'],
      ['PATCH', '/v2/config', 'GET, HEAD, PUT'],
    ] as const) {
      const answer = await app.inject({ method, url });
      expect([url, answer.statusCode, answer.headers.allow]).toEqual([url, 405, allow]);
      expect(answer.json()).toMatchObject({ code: 'method-not-allowed' });
    }
  });

  it('of a path that cannot be decoded are a document with 400', async () => {
    const { app } = await openV2();
    const answer = await app.inject({ url: '/v2/backups/%zz' });
    expect([answer.statusCode, answer.json()]).toEqual([
      400,
      { code: 'invalid-request', message: 'the path is not a valid URL' },
    ]);
  });

  it('that nobody expected say nothing about their cause, which is in the log', async () => {
    const { app, failure, services } = await openV2();
    failure.error = new Error('password hunter2 is wrong');
    const answer = await app.inject({ url: `/v2/backups/s1/${ID}` });
    expect([answer.statusCode, answer.json()]).toEqual([
      500,
      { code: 'internal', message: 'internal error (the log of the service says more)' },
    ]);
    expect(services.lines.join()).toContain('GET /v2/backups/:storage/:id failed: password hunter2 is wrong');
  });

  it('have the status, the code, the message in one line and the details of the operation', async () => {
    const { app, failure } = await openV2();
    failure.error = new V2Error('busy', 'another run\nis under way', { facts: { id: 'other' } });
    const answer = await app.inject({ method: 'POST', url: '/v2/backups/s1' });
    expect([answer.statusCode, answer.json()]).toEqual([
      409,
      { code: 'busy', message: 'another run is under way', details: { id: 'other' } },
    ]);
  });
});

describe('ids', () => {
  it('that are malformed are refused with invalid-id', async () => {
    const { app, calls } = await openV2();
    for (const id of ['A', 'ä', 'a.b', 'a'.repeat(65), '%20', 'a%2Fb', 'a*b', '%00']) {
      for (const url of [`/v2/backups/s1/${id}`, `/v2/backups/s1/${id}/restore`]) {
        const answer = await app.inject({ url });
        expect([url, answer.statusCode, answer.json<{ code: string }>().code]).toEqual([url, 400, 'invalid-id']);
      }
    }
    expect(calls).toEqual([]);
  });

  it('with a star at the end ask for a list of those that begin so', async () => {
    const { app, calls } = await openV2();
    expect((await app.inject({ url: '/v2/backups/s1/pre-*?limit=3&state=FAILED,CANCELED' })).json()).toHaveProperty(
      'backups',
    );
    expect((await app.inject({ url: '/v2/backups/s1/*' })).json()).toHaveProperty('backups');
    expect((await app.inject({ url: '/v2/backups/s1/177%2A' })).json()).toHaveProperty('backups');
    expect(calls).toEqual([
      'listBackups("s1", {"limit":3,"prefix":"pre-","states":["FAILED","CANCELED"]})',
      'listBackups("s1", {"limit":100,"prefix":""})',
      'listBackups("s1", {"limit":100,"prefix":"177"})',
    ]);
    expect((await app.inject({ url: '/v2/backups/s1/a%20*' })).statusCode).toBe(400);
    expect((await app.inject({ url: `/v2/backups/s1/${ID}?limit=3` })).statusCode).toBe(400);
  });
});

describe('parameters', () => {
  it('of lists are read, several values in both ways', async () => {
    const { app, calls } = await openV2();
    const query =
      'state=FAILED&state=canceled&type=FULL,MARKER&from=2026-05-01T00:00:00Z&to=1777770000000&routine=nightly';
    await app.inject({ url: `/v2/backups/s1?${query}&after=abc_-=&limit=1000&prefix=a` });
    expect(JSON.parse(calls[0]!.slice('listBackups("s1", '.length, -1))).toEqual({
      limit: 1000,
      after: 'abc_-=',
      prefix: 'a',
      states: ['FAILED', 'CANCELED'],
      types: ['FULL', 'MARKER'],
      fromMs: Date.parse('2026-05-01T00:00:00Z'),
      toMs: 1_777_770_000_000,
      routine: 'nightly',
    });
  });

  for (const query of [
    'limit=0',
    'limit=1001',
    'limit=x',
    'from=yesterday',
    'from=2&to=1',
    'to=99999999999999999',
    'state=GONE',
    'type=HALF',
    'after=%00',
    'after=1&after=2',
    'prefix=A',
    'routine=%2F',
  ]) {
    it(`${query} is refused`, async () => {
      const { app, calls } = await openV2();
      const answer = await app.inject({ url: `/v2/backups/s1?${query}` });
      expect(answer.statusCode, answer.body).toBe(400);
      expect(calls).toEqual([]);
    });
  }

  it('wait asks until the work has ended, at most a minute', async () => {
    const { app, calls } = await openV2();
    const answer = await app.inject({ method: 'POST', url: '/v2/backups/s1?wait=5' });
    expect(answer.statusCode).toBe(202);
    expect(answer.headers.location).toBe('/v2/backups/bucket/pre-release-7');
    expect(answer.json()).toMatchObject({ state: 'COMPLETED' });
    await app.inject({ url: `/v2/jobs/${JOB}?wait=3600` });
    expect(calls).toEqual([
      'createBackup("s1", {})',
      'waitForBackup("bucket", "pre-release-7", {}, 5000)',
      `readJob("${JOB}")`,
      `waitForJob("${JOB}", 60000)`,
    ]);
    expect((await app.inject({ url: `/v2/jobs/${JOB}?wait=soon` })).statusCode).toBe(400);
  });

  it('plan answers with what would be restored, and restores nothing', async () => {
    const { app, calls } = await openV2();
    const byId = await app.inject({ method: 'POST', url: `/v2/backups/s1/${ID}/restore?plan=true&routine=nightly` });
    expect([byId.statusCode, byId.headers.location]).toEqual([200, undefined]);
    const payload = { time: '2026-05-02T08:45:00Z' };
    const byTime = await app.inject({ method: 'POST', url: '/v2/restore/s1?plan=true', payload });
    expect(byTime.json()).toHaveProperty('refusals');
    expect(calls).toEqual([
      `planRestore("s1", "${ID}", {}, {"routine":"nightly"})`,
      'planRestoreAtTime("s1", {"time":"2026-05-02T08:45:00Z"})',
    ]);
  });

  it('cascade is passed on', async () => {
    const { app, calls } = await openV2();
    await app.inject({ method: 'DELETE', url: `/v2/backups/s1/${ID}?cascade=true&routine=nightly` });
    expect(calls).toEqual([`deleteBackup("s1", "${ID}", {"routine":"nightly","cascade":true})`]);
  });
});

describe('Location', () => {
  it('has the context path in front', async () => {
    const { app } = await openV2(CONFIG, { contextPath: '/abs' });
    const answer = await app.inject({ method: 'POST', url: '/abs/v2/clone', payload: { storage: 's1' } });
    expect([answer.statusCode, answer.headers.location]).toEqual([202, `/abs/v2/jobs/${JOB}`]);
  });
});

describe('routines', () => {
  it('are run through the operation that knows ids, in the storage of the routine', async () => {
    const { app, calls } = await openV2();
    const answer = await app.inject({ method: 'POST', url: '/v2/routines/nightly/run', payload: { type: 'FULL' } });
    expect(answer.statusCode).toBe(202);
    expect(calls).toEqual(['createBackup("s1", {"type":"FULL","routine":"nightly"})']);
    expect((await app.inject({ method: 'POST', url: '/v2/routines/none/run' })).statusCode).toBe(404);
  });

  it('are enabled, disabled and canceled, and shown as they are then', async () => {
    const { app, config, calls } = await openV2();
    const off = await app.inject({ method: 'POST', url: '/v2/routines/nightly/disable' });
    expect(off.json()).toMatchObject({ name: 'nightly', disabled: true, 'last-full': '2026-05-02T01:00:00Z' });
    expect(config.document['backup-routines']!.nightly!.disabled).toBe(true);
    expect((await app.inject({ method: 'POST', url: '/v2/routines/nightly/enable' })).json()).toMatchObject({
      disabled: false,
    });
    await app.inject({ method: 'POST', url: '/v2/routines/nightly/cancel' });
    expect(calls).toEqual(['cancel("nightly")']);
  });
});
