import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../../src/service/errors.js';
import { createApp } from '../../../src/service/http/app.js';
import { ENDPOINTS } from '../../../src/service/http/endpoints.js';
import { Readiness } from '../../../src/service/http/readiness.js';
import { expectShape, SHAPES } from '../../support/abs-shapes.js';
import { createServices, JOB_ID, type FakeServices } from './fakes.js';
import { request, SCENARIOS } from './scenarios.js';

function createTestApp(services: FakeServices, contextPath = '/') {
  return createApp({ services, readiness: new Readiness(services.config, services.probes), contextPath });
}

describe('endpoints', () => {
  it('are those of ABS 3.5.0, each with the statuses that it declares', () => {
    const ours = ENDPOINTS.map(({ method, path }) => `${method} ${path}`).sort();
    const theirs = Object.entries(SHAPES.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(ours).toEqual(theirs.sort());
    for (const { method, path, success, failures } of ENDPOINTS) {
      const statuses = Object.keys(SHAPES.paths[path]![method.toLowerCase()]!.responses).map(Number);
      // A wrong method is answered for every path alike; names of entities without one are no fault of lists.
      const known = [success.status, ...Object.keys(failures).map(Number), 405, ...(path.includes('{') ? [] : [400])];
      expect(known, `${method} ${path}`).toEqual(expect.arrayContaining(statuses));
    }
  });

  for (const { endpoint, status, ...scenario } of SCENARIOS) {
    const { method, path } = endpoint;
    it(`${method} ${path} answers ${status} in the shape of ABS`, async () => {
      const services = createServices();
      const app = createTestApp(services);
      const answer = await app.inject(scenario.request(services));
      expect(answer.statusCode, answer.body).toBe(status);
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
      if (status >= 400) {
        expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
        expect(answer.body).toMatch(/^[^\n]+\n$/);
        return;
      }
      const isJson = String(answer.headers['content-type']).startsWith('application/json');
      const isText = endpoint.tag === 'System' && path !== '/version';
      expectShape(method, path, status, isText ? '' : isJson ? answer.json() : answer.body);
    });
  }
});

/** The status and the body of an answer; a JSON document is parsed. */
async function ask(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'PATCH' | 'OPTIONS',
  url: string,
  {
    payload,
    services = createServices(),
    contextPath = '/',
  }: { payload?: string; services?: FakeServices; contextPath?: string } = {},
) {
  const answer = await createTestApp(services, contextPath).inject({
    method,
    url,
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: answer.statusCode, body: answer.body, headers: answer.headers, calls: services.calls };
}

describe('names in paths', () => {
  it('are decoded', async () => {
    const { calls } = await ask('POST', '/v1/backups/cancel/nightly%20%C3%A4%2B+');
    expect(calls).toEqual(['cancel("nightly ä++")']);
  });

  for (const name of ['', '%20', '%09', 'a%2Fb', '%2e%2e%2f', 'a%5Cb', 'a%00b', '__proto__']) {
    it(`that are ${name} are refused with 400`, async () => {
      for (const url of [
        `/v1/config/storage/${name}`,
        `/v1/backups/full/${name}`,
        `/v1/backups/currentBackup/${name}`,
      ]) {
        const { status, body, calls } = await ask('GET', url);
        expect([url, status]).toEqual([url, 400]);
        expect(body).toMatch(/^invalid request: (?:storage|routine) name .*must (?:not be|be a single part).*\n$/);
        expect(calls).toEqual([]);
      }
    });
  }

  it('that every object has are not found with 404', async () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
      expect(await ask('GET', `/v1/config/policies/${name}`)).toMatchObject({
        status: 404,
        body: `policy "${name}" not found\n`,
      });
    }
  });

  it('of an entity that is not there are answered with 404 on every endpoint of the configuration, which ABS could not', async () => {
    const services = createServices();
    for (const kind of ['clusters', 'storage', 'policies', 'routines']) {
      expect((await ask('GET', `/v1/config/${kind}/none`, { services })).status).toBe(404);
      expect((await ask('PUT', `/v1/config/${kind}/none`, { services, payload: '{}' })).status).toBe(404);
      expect((await ask('DELETE', `/v1/config/${kind}/none`, { services })).status).toBe(404);
    }
    expect((await ask('PUT', '/v1/config/routines/none/disable', { services })).status).toBe(404);
    expect((await ask('PUT', '/v1/config/routines/none/enable', { services })).status).toBe(404);
  });

  it('that cannot be decoded are refused with 400', async () => {
    expect(await ask('GET', '/v1/config/storage/%zz')).toMatchObject({
      status: 400,
      body: 'invalid request: the path is not a valid URL\n',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    });
  });
});

describe('paths and methods', () => {
  it('that nobody knows are answered with 404 as text', async () => {
    expect(await ask('GET', '/v2/config')).toMatchObject({ status: 404, body: '404 page not found\n' });
    expect((await ask('GET', '/v1/config/')).status).toBe(404);
  });

  for (const [method, url, allow] of [
    ['POST', '/health', 'GET, HEAD'],
    ['PATCH', '/v1/config/storage/s1', 'DELETE, GET, HEAD, POST, PUT'],
    ['GET', '/v1/config/apply', 'POST'],
    ['OPTIONS', '/v1/config', 'GET, HEAD, PUT'],
    ['GET', '/v1/restore/full', 'POST'],
    ['POST', '/api-docs/', 'GET, HEAD'],
  ] as const) {
    it(`${method} ${url} is answered with 405 and what is allowed`, async () => {
      const answer = await ask(method, url);
      expect(answer).toMatchObject({ status: 405, body: 'Method Not Allowed\n' });
      expect(answer.headers.allow).toBe(allow);
    });
  }

  it('HEAD answers like GET without the body', async () => {
    for (const url of ['/health', '/v1/config', '/v1/config/storage/s1', '/v1/config/storage/none']) {
      const get = await ask('GET', url);
      const head = await ask('HEAD', url);
      expect(head).toMatchObject({ status: get.status, body: '' });
      expect(head.headers['content-type']).toBe(get.headers['content-type']);
    }
  });

  it('are below the context path, and nothing is beside it', async () => {
    for (const contextPath of ['/abs/one', '/abs/one/']) {
      for (const url of ['/abs/one', '/abs/one/', '/abs/one/health', '/abs/one/v1/config', '/abs/one/metrics']) {
        expect([url, (await ask('GET', url, { contextPath })).status]).toEqual([url, 200]);
      }
      for (const url of ['/', '/health', '/v1/config', '/abs/oneself/health']) {
        expect([url, (await ask('GET', url, { contextPath })).status]).toEqual([url, 404]);
      }
      expect((await ask('POST', '/abs/one/health', { contextPath })).status).toBe(405);
    }
  });
});

describe('bodies', () => {
  const put = (payload?: string) => ask('PUT', '/v1/config/policies/weekly', { payload: payload ?? '' });

  it('that are empty or blank are refused', async () => {
    for (const body of [undefined, '', ' \n\t ']) {
      expect(await put(body)).toMatchObject({ status: 400, body: 'request body is empty\n', calls: [] });
    }
  });

  it('with anything behind the document, or with none, are refused without quoting them', async () => {
    for (const body of ['{} {}', '{}x', '{"password":"hunter2"', "{'a':1}", '{"a":1,}', 'null x', '\ufeff\u0000{}']) {
      const answer = await put(body);
      expect(answer).toMatchObject({ status: 400, calls: [] });
      expect(answer.body).toMatch(/^invalid request: the body is not one JSON document(?: \(at position \d+\))?\n$/);
    }
  });

  it('that are nested too deeply or set the prototype are refused', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(await put(deep)).toMatchObject({ status: 400, body: expect.stringContaining('64 levels') as string });
    expect(await put('{"a":{"__proto__":{"b":1}}}')).toMatchObject({
      status: 400,
      body: 'invalid request: unknown field "__proto__"\n',
    });
  });

  it('are JSON whatever their content type is', async () => {
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'nonsense;;', '']) {
      const services = createServices();
      const answer = await createTestApp(services).inject({
        method: 'PUT',
        url: '/v1/config/policies/weekly',
        headers: { 'content-type': type },
        payload: '{"parallel":2}',
      });
      expect([type, answer.statusCode]).toEqual([type, 200]);
      expect(services.calls).toEqual(['update("backup-policies", "weekly", {"parallel":2})']);
    }
  });

  it('that nobody reads do no harm', async () => {
    const { status } = await ask('POST', '/v1/backups/full/nightly', { payload: 'not JSON' });
    expect(status).toBe(202);
  });
});

describe('texts of errors', () => {
  it('are those of ABS', async () => {
    for (const [method, url, payload, text] of [
      ['GET', '/v1/config/routines/none', undefined, 'routine "none" not found'],
      ['POST', '/v1/config/storage/s1', '{}', 'storage "s1" already exists'],
      ['DELETE', '/v1/config/policies/weekly', undefined, 'policy "weekly" is in use: routine "nightly"'],
      ['GET', '/v1/restore/status/17', undefined, 'job 17 not found'],
      ['PUT', '/v1/config', '{"bad":1}', 'invalid request: failed to update configuration: bad: unknown field'],
      ['POST', '/v1/restore/full', '{"bad":1}', 'invalid request: bad: unknown field'],
      [
        'GET',
        '/v1/backups/full?from=-1',
        undefined,
        'invalid query param time bounds: from must be a number of milliseconds since 1970, not "-1"',
      ],
    ] as const) {
      const answer = await ask(method, url, { ...(payload === undefined ? {} : { payload }) });
      expect(answer.body).toBe(`${text}\n`);
    }
  });

  it('say why the configuration was not stored', async () => {
    const services = createServices();
    services.failure = new ServiceError('SERVICE_NOT_WRITABLE', 'the disk is full (ENOSPC)');
    expect(await ask('DELETE', '/v1/config/storage/s1', { services })).toMatchObject({
      status: 503,
      body: 'failed to write configuration: the disk is full (ENOSPC)\n',
    });
  });

  it('of unexpected errors say nothing of their cause, which the log has', async () => {
    const services = createServices();
    services.failure = new TypeError('password is hunter2\nor not');
    const answer = await ask('GET', '/v1/backups/full', { services });
    expect(answer).toMatchObject({ status: 500, body: 'internal error (the log of the service says more)\n' });
    expect(services.lines.join('\n')).toContain('GET /v1/backups/full failed: password is hunter2');
  });

  it('are one line', async () => {
    const services = createServices();
    services.failure = new ServiceError('SERVICE_FAILED', 'one\r\ntwo\u2028three');
    expect((await ask('GET', '/v1/backups/full', { services })).body).toBe('one two three\n');
  });
});

describe('answers', () => {
  it('to a started restore are the bare id of the job', async () => {
    const answer = await ask('POST', '/v1/restore/full', { payload: '{"source-name":"s1"}' });
    expect(answer).toMatchObject({ status: 202, body: String(JOB_ID) });
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
  });

  it('with the configuration of nodes are a zip archive to be saved', async () => {
    const answer = await ask('GET', '/v1/retrieve/configuration/nightly/1777683600000');
    expect(answer.headers).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': 'attachment; filename="archive.zip"',
    });
  });

  it('of /metrics have no routine that is not configured', async () => {
    const services = createServices();
    const { metrics } = services;
    metrics.countEvent('nightly', 'full', 'success');
    metrics.countEvent('removed', 'full', 'success');
    const { body, headers } = await ask('GET', '/metrics', { services });
    expect(body).toContain('routine="nightly"');
    expect(body).not.toContain('routine="removed"');
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('of a service without entities are empty maps', async () => {
    const services = createServices();
    for (const kind of Object.keys(services.config.document)) {
      Reflect.deleteProperty(services.config.document, kind);
    }
    expect((await ask('GET', '/v1/config', { services })).body).toBe('{}');
    expect((await ask('GET', '/v1/config/clusters', { services })).body).toBe('{}');
  });

  it('to every request of the table come from one call with its arguments', async () => {
    const table: Record<string, string> = {};
    for (const endpoint of ENDPOINTS.filter(({ tag }) => tag === 'Backup' || tag === 'Restore')) {
      const services = createServices();
      await createTestApp(services).inject(
        request(endpoint, { query: endpoint.query?.includes('from') ? 'from=1&to=2' : '' }),
      );
      table[endpoint.id] = services.calls.join();
    }
    expect(table).toMatchObject({
      readAllIncrementalBackups: 'listAll("incremental", {"fromMs":1,"toMs":2})',
      readFullBackups: 'list("nightly", "full", {"fromMs":1,"toMs":2})',
      startFullBackup: 'trigger("nightly", "full", 0)',
      startIncrementalBackup: 'trigger("nightly", "incremental", 0)',
      scheduleFullBackup: 'trigger("nightly", "full", 0)',
      cancelBackup: 'cancel("nightly")',
      readRestoreJobs: 'jobs({"fromMs":1,"toMs":2})',
      cancelRestore: `cancelJob("${JOB_ID}")`,
      retrieveConfiguration: 'readConfiguration("nightly", 1777683600000)',
    });
  });
});
