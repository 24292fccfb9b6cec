import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseYaml } from '../../../src/service/config-source/yaml-text.js';
import { checkDocument, readDocument } from '../../../src/service/document/check-document.js';
import { ServiceDocument } from '../../../src/service/document/schema/service-document.js';
import { ServiceError } from '../../../src/service/errors.js';
import { AGENTS_AND_TLS, ALL_STORAGES, DEFAULTS_BY_ANCHOR, HTTPS } from './abs-documents.js';

const read = (text: string): ServiceDocument => readDocument(parseYaml(ServiceDocument, text, 'test'));

test.each([
  ['with all storages', ALL_STORAGES],
  ['with agents and TLS', AGENTS_AND_TLS],
  ['with HTTPS', HTTPS],
  ['with anchors', DEFAULTS_BY_ANCHOR],
  ['without contents', ''],
  ['with comments only', '# nothing\n'],
])('a document of ABS %s is accepted', (_what, text) => {
  expect(() => read(text)).not.toThrow();
});

test('the configuration that comes with the package is accepted, and nothing is scheduled', () => {
  const document = read(readFileSync('conf/aerospike-backup-service.yml', 'utf8'));
  expect(document['backup-routines']?.nightly?.disabled).toBe(true);
});

test('a document of ABS keeps what it says: numbers as passwords, flags as YAML 1.1 has them, merged anchors', () => {
  expect(read(ALL_STORAGES)['aerospike-clusters']?.cluster1?.credentials?.password).toBe('1234');
  expect(read(AGENTS_AND_TLS)['secret-agents']?.['tcp-agent']?.['is-base64']).toBe(true);
  expect(read(DEFAULTS_BY_ANCHOR)['backup-policies']?.more).toEqual({
    parallel: 4,
    retention: { full: 2 },
    sealed: true,
  });
});

function problemsOf(text: string): readonly string[] {
  try {
    read(text);
    return [];
  } catch (error) {
    if (error instanceof ServiceError) return error.problems.length > 0 ? error.problems : [error.message];
    throw error;
  }
}

const CLUSTER = 'seed-nodes: [{ host-name: h, port: 3000 }]';
const routine = (more: string, policy = '{}', cluster = CLUSTER): string => `
aerospike-clusters: { c: { ${cluster} } }
storage: { s: { s3-storage: { bucket: b, s3-region: r } } }
backup-policies: { p: ${policy} }
backup-routines:
  r: { source-cluster: c, storage: s, backup-policy: p, interval-cron: "@daily", namespaces: [n], ${more} }
`;

test.each([
  ['unknown key', 'storrage: {}', 'storrage: unknown key; did you mean "storage"?'],
  ['entity of null', 'storage: { a: }', 'storage.a: expected an object, got nothing'],
  ['no storage', 'storage: { a: {} }', 'storage.a: expected exactly one of local-storage, s3-storage'],
  [
    'two storages',
    'storage: { a: { local-storage: { path: /a }, gcp-storage: { bucket-name: b } } }',
    'storage.a: expected exactly one of',
  ],
  ['missing key', 'storage: { a: { local-storage: {} } }', 'storage.a.local-storage.path: is required'],
  ['no seeds', 'aerospike-clusters: { c: { seed-nodes: [] } }', 'aerospike-clusters.c.seed-nodes: expected at least 1'],
  [
    'port',
    'aerospike-clusters: { c: { seed-nodes: [{ host-name: h, port: 70000 }] } }',
    'aerospike-clusters.c.seed-nodes[0].port: expected a whole number from 1 to 65535, got 70000',
  ],
  [
    'allowed values',
    'backup-policies: { p: { compression: { mode: GZIP } } }',
    'backup-policies.p.compression.mode: expected one of NONE, ZSTD, got "GZIP"',
  ],
  ['mode stated', 'backup-policies: { p: { encryption: {} } }', 'backup-policies.p.encryption.mode: is required'],
  ['key source', 'backup-policies: { p: { encryption: { mode: AES128 } } }', 'AES128 needs exactly one of key-file'],
  [
    'key sources',
    'backup-policies: { p: { encryption: { mode: AES128, key-file: a, key-env: b } } }',
    'got key-file and key-env',
  ],
  ['retention', 'backup-policies: { p: { retention: { full: 1, incremental: 2 } } }', 'expected at most 1'],
  ['name', 'backup-policies: { "../x": {} }', 'backup-policies["../x"]: the name must be a single part'],
  ['blank name', 'backup-policies: { " ": {} }', 'backup-policies[" "]: the name must not be blank'],
  [
    'keys of S3',
    'storage: { a: { s3-storage: { bucket: b, s3-region: r, access-key-id: x } } }',
    'secret-access-key: is required with access-key-id',
  ],
  [
    'keys of GCP',
    'storage: { a: { gcp-storage: { bucket-name: b, key: x, key-file-path: y } } }',
    'key-file-path and key exclude each other',
  ],
  [
    'Azure',
    'storage: { a: { azure-storage: { container-name: b, endpoint: "https://x", tenant-id: x } } }',
    'client-secret: is required with tenant-id',
  ],
  [
    'path',
    'storage: { a: { s3-storage: { bucket: b, s3-region: r, path: a/../b } } }',
    'storage.a.s3-storage.path: must not contain ".."',
  ],
  ['absolute path', 'storage: { a: { s3-storage: { bucket: b, s3-region: r, path: /a } } }', 'must be relative'],
  [
    'agent',
    'storage: { a: { gcp-storage: { bucket-name: b, key: "secrets:a:b" } } }',
    'storage.a.gcp-storage.key: a reference needs',
  ],
  [
    'unknown agent',
    'storage: { a: { gcp-storage: { bucket-name: b, secret-agent-name: x } } }',
    '"x" is not in secret-agents',
  ],
  [
    'password',
    `aerospike-clusters: { c: { ${CLUSTER}, credentials: { user: u, password: p, password-path: /p } } }`,
    'password and password-path exclude each other',
  ],
  [
    'PKI',
    `aerospike-clusters: { c: { ${CLUSTER}, credentials: { auth-mode: PKI } } }`,
    'aerospike-clusters.c.tls: is required by PKI',
  ],
  [
    'TLS pair',
    `aerospike-clusters: { c: { ${CLUSTER}, tls: { cert-file: /c } } }`,
    'key-file: is required with cert-file',
  ],
  [
    'protocols',
    `aerospike-clusters: { c: { ${CLUSTER}, tls: { protocols: SSLv3 } } }`,
    'tls.protocols: expected TLSv1.2',
  ],
  [
    'cluster',
    routine('').replace('source-cluster: c', 'source-cluster: x'),
    'source-cluster: "x" is not in aerospike-clusters',
  ],
  ['storage', routine('').replace('storage: s,', 'storage: x,'), 'storage: "x" is not in storage'],
  ['policy', routine('').replace('backup-policy: p', 'backup-policy: x'), '"x" is not in backup-policies'],
  ['cron', routine('incr-interval-cron: "* * * * *"'), 'backup-routines.r.incr-interval-cron: invalid cron'],
  ['zone', routine('schedule-timezone: CET'), 'backup-routines.r.schedule-timezone: invalid time zone'],
  ['namespaces', routine('bin-list: [a, a]'), 'backup-routines.r.bin-list[1]: "a" is in the list twice'],
  ['partitions', routine('partition-list: 4000-200'), 'backup-routines.r.partition-list: 4000-200 goes beyond'],
  ['digest', routine('partition-list: AAAAAAAAAAAAAAAAAAAAAAAAAAA='), 'and no digest'],
  ['selectors', routine('partition-list: "1", rack-list: [1]'), 'partition-list and rack-list exclude each other'],
  [
    'racks of the cluster',
    routine('rack-list: [1]', '{}', `${CLUSTER}, prefer-racks: [1]`),
    'rack-list and prefer-racks of cluster "c" exclude each other',
  ],
  ['nodes', routine('node-list: [node one]'), 'backup-routines.r.node-list[0]: expected IP:port'],
  ['filter', routine('filter-exp: "!!"'), 'backup-routines.r.filter-exp: expected a filter expression in base64'],
  ['cut filter', routine('filter-exp: kwGR'), 'backup-routines.r.filter-exp: expected one expression'],
  ['filter and sets', routine('filter-exp: kwGRRv8=, set-list: [a, b]'), 'works with at most one set'],
  [
    'scans',
    routine('', '{ parallel: 9 }', `${CLUSTER}, max-parallel-scans: 8`),
    'parallel 9 of policy "p" is more than max-parallel-scans 8',
  ],
  ['parts', routine('', '{ file-limit: 1000000 }'), 'expected less than 10000'],
  [
    'agent of a routine',
    routine('', '{ encryption: { mode: AES128, key-secret: "secrets:a:b" } }'),
    'backup-routines.r.secret-agent: is required',
  ],
  ['certificate', 'service: { https: {} }', 'service.https.cert-file: is required'],
  [
    'client authentication',
    'service: { https: { disabled: true, client-auth: request } }',
    'service.https.client-ca-file: is required',
  ],
  [
    'list of addresses',
    'service: { http: { rate: { white-list: [10.0.0.0/33] } } }',
    'service.http.rate.white-list[0]: expected',
  ],
  [
    'address of an agent',
    'secret-agents: { a: { connection-type: unix, address: host } }',
    'secret-agents.a.address: expected the path',
  ],
  [
    'cipher suite',
    'service: { https: { disabled: true, cipher-suites: [TLS_RSA_WITH_RC4_128_SHA] } }',
    'service.https.cipher-suites[0]: "TLS_RSA_WITH_RC4_128_SHA" is no secure suite',
  ],
  [
    'cipher',
    `aerospike-clusters: { c: { ${CLUSTER}, tls: { cipher-suite: NONSENSE } } }`,
    'aerospike-clusters.c.tls.cipher-suite: expected',
  ],
])('a document with a wrong %s is refused, and the place is named', (_what, text, expected) => {
  expect(problemsOf(text)).toContainEqual(expect.stringContaining(expected));
});

test('a document with several faults is refused with all of them', () => {
  const text = 'storage: { a: {} }\nbackup-policies: { p: { parallel: 0 } }\nservice: { http: { port: x } }';
  expect(problemsOf(text)).toHaveLength(3);
});

test('a routine with a filter and one set is accepted', () => {
  expect(problemsOf(routine('filter-exp: kwGRRv8=, set-list: [a]'))).toEqual([]);
});

test('a text that is no YAML is refused with the line, and without any part of it', () => {
  const problem = problemsOf('storage:\n  a: [hunter2\n')[0];
  expect(problem).toMatch(/line \d+, column \d+/);
  expect(problem).not.toContain('hunter2');
});

test('replicas whose id is no name or whose storage is missing, are refused', () => {
  const service = { replicas: { id: '..', storage: 'none' } };
  expect(checkDocument({ service })).toEqual([
    expect.stringContaining('service.replicas.id: the name'),
    'service.replicas.storage: storage "none" not found',
  ]);
  const storage = { s1: { 'local-storage': { path: '/backups' } } };
  expect(checkDocument({ service: { replicas: { id: 'pod-1', storage: 's1' } }, storage })).toEqual([]);
});
