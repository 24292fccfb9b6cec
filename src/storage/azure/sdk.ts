/**
 * Creates the client of the SDK as the settings say. The SDK is loaded when a path first needs it: that takes a while.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { TokenCredential } from '@azure/identity';
import type {
  AnonymousCredential,
  BlobServiceClient,
  StoragePipelineOptions,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { errorMessage } from '../../core/errors.js';
import type { StorageLog } from '../driver.js';
import { StorageError } from '../errors.js';
import { loadPackage } from '../object-store/load-package.js';
import { selectProxy } from '../s3/proxy.js';
import type { AzureSettings } from './config.js';

type Sdk = typeof import('@azure/storage-blob');
type Credential = StorageSharedKeyCredential | AnonymousCredential | TokenCredential;

/** Beside the SAS of the endpoint. */
const STATIC = ['accountKey', 'tenantId', 'clientId', 'clientSecret'] as const;
const SCOPE = 'https://storage.azure.com/.default';
/** The errors of `DefaultAzureCredential` for a chain of which no source is there. */
const NO_SOURCE = new Set(['AggregateAuthenticationError', 'CredentialUnavailableError']);

export interface AzureConnection {
  service: BlobServiceClient;
  settings: AzureSettings;
  /** For messages. */
  host: string;
  log: StorageLog;
  signal?: AbortSignal | undefined;
}

/**
 * Sends no request to the store yet; `ambient-first` asks for a token. Throws StorageError AZBLOB_ENDPOINT,
 * AZBLOB_NO_CREDENTIALS, AZBLOB_CREDENTIALS, AZBLOB_PACKAGE and S3_PROXY.
 */
export async function connectAzure(
  settings: AzureSettings,
  log: StorageLog,
  signal?: AbortSignal,
): Promise<AzureConnection> {
  const sdk = await loadPackage('AZBLOB', '@azure/storage-blob', () => import('@azure/storage-blob'));
  const url = findEndpoint(settings);
  const credential = await findCredential(sdk, settings, url, signal);
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const proxy = selectProxy(settings.proxy, { protocol: url.protocol, hostname: url.hostname, port });
  // decorators/retry.ts retries, for longer than the SDK.
  const options = {
    retryOptions: { maxTries: 1 },
    ...(proxy === undefined ? {} : { proxyOptions: toProxyOptions(proxy) }),
  };
  const pipeline = sdk.newPipeline(credential, options);
  if (proxy === undefined) {
    // Without an agent, the SDK would take the proxy of the environment.
    const agent = url.protocol === 'https:' ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
    pipeline.factories.push({
      create: (next) => ({ sendRequest: (request) => next.sendRequest(Object.assign(request, { agent })) }),
    });
  }
  const service = new sdk.BlobServiceClient(url.href, pipeline);
  const host = proxy === undefined ? url.host : `${url.host} (through the proxy ${proxy.host})`;
  return { service, settings, host, log, signal };
}

function toProxyOptions(proxy: URL): NonNullable<StoragePipelineOptions['proxyOptions']> {
  const { protocol, hostname, port, username, password } = proxy;
  return {
    host: `${protocol}//${hostname}`,
    port: Number(port || 80),
    ...(username === '' ? {} : { username: decodeURIComponent(username), password: decodeURIComponent(password) }),
  };
}

function findEndpoint({ endpoint, accountName }: AzureSettings): URL {
  if (endpoint === undefined && accountName === undefined) {
    const text = 'The storage account on Azure is not known';
    throw new StorageError('AZBLOB_ENDPOINT', text, { hint: 'set-azure-account' });
  }
  const text = endpoint ?? `https://${accountName!}.blob.core.windows.net`;
  try {
    const url = new URL(/^https?:\/\//i.test(text) ? text : `https://${text}`);
    if (url.username === '' && url.password === '') return url;
  } catch {
    // The message does not repeat the address: it may hold a SAS.
  }
  const reason = 'The endpoint of Azure is not an address: expected a URL';
  throw new StorageError('AZBLOB_ENDPOINT', reason, { hint: 'check-azure-endpoint' });
}

/** `url` loses its SAS if that does not count. */
async function findCredential(
  sdk: Sdk,
  settings: AzureSettings,
  url: URL,
  signal: AbortSignal | undefined,
): Promise<Credential> {
  const hasKeys = STATIC.some((key) => settings[key] !== undefined) || url.searchParams.has('sig');
  if (hasKeys && settings.credentialOrder !== 'ambient-first') return findStaticCredential(sdk, settings, url);
  const { DefaultAzureCredential } = await loadIdentity();
  const ambient = new DefaultAzureCredential();
  if (!hasKeys) return ambient;
  if (!(await hasIdentity(ambient, signal))) return findStaticCredential(sdk, settings, url);
  url.search = '';
  return ambient;
}

/**
 * Whether a source of the environment has an identity. One that is there and gets no token is one, too: the requests
 * to the store report what is wrong, and are retried if it may pass.
 */
async function hasIdentity(ambient: TokenCredential, abortSignal: AbortSignal | undefined): Promise<boolean> {
  try {
    return (await ambient.getToken(SCOPE, abortSignal === undefined ? {} : { abortSignal })) !== null;
  } catch (error) {
    return !(error instanceof Error && NO_SOURCE.has(error.name));
  }
}

/** In this order: the account key, the SAS of the endpoint, a registered application. */
async function findStaticCredential(sdk: Sdk, settings: AzureSettings, url: URL): Promise<Credential> {
  const { accountKey, tenantId, clientId, clientSecret } = settings;
  if (accountKey !== undefined) {
    const accountName = settings.accountName ?? /^([a-z0-9]+)\.blob\./.exec(url.hostname)?.[1];
    if (accountName === undefined) {
      const text = 'An account key of Azure needs the name of its account';
      throw new StorageError('AZBLOB_NO_CREDENTIALS', text, { hint: 'set-azure-account' });
    }
    try {
      return new sdk.StorageSharedKeyCredential(accountName, accountKey);
    } catch (error) {
      const text = `The account key of Azure cannot be used: ${errorMessage(error)}`;
      throw new StorageError('AZBLOB_CREDENTIALS', text, { hint: 'set-azure-credentials' });
    }
  }
  if (url.searchParams.has('sig')) return new sdk.AnonymousCredential();
  if (tenantId === undefined || clientId === undefined || clientSecret === undefined) {
    const text = 'An application of Azure needs a tenant, a client and a secret';
    throw new StorageError('AZBLOB_NO_CREDENTIALS', text, { hint: 'set-azure-credentials' });
  }
  const { ClientSecretCredential } = await loadIdentity();
  return new ClientSecretCredential(tenantId, clientId, clientSecret);
}

function loadIdentity(): Promise<typeof import('@azure/identity')> {
  return loadPackage('AZBLOB', '@azure/identity', () => import('@azure/identity'));
}
