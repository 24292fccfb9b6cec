import { describe, expect, it } from 'vitest';
import { CONFIG, openV2 } from './fakes.js';

describe('/v2/config', () => {
  it('has a tag, with which a change that came first makes the next one fail', async () => {
    const { app } = await openV2();
    const first = await app.inject({ url: '/v2/config' });
    const etag = String(first.headers.etag);
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    const changed = { ...CONFIG, 'backup-policies': { weekly: { parallel: 8 } } };
    const put = (payload: object, headers: Record<string, string>) =>
      app.inject({ method: 'PUT', url: '/v2/config', payload, headers });
    const won = await put(changed, { 'if-match': etag });
    expect([won.statusCode, won.json()]).toEqual([200, changed]);
    expect(won.headers.etag).not.toBe(etag);
    const lost = await put(CONFIG, { 'if-match': etag });
    expect([lost.statusCode, lost.json<{ code: string }>().code]).toEqual([412, 'precondition-failed']);
    expect((await app.inject({ url: '/v2/config' })).json()).toEqual(changed);
    expect((await put(CONFIG, { 'if-match': `"x", ${String(won.headers.etag)}` })).statusCode).toBe(200);
    expect((await put(CONFIG, {})).statusCode).toBe(200);
  });

  it('of two changes at once with the same tag, one fails', async () => {
    const { app } = await openV2();
    const etag = String((await app.inject({ url: '/v2/config/policies/weekly' })).headers.etag);
    const statuses = await Promise.all(
      [2, 3].map(async (parallel) => {
        const url = '/v2/config/policies/weekly';
        const answer = await app.inject({ method: 'PUT', url, payload: { parallel }, headers: { 'if-match': etag } });
        return answer.statusCode;
      }),
    );
    expect(statuses.sort()).toEqual([200, 412]);
  });

  it('of another secret has another tag, though it looks the same', async () => {
    const document = (password: string) => ({
      ...CONFIG,
      'aerospike-clusters': { c1: { ...CONFIG['aerospike-clusters'].c1, credentials: { user: 'u', password } } },
    });
    const { app } = await openV2(document('one'));
    const before = await app.inject({ url: '/v2/config/clusters/c1' });
    expect(before.body).toContain('[secret]');
    const payload = document('two')['aerospike-clusters'].c1;
    const after = await app.inject({ method: 'PUT', url: '/v2/config/clusters/c1', payload });
    expect(after.json()).toEqual(before.json());
    expect(after.headers.etag).not.toBe(before.headers.etag);
  });

  it('its section access is not changed by those who may change the rest', async () => {
    const { app, config } = await openV2();
    const access = { tokens: { mine: { hash: `sha256:${'0'.repeat(64)}`, scope: 'admin' } } };
    for (const url of ['/v2/config', '/v1/config']) {
      const answer = await app.inject({ method: 'PUT', url, payload: { ...CONFIG, access } });
      expect([url, answer.statusCode]).toEqual([url, 400]);
      expect(answer.body).toContain('access: cannot be changed through the API');
    }
    expect(config.document.access).toBeUndefined();
  });
});

describe('entities of /v2/config', () => {
  it('are added, replaced and removed, with their place and their tag', async () => {
    const { app } = await openV2();
    const url = '/v2/config/storage/second%20one';
    const put = (headers: Record<string, string> = {}) =>
      app.inject({ method: 'PUT', url, payload: { 'local-storage': { path: '/srv/two' } }, headers });
    expect((await put({ 'if-match': '"none"' })).statusCode).toBe(412);
    const added = await put({ 'if-none-match': '*' });
    expect([added.statusCode, added.headers.location]).toEqual([201, url]);
    expect((await put({ 'if-none-match': '*' })).statusCode).toBe(412);
    expect((await put({ 'if-match': '*' })).statusCode).toBe(200);
    const tag = String(added.headers.etag);
    expect((await app.inject({ url })).headers.etag).toBe(tag);
    const remove = (headers: Record<string, string>) => app.inject({ method: 'DELETE', url, headers });
    expect((await remove({ 'if-match': '"other"' })).statusCode).toBe(412);
    expect((await remove({ 'if-match': tag })).statusCode).toBe(204);
    expect((await remove({})).statusCode).toBe(404);
    expect((await app.inject({ url })).statusCode).toBe(404);
  });

  it('that a routine uses are not removed', async () => {
    const { app } = await openV2();
    const answer = await app.inject({ method: 'DELETE', url: '/v2/config/policies/weekly' });
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([409, 'conflict']);
  });

  it('that are wrong are refused with all problems', async () => {
    const { app } = await openV2();
    const payload = { parallel: 0, paralel: 3 };
    const answer = await app.inject({ method: 'PUT', url: '/v2/config/policies/weekly', payload });
    expect(answer.statusCode).toBe(400);
    expect(answer.json<{ details: { problems: string[] } }>().details.problems).toHaveLength(2);
  });

  it('under names that every object has are not found', async () => {
    const { app } = await openV2();
    for (const name of ['constructor', 'toString', '__proto__']) {
      const answer = await app.inject({ url: `/v2/config/storage/${name}` });
      expect([name, answer.statusCode]).toEqual([name, name === '__proto__' ? 400 : 404]);
    }
  });
});
