/** From a cluster of the document to the settings of the library. */
import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import type { BackupOptionSettings, Credentials as Login, TlsSettings } from '../../api/option-settings.js';
import { systemErrorText } from '../../core/errors.js';
import type { AerospikeCluster, ClusterTls, Credentials } from '../document/schema/aerospike-cluster.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import { ServiceError } from '../errors.js';
import { toCipherList } from './cipher-list.js';
import { SecretResolver } from './secret-resolver.js';
import { optional } from './optional.js';

/** How a cluster is reached. */
export type ClusterSettings = Pick<
  BackupOptionSettings,
  'hosts' | 'port' | 'servicesAlternate' | 'auth' | 'tls' | 'preferRacks'
>;

/** Throws ServiceError for a secret or password that cannot be had. */
export async function toClusterSettings(
  cluster: AerospikeCluster,
  document: ServiceDocument,
): Promise<ClusterSettings> {
  const secrets = new SecretResolver(document);
  const { credentials, tls } = cluster;
  return {
    hosts: cluster['seed-nodes'].map((node) => ({
      host: node['host-name'],
      port: node.port,
      ...optional('tlsName', node['tls-name']),
    })),
    ...optional('servicesAlternate', cluster['use-services-alternate']),
    ...optional('auth', credentials && (await toLogin(credentials, secrets))),
    ...optional('tls', tls && (await toTlsSettings(tls, credentials ?? {}, secrets))),
    ...optional('preferRacks', cluster['prefer-racks']),
  };
}

async function toLogin(credentials: Credentials, secrets: SecretResolver): Promise<Login | undefined> {
  const { user, 'auth-mode': mode = 'INTERNAL', 'password-path': path = '' } = credentials;
  if (mode === 'PKI') return { mode };
  if (user === undefined || user === '') return undefined;
  const password = path === '' ? await secrets.resolve(credentials.password, credentials) : await readPassword(path);
  // Without a password the library would ask for it.
  return { user, mode, password: password ?? '' };
}

async function readPassword(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n[\s\S]*$/, '');
  } catch (error) {
    throw new ServiceError('SERVICE_FAILED', `cannot read the password from ${path}: ${systemErrorText(error)}`, {
      cause: error,
    });
  }
}

async function toTlsSettings(tls: ClusterTls, credentials: Credentials, secrets: SecretResolver): Promise<TlsSettings> {
  const trust = { ...optional('caFile', tls['ca-file']), ...optional('caPath', tls['ca-path']) };
  return {
    ...(Object.keys(trust).length === 0 ? { ca: rootCertificates.join('\n') } : trust),
    ...optional('name', tls.name),
    ...optional('protocols', tls.protocols),
    ...optional('ciphers', toCipherList(tls['cipher-suite'])),
    ...optional('certFile', tls['cert-file']),
    ...optional('keyFile', tls['key-file']),
    // The agent of a cluster is that of its credentials.
    ...optional('keyPassword', await secrets.resolve(tls['key-file-password'], credentials)),
  };
}
