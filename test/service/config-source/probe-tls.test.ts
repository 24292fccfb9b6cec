import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { probeTls } from '../../../src/service/config-source/probe-tls.js';
import type { ClusterTls } from '../../../src/service/document/schema/aerospike-cluster.js';
import type { ServiceDocument } from '../../../src/service/document/schema/service-document.js';
import { makeCertificate } from '../../support/certificates.js';
import { scratch } from '../../support/target.js';

const directory = scratch();
afterAll(() => directory.remove());

function write(name: string, text: string): string {
  const path = join(directory.path, name);
  writeFileSync(path, text);
  return path;
}

const own = makeCertificate({ name: 'own' });
const other = makeCertificate({ name: 'other' });
const cert = write('cert.pem', own.cert);
const key = write('key.pem', own.key);
const wrongKey = write('other.pem', other.key);
const text = write('text', 'no certificate');

const withTls = (tls: ClusterTls): ServiceDocument => ({
  'aerospike-clusters': { c: { 'seed-nodes': [{ 'host-name': 'h', port: 1 }], tls } },
});

test.each<[string, ClusterTls, string]>([
  ['missing file', { 'ca-file': '/nowhere' }, 'aerospike-clusters.c.tls.ca-file: cannot read /nowhere'],
  ['file without a certificate', { 'ca-file': text }, 'holds no certificate'],
  ['missing directory', { 'ca-path': '/nowhere' }, 'aerospike-clusters.c.tls.ca-path: cannot read'],
  ['key of another certificate', { 'cert-file': cert, 'key-file': wrongKey }, 'tls.key-file: '],
])('a %s is found, and named', async (_what, tls, expected) => {
  expect(await probeTls(withTls(tls), {})).toEqual([expect.stringContaining(expected)]);
});

test('files that fit together are no problem', async () => {
  expect(await probeTls(withTls({ 'ca-file': cert, 'cert-file': cert, 'key-file': key }), {})).toEqual([]);
});

test('a cluster that stays as it is is not looked at: its files do not keep others from being changed', async () => {
  const document = withTls({ 'ca-file': '/nowhere' });
  expect(await probeTls(document, structuredClone(document))).toEqual([]);
});
