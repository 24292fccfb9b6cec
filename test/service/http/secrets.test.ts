/** Secrets of the configuration, one in every place that may hold one, are in no answer. */
import { expect, it } from 'vitest';
import { BackupListing } from '../../../src/service/backups/backup-listing.js';
import { ConfigStore } from '../../../src/service/config-source/config-store.js';
import { createApp } from '../../../src/service/http/app.js';
import { ENDPOINTS } from '../../../src/service/http/endpoints.js';
import { Readiness } from '../../../src/service/http/readiness.js';
import { openStorage } from '../../../src/service/settings/open-storage.js';
import { MemorySource } from '../config-source/memory-source.js';
import { createServices } from './fakes.js';
import { request } from './scenarios.js';

const SECRET = 'planted-secret';

const CONFIG = {
  service: { http: { port: 8080 } },
  'aerospike-clusters': {
    c1: {
      'seed-nodes': [{ 'host-name': 'node', port: 3000 }],
      credentials: { user: 'admin', password: `${SECRET}-1` },
      tls: {
        'ca-file': '/none/ca.pem',
        'key-file-password': `${SECRET}-2`,
        'cert-file': '/none/c',
        'key-file': '/none/k',
      },
    },
  },
  storage: {
    s1: { 'local-storage': { path: '/none/backups' } },
    s2: {
      's3-storage': {
        bucket: 'b',
        's3-region': 'r',
        'access-key-id': `${SECRET}-3`,
        'secret-access-key': `${SECRET}-4`,
        's3-endpoint-override': `https://user:${SECRET}-5@s3.example.net/`,
      },
    },
    s3: { 'gcp-storage': { 'bucket-name': 'b', key: `{"private_key":"${SECRET}-6"}` } },
    s4: {
      'azure-storage': {
        'container-name': 'c',
        endpoint: `https://a.example.net/?sig=${SECRET}-7`,
        'account-name': 'a',
        'account-key': `${SECRET}-8`,
      },
    },
    s5: {
      'azure-storage': {
        'container-name': 'c',
        endpoint: 'https://a.example.net/',
        'tenant-id': `${SECRET}-9`,
        'client-id': `${SECRET}-10`,
        'client-secret': `${SECRET}-11`,
      },
    },
  },
  'backup-policies': { weekly: { parallel: 1 } },
  'backup-routines': {
    nightly: {
      'source-cluster': 'c1',
      storage: 's1',
      'backup-policy': 'weekly',
      'interval-cron': '0 0 1 * * *',
      namespaces: ['test'],
    },
  },
};

async function createTarget() {
  const services = createServices();
  const source = new MemorySource(JSON.stringify(CONFIG));
  const config = await ConfigStore.open({ source, log: services.log });
  const listing = new BackupListing({ config, log: services.log, openStorage });
  const app = createApp({
    services: { ...services, config, listing },
    readiness: new Readiness(config, services.probes),
  });
  return { app, config };
}

it('every answer of every endpoint is without the secrets of the configuration', async () => {
  const { app } = await createTarget();
  let answers = 0;
  for (const endpoint of ENDPOINTS.filter(({ method }) => method === 'GET')) {
    for (const name of Object.keys({ ...CONFIG.storage, c1: 0, nightly: 0, weekly: 0 })) {
      const { body, statusCode } = await app.inject(request(endpoint, { name }));
      if (statusCode === 200) answers++;
      expect([endpoint.id, name, body.includes(SECRET)]).toEqual([endpoint.id, name, false]);
    }
  }
  expect(answers).toBeGreaterThan(100);
});

it('what is shown in place of a secret can be sent back, and keeps it', async () => {
  const { app, config } = await createTarget();
  const before = config.document;
  const shown = (await app.inject({ url: '/v1/config' })).json<typeof CONFIG>();
  expect(shown['aerospike-clusters'].c1.credentials.password).toBe('[secret]');
  const put = await app.inject({ method: 'PUT', url: '/v1/config/storage/s5', payload: shown.storage.s5 });
  expect([put.statusCode, put.body]).toEqual([200, '']);
  expect(config.document).toEqual(before);
});

it('a document that is refused is not quoted where it holds a secret', async () => {
  const { app } = await createTarget();
  for (const payload of [
    { 's3-storage': { bucket: 'b', 's3-region': 'r', 'access-key-id': SECRET } },
    { 's3-storage': { bucket: 'b', 's3-region': 'r', 'access-key-id': [SECRET], 'secret-access-key': { a: SECRET } } },
    {
      'azure-storage': {
        'container-name': 'c',
        endpoint: `https://a.example.net/?sig=${SECRET}`,
        'account-key': SECRET,
      },
    },
  ]) {
    const answer = await app.inject({ method: 'POST', url: '/v1/config/storage/new', payload });
    expect(answer.statusCode, answer.body).toBe(400);
    expect(answer.body).toMatch(/^invalid request: failed to update configuration: /);
    expect(answer.body).not.toContain(SECRET);
  }
});
