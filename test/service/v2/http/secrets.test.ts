/** Secrets of the configuration are in no answer of /v2 and in no error. */
import { expect, it } from 'vitest';
import { createToken } from '../../../../src/service/access/token.js';
import { V2_ENDPOINTS } from '../../../../src/service/v2/http/endpoints.js';
import { CONFIG, openV2 } from './fakes.js';
import { makeRequest } from './scenarios.js';

const SECRET = 'planted-secret';
const TOKEN = createToken();
const DOCUMENT = {
  ...CONFIG,
  access: { tokens: { ops: { hash: TOKEN.hash, scope: 'admin' as const } } },
  webhooks: {
    ops: { url: `https://user:${SECRET}-1@hooks.example.net/?key=${SECRET}-2`, secret: `${SECRET}-3-of-the-webhook` },
  },
  'aerospike-clusters': {
    c1: { ...CONFIG['aerospike-clusters'].c1, credentials: { user: 'u', password: `${SECRET}-4` } },
  },
  storage: {
    ...CONFIG.storage,
    s3: {
      's3-storage': {
        bucket: 'b',
        's3-region': 'r',
        'access-key-id': `${SECRET}-5`,
        'secret-access-key': `${SECRET}-6`,
      },
    },
  },
};
const headers = { authorization: `Bearer ${TOKEN.token}` };

it('every answer of /v2, also to a document that is refused, is without secrets, hashes and tokens', async () => {
  const { app, services } = await openV2(DOCUMENT);
  const isClean = (text: string): boolean =>
    !text.includes(SECRET) && !text.includes(TOKEN.hash.slice(7)) && !text.includes(TOKEN.token);
  let answers = 0;
  for (const endpoint of V2_ENDPOINTS.filter(({ id }) => id !== 'streamEvents')) {
    if (endpoint.method === 'DELETE') continue;
    const names = endpoint.path.includes('{name}') && endpoint.method === 'GET' ? ['c1', 's1', 's3', 'nightly'] : [''];
    for (const name of names) {
      const request = makeRequest(endpoint, name === '' ? {} : { name });
      if (endpoint.body !== undefined) {
        const payload = JSON.stringify({
          [`${SECRET}x`.slice(0, 3)]: 1,
          password: SECRET,
          id: [SECRET],
          secret: { SECRET },
        });
        const refused = await app.inject({ ...request, payload, headers });
        expect([endpoint.id, refused.statusCode, isClean(refused.body)]).toEqual([endpoint.id, 400, true]);
      }
      if (endpoint.method !== 'GET') continue;
      const { body, statusCode } = await app.inject({ ...request, headers });
      if (statusCode === 200) answers++;
      expect([endpoint.id, name, isClean(body)]).toEqual([endpoint.id, name, true]);
    }
  }
  expect(answers).toBeGreaterThan(15);
  expect(isClean(services.lines.join('\n'))).toBe(true);
});

it('a configuration that was read is sent back with what stands for its secrets, and keeps them', async () => {
  const { app, config } = await openV2(DOCUMENT);
  const before = config.document;
  const shown = await app.inject({ url: '/v2/config', headers });
  expect(shown.json<typeof DOCUMENT>().webhooks.ops.secret).toBe('[secret]');
  const put = await app.inject({ method: 'PUT', url: '/v2/config', payload: shown.body, headers });
  expect([put.statusCode, put.json()]).toEqual([200, shown.json()]);
  expect(config.document).toEqual(before);
});
