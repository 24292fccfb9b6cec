import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { readSettings } from '../../../src/api/read-settings.js';
import { toCodecConfig } from '../../../src/config/codec-config.js';
import { backupSchema } from '../../../src/config/backup-constraints.js';
import { engineProperties } from '../../../src/config/engine-config.js';
import { toBackupConfig } from '../../../src/config/backup-config.js';
import { restoreSchema } from '../../../src/config/restore-constraints.js';
import { toRestoreConfig } from '../../../src/config/restore-config.js';
import { parseYaml } from '../../../src/service/config-source/yaml-text.js';
import { readDocument } from '../../../src/service/document/check-document.js';
import type { EncryptionPolicy } from '../../../src/service/document/schema/backup-policy.js';
import { ServiceDocument } from '../../../src/service/document/schema/service-document.js';
import { toEncryptSettings } from '../../../src/service/settings/encryption-settings.js';
import { SecretResolver } from '../../../src/service/settings/secret-resolver.js';
import { selectPartitions } from '../../../src/service/settings/select-partitions.js';
import {
  toAccessSettings,
  toBackupSettings,
  toClusterSettings,
  toRestoreSettings,
} from '../../../src/service/settings/settings.js';
import { FakeNode } from '../../support/fake-node.js';
import { startAgent } from '../../support/secret-agent.js';
import { scratch } from '../../support/target.js';
import { SILENT } from '../config-source/memory-source.js';
import { ALL_STORAGES } from '../document/abs-documents.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const DEPENDENCIES = { log: SILENT, signal: new AbortController().signal, env: {} };
const document = readDocument(parseYaml(ServiceDocument, ALL_STORAGES, 'test'));
const routine = document['backup-routines']!.nightly!;

test.each(Object.keys(document.storage!))(
  'a routine with the storage %s makes settings of a backup',
  async (storage) => {
    const settings = await toBackupSettings({ ...routine, storage }, 'test', document);
    const { root } = await toAccessSettings(document.storage![storage]!, document);
    const values = await readSettings(backupSchema, { ...settings, namespace: 'test', directory: `${root}/x` });
    const config = toBackupConfig(values, DEPENDENCIES);
    cleanUps.push(() => config.storages.close());
    expect(config).toMatchObject({
      bins: ['backupBin'],
      sets: ['backupSet'],
      socketTimeoutMs: 1000,
      totalTimeoutMs: 2000,
      recordsPerSecond: 1000,
      compact: true,
      noIndexes: true,
      noUdfs: true,
      compression: { codec: 'zstd', level: 20 },
      cluster: { seeds: [{ host: 'db1.example.com', port: 3000 }, { host: '10.0.0.2' }] },
    });
  },
);

test('a routine with a policy of defaults has the limits that the document states', async () => {
  const settings = await toBackupSettings({ ...routine, 'backup-policy': 'keepFilesPolicy' }, 'test', document);
  expect(settings).toMatchObject({ fileLimitMiB: 250, socketTimeoutMs: 600_000, totalTimeoutMs: 0 });
});

test('bandwidth and records per second hold for each namespace of a run', async () => {
  const policies = { 'backup-policies': { p: { bandwidth: 5, 'records-per-second': 6 } } };
  for (const namespace of ['test', 'other']) {
    const settings = await toBackupSettings({ ...routine, 'backup-policy': 'p' }, namespace, {
      ...document,
      ...policies,
    });
    expect(settings).toMatchObject({ bandwidthMiB: 5, recordsPerSecond: 6 });
  }
});

test('a file limit of 0 is no limit that a backup would reach', async () => {
  const policies = { 'backup-policies': { p: { 'file-limit': 0 } } };
  const settings = await toBackupSettings({ ...routine, 'backup-policy': 'p' }, 'test', { ...document, ...policies });
  const values = await readSettings(backupSchema, { ...settings, namespace: 'test', directory: '/x' });
  const config = toBackupConfig(values, DEPENDENCIES);
  expect(config.fileLimitBytes).toBeGreaterThanOrEqual(2 ** 40);
});

test.each(Object.keys(document.storage!))('a restore from the storage %s makes settings of a restore', async (name) => {
  const { root, ...access } = await toAccessSettings(document.storage![name]!, document);
  const policy = {
    parallel: 3,
    namespace: { source: 'a', destination: 'b' },
    'set-list': ['s'],
    'bin-list': ['x'],
    unique: true,
    bandwidth: 5,
    tps: 6,
    'extra-ttl': 7,
    'batch-size': 8,
    'max-async-batches': 9,
    'retry-policy': { 'base-timeout': 10, 'max-retries': 11 },
    compression: { mode: 'ZSTD' as const },
  };
  const cluster = { ...document['aerospike-clusters']!.cluster1!, 'prefer-racks': [1] };
  const settings = await toRestoreSettings(policy, cluster, {}, document);
  const values = await readSettings(restoreSchema, { ...access, ...settings, directory: `${root}/x` });
  const config = toRestoreConfig(values, DEPENDENCIES);
  cleanUps.push(() => config.storages.close());
  expect(config).toMatchObject({ parallel: 3, sets: ['s'], bins: ['x'], compression: { codec: 'zstd' } });
  expect(values.get('retry-scale-factor')).toBe(10_000);
});

test('a storage of each kind passes its order of credentials on to the client', async () => {
  const order = { 'credential-order': 'ambient-first' } as const;
  const storages = {
    s3: { 's3-storage': { bucket: 'b', 's3-region': 'r', ...order } },
    gs: { 'gcp-storage': { 'bucket-name': 'b', ...order } },
    azblob: { 'azure-storage': { 'container-name': 'c', endpoint: 'https://x', ...order } },
  };
  for (const [owner, storage] of Object.entries(storages)) {
    const { root, ...access } = await toAccessSettings(storage, document);
    const values = await readSettings(restoreSchema, { ...access, directory: root });
    const settings = engineProperties(restoreSchema.options, values, owner as keyof typeof storages);
    expect(settings).toMatchObject({ credentialOrder: 'ambient-first' });
  }
});

test('a restore without a policy has the defaults of the document', async () => {
  const settings = await toRestoreSettings(undefined, document['aerospike-clusters']!.cluster1!, {}, document);
  const values = await readSettings(restoreSchema, { ...settings, directory: '/x' });
  expect(values.get('batch-size')).toBe(128);
  expect(values.get('max-async-batches')).toBe(128);
  expect(values.get('socket-timeout')).toBe(600_000);
});

test('a cluster with TLS and without certificates to trust takes those that Node.js knows', async () => {
  const settings = await toClusterSettings({ 'seed-nodes': [{ 'host-name': 'h', port: 1 }], tls: {} }, {});
  expect(settings.tls?.ca).toContain('BEGIN CERTIFICATE');
});

test('ciphers of a cluster may have the names of IANA or those of OpenSSL', async () => {
  const ciphersFor = async (suite: string): Promise<string | undefined> =>
    (await toClusterSettings({ 'seed-nodes': [{ 'host-name': 'h', port: 1 }], tls: { 'cipher-suite': suite } }, {})).tls
      ?.ciphers;
  expect(await ciphersFor('TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384')).toMatch(/:ECDHE-RSA-AES256-GCM-SHA384$/);
  expect(await ciphersFor('ECDHE-RSA-AES256-GCM-SHA384')).toBe('ECDHE-RSA-AES256-GCM-SHA384');
});

test('a password is read from its file when it is needed, without the end of the line', async () => {
  const directory = scratch();
  cleanUps.push(() => directory.remove());
  const path = join(directory.path, 'password');
  writeFileSync(path, 'hunter2\n');
  const cluster = { 'seed-nodes': [{ 'host-name': 'h', port: 1 }], credentials: { user: 'u', 'password-path': path } };
  expect((await toClusterSettings(cluster, {})).auth).toEqual({ user: 'u', mode: 'INTERNAL', password: 'hunter2' });
});

test('a reference is fetched from the agent that the entity names, once', async () => {
  const agent = await startAgent({ secrets: { 'db:password': Buffer.from('hunter2').toString('base64') } });
  cleanUps.push(() => agent.close());
  const agents = {
    a: { address: '127.0.0.1', port: agent.port, 'connection-type': 'tcp' as const, 'is-base64': true },
  };
  const secrets = new SecretResolver({ 'secret-agents': agents });
  const choice = { 'secret-agent-name': 'a' };
  expect(await secrets.resolve('secrets:db:password', choice)).toBe('hunter2');
  expect(await secrets.resolve('secrets:db:password', choice)).toBe('hunter2');
  expect(agent.requests).toHaveLength(1);
  expect(await secrets.resolve('literal', {})).toBe('literal');
  await expect(secrets.resolve('secrets:db:password', {})).rejects.toMatchObject({ code: 'SERVICE_INVALID' });
  await expect(secrets.resolve('secrets:db:none', choice)).rejects.toMatchObject({ code: 'SERVICE_FAILED' });
});

test('a key of encryption is the same from a file, from PEM text and from its body in the environment', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const body = (type: 'pkcs1' | 'pkcs8'): string => privateKey.export({ format: 'der', type }).toString('base64');
  const directory = scratch();
  cleanUps.push(() => directory.remove());
  const file = join(directory.path, 'key.pem');
  writeFileSync(file, pem);
  vi.stubEnv('TEST_KEY_PEM', pem);
  vi.stubEnv('TEST_KEY_BODY', body('pkcs8'));
  vi.stubEnv('TEST_KEY_OLD_BODY', body('pkcs1'));
  const sources: Omit<EncryptionPolicy, 'mode'>[] = [
    { 'key-file': file },
    { 'key-env': 'TEST_KEY_PEM' },
    { 'key-env': 'TEST_KEY_BODY' },
    { 'key-env': 'TEST_KEY_OLD_BODY' },
    { 'key-secret': pem },
  ];
  const digests = new Set<string>();
  for (const source of sources) {
    const settings = await toEncryptSettings({ mode: 'AES256', ...source }, {}, new SecretResolver({}));
    const values = await readSettings(backupSchema, { encrypt: settings!, namespace: 'n', directory: '/x' });
    const { encryption } = toCodecConfig(
      {
        compress: undefined,
        encrypt: values.get('encrypt'),
        keyFile: values.get('encryption-key-file'),
        keyVariable: undefined,
      },
      DEPENDENCIES,
    );
    digests.add(Buffer.from(encryption!.key.digest).toString('hex'));
  }
  expect(digests.size).toBe(1);
});

test('an environment variable that holds no key is an error without its value', async () => {
  vi.stubEnv('TEST_KEY_WRONG', 'hunter2');
  const settings = toEncryptSettings({ mode: 'AES128', 'key-env': 'TEST_KEY_WRONG' }, {}, new SecretResolver({}));
  await expect(settings).rejects.toThrow(/TEST_KEY_WRONG holds no private key/);
  await expect(settings).rejects.not.toThrow(/hunter2/);
});

const HALF = Buffer.concat([Buffer.alloc(256, 0xff), Buffer.alloc(256)]).toString('base64');

test('nodes and racks of a routine are the partitions whose master they are', async () => {
  const info = { replicas: `test:0,1,${HALF}`, 'rack-ids': 'test:7;other:8', 'peers-clear-std': '1,3000,[]' };
  const node = await FakeNode.start({ name: 'BB9020011AC4202', info });
  cleanUps.push(() => node.stop());
  const settings = { hosts: [{ host: '127.0.0.1', port: node.port }] };
  const select = (lists: object): Promise<string | undefined> =>
    selectPartitions({ ...routine, 'partition-list': '', ...lists }, 'test', settings);
  expect(await select({})).toBeUndefined();
  expect(await select({ 'node-list': [`localhost:${node.port}`] })).toBe('0-2048');
  expect(await select({ 'node-list': ['bb9020011ac4202'] })).toBe('0-2048');
  expect(await select({ 'rack-list': [7] })).toBe('0-2048');
  await expect(select({ 'node-list': ['10.9.8.7:3000'] })).rejects.toThrow(/10\.9\.8\.7:3000 is no node/);
  await expect(select({ 'rack-list': [8] })).rejects.toThrow(/no node has rack 8 .* racks: 7/);
});
