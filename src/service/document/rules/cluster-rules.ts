import { createSecureContext } from 'node:tls';
import { parseTlsProtocols } from '../../../config/tls/protocols.js';
import type { AerospikeCluster } from '../schema/aerospike-cluster.js';
import type { ServiceDocument } from '../schema/service-document.js';
import { joinPath } from '../json-schema.js';
import { toCipherList } from '../../settings/cipher-list.js';
import { checkCleanPath, checkExclusive, checkSecrets, checkTogether, isGiven } from './common-rules.js';

/** What the schema of a cluster cannot say. */
export function checkCluster(cluster: AerospikeCluster, document: ServiceDocument, where: string): string[] {
  const { credentials = {}, tls } = cluster;
  const login = joinPath(where, 'credentials');
  const mode = credentials['auth-mode'] ?? 'INTERNAL';
  const problems = [
    ...checkExclusive(credentials, ['password', 'password-path'], login),
    ...checkCleanPath(credentials['password-path'], joinPath(login, 'password-path')),
    ...checkSecrets(
      credentials,
      {
        [joinPath(login, 'password')]: credentials.password,
        [joinPath(joinPath(where, 'tls'), 'key-file-password')]: tls?.['key-file-password'],
      },
      document,
      login,
    ),
    ...(tls === undefined ? [] : checkTls(tls, joinPath(where, 'tls'))),
  ];
  if (mode !== 'INTERNAL' && tls === undefined) problems.push(`${joinPath(where, 'tls')}: is required by ${mode}`);
  if (mode === 'PKI' && tls !== undefined && !isGiven(tls, 'cert-file')) {
    problems.push(`${joinPath(joinPath(where, 'tls'), 'cert-file')}: is required by PKI`);
  }
  if (mode !== 'PKI' && !isGiven(credentials, 'user')) {
    const needs = ['password', 'password-path'].find((key) => isGiven(credentials, key));
    if (needs !== undefined || mode === 'EXTERNAL') {
      problems.push(`${joinPath(login, 'user')}: is required by ${needs ?? mode}`);
    }
  }
  return problems;
}

function checkTls(tls: NonNullable<AerospikeCluster['tls']>, where: string): string[] {
  const problems = [
    ...checkTogether(tls, ['cert-file', 'key-file'], where),
    ...(['ca-file', 'ca-path', 'cert-file', 'key-file'] as const).flatMap((key) =>
      checkCleanPath(tls[key], joinPath(where, key)),
    ),
  ];
  if (isGiven(tls, 'key-file-password') && !isGiven(tls, 'key-file')) {
    problems.push(`${joinPath(where, 'key-file')}: is required with key-file-password`);
  }
  try {
    createSecureContext({ ciphers: toCipherList(tls['cipher-suite']) });
  } catch {
    const got = JSON.stringify(tls['cipher-suite']);
    problems.push(`${joinPath(where, 'cipher-suite')}: expected ciphers that this host has, got ${got}`);
  }
  if (isGiven(tls, 'protocols')) {
    try {
      parseTlsProtocols(tls.protocols ?? '');
    } catch {
      const expected = 'TLSv1.2 and TLSv1.3, as in "-all +TLSv1.2"';
      problems.push(`${joinPath(where, 'protocols')}: expected ${expected}, got ${JSON.stringify(tls.protocols)}`);
    }
  }
  return problems;
}
